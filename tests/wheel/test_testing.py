"""The doubles that integrators test their apps with: every kind can be held and shown, and misfortunes happen."""

from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.labels import Purpose
from tests.wheel import make_catalogue
from wallet_sdk import CardState, Wallet
from wallet_sdk.sealed_file import PassphraseCost
from wallet_sdk.testing import FakeClock, IssuerBusy, NotRead, TestIssuer, VirtualCounter, VirtualScanner

CHEAP = PassphraseCost(passes=1, memory_bytes=8192)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def wallet(tmp_path: Path, clock: FakeClock) -> Wallet:
    return Wallet.create(tmp_path / "wallet", **clock.ports)


def calm(clock: FakeClock) -> TestIssuer:
    return TestIssuer(clock, failures=0)


def test_it_has_the_kinds_and_purposes_of_the_catalogue() -> None:
    assert make_catalogue.TARGET.read_bytes() == make_catalogue.made(), "python -m tests.wheel.make_catalogue"


def test_every_kind_is_shown_for_every_purpose_that_it_has(wallet: Wallet, clock: FakeClock) -> None:
    issuer = calm(clock)
    _, maxima = issuer._listed
    for slug in issuer.kinds:
        card = wallet.receive(issuer.issue(wallet.public_key(), slug))
        assert card.state is CardState.VALID
        for purpose in sorted(each for vct, each in maxima if vct == card.vct):
            counter = VirtualCounter(issuer, purpose, unread=0)
            request = wallet.request(card, purpose)
            # What has a consent of its own is shown only if its holder names it.
            consent = request.approve(item.name for item in request.mandatory)
            with wallet.show(card, audience=purpose, consent=consent) as showing:
                answer = counter.read(showing.frame().text)
            assert answer.accepted, (slug, purpose, answer)
            assert {item.key for item in request.mandatory} <= {
                wallet.card(card.id).item(name).key
                for name in answer.items[0]  # type: ignore[union-attr]
            }


def test_one_issuance_in_twenty_fails_and_trying_again_helps(wallet: Wallet, clock: FakeClock) -> None:
    issuer, failed = TestIssuer(clock), 0
    for _ in range(200):
        try:
            issuer.issue(wallet.public_key())
        except IssuerBusy:
            failed += 1
    assert 2 <= failed <= 25
    one, other = TestIssuer(clock), TestIssuer(clock)
    assert [_fails(one, wallet) for _ in range(50)] == [_fails(other, wallet) for _ in range(50)]


def _fails(issuer: TestIssuer, wallet: Wallet) -> bool:
    try:
        issuer.issue(wallet.public_key())
    except IssuerBusy:
        return True
    return False


def test_it_names_what_it_does_not_know(wallet: Wallet, clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="no kind 'toll'"):
        calm(clock).issue(wallet.public_key(), "toll")
    with pytest.raises(ValueError, match="no item 'colour'"):
        calm(clock).issue(wallet.public_key(), items={"colour": "red"})


def shown(wallet: Wallet, issuer: TestIssuer, purpose: Purpose = Purpose.WINDOW) -> str:
    card = wallet.receive(issuer.issue(wallet.public_key()))
    consent = wallet.request(card, purpose).approve()
    return wallet.present_once(card, audience=purpose, consent=consent).text


def _later(seconds: int) -> Callable[[FakeClock], None]:
    return lambda clock: clock.advance(seconds)


@pytest.mark.parametrize(
    ("change", "meanwhile", "reason"),
    [
        (lambda text: text, _later(0), ""),
        (lambda text: text, _later(200), "E_KBT_STALE"),
        (lambda text: text, _later(-200), "E_KBT_FUTURE"),
        (lambda text: "LZ9" + text[3:], _later(0), "E_PREFIX"),
        (lambda text: text[:-6] + "AAAAAA", _later(0), "E_SIG_HOLDER"),
    ],
)
def test_the_counter_checks_what_a_wallet_can_get_wrong(
    wallet: Wallet,
    clock: FakeClock,
    change: Callable[[str], str],
    meanwhile: Callable[[FakeClock], None],
    reason: str,
) -> None:
    issuer = calm(clock)
    text = shown(wallet, issuer)
    meanwhile(clock)
    assert VirtualCounter(issuer, unread=0).read(change(text)).reason == reason


def test_a_code_counts_once_and_only_for_its_purpose(wallet: Wallet, clock: FakeClock) -> None:
    issuer = calm(clock)
    counter, text = VirtualCounter(issuer, unread=0), shown(wallet, issuer)
    assert counter.read(text).accepted
    assert counter.read(text).reason == "E_REPLAY"
    assert VirtualCounter(issuer, Purpose.ROADSIDE, unread=0).read(text).reason == "E_AUD"


def test_a_challenge_is_answered_sealed(wallet: Wallet, clock: FakeClock) -> None:
    issuer = calm(clock)
    counter = VirtualCounter(issuer, unread=0)
    wallet.receive(issuer.issue(wallet.public_key()))
    request = wallet.read_challenge(counter.ask({"driving-licence": ["name", "class", "valid_to"]}))
    answer = wallet.answer(request, request.approve()).text
    read = counter.read(answer)
    assert (read.accepted, set(read.items[0])) == (True, {"name", "class", "valid_to"} | set(read.items[0]))
    assert VirtualCounter(issuer, unread=0).read(answer).reason == "E_CNONCE"


def test_a_picture_is_not_always_read_at_the_first_try(wallet: Wallet, clock: FakeClock) -> None:
    counter = VirtualCounter(calm(clock), unread=0.5)
    unread = 0
    for _ in range(40):
        try:
            counter.read("LZ1:")
        except NotRead:
            unread += 1
    assert 8 <= unread <= 32


def test_a_scanner_sends_pieces_and_loses_some_characters() -> None:
    text = "LZ1:" + "ABCDEFGHIJ" * 50
    assert b"".join(VirtualScanner(lost=0).scan(text)) == text.encode() + b"\r"
    lossy = VirtualScanner(lost=0.01)
    received = [b"".join(lossy.scan(text)) for _ in range(20)]
    assert any(len(each) < len(text) + 1 for each in received)
    assert all(each.endswith(b"\r") for each in received)
