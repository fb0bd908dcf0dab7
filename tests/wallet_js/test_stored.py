"""Contents of older versions open and lose nothing; what a later version wrote is refused by name, and stays."""

from pathlib import Path
from typing import Any, Final

import pytest

from protocol import cbor
from protocol.labels import Purpose
from tests.wallet_js.bare import Both
from tests.wallet_js.old_contents import VERSION_1, VERSION_2

MAX_ITEMS: Final = 200_000
URL: Final = "https://licences.example/310000"
DRIVING, ID_CARD = "31000026A7", "31000033BB"

PROGRAM: Final = """
const { sdk, open, state, bytes, hex, refused } = tools;
const found = [];
for (const content of given.contents) {
  state.saved = bytes(content);
  let wallet;
  const code = await refused(async () => { wallet = await open(); });
  const opened = hex(state.saved);
  if (wallet === undefined) {
    found.push({ code, opened });
    continue;
  }
  const cards = wallet.cards().map((card) => ({
    id: card.id, state: wallet.state(card), group: card.group, refreshUrl: card.refreshUrl,
    items: wallet.items(card).length, portrait: card.portrait === null ? null : hex(card.portrait),
    credentials: card.credentials.length,
  }));
  const waiting = wallet.records().waiting;
  const devices = wallet.news.devices();
  const shown = [];
  for (const card of wallet.cards()) {
    const consent = wallet.request(card, "window").approve();
    shown.push((await wallet.presentOnce(card, { audience: "window", consent })).text.slice(0, 4));
  }
  await new sdk.CardPack(wallet).put(wallet.cards()[0], "出行");
  const again = await open();
  const groups = again.cards().map(({ group }) => group);
  found.push({ opened, cards, waiting, devices, shown, groups, saved: hex(state.saved) });
}
return found;
"""


def decoded(content: bytes) -> Any:
    return cbor.decode(content, max_items=MAX_ITEMS)


@pytest.fixture(scope="module")
def both(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(built, tmp_path_factory.mktemp("stored") / "wallet")


def put(content: Any, path: tuple[Any, ...], change: Any) -> Any:
    """The same with the value at this path changed."""
    if not path:
        return change(content)
    step, *rest = path
    if isinstance(content, dict):
        return {**content, step: put(content[step], tuple(rest), change)}
    return tuple(put(each, tuple(rest), change) if at == step else each for at, each in enumerate(content))


def present(version_2: Any, *devices: Any) -> Any:
    """What the present version writes in its place, with what was told of devices."""
    return put(put(version_2, (3, 0, URL), lambda row: (*row, devices)), (0,), lambda _: 3)


TOLD: Final = (DRIVING, "bound", "ab" * 32, 1_800_000_000)
VERSION_3: Final = cbor.encode(present(decoded(VERSION_2), TOLD))


@pytest.mark.parametrize("content", [VERSION_1, VERSION_2, VERSION_3], ids=["1", "2, rows of five", "3"])
def test_contents_of_older_versions_open_and_lose_nothing(both: Both, content: bytes) -> None:
    (found,) = both.run(PROGRAM, contents=[content.hex()])
    before = decoded(content)
    assert [len(row) for row in before[1]] == [5, 5]
    # Opening writes nothing.
    assert bytes.fromhex(found["opened"]) == content
    rows = {row[0]: row for row in before[1]}
    for card in found["cards"]:
        _, _, credentials, portrait, refresh_url = rows.pop(card["id"])
        assert (card["group"], card["refreshUrl"], card["credentials"]) == (None, refresh_url, len(credentials))
        assert card["portrait"] == (portrait and portrait.hex())
        assert card["items"] > 0
    assert rows == {}
    told = {} if len(before) == 3 else {DRIVING: "suspended"}
    assert {card["id"]: card["state"] for card in found["cards"]} == {DRIVING: "valid", ID_CARD: "valid"} | told
    assert [each["transactionId"] for each in found["waiting"]] == ([] if len(before) == 3 else ["t"])
    assert found["shown"] == ["LZ1:", "LZ1:"]
    # The next change writes the present form, and the rest of it is what it was.
    after = decoded(bytes.fromhex(found["saved"]))
    moved = found["cards"][0]["id"]
    assert after[1] == tuple((*row, "出行") if row[0] == moved else row for row in before[1])
    now = {1: (3, *before[1:3], ({}, ())), 3: before}.get(before[0]) or present(before)
    assert (after[0], after[2], after[3]) == (3, now[2], now[3])
    assert [tuple(each.values()) for each in found["devices"]] == ([TOLD] if content == VERSION_3 else [])
    assert found["groups"] == ["出行", None]


def _one_more(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row, "later")


REGION: Final = "310000"
ROWS: Final = {
    "content": (),
    "licence": (1, 0),
    "region": (2, REGION),
    "records": (3,),
    "issuer": (3, 0, URL),
    "status": (3, 0, URL, 1, DRIVING),
    "device": (3, 0, URL, 2, 0),
    "waiting": (3, 1, 0),
}


def test_what_a_later_version_wrote_is_refused_by_name_and_stays(both: Both) -> None:
    now, before = decoded(VERSION_3), decoded(VERSION_2)
    in_groups = put(now, (1, 0), lambda row: (*row, "出行"))
    later = [put(in_groups, path, _one_more) for path in ROWS.values()]
    later += [put(before, path, _one_more) for path in (ROWS["records"], ROWS["issuer"])]
    later += [(version, *now[1:]) for version in (4, 1_000)]
    contents = [cbor.encode(each).hex() for each in later]
    found = both.run(PROGRAM, contents=contents)
    assert [each.get("code") for each in found] == ["WALLET_TOO_NEW"] * len(later)
    assert [each["opened"] for each in found] == contents


def test_what_is_of_another_form_is_damaged(both: Both) -> None:
    now, before = decoded(VERSION_3), decoded(VERSION_2)
    wrong = [put(now, path, lambda _: 7) for path in ROWS.values()]
    wrong += [put(now, path, lambda row: row[:-1]) for name, path in ROWS.items() if name not in ("content", "records")]
    wrong += [put(before, ROWS[name], lambda _: 7) for name in ("records", "issuer")]
    wrong += [put(before, (3, 0), lambda _: 7), put(before, ROWS["issuer"], lambda row: row[:-1])]
    wrong += [put(now, (*ROWS["device"], at), lambda _, it=it: it) for at, it in enumerate((7, "x", 7, "x"))]
    wrong += [(version, *now[1:]) for version in (0, -1, "2")]
    wrong += [
        put(now, (1, 0, 1), lambda _: "990000"),
        put(now, (1, 0, 2), lambda _: ()),
        put(now, (1, 0, 2, 0), lambda _: b""),
    ]
    contents = [*(cbor.encode(each).hex() for each in wrong), VERSION_2[:-1].hex(), ""]
    found = both.run(PROGRAM, contents=contents)
    assert [each.get("code") for each in found] == ["WALLET_DAMAGED"] * len(contents)
    assert [each["opened"] for each in found] == contents


ONE_WRITE: Final = """
const { open, state } = tools;
let isFull = true;
const save = async (content) => {
  if (isFull) throw new Error("full");
  state.saved = content;
};
const wallet = await open({ storage: { load: async () => state.saved, save } });
const word = { licenceId: "x", event: "bound", device: given.device, at: given.now };
const take = (cursor) => wallet.news.take(given.issuer, [word], { after: "", cursor });
const said = (which) => [which.news.cursor(given.issuer), which.news.devices().length];
const failed = await take("c").then(() => "kept", (error) => error.message);
const before = said(wallet);
isFull = false;
// Two that read the same page: the second finds the cursor gone on.
const taken = await Promise.all([take("c"), take("c")]);
return [failed, before, taken, said(wallet), said(await open())];
"""


def test_what_was_told_is_stored_with_its_cursor_or_neither_is(both: Both) -> None:
    found = both.run(ONE_WRITE, issuer=URL, device="ab" * 32)
    assert found == ["full", ["", 0], [True, False], ["c", 1], ["c", 1]]


HISTORY: Final = """
const { sdk, bytes, refused } = tools;
const found = [];
for (const record of given.records) {
  const storage = { append: async () => {}, records: async () => [bytes(record)], replace: async () => {} };
  found.push(await refused(async () => { found.push(await new sdk.History(storage).uses()); }));
}
return found;
"""


def test_a_use_of_a_later_version_is_refused_by_name(both: Both) -> None:
    good: Any = (1, int(Purpose.WINDOW), "lz:w", None, None, (("id", "id-card", (1,)),))
    wrong = [(*good, "later"), put(good, (5, 0), _one_more), good[:-1], 7]
    whole, nothing, *codes = both.run(HISTORY, records=[cbor.encode(each).hex() for each in (good, *wrong)])
    assert (whole[0]["purpose"], nothing) == ("window", "nothing was refused")
    assert codes == ["WALLET_TOO_NEW"] * 2 + ["WALLET_DAMAGED"] * 2
