"""Several licences in one act: one consent, the smallest selection of each, whether they are one person's; mandates."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, cose_sign1, labels
from protocol import mandate as mandates
from protocol.labels import HolderKind, Purpose
from protocol.mandate import Mandate
from protocol.qr import bundle
from protocol.unixtime import DAY, UnixTime
from tests.wallet.asked import BOTH, Terminal
from tests.wallet.conftest import ManualClock
from tests.wallet.issued import (
    AT,
    COMPANY,
    COMPANY_KIND,
    COMPANY_VALUES,
    ID_KIND,
    ID_VALUES,
    KIND,
    MIDNIGHT,
    VALUES,
    VCT,
    Authority,
    encoded,
    holder_key,
)
from tests.wallet.test_showing import flat, signed
from wallet_sdk import Card, CardState, Caution, JointDecision, Language, Wallet, consent_sheet, errors
from wallet_sdk import request_errors as refused

__all__ = ["signed"]
GIVE = Callable[..., Card]
TAKE = Callable[..., Card]
OTHER_CITIZEN = "990101198001010011"


@pytest.fixture
def take(wallet: Wallet, authority: Authority) -> TAKE:
    """Gives the wallet a good licence of a kind, with changes in its claims."""

    def take(kind: Any = ID_KIND, values: Any = ID_VALUES, licence_id: str = "31000026ID", **changes: Any) -> Card:
        package = authority.other_package(holder_key(wallet.public_key()), kind, values, licence_id, **changes)
        return wallet.receive(encoded(package))

    return take


@pytest.fixture
def terminal(authority: Authority) -> Terminal:
    return Terminal(authority)


def scope(
    purposes: Iterable[Purpose] = (Purpose.WINDOW,), kind: int = VCT, level: int = 3, region: str = "310000"
) -> Mandate:
    return Mandate(level, frozenset({kind}), frozenset(purposes), region, kind)


def show(wallet: Wallet, decision: JointDecision) -> str:
    with wallet.show_bundle(consent=decision) as showing:
        return showing.frame().text


# Bundles.


def test_one_sheet_lists_each_cards_items(wallet: Wallet, card: Card, take: TAKE) -> None:
    id_card = take()
    request = wallet.request_bundle([card, id_card], Purpose.WINDOW)
    assert [sheet.card.id for sheet in request.sheets] == [card.id, id_card.id]
    assert [[item.name for item in sheet.mandatory] for sheet in request.sheets] == [
        ["name", "class", "valid_to"], ["name", "valid_to"],
    ]  # fmt: skip
    assert request.linking_item([card.id, id_card.id]) == labels.Lic.CITIZEN_ID
    said = consent_sheet.text(request, Language.EN)
    assert "Driving licence" in said
    assert "Identity card" in said
    assert said.count("proves that these licences are one person's") == 2


def test_the_code_is_a_bundle_of_the_smallest_selections(
    wallet: Wallet, card: Card, take: TAKE, terminal: Terminal, signed: list[bytes]
) -> None:
    id_card = take()
    request = wallet.request_bundle([card, id_card], Purpose.WINDOW)
    assert signed == []
    decision = request.approve({card.id: ["name", "class", "valid_to"], id_card.id: ["citizen_id", "name", "valid_to"]})
    text = show(wallet, decision)
    assert text.startswith("LB1:")
    presentations = terminal.reads(text)
    # Both are views: nothing but the wanted items.
    assert [flat(each) for each in presentations] == [
        {key: VALUES[key] for key in (1, 2, 7)}, {key: ID_VALUES[key] for key in (1, 3, 7)},
    ]  # fmt: skip
    assert {each.key_binding.aud for each in presentations} == {"lz:w"}
    assert len({each.replay_key for each in presentations}) == 2
    assert len(signed) == 2


@pytest.mark.parametrize("alone", [False, True])
def test_the_identifier_that_links_is_proposed_and_may_be_refused(
    alone: bool, wallet: Wallet, card: Card, take: TAKE, terminal: Terminal
) -> None:
    id_card = take()
    request = wallet.request_bundle([card, id_card], Purpose.WINDOW)
    proposed = request.approve()
    assert proposed.is_linked
    assert proposed.cautions == ()
    assert bundle.link(terminal.reads(show(wallet, proposed))) is bundle.Link.CITIZEN_ID
    # Shown in one of the two, or in none: nothing is linked, and the holder is told.
    names = ["name", "citizen_id"] if alone else ["name"]
    unlinked = request.approve({card.id: names, id_card.id: ["name"]})
    assert not unlinked.is_linked
    assert unlinked.cautions == (Caution.UNLINKED,)
    assert bundle.link(terminal.reads(show(wallet, unlinked))) is bundle.Link.NONE
    assert all(Caution.UNLINKED.text(language) for language in Language)


def test_what_the_wallet_says_of_a_link_is_what_the_protocol_finds(
    wallet: Wallet, card: Card, take: TAKE, terminal: Terminal
) -> None:
    """Different holders, companies, mandates: whatever is shown, the two never disagree."""
    cards = [
        card,
        take(),
        take(values={**ID_VALUES, 3: OTHER_CITIZEN}, licence_id="other person"),
        take(licence_id="no number", values={key: ID_VALUES[key] for key in (1, 7)}),
        take(licence_id="legal", holder_kind=HolderKind.LEGAL_PERSON),
        take(licence_id="nobody said", holder_kind=None),
        take(COMPANY_KIND, COMPANY_VALUES, "company", holder_kind=HolderKind.LEGAL_PERSON),
        take(COMPANY_KIND, COMPANY_VALUES, "company2", holder_kind=HolderKind.LEGAL_PERSON),
        take(COMPANY_KIND, COMPANY_VALUES, "personal", holder_kind=HolderKind.NATURAL_PERSON),
        take(KIND, VALUES, "mandate", mandate=scope()),
        take(KIND, VALUES, "mandate2", mandate=scope(level=1)),
    ]
    linked = set()
    for first in cards:
        for second in cards:
            if first.id == second.id:
                continue
            request = wallet.request_bundle([first, second], Purpose.WINDOW)
            decision = request.approve()
            with wallet.show_bundle(consent=decision) as showing:
                found = bundle.link(terminal.verifies(showing.content().encoded))
            assert decision.is_linked is (found is not bundle.Link.NONE), (first.id, second.id)
            if decision.is_linked:
                linked.add(frozenset({first.id, second.id}))
    assert linked == {
        frozenset(pair)
        for pair in (
            (card.id, "31000026ID"), (card.id, "nobody said"), ("31000026ID", "nobody said"),
            ("company", "company2"), ("mandate", "mandate2"),
        )
    }  # fmt: skip


def test_three_cards_roll_in_one_code(
    wallet: Wallet, card: Card, take: TAKE, terminal: Terminal, clock: ManualClock, signed: list[bytes]
) -> None:
    others = [take(licence_id="a"), take(licence_id="b")]
    decision = wallet.request_bundle([card, *others], Purpose.WINDOW).approve(
        {card.id: ["name", "class", "valid_to"], "a": ["name", "citizen_id", "valid_to"], "b": ["name", "citizen_id"]}
    )
    texts = []
    with wallet.show_bundle(consent=decision) as showing:
        for frame in showing:
            texts.append(frame.text)
            if len(texts) == 3:
                break
    read = [terminal.reads(text) for text in texts]
    assert [[each.key_binding.iat - AT for each in presentations] for presentations in read] == [
        [0] * 3, [30] * 3, [60] * 3,
    ]  # fmt: skip
    assert len(signed) == len(set(signed)) == 9
    assert len({each.replay_key for presentations in read for each in presentations}) == 9


def test_bundles_have_two_to_four_different_cards(wallet: Wallet, card: Card, take: TAKE) -> None:
    others = [take(licence_id=each) for each in "abcd"]
    for cards in ([card], [], [card, card], [card, *others], [card, others[0], card]):
        with pytest.raises(refused.BundleSize):
            wallet.request_bundle(cards, Purpose.WINDOW)
    request = wallet.request_bundle([card, *others[:3]], Purpose.WINDOW)
    assert len(request.approve().cards) == 4
    with pytest.raises(refused.BundleSize):
        request.approve({})
    with pytest.raises(errors.ConsentMismatch, match="'d'"):
        request.approve({"d": None})


def test_nothing_of_a_bundle_is_signed_without_its_decision(
    wallet: Wallet, card: Card, take: TAKE, signed: list[bytes], give: GIVE
) -> None:
    id_card = take()
    good = wallet.request_bundle([card, id_card], Purpose.WINDOW).approve()
    first, second = good.cards
    for consent, expected in (
        (None, errors.ConsentMissing),
        (first, errors.ConsentMissing),
        ((first, second), errors.ConsentMissing),
        (replace(good, cards=(first, "second")), errors.ConsentMissing),
        (replace(good, cards=()), refused.BundleSize),
        (replace(good, cards=(first, replace(second, edition="0"))), errors.ConsentMismatch),
        (replace(good, cards=(first, replace(second, purpose=Purpose.KIOSK))), errors.ConsentMismatch),
        (replace(good, cards=(first, replace(second, audience="lz:k"))), errors.ConsentMismatch),
        (replace(good, cards=(first, replace(second, items=frozenset({10})))), errors.ItemBeyondPurpose),
        (replace(good, addressee=replace(good.addressee, cnonce=bytes(4))), errors.ConsentMismatch),
    ):
        with pytest.raises(errors.WalletError) as failure:
            wallet.show_bundle(consent=consent)  # type: ignore[arg-type]  # the point
        assert type(failure.value) is expected, consent
    give(wallet, values={**VALUES, 1: "测试员乙"})
    with pytest.raises(errors.ConsentMismatch):
        wallet.show_bundle(consent=good)
    assert signed == []


def test_one_card_that_has_ended_ends_the_bundle(wallet: Wallet, card: Card, take: TAKE, clock: ManualClock) -> None:
    short = take(values={**ID_VALUES, 7: 20261122}, exp=MIDNIGHT + DAY)
    decision = wallet.request_bundle([card, short], Purpose.WINDOW).approve()
    clock.at = MIDNIGHT + DAY - 20
    with wallet.show_bundle(consent=decision) as showing:
        assert showing.frame().expires_in == 20
        clock.at = MIDNIGHT + DAY
        with pytest.raises(errors.LicenceExpired):
            showing.frame()


# Mandates.


def test_a_mandate_is_a_card_that_says_for_whom_it_acts(wallet: Wallet, card: Card, take: TAKE) -> None:
    agent = take(KIND, VALUES, "agent", mandate=scope((Purpose.WINDOW, Purpose.ROADSIDE)))
    acts = agent.acts_for
    assert acts is not None
    assert (acts.level, acts.holder, acts.until) == (3, "测试员甲", MIDNIGHT + 90 * DAY)
    assert (acts.purposes, acts.kinds) == (frozenset({Purpose.WINDOW, Purpose.ROADSIDE}), frozenset({VCT}))
    assert "测试员甲" not in repr(agent)
    # One's own licence of the same kind stands beside it.
    assert card.acts_for is None
    assert {each.id for each in wallet.cards()} == {card.id, "agent"}
    with pytest.raises(errors.LicenceAmbiguous):
        wallet.card("driving-licence")


def test_a_mandate_shows_itself_for_its_purposes_alone(
    wallet: Wallet, take: TAKE, terminal: Terminal, signed: list[bytes]
) -> None:
    agent = take(KIND, VALUES, "agent", mandate=scope())
    decision = wallet.request(agent, Purpose.WINDOW).approve()
    (presentation,) = terminal.reads(wallet.present_once(agent, audience=Purpose.WINDOW, consent=decision).text)
    assert presentation.credential.mandate == scope()
    signed.clear()
    with pytest.raises(refused.MandateScope, match="roadside; it covers: window"):
        wallet.request(agent, Purpose.ROADSIDE)
    # A decision that nobody's request made does not get past the gate either.
    forged = replace(decision, purpose=Purpose.ROADSIDE, audience="lz:p")
    with pytest.raises(refused.MandateScope):
        wallet.show(agent, audience=Purpose.ROADSIDE, consent=forged)
    with pytest.raises(refused.MandateScope):
        wallet.present_once(agent, audience=Purpose.ROADSIDE, consent=forged)
    assert signed == []


def test_a_request_offers_only_mandates_that_cover_its_purpose(
    wallet: Wallet, card: Card, take: TAKE, terminal: Terminal
) -> None:
    take(KIND, VALUES, "elsewhere", mandate=scope((Purpose.ROADSIDE,)))
    here = take(KIND, VALUES, "here", mandate=scope())
    request = wallet.read_challenge(terminal.asks())
    assert {sheet.card.id for sheet in request.sheets} == {card.id, here.id}
    assert Caution.ACTS_FOR_ANOTHER in request.cautions
    said = consent_sheet.text(request, Language.EN)
    assert "you act for: 测试员甲 (agent)" in said
    assert Caution.ACTS_FOR_ANOTHER.text(Language.EN) in said
    (presentation,) = terminal.reads(wallet.answer(request, request.approve({here.id: None})).text)
    assert presentation.credential.mandate is not None


def test_the_link_of_ones_own_cards_is_proposed_beside_a_mandate(
    wallet: Wallet, card: Card, take: TAKE, terminal: Terminal
) -> None:
    id_card, agent = take(), take(KIND, VALUES, "agent", mandate=scope())
    request = wallet.read_challenge(terminal.asks(BOTH))
    assert {sheet.card.id for sheet in request.sheets} == {card.id, id_card.id, agent.id}
    links = [request.proposed_link(request.sheet(each.id)) for each in (card, id_card, agent)]
    assert [link.name if link is not None else None for link in links] == ["citizen_id", "citizen_id", None]
    # For each of the two own cards, and not for the mandate.
    assert consent_sheet.text(request, Language.EN).count("proves that these licences are one person's") == 2
    assert request.approve({card.id: None, id_card.id: None}).is_linked
    mixed = request.approve({agent.id: None, id_card.id: None})
    assert not mixed.is_linked
    assert mixed.cautions == (Caution.UNLINKED,)


def test_a_mandate_that_has_ended_is_none(
    wallet: Wallet, take: TAKE, clock: ManualClock, signed: list[bytes], terminal: Terminal
) -> None:
    agent = take(KIND, VALUES, "agent", mandate=scope())
    end = MIDNIGHT + 90 * DAY
    assert wallet.card("agent", at=UnixTime(end - 31 * DAY)).state is CardState.VALID
    assert wallet.card("agent", at=UnixTime(end - DAY)).state is CardState.EXPIRING
    assert wallet.card("agent", at=UnixTime(end)).state is CardState.EXPIRED
    decision = wallet.request(agent, Purpose.WINDOW).approve()
    clock.at = end
    with pytest.raises(refused.MandateExpired):
        wallet.present_once(agent, audience=Purpose.WINDOW, consent=decision)
    assert signed == []


def test_a_guardians_company_mandate_has_its_own_kind(wallet: Wallet, take: TAKE, terminal: Terminal) -> None:
    agent = take(COMPANY_KIND, COMPANY_VALUES, "agent", mandate=scope((Purpose.KIOSK,), COMPANY, level=2),
                 holder_kind=HolderKind.LEGAL_PERSON)  # fmt: skip
    decision = wallet.request(agent, Purpose.KIOSK).approve()
    (presentation,) = terminal.reads(wallet.present_once(agent, audience=Purpose.KIOSK, consent=decision).text)
    assert flat(presentation) == {1: COMPANY_VALUES[1], 4: COMPANY_VALUES[4]}


@pytest.mark.parametrize(
    ("changes", "signed_by", "expected"),
    [
        # An assertion key signs no mandate, and a mandate key signs nothing else.
        ({"mandate": scope()}, "assertion", errors.IssuerUnknown),
        ({}, "mandates", errors.IssuerUnknown),
        ({"mandate": scope()}, "terminals", errors.IssuerUnknown),
    ],
)
def test_receiving_looks_at_the_use_of_the_key(
    changes: dict[str, Any], signed_by: str, expected: type[errors.WalletError], wallet: Wallet, authority: Authority
) -> None:
    holder = holder_key(wallet.public_key())
    end = {"exp": UnixTime(MIDNIGHT + 90 * DAY)}
    credential = authority.flexible(holder, VALUES, KIND, getattr(authority, signed_by), **end, **changes)
    package = replace(authority.other_package(holder, KIND, VALUES, "agent"), credentials=(credential,))
    with pytest.raises(expected):
        wallet.receive(encoded(package))
    assert wallet.cards() == ()


@pytest.mark.parametrize(
    ("mandate", "days", "expected"),
    [
        (scope(kind=COMPANY), 90, errors.MandateWrong),
        (scope(region="330000"), 90, errors.MandateWrong),
        (scope(), 91, errors.CredentialMalformed),
        (scope(level=4), 90, errors.CredentialMalformed),
        (scope(()), 90, errors.CredentialMalformed),
    ],
    ids=["another kind", "another region", "91 days", "level 4", "no purpose"],
)
def test_receiving_refuses_mandates_beyond_their_bounds(
    mandate: Mandate, days: int, expected: type[errors.WalletError], wallet: Wallet, authority: Authority
) -> None:
    holder = holder_key(wallet.public_key())
    good = authority.other_package(holder, KIND, VALUES, "agent", mandate=scope())
    structure: Any = cbor.decode(good.credentials[0])
    protected, unprotected, payload, _ = structure.value
    # Signed by the mandate key itself: an issuer whose own check does not look.
    claims = {
        **cbor.decode(payload),
        labels.CLAIM_MANDATE: mandates.to_value(mandate),
        labels.CLAIM_EXP: MIDNIGHT + days * DAY,
    }  # type: ignore[dict-item]  # a map
    changed = cbor.encode(claims)
    signature = authority.mandates.sign(cose_sign1.sig_structure(protected, changed))
    forged = cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (protected, unprotected, changed, signature)))
    with pytest.raises(errors.WalletError) as failure:
        wallet.receive(encoded(replace(good, credentials=(forged,))))
    assert type(failure.value) is expected
    assert wallet.cards() == ()


def test_views_of_a_mandate_carry_the_same_mandate(wallet: Wallet, authority: Authority) -> None:
    holder = holder_key(wallet.public_key())
    good = authority.other_package(holder, KIND, VALUES, "agent", mandate=scope())
    exp = UnixTime(MIDNIGHT + 90 * DAY)
    claims = authority.claims(holder, mandate=scope(level=1), exp=exp)
    view = authority.issue(claims, {key: VALUES[key] for key in (1, 2, 7)}, (), authority.mandates)
    with pytest.raises(errors.GroupInconsistent, match="mandates differ"):
        wallet.receive(encoded(replace(good, credentials=(*good.credentials, view))))


def test_a_mandate_never_takes_the_place_of_ones_own_licence(wallet: Wallet, card: Card, take: TAKE) -> None:
    with pytest.raises(errors.LicenceIdTaken):
        take(KIND, VALUES, card.id, mandate=scope())
    (kept,) = wallet.cards()
    assert kept.acts_for is None
