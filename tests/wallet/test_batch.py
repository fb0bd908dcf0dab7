"""A company's desk shows many licences one after another, each agreed to, none held up by another."""

from collections.abc import Callable
from typing import Any

import pytest

from protocol.labels import HolderKind, Purpose
from protocol.qr import envelope
from protocol.sd_cwt import key_binding
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import COMPANY_KIND, COMPANY_VALUES, Authority, encoded, holder_key
from wallet_sdk import Card, Wallet
from wallet_sdk.errors import ConsentMismatch, ConsentMissing, ItemUnknown, LicenceExpired, ShowingClosed
from wallet_sdk.request_errors import BundleSize


@pytest.fixture
def cards(wallet: Wallet, authority: Authority) -> list[Card]:
    """Seven companies' licences."""
    holder = holder_key(wallet.public_key())
    return [
        wallet.receive(
            encoded(
                authority.other_package(
                    holder, COMPANY_KIND, COMPANY_VALUES, f"310000{number:02}CC", holder_kind=HolderKind.LEGAL_PERSON
                )
            )
        )
        for number in range(7)
    ]


def sub(text: str) -> str:
    return key_binding.parse(envelope.unwrap(text)).credential.claims.sub


def test_each_has_its_turn_and_a_code_of_its_own(wallet: Wallet, cards: list[Card], clock: ManualClock) -> None:
    decision = wallet.request_batch(cards, Purpose.WINDOW).approve()
    turns, texts = [], []
    with wallet.show_batch(consent=decision) as batch:
        assert (batch.total, batch.position, batch.licence_id, batch.frame()) == (7, 0, None, None)
        while (frame := batch.next()) is not None:
            turns.append(batch.licence_id)
            texts.append(frame.text)
            assert batch.position == len(turns)
            clock.sleep(31)
            again = batch.frame()
            assert again is not None
            assert again.text != frame.text
            assert sub(again.text) == sub(frame.text)
        assert (batch.licence_id, batch.frame(), batch.next()) == (None, None, None)
    assert turns == [card.id for card in cards]
    assert len({sub(text) for text in texts}) == 7
    assert [use.licences[0].licence_id for use in reversed(wallet.history.uses())] == turns


def test_one_that_cannot_be_shown_is_named_and_holds_nobody_up(
    wallet: Wallet, cards: list[Card], give: Callable[..., Card], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    decision = wallet.request_batch(cards[:3], Purpose.WINDOW).approve()
    licence = wallet._current().licences[cards[1].id]
    monkeypatch.setitem(licence.__dict__, "legal_end", clock.at - 1)
    with wallet.show_batch(consent=decision) as batch:
        turns = [batch.licence_id for _ in iter(batch.next, None)]
    assert turns == [cards[0].id, cards[2].id]
    assert {name: type(reason) for name, reason in batch.failed.items()} == {cards[1].id: LicenceExpired}


def test_only_what_was_agreed_to_is_shown(wallet: Wallet, cards: list[Card]) -> None:
    request = wallet.request_batch(cards, Purpose.WINDOW)
    decision = request.approve({cards[2].id: ["name"], cards[0].id: None})
    with wallet.show_batch(consent=decision) as batch:
        assert [batch.licence_id for _ in iter(batch.next, None)] == [cards[0].id, cards[2].id]
    with pytest.raises(ConsentMismatch):
        request.approve({"another": None})
    with pytest.raises(BundleSize):
        request.approve({})
    with pytest.raises(ItemUnknown):
        request.approve({cards[0].id: ["colour"]})


@pytest.mark.parametrize("consent", [None, (), "yes"])
def test_nothing_without_a_decision(wallet: Wallet, cards: list[Card], consent: Any) -> None:
    with pytest.raises(ConsentMissing):
        wallet.show_batch(consent=consent)


def test_none_and_one_twice_are_no_batch(wallet: Wallet, cards: list[Card]) -> None:
    for wrong in ([], [cards[0], cards[0]]):
        with pytest.raises(BundleSize):
            wallet.request_batch(wrong, Purpose.WINDOW)


def test_closing_ends_the_turn(wallet: Wallet, cards: list[Card]) -> None:
    batch = wallet.show_batch(consent=wallet.request_batch(cards, Purpose.WINDOW).approve())
    batch.next()
    showing = batch._showing
    assert showing is not None
    wallet.lock()
    with pytest.raises(ShowingClosed):
        showing.frame()
