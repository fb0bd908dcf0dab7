"""How a licence stands, what its holder is told and whether it is shown: one table, and both wallets run it.

By docs/spec/status-list.md: what is suspended may be in force again, and what was superseded a clerk holds and does not
refuse, so the holder may show both and reads a caution first. What every terminal refuses for good is not signed.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from protocol import unixtime
from protocol.labels import Purpose
from protocol.unixtime import DAY, UnixTime
from tests.wallet.conftest import CHEAP
from tests.wallet.issued import AT
from tests.wallet.test_notices import Telling, device
from tests.wallet.test_openid4vci import URL, PaperIssuer
from tests.wallet_js.bare import Both
from tests.wallet_js.test_openid4vci import answer, answers, told
from wallet_sdk import Card, Wallet, WalletError, openid4vci

OTHER_SECRET: Final = b"\x0b" * 32
MANY_YEARS: Final = 40 * 366 * DAY


@dataclass(frozen=True)
class Row:
    """What the issuer said one hour after receiving, or nothing; what both make of it; a Python state of its own."""

    said: str
    state: str
    cautions: tuple[str, ...] = ()
    error: str = ""
    later: int = 0
    is_bound: bool = True
    said_after: int = 3_600
    python_state: str = ""
    event: str = ""


GONE: Final = {"cautions": ("revoked",), "error": "LICENCE_REVOKED", "python_state": "revoked"}
TABLE: Final = (
    Row("", "valid"),
    Row("valid", "valid"),
    Row("", "valid", ("other-device",), event="device_bound"),
    Row("", "valid", event="device_lost"),
    Row("suspended", "suspended", ("suspended",)),
    Row("superseded", "superseded", ("superseded",)),
    Row("revoked", "revoked", **GONE),
    Row("withdrawn", "withdrawn", **GONE),
    Row("cancelled", "cancelled", **GONE),
    Row("invalid", "invalid", **GONE),
    # As a terminal takes the values of a status list that have no meaning yet.
    Row("of a later version", "invalid", **GONE),
    Row("device_lost", "device-lost", ("device-lost",), "DEVICE_REPORTED_LOST"),
    # Of an edition before the one that is held.
    Row("revoked", "valid", said_after=-60 * DAY),
    Row("", "needs-refresh", error="CREDENTIAL_EXPIRED", later=121 * DAY),
    Row("", "expired", error="LICENCE_EXPIRED", later=MANY_YEARS),
    Row("suspended", "suspended", ("suspended",), "LICENCE_EXPIRED", later=MANY_YEARS),
    Row("revoked", "revoked", ("revoked",), "LICENCE_REVOKED", later=MANY_YEARS),
    Row("", "unbound", error="LICENCE_UNBOUND", is_bound=False),
    Row("suspended", "unbound", error="LICENCE_UNBOUND", is_bound=False),
    Row("superseded", "unbound", error="LICENCE_UNBOUND", is_bound=False),
    Row("revoked", "revoked", ("revoked",), "LICENCE_REVOKED", is_bound=False),
)


def notices(card: Card, row: Row) -> list[dict[str, str]]:
    at = unixtime.iso_utc(UnixTime(AT + row.said_after))
    rows = [{"licence": card.id, "status": row.said, "at": at}] if row.said else []
    return [*rows, device(card.id, row.event)] if row.event else rows


def python(built: Path, folder: Path, row: Row) -> list[Any]:
    both = Both(built, folder / "wallet")
    both.take(replace(both.authority.package(both.holder), refresh_url=URL))
    (card,) = both.python.cards()
    openid4vci.notices(both.python, URL, Telling(PaperIssuer(both.packages[0]), *notices(card, row)))
    wallet = both.python
    if not row.is_bound:
        backup = wallet.backup("x", cost=CHEAP)
        wallet = Wallet.restore(folder / "other", backup, backup_passphrase="x", clock=both.clock, cost=CHEAP)
    both.clock.at += row.later
    card = wallet.card(card.id)
    request = wallet.request(card, Purpose.WINDOW)
    error = ""
    try:
        wallet.present_once(card, audience=Purpose.WINDOW, consent=request.approve())
    except WalletError as refused:
        error = refused.code
    return [card.state.value, [each.value for each in request.cautions], error]


PROGRAM: Final = """
const { sdk, open, state, bytes, hex } = tools;
const found = [];
for (const row of given.rows) {
  state.saved = null;
  state.now = given.now;
  let wallet = await open();
  const { id } = await wallet.receive(bytes(given.packages[0]));
  const transport = async ({ url }) => {
    const { status, hex: body } = { ...given.answers, ...row.answers }[url];
    return { status, body: bytes(body) };
  };
  await sdk.openid4vci.notices(wallet, given.issuer, transport);
  const signer = new sdk.SoftwareSigner(given.alg, bytes(given.otherSecret));
  if (!row.isBound) wallet = await open({ signer });
  state.now += row.later;
  const card = wallet.card(id);
  const request = wallet.request(card, "window");
  const shown = wallet.presentOnce.bind(wallet, card, { audience: "window", consent: request.approve() });
  const error = await tools.refused(shown);
  found.push([wallet.state(card), sdk.cautions(wallet, request), error === "nothing was refused" ? "" : error]);
}
return found;
"""


def typescript(built: Path, folder: Path) -> list[Any]:
    both = Both(built, folder)
    both.take(replace(both.authority.package(both.holder), refresh_url=URL))
    (card,) = both.python.cards()
    rows = [
        {
            "isBound": row.is_bound,
            "later": row.later,
            "answers": {f"{URL}/notices": answer(told(*notices(card, row)))},
        }
        for row in TABLE
    ]
    given = {"answers": answers(both.packages[0]), "issuer": URL, "otherSecret": OTHER_SECRET.hex(), "rows": rows}
    found: list[Any] = both.run(PROGRAM, **given)
    return found


def test_both_wallets_say_and_do_the_same(built: Path, tmp_path: Path) -> None:
    there = typescript(built, tmp_path / "both")
    for number, (row, other) in enumerate(zip(TABLE, there, strict=True)):
        here = python(built, tmp_path / str(number), row)
        rest = [list(row.cautions), row.error]
        assert here == [row.python_state or row.state, *rest], f"Python: {row}"
        assert other == [row.state, *rest], f"TypeScript: {row}"
