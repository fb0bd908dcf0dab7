"""Items that need a consent of their own (PIPL art. 29): apart on the sheet, and let out only if they are named."""

from dataclasses import replace

import pytest

from protocol.directory import PurposeItems, WalletDirectory
from protocol.labels import Purpose
from tests.wallet.asked import BOTH, Terminal
from tests.wallet.issued import ID_CARD, ID_KIND, ID_VALUES, MAXIMA, VCT, Authority, encoded, holder_key
from wallet_sdk import Card, Language, Wallet, consent_sheet

NAME, CLASS, NUMBER, VALID_TO, VALID_FROM, ADDRESS = 1, 2, 3, 7, 6, 13
APART = frozenset({NUMBER, ADDRESS})
RULES = {
    **MAXIMA,
    (VCT, Purpose.WINDOW): PurposeItems(frozenset({NAME, CLASS, ADDRESS, VALID_TO}), frozenset({NUMBER, 9}), APART),
    (ID_CARD, Purpose.WINDOW): PurposeItems(frozenset({NAME, VALID_TO}), frozenset({NUMBER}), frozenset({NUMBER})),
}


def with_rules(good: WalletDirectory) -> WalletDirectory:
    return replace(good, maxima=RULES)


class Region(Authority):
    """An authority whose policy wants a consent of its own for the address, which it needs, and for the number."""

    def directory(self) -> WalletDirectory:
        return with_rules(super().directory())


@pytest.fixture
def authority() -> Authority:
    return Region()


@pytest.fixture
def id_card(wallet: Wallet, authority: Authority) -> Card:
    package = authority.other_package(holder_key(wallet.public_key()), ID_KIND, ID_VALUES, "31000026ID")
    return wallet.receive(encoded(package))


def test_what_needs_a_consent_of_its_own_stands_apart(wallet: Wallet, card: Card) -> None:
    request = wallet.request(card, Purpose.WINDOW)
    assert [item.name for item in request.separate] == ["citizen_id", "address"]
    assert [item.name for item in request.proposed] == ["name", "class", "valid_to"]
    assert {item.name for item in request.mandatory} == {"name", "class", "valid_to", "address"}


def test_it_is_let_out_only_if_it_is_named(wallet: Wallet, card: Card) -> None:
    request = wallet.request(card, Purpose.WINDOW)
    assert request.approve().items == {NAME, CLASS, VALID_TO}
    assert request.approve(["name", "address"]).items == {NAME, ADDRESS}
    showing = wallet.show(card, audience=Purpose.WINDOW, consent=request.approve())
    assert not showing.shown_of[card.id] & APART


def test_the_link_between_two_cards_is_not_proposed_where_it_needs_a_consent_of_its_own(
    wallet: Wallet, card: Card, id_card: Card
) -> None:
    request = wallet.request_bundle([card, id_card], Purpose.WINDOW)
    assert [request.proposed_link(sheet) for sheet in request.sheets] == [None, None]
    proposed = request.approve()
    assert not proposed.is_linked
    assert all(NUMBER not in each.items for each in proposed.cards)
    named = request.approve({card.id: ["name", "citizen_id"], id_card.id: ["name", "citizen_id"]})
    assert named.is_linked


class HalfApart(Authority):
    """Only the driving licence needs a consent of its own for the number that both cards share."""

    def directory(self) -> WalletDirectory:
        card = PurposeItems(frozenset({NAME, VALID_TO}), frozenset({NUMBER}))
        return replace(super().directory(), maxima={**RULES, (ID_CARD, Purpose.WINDOW): card})


def test_a_link_that_one_card_may_not_show_unasked_is_proposed_for_no_card(wallet: Wallet) -> None:
    """Alone, the number of the other card would link nothing and be let out for nothing."""
    region, holder = HalfApart(), holder_key(wallet.public_key())
    packages = region.package(holder), region.other_package(holder, ID_KIND, ID_VALUES, "31000026ID")
    request = wallet.request_bundle([wallet.receive(encoded(each)) for each in packages], Purpose.WINDOW)
    assert [[item.name for item in sheet.separate] for sheet in request.sheets] == [["citizen_id", "address"], []]
    assert [request.proposed_link(sheet) for sheet in request.sheets] == [None, None]
    assert all(NUMBER not in each.items for each in request.approve().cards)


def test_a_terminals_request_does_not_change_that(wallet: Wallet, card: Card, id_card: Card) -> None:
    terminal = Terminal(Region())
    request = wallet.read_challenge(terminal.asks(BOTH))
    assert {sheet.card.kind: [item.name for item in sheet.separate] for sheet in request.sheets} == {
        card.kind: ["citizen_id"],
        id_card.kind: ["citizen_id"],
    }
    assert all(NUMBER not in each.items for each in request.approve().cards)


def test_what_stands_clear_is_no_question(wallet: Wallet, authority: Authority) -> None:
    """It is shown in any case; publishers refuse such a row."""
    rules = {**RULES, (VCT, Purpose.WINDOW): replace(RULES[VCT, Purpose.WINDOW], separate=frozenset({VALID_FROM}))}
    package = authority.package(holder_key(wallet.public_key()), listed=lambda good: replace(good, maxima=rules))
    assert wallet.request(wallet.receive(encoded(package)), Purpose.WINDOW).separate == ()


@pytest.mark.parametrize(
    ("language", "line"),
    [
        (
            Language.ZH_HANS,
            "需单独同意（逐项选择，不选也不影响其他项目）: citizen_id-简 (citizen_id); address-简 (address) [必需]",
        ),
        (
            Language.ZH_HANT,
            "需單獨同意（逐項選擇，不選也不影響其他項目）: citizen_id-繁 (citizen_id); address-繁 (address) [必需]",
        ),
        (
            Language.EN,
            "each needs your separate consent (choose one by one; a no leaves the other items as they are): "
            "Citizen_Id (citizen_id); Address (address) [needed]",
        ),
    ],
    ids=["zh-Hans", "zh-Hant", "en"],
)
def test_the_sheet_in_words_shows_them_apart(
    language: Language, line: str, wallet: Wallet, card: Card, id_card: Card
) -> None:
    lines = consent_sheet.text(wallet.request_bundle([card, id_card], Purpose.WINDOW), language).splitlines()
    assert line in [each.strip() for each in lines]
    assert sum("(address)" in each for each in lines) == 1
    assert sum("(citizen_id)" in each for each in lines) == 2
