"""What an issuer tells of a licence later: told once, visible on its card, and over when it is over."""

import asyncio
import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocol import key_proof, unixtime
from protocol.key_proof import TYP_WALLET_REQUEST
from protocol.labels import Purpose
from protocol.unixtime import DAY, UnixTime
from tests.wallet.conftest import CHEAP, ManualClock
from tests.wallet.issued import AT, Authority, encoded, holder_key
from tests.wallet.old_vaults import VERSION_2_HISTORY, VERSION_2_VAULT
from tests.wallet.test_openid4vci import URL, PaperIssuer, accepted, issuer_document, packed
from wallet_sdk import Card, CardState, Caution, Wallet, WalletError, history_file, openid4vci
from wallet_sdk.errors import VaultNotWritten
from wallet_sdk.openid4vci import Answer, Request, asynchronous, errors
from wallet_sdk.register_errors import DeviceReportedLost, LicenceRevoked
from wallet_sdk.vault import VAULT_FILE

DEVICE = "ab" * 32
LATER = UnixTime(AT + DAY)


def status(card: Card, word: str, at: UnixTime = LATER) -> dict[str, str]:
    return {"licence": card.id, "status": word, "at": unixtime.iso_utc(at)}


def device(licence: str, event: str = "device_bound") -> dict[str, str]:
    return {"licence": licence, "event": event, "at": unixtime.iso_utc(LATER), "device": DEVICE}


class Telling:
    """An issuer whose cursor is how many notices were read; two on a page."""

    def __init__(self, issuer: PaperIssuer, *rows: dict[str, str], events: bool = True) -> None:
        self._issuer, self.rows, self.asked = issuer, list(rows), list[dict[str, Any]]()
        document = issuer_document()
        if events:
            document["liangzheng"]["notice_events"] = ["device_bound", "device_lost"]
        issuer.instead["https://licences.example/.well-known/openid-credential-issuer/310000"] = (200, document)

    def __call__(self, request: Request) -> Answer:
        if request.url == f"{URL}/notices":
            claims = dict(key_proof.verified((request.body or b"").decode(), typ=TYP_WALLET_REQUEST).claims)
            self.asked.append(claims)
            begin = int(claims["cursor"] or 0)
            end = min(begin + 2, len(self.rows))
            answer = {"notices": self.rows[begin:end], "cursor": str(end), "more": end < len(self.rows)}
            self._issuer.instead[request.url] = (200, answer)
        return self._issuer(request)


@pytest.fixture
def issuer(wallet: Wallet, authority: Authority) -> PaperIssuer:
    return PaperIssuer(packed(authority, holder_key(wallet.public_key())))


@pytest.fixture
def card(wallet: Wallet, issuer: PaperIssuer) -> Card:
    found = accepted(wallet, issuer)
    assert isinstance(found, Card)
    return found


def show(wallet: Wallet, card: Card) -> None:
    consent = wallet.request(card, Purpose.WINDOW).approve()
    wallet.present_once(card, audience=Purpose.WINDOW, consent=consent)


def test_each_notice_is_told_once_also_after_a_restart(
    folder: Path, wallet: Wallet, card: Card, issuer: PaperIssuer, clock: ManualClock
) -> None:
    telling = Telling(issuer, status(card, "suspended"), status(card, "valid"), status(card, "suspended"))
    assert [each.status for each in openid4vci.notices(wallet, URL, telling).notices] == [
        "suspended", "valid", "suspended",
    ]  # fmt: skip
    assert [each["cursor"] for each in telling.asked] == ["", "2"]
    again = Wallet.open(folder, clock=clock, sleep=clock.sleep)
    assert again.card(card.id).state is CardState.SUSPENDED
    assert openid4vci.notices(again, URL, telling).notices == ()
    telling.rows.append(status(card, "valid"))
    assert [each.status for each in openid4vci.notices(again, URL, telling).notices] == ["valid"]
    assert again.card(card.id).state is wallet.card(card.id).state is CardState.VALID
    # From a given place everything comes, and nothing is kept.
    assert len(openid4vci.notices(wallet, URL, telling, cursor="").notices) == 4
    assert wallet.news.cursor(URL) == "4"


@pytest.mark.parametrize(
    ("word", "state", "caution", "refused"),
    [
        ("suspended", CardState.SUSPENDED, Caution.SUSPENDED, None),
        ("superseded", CardState.SUPERSEDED, Caution.SUPERSEDED, None),
        ("revoked", CardState.REVOKED, Caution.REVOKED, LicenceRevoked),
        ("withdrawn", CardState.REVOKED, Caution.REVOKED, LicenceRevoked),
        ("cancelled", CardState.REVOKED, Caution.REVOKED, LicenceRevoked),
        ("invalid", CardState.REVOKED, Caution.REVOKED, LicenceRevoked),
        ("of a later version", CardState.REVOKED, Caution.REVOKED, LicenceRevoked),
        ("device_lost", CardState.DEVICE_LOST, Caution.DEVICE_LOST, DeviceReportedLost),
    ],
)
def test_the_holder_sees_it_before_the_clerk_does(
    wallet: Wallet,
    card: Card,
    issuer: PaperIssuer,
    word: str,
    state: CardState,
    caution: Caution,
    refused: type[WalletError] | None,
) -> None:
    openid4vci.notices(wallet, URL, Telling(issuer, status(card, word)))
    (listed,) = wallet.pack.cards()
    assert (listed.state, wallet.card(card.id).state) == (state, state)
    request = wallet.request(card, Purpose.WINDOW)
    assert request.cautions == (caution,)
    before = len(wallet.history.uses())
    if refused is None:
        show(wallet, card)
    else:
        with pytest.raises(refused):
            show(wallet, card)
        assert len(wallet.history.uses()) == before


def test_a_word_of_before_the_newest_credential_is_over(
    wallet: Wallet, card: Card, issuer: PaperIssuer, authority: Authority, clock: ManualClock
) -> None:
    openid4vci.notices(wallet, URL, Telling(issuer, status(card, "revoked", UnixTime(AT + 5))))
    # The same edition again, or one of that moment: the word stands.
    wallet.receive(issuer.package)
    assert wallet.card(card.id).state is CardState.REVOKED
    clock.sleep(2 * DAY)
    newer = authority.package(holder_key(wallet.public_key()), iat=UnixTime(AT + DAY), nbf=UnixTime(AT + DAY))
    wallet.receive(encoded(replace(newer, refresh_url=URL)))
    assert wallet.card(card.id).state is CardState.VALID
    show(wallet, card)


def test_an_issuer_speaks_of_its_own_licences_alone(wallet: Wallet, authority: Authority, issuer: PaperIssuer) -> None:
    other = wallet.receive(packed(authority, holder_key(wallet.public_key()), refresh_url="https://other.example/1"))
    told = openid4vci.notices(wallet, URL, Telling(issuer, status(other, "revoked"), device(other.id))).notices
    assert len(told) == 2
    assert wallet.card(other.id).state is CardState.VALID
    assert wallet.news.devices() == ()


def test_another_device_stands_on_the_card_until_it_is_acknowledged(
    folder: Path, wallet: Wallet, card: Card, issuer: PaperIssuer, clock: ManualClock
) -> None:
    telling = Telling(issuer, device(card.id), device("of-another-device", "device_lost"))
    bound, lost = openid4vci.notices(wallet, URL, telling).notices
    assert (bound.event, bound.device, bound.status) == ("device_bound", DEVICE, "")
    assert telling.asked[0]["events"] is True
    again = Wallet.open(folder, clock=clock, sleep=clock.sleep)
    assert [each.device for each in again.card(card.id).devices] == [DEVICE]
    assert again.card(card.id).state is CardState.VALID
    assert again.request(card, Purpose.WINDOW).cautions == (Caution.OTHER_DEVICE,)
    assert [each.licence_id for each in again.news.devices()] == [card.id, lost.licence_id]
    again.news.acknowledge(card)
    assert wallet.card(card.id).devices == ()
    assert len(wallet.news.devices()) == 1
    wallet.news.acknowledge()
    assert wallet.news.devices() == ()


def test_an_issuer_of_before_is_not_asked_for_devices(wallet: Wallet, card: Card, issuer: PaperIssuer) -> None:
    telling = Telling(issuer, events=False)
    openid4vci.notices(wallet, URL, telling)
    assert "events" not in telling.asked[0]


@pytest.mark.parametrize(
    "unknown",
    [
        {"event": "moved", "at": unixtime.iso_utc(LATER)},
        {"event": "device_bound", "device": "short", "at": unixtime.iso_utc(LATER)},
        {"status": "revoked", "at": "tomorrow"},
        {"at": unixtime.iso_utc(LATER)},
    ],
)
def test_what_a_later_issuer_tells_is_passed_on_and_changes_nothing(
    wallet: Wallet, card: Card, issuer: PaperIssuer, unknown: dict[str, str]
) -> None:
    telling = Telling(issuer, {"licence": card.id, **unknown}, status(card, "suspended"))
    assert len(openid4vci.notices(wallet, URL, telling).notices) == 2
    assert wallet.card(card.id).state is CardState.SUSPENDED
    assert wallet.news.devices() == ()


def test_what_is_not_stored_comes_again(
    folder: Path, wallet: Wallet, card: Card, issuer: PaperIssuer, clock: ManualClock
) -> None:
    def full(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    telling = Telling(issuer, status(card, "suspended"), device(card.id))
    with pytest.raises(VaultNotWritten):
        openid4vci.notices(Wallet.open(folder, clock=clock, sleep=clock.sleep, write=full), URL, telling)
    assert wallet.card(card.id).state is CardState.VALID
    assert len(openid4vci.notices(wallet, URL, telling).notices) == 2
    assert wallet.card(card.id).state is CardState.SUSPENDED


def test_of_two_processes_one_tells(
    folder: Path, wallet: Wallet, card: Card, issuer: PaperIssuer, clock: ManualClock
) -> None:
    telling = Telling(issuer, status(card, "suspended"))
    other = Wallet.open(folder, clock=clock, sleep=clock.sleep)
    in_between: list[int] = []

    def meanwhile(request: Request) -> Answer:
        answer = telling(request)
        if request.url == f"{URL}/notices" and not in_between:
            in_between.append(0)
            in_between[0] = len(openid4vci.notices(other, URL, telling).notices)
        return answer

    assert openid4vci.notices(wallet, URL, meanwhile).notices == ()
    assert in_between == [1]
    assert wallet.card(card.id).state is CardState.SUSPENDED


def test_an_issuer_that_knows_its_cursor_no_more_is_read_from_the_beginning(
    wallet: Wallet, card: Card, issuer: PaperIssuer
) -> None:
    telling = Telling(issuer, status(card, "suspended"))
    openid4vci.notices(wallet, URL, telling)

    def restored(request: Request) -> Answer:
        if request.url == f"{URL}/notices":
            claims = key_proof.verified((request.body or b"").decode(), typ=TYP_WALLET_REQUEST).claims
            if claims["cursor"] == "1":
                return Answer(400, b'{"error": "cursor_refused"}')
        return telling(request)

    assert len(openid4vci.notices(wallet, URL, restored).notices) == 1
    assert wallet.news.cursor(URL) == "1"
    with pytest.raises(errors.IssuerRefused):
        openid4vci.notices(wallet, URL, restored, cursor="1")


def test_another_phone_takes_over_what_was_told_and_no_cursor(
    wallet: Wallet, card: Card, issuer: PaperIssuer, clock: ManualClock, tmp_path: Path
) -> None:
    openid4vci.notices(wallet, URL, Telling(issuer, status(card, "revoked"), device(card.id)))
    restored = Wallet.restore(
        tmp_path / "new", wallet.backup("x", cost=CHEAP), backup_passphrase="x", clock=clock, sleep=clock.sleep
    )
    assert restored.news.cursor(URL) == ""
    assert restored.card(card.id).state is CardState.REVOKED
    openid4vci.notices(wallet, URL, Telling(issuer, *[status(card, "x")] * 2, status(card, "device_lost")))
    assert wallet.card(card.id).state is CardState.DEVICE_LOST
    newer = Wallet.restore(
        tmp_path / "newer", wallet.backup("x", cost=CHEAP), backup_passphrase="x", clock=clock, sleep=clock.sleep
    )
    # It was the old device that was lost.
    assert newer.card(card.id).state is CardState.UNBOUND


def test_in_an_event_loop(wallet: Wallet, issuer: PaperIssuer) -> None:
    async def asked(request: Request) -> Answer:
        await asyncio.sleep(0)
        return issuer(request)

    async def acts() -> None:
        from tests.wallet.test_openid4vci import link

        offer = await asynchronous.read_offer(link(), asked)
        card = await asynchronous.accept(wallet, offer, asked, tx_code="123456")
        assert isinstance(card, Card)
        telling = Telling(issuer, status(card, "suspended"))

        async def tells(request: Request) -> Answer:
            await asyncio.sleep(0)
            return telling(request)

        assert len((await asynchronous.notices(wallet, URL, tells)).notices) == 1
        assert (await asynchronous.refresh(wallet, card, asked)).state is CardState.SUSPENDED
        assert len(await asynchronous.devices(wallet, card, asked)) == 1
        assert await asynchronous.report_lost(wallet, card, "others", asked) == 1
        issuer.instead[f"{URL}/refresh"] = errors.IssuerUnreachable("cut")
        with pytest.raises(errors.IssuerUnreachable):
            await asynchronous.refresh(wallet, card, asked)

    asyncio.run(acts())


def test_a_failed_notification_stops_nothing_in_an_event_loop(wallet: Wallet, issuer: PaperIssuer) -> None:
    issuer.instead[f"{URL}/notification"] = errors.IssuerUnreachable("cut")

    async def asked(request: Request) -> Answer:
        return issuer(request)

    async def act() -> Card | openid4vci.Waiting:
        from tests.wallet.test_openid4vci import link

        return await asynchronous.accept(wallet, await asynchronous.read_offer(link(), asked), asked, tx_code="123456")

    assert isinstance(asyncio.run(act()), Card)


def test_a_vault_of_version_2_opens_and_is_written_as_the_present_one(folder: Path, clock: ManualClock) -> None:
    """The file as the version before this one wrote it: a card in a group, and one use."""
    folder.mkdir()
    (folder / VAULT_FILE).write_bytes(VERSION_2_VAULT)
    (folder / history_file.FILE).write_bytes(VERSION_2_HISTORY)
    wallet = Wallet.open(folder, passphrase="version 2", clock=clock, sleep=clock.sleep)
    (card,) = wallet.cards()
    assert (card.group, card.state, card.told, card.devices) == ("出行", CardState.VALID, None, ())
    assert len(wallet.history.uses()) == 1
    assert wallet.news.cursor(URL) == ""
    assert (folder / VAULT_FILE).read_bytes() == VERSION_2_VAULT
    assert wallet.news.take(URL, (), after="", cursor="7")
    again = Wallet.open(folder, passphrase="version 2", clock=clock, sleep=clock.sleep)
    assert again.news.cursor(URL) == "7"
    show(again, again.cards()[0])


def test_an_issuer_that_always_has_more_keeps_no_wallet_busy_for_ever(
    wallet: Wallet, card: Card, issuer: PaperIssuer
) -> None:
    telling = Telling(issuer, *[status(card, word) for word in ("suspended", "valid")] * 150)
    assert len(openid4vci.notices(wallet, URL, telling).notices) == 200
    # The next question goes on from there.
    assert len(openid4vci.notices(wallet, URL, telling).notices) == 100
