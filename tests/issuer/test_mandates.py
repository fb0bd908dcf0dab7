"""Mandates: the parent's items for their scenes, a chain in which nobody gives more than was given, and its end."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from issuer import issuance, lint
from issuer.application import Issuer
from issuer.errors import (
    IssuanceInterrupted,
    IssuerError,
    LicenceNotValid,
    LicenceUnknown,
    LintRefused,
    MandateNotInForce,
    MandateRefused,
    MandateUnknown,
    PackageUnknown,
    ReasonRefused,
    SubjectRefused,
)
from issuer.issuance import Issued
from issuer.mandates.issuing import Wish
from issuer.mandates.register import Capacity
from protocol import appraisal_policy, keys, licence_package, trust_list, unixtime
from protocol.keys import Signer
from protocol.labels import Alg, KeyAssurance, KeyUse, Purpose
from protocol.mandate import Mandate
from protocol.sd_cwt import credential
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from tests.issuer.builders import (
    AT,
    BUSINESS,
    DRIVING,
    ID_CARD,
    credentials,
    holder_key,
    published_status,
    sign_by,
)
from wallet_sdk import receiving
from wallet_sdk.device_key import SoftwareKey
from wallet_sdk.holdings import Holdings

TODAY = unixtime.local_midnight(unixtime.local_day(AT))
BUSINESS_VCT = 65_003
AGENT = holder_key(5)


@pytest.fixture
def licence(issuer: Issuer) -> str:
    return issuer.issue("business-licence", BUSINESS, holder_key(1), at=AT).licence_id


def wish(licence_id: str, level: int = 1, **fields: Any) -> Wish:
    good = Wish(licence_id, level, None, frozenset({Purpose.WINDOW}), None, 30, None)
    return replace(good, **fields)


def issue(issuer: Issuer, wished: Wish, *, at: UnixTime = AT, key: Any = AGENT) -> Issued:
    return issuer.mandates.issue(wished, key, actor="test", at=at)


def chain(issuer: Issuer, licence_id: str) -> list[Issued]:
    """Representative, licence manager, agent."""
    links: list[Issued] = []
    for level in (1, 2, 3):
        above = links[-1].licence_id if links else None
        links.append(issue(issuer, wish(licence_id, level, parent_id=above), key=holder_key(level + 10)))
    return links


def trust(issuer: Issuer) -> trust_list.TrustList:
    return trust_list.verify((issuer.places.published / "trust.cbor").read_bytes(), root=issuer.root)


def statuses(issuer: Issuer, *issued: Issued) -> list[int]:
    return [published_status(issuer, each) for each in issued]


def test_a_mandate_says_whose_licence_it_is_and_what_it_may_be_shown_for(issuer: Issuer, licence: str) -> None:
    issued = issue(issuer, wish(licence))
    for each in credentials(issued.package):
        anchor = trust_list.find_credential_anchor(trust(issuer), each, at=AT)
        assert anchor.use is KeyUse.MANDATE
        verified = credential.verify(each, anchor.key)
        assert verified.claims.mandate == Mandate(
            1, frozenset({BUSINESS_VCT}), frozenset({Purpose.WINDOW}), "310000", BUSINESS_VCT
        )
        assert verified.confirmation_key == AGENT
        assert (verified.claims.iss, verified.claims.vct) == ("310000.GA", BUSINESS_VCT)
        assert (verified.claims.iat, verified.claims.exp) == (TODAY, TODAY + 30 * DAY)
        assert verified.claims.status.idx == issued.idx
    assert licence_package.decode(issued.package).licence_id == issued.licence_id != licence
    assert issued.exp == TODAY + 30 * DAY


@pytest.mark.parametrize(
    ("slug", "subject", "purposes"),
    [
        ("business-licence", BUSINESS, {Purpose.WINDOW}),
        ("business-licence", BUSINESS, {Purpose.KIOSK}),
        ("driving-licence", DRIVING, {Purpose.ROADSIDE, Purpose.KIOSK}),
        ("id-card", ID_CARD, {Purpose.GATE}),
    ],
)
def test_it_has_the_items_of_its_scenes_and_no_other(
    issuer: Issuer, slug: str, subject: dict[str, Any], purposes: set[Purpose]
) -> None:
    parent = issuer.issue(slug, subject, holder_key(1), at=AT)
    policy = appraisal_policy.verify((issuer.places.published / "policy.cbor").read_bytes(), root=issuer.root)
    issued = issue(issuer, wish(parent.licence_id, purposes=frozenset(purposes)))
    flexible, *views = credentials(issued.package)
    key = trust_list.find_mandate_anchor(trust(issuer), flexible, at=AT).key
    shown = credential.disclosed_licence(credential.verify(flexible, key))
    stated = issuer.licence(parent.licence_id).subject
    named = {item.key for item in parent.kind.items if item.name in stated}
    allowed = frozenset[int]().union(*(policy.rows[parent.kind.vct, purpose].maximum for purpose in purposes))
    assert shown.hidden == 0
    assert restored_keys(shown.claims) == allowed & named
    # The views of its purposes and no other; each holds what its purpose must have.
    assert len(views) == len(parent.kind.views.keys() & purposes)
    for view, purpose in zip(views, sorted(parent.kind.views.keys() & purposes), strict=True):
        assert view.encoded_disclosures == ()
        assert view.redacted_lic.keys() == parent.kind.views[purpose] & named


def restored_keys(claims: Mapping[Any, Any]) -> set[int]:
    found: set[int] = set()
    for key, value in claims.items():
        found |= restored_keys(value) if isinstance(value, Mapping) else {key}
    return found


def test_a_wallet_receives_it_like_any_licence(issuer: Issuer, licence: str) -> None:
    phone = SoftwareKey(Alg.ESP256, (5).to_bytes(32))
    issued = issue(issuer, wish(licence), key=phone.public_key)
    holdings = Holdings(phone, {}, {})
    after, licence_id = receiving.receive(issued.package, holdings, at=AT, root=issuer.root.thumbprint)
    assert licence_id == issued.licence_id
    assert after.licences.keys() == {issued.licence_id}


def test_a_chain_of_three_keeps_what_was_given(issuer: Issuer, licence: str) -> None:
    links = chain(issuer, licence)
    assert [credentials(each.package)[0].claims.mandate.level for each in links] == [1, 2, 3]  # type: ignore[union-attr]
    records = issuer.mandates.listed(licence)
    assert [(record.id, record.parent_id, record.level, record.capacity) for record in records] == [
        (links[0].licence_id, None, 1, Capacity.REPRESENTATIVE),
        (links[1].licence_id, links[0].licence_id, 2, Capacity.MANAGER),
        (links[2].licence_id, links[1].licence_id, 3, Capacity.AGENT),
    ]
    assert all(record.is_in_force(AT) and record.actor == "test" and record.at == AT for record in records)


@pytest.mark.parametrize("capacity", Capacity)
def test_the_word_for_whoever_acts_stays_in_the_register(issuer: Issuer, capacity: Capacity) -> None:
    child = issuer.issue("id-card", ID_CARD, holder_key(1), at=AT)
    issued = issue(issuer, wish(child.licence_id, capacity=capacity))
    assert issuer.mandates.one(issued.licence_id).capacity is capacity
    for encoded in licence_package.decode(issued.package).credentials:
        assert str(capacity).encode() not in encoded


@pytest.mark.parametrize("assurance", KeyAssurance)
def test_it_states_how_the_agent_s_key_is_kept(issuer: Issuer, licence: str, assurance: KeyAssurance) -> None:
    issued = issue(issuer, wish(licence, key_assurance=assurance))
    assert {each.claims.key_assurance for each in credentials(issued.package)} == {assurance}


# What ends a mandate at the latest.


@pytest.mark.parametrize(
    ("days", "legal_end", "expected"),
    [(90, "2032-01-01", 90), (1, "2032-01-01", 1), (90, "2026-12-01", 10), (9, "2026-12-01", 9), (90, "2026-11-22", 1)],
)
def test_it_never_outlives_the_licence(issuer: Issuer, days: int, legal_end: str, expected: int) -> None:
    parent = issuer.issue("driving-licence", DRIVING | {"valid_to": legal_end}, holder_key(1), at=AT)
    issued = issue(issuer, wish(parent.licence_id, days=days))
    assert issued.exp == TODAY + expected * DAY == credentials(issued.package)[0].claims.exp


def test_it_never_outlives_its_parent_mandate(issuer: Issuer, licence: str) -> None:
    above = issue(issuer, wish(licence, days=30))
    later = UnixTime(AT + 10 * DAY)
    below = issue(issuer, wish(licence, 2, parent_id=above.licence_id, days=90), at=later)
    assert below.exp == above.exp == TODAY + 30 * DAY
    shorter = issue(issuer, wish(licence, 2, parent_id=above.licence_id, days=5), at=later)
    assert shorter.exp == TODAY + 15 * DAY


# One wrong field of a good wish.

REFUSED: Mapping[str, tuple[dict[str, Any], str]] = {
    "no day": ({"days": 0}, "0 days"),
    "ninety-one days": ({"days": 91}, "91 days"),
    "level 0": ({"level": 0}, "level 0"),
    "level 4": ({"level": 4}, "level 4"),
    "level 2 alone": ({"level": 2}, "without a parent mandate"),
    "level 3 alone": ({"level": 3}, "without a parent mandate"),
    "level 1 under level 1": ({"parent_id": "ABOVE"}, "level 1 under one of level 1"),
    "level 3 under level 1": ({"level": 3, "parent_id": "ABOVE"}, "level 3 under one of level 1"),
    "no purpose": ({"purposes": frozenset()}, "without a purpose"),
    "a purpose without a row": ({"purposes": frozenset({Purpose.HOTEL})}, "at a hotel"),
    "unknown kind": ({"kinds": frozenset({"flying-licence"})}, "no such kind: flying-licence"),
    "another kind": ({"kinds": frozenset({"id-card"})}, "does not name this kind"),
    "no kind": ({"kinds": frozenset()}, "does not name this kind"),
    "more purposes than above": (
        {"level": 2, "parent_id": "ABOVE", "purposes": frozenset({Purpose.WINDOW, Purpose.KIOSK})},
        "more than its parent",
    ),
    "more kinds than above": (
        {"level": 2, "parent_id": "ABOVE", "kinds": frozenset({"business-licence", "id-card"})},
        "more than its parent",
    ),
    "under a mandate for another licence": ({"level": 2, "parent_id": "FOREIGN"}, "another licence"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_wrong_field_is_refused_by_its_own_words_before_anything_is_recorded(
    issuer: Issuer, licence: str, name: str
) -> None:
    above = issue(issuer, wish(licence))
    other = issuer.issue("business-licence", BUSINESS, holder_key(2), at=AT)
    foreign = issue(issuer, wish(other.licence_id))
    change, words = REFUSED[name]
    change = {**change}
    if "parent_id" in change:
        change["parent_id"] = {"ABOVE": above.licence_id, "FOREIGN": foreign.licence_id}[change["parent_id"]]
    with pytest.raises(MandateRefused, match=words) as refused:
        issue(issuer, wish(licence, **change))
    assert refused.value.hint.endswith("Nothing was issued.")
    assert [record.id for record in issuer.mandates.listed(licence)] == [above.licence_id]
    assert issuer.open_intents() == ()


def test_there_is_nothing_to_act_on(issuer: Issuer, licence: str) -> None:
    expected: list[tuple[Wish, type[IssuerError]]] = [
        (wish("nobody"), LicenceUnknown),
        (wish("\ud800"), LicenceUnknown),
        (wish(licence, 2, parent_id="nobody"), MandateUnknown),
        (wish(licence, 2, parent_id="\ud800"), MandateUnknown),
    ]
    for wished, error in expected:
        with pytest.raises(error):
            issue(issuer, wished)
    with pytest.raises(LicenceUnknown):
        issuer.mandates.listed("nobody")
    issuer.suspend(licence, reason="测试", actor="test", at=AT)
    with pytest.raises(LicenceNotValid, match="suspended"):
        issue(issuer, wish(licence))
    assert issuer.mandates.listed(licence) == ()


def test_nothing_new_for_a_licence_that_is_over(issuer: Issuer) -> None:
    parent = issuer.issue("driving-licence", DRIVING | {"valid_to": "2026-12-01"}, holder_key(1), at=AT)
    with pytest.raises(SubjectRefused):
        issue(issuer, wish(parent.licence_id), at=UnixTime(AT + 30 * DAY))


@pytest.mark.parametrize("how", ["withdrawn", "over"])
def test_nothing_new_under_a_mandate_that_is_not_in_force(issuer: Issuer, licence: str, how: str) -> None:
    above = issue(issuer, wish(licence, days=10))
    at = AT
    if how == "withdrawn":
        issuer.mandates.withdraw(above.licence_id, reason="测试", actor="test", at=AT)
    else:
        at = UnixTime(AT + 10 * DAY)
    with pytest.raises(MandateNotInForce, match="parent mandate"):
        issue(issuer, wish(licence, 2, parent_id=above.licence_id), at=at)


def test_a_parent_mandate_that_ends_while_the_wish_is_looked_at_is_noticed(
    issuer: Issuer, licence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = issue(issuer, wish(licence))
    real = lint.lint

    def meanwhile(draft: Any, *, at: UnixTime) -> None:
        issuer.mandates.withdraw(above.licence_id, reason="测试", actor="somebody else", at=AT)
        real(draft, at=at)

    monkeypatch.setattr(lint, "lint", meanwhile)
    with pytest.raises(MandateNotInForce):
        issue(issuer, wish(licence, 2, parent_id=above.licence_id))
    assert len(issuer.mandates.listed(licence)) == 1


def test_a_licence_that_ends_while_the_wish_is_looked_at_is_noticed(
    issuer: Issuer, licence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = lint.lint

    def meanwhile(draft: Any, *, at: UnixTime) -> None:
        issuer.revoke(licence, reason="测试", actor="somebody else", at=AT)
        real(draft, at=at)

    monkeypatch.setattr(lint, "lint", meanwhile)
    with pytest.raises(LicenceNotValid):
        issue(issuer, wish(licence))
    assert issuer.mandates.listed(licence) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": UnixTime(TODAY + 91 * DAY)},
        {"mandate": Mandate(1, frozenset({65_001}), frozenset({Purpose.WINDOW}), "310000", BUSINESS_VCT)},
        {"mandate": Mandate(1, frozenset({BUSINESS_VCT}), frozenset({Purpose.WINDOW}), "310000", 65_001)},
    ],
)
def test_lint_refuses_a_mandate_that_a_terminal_would_refuse(
    issuer: Issuer, licence: str, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    real = lint.lint
    monkeypatch.setattr(lint, "lint", lambda draft, *, at: real(replace(draft, **changed), at=at))
    with pytest.raises(LintRefused):
        issue(issuer, wish(licence))
    assert issuer.mandates.listed(licence) == ()


def test_a_signature_that_fails_leaves_an_intent_and_no_mandate_to_act_on(
    issuer: Issuer, licence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        public_key = keys.signer_for(Alg.ED25519, bytes(32)).public_key

        def sign(self, message: bytes) -> bytes:
            raise ZeroDivisionError

    broken: Signer = Broken()
    with monkeypatch.context() as patched:
        sign_by(patched, issuer, issuer._signers.mandate, broken)
        with pytest.raises(IssuanceInterrupted):
            issue(issuer, wish(licence))
    (record,) = issuer.mandates.listed(licence)
    assert not record.is_in_force(AT)
    assert {intent.licence_id for intent in issuer.open_intents()} == {licence}
    with pytest.raises(MandateNotInForce):
        issue(issuer, wish(licence, 2, parent_id=record.id))


# Who gets what.


def test_a_holder_s_package_stays_the_holder_s(issuer: Issuer, licence: str) -> None:
    own = issuer.package(licence)
    issued = issue(issuer, wish(licence))
    assert issuer.package(licence) == own != issued.package
    assert issuer.package_by_secret(issued.licence_id, issued.secret) == issued.package
    with pytest.raises(PackageUnknown):
        issuer.package_by_secret(licence, issued.secret)


def test_an_unfinished_licence_is_not_finished_by_a_mandate(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(issuance, "sign", lambda *_, **__: (_ for _ in ()).throw(IssuanceInterrupted("broken")))
        with pytest.raises(IssuanceInterrupted):
            issuer.issue("business-licence", BUSINESS, holder_key(1), at=AT)
    (record,) = issuer.list()
    issue(issuer, wish(record.id))
    assert not issuer.licence(record.id).finished
    with pytest.raises(PackageUnknown):
        issuer.package(record.id)


# The end: with the licence, alone, and with every link below.


def test_revoking_the_licence_reaches_every_device_and_every_link(issuer: Issuer) -> None:
    first = issuer.issue("business-licence", BUSINESS, holder_key(1), at=AT)
    second = issuer.issue_again(first.licence_id, holder_key(2), at=AT)
    other = issuer.issue("business-licence", BUSINESS, holder_key(3), at=AT)
    foreign = issue(issuer, wish(other.licence_id))
    links = chain(issuer, first.licence_id)
    flipped = issuer.revoke(first.licence_id, reason="测试", actor="test", at=AT)
    reached = [first, second, *links]
    assert {event.idx for event in flipped} == {each.idx for each in reached}
    assert statuses(issuer, *reached) == [Status.REVOKED] * 5
    assert statuses(issuer, other, foreign) == [Status.VALID] * 2


def test_a_reinstated_licence_brings_back_its_mandates_but_not_one_that_was_withdrawn(
    issuer: Issuer, licence: str
) -> None:
    links = chain(issuer, licence)
    withdrawn = issue(issuer, wish(licence), key=holder_key(20))
    issuer.mandates.withdraw(withdrawn.licence_id, reason="委托终止", actor="test", at=AT)
    issuer.suspend(licence, reason="测试", actor="test", at=AT)
    assert statuses(issuer, *links, withdrawn) == [Status.SUSPENDED] * 3 + [Status.CANCELLED]
    issuer.reinstate(licence, reason="测试", actor="test", at=AT)
    assert statuses(issuer, *links, withdrawn) == [Status.VALID] * 3 + [Status.CANCELLED]


def test_a_mandate_withdrawn_during_a_suspension_does_not_come_back(issuer: Issuer, licence: str) -> None:
    links = chain(issuer, licence)
    issuer.suspend(licence, reason="测试", actor="test", at=AT)
    issuer.mandates.withdraw(links[1].licence_id, reason="委托终止", actor="test", at=AT)
    issuer.reinstate(licence, reason="测试", actor="test", at=AT)
    assert statuses(issuer, *links) == [Status.VALID, Status.CANCELLED, Status.CANCELLED]


@pytest.mark.parametrize("link", [0, 1, 2])
def test_withdrawing_ends_this_link_and_every_one_below(issuer: Issuer, licence: str, link: int) -> None:
    links = chain(issuer, licence)
    # A second branch under the same representative.
    beside = issue(issuer, wish(licence, 2, parent_id=links[0].licence_id), key=holder_key(30))
    flipped = issuer.mandates.withdraw(links[link].licence_id, reason="委托终止", actor="test", at=AT)
    assert {event.idx for event in flipped} >= {each.idx for each in links[link:]}
    assert {(event.old, event.new, event.reason, event.actor) for event in flipped} == {
        (Status.VALID, Status.CANCELLED, "委托终止", "test")
    }
    ended = [Status.VALID] * link + [Status.CANCELLED] * (3 - link)
    assert statuses(issuer, *links) == ended
    assert statuses(issuer, beside) == [Status.CANCELLED if link == 0 else Status.VALID]
    assert issuer.licence(licence).status is Status.VALID
    assert set(flipped) <= set(issuer.events(licence))


def test_what_has_ended_is_not_ended_again(issuer: Issuer, licence: str) -> None:
    first = issue(issuer, wish(licence, days=10))
    issuer.mandates.withdraw(first.licence_id, reason="委托终止", actor="test", at=AT)
    second = issue(issuer, wish(licence, days=10))
    for mandate_id, at in ((first.licence_id, AT), (second.licence_id, UnixTime(AT + 10 * DAY))):
        with pytest.raises(MandateNotInForce):
            issuer.mandates.withdraw(mandate_id, reason="委托终止", actor="test", at=at)
    for mandate_id in ("nobody", licence, "\ud800"):
        with pytest.raises(MandateUnknown):
            issuer.mandates.withdraw(mandate_id, reason="委托终止", actor="test", at=AT)
    with pytest.raises(ReasonRefused):
        issuer.mandates.withdraw(second.licence_id, reason=" ", actor="test", at=AT)
    assert statuses(issuer, second) == [Status.VALID]


def test_an_ended_link_keeps_its_own_end_when_the_one_above_is_withdrawn(issuer: Issuer, licence: str) -> None:
    links = chain(issuer, licence)
    issuer.mandates.withdraw(links[2].licence_id, reason="先", actor="test", at=AT)
    flipped = issuer.mandates.withdraw(links[0].licence_id, reason="后", actor="test", at=AT)
    assert [event.idx for event in flipped] == [links[0].idx, links[1].idx]


CHILD = {**ID_CARD, "birth_date": "2012-11-21", "citizen_id": "990101201211210027", "sex": 2}


@pytest.mark.parametrize(
    ("subject", "capacity", "allowed"),
    [
        (CHILD, None, False),
        (CHILD, Capacity.PROXY, False),
        (CHILD, Capacity.GUARDIAN, True),
        ({**CHILD, "birth_date": "2008-11-21", "citizen_id": "990101200811210026"}, Capacity.PROXY, True),
    ],
)
def test_who_represents_a_minor_is_the_guardian(
    issuer: Issuer, subject: dict[str, Any], capacity: Capacity | None, allowed: bool
) -> None:
    """Terminals take a mandate of level 1 for a child's licence as its guardian's (ADR 0022)."""
    licence_id = issuer.issue("id-card", subject, holder_key(1), at=AT).licence_id
    if allowed:
        issue(issuer, wish(licence_id, capacity=capacity))
    else:
        with pytest.raises(MandateRefused, match="minor's licence"):
            issue(issuer, wish(licence_id, capacity=capacity))


def test_an_agent_for_a_minor_has_a_mandate_below_the_guardians(issuer: Issuer) -> None:
    licence_id = issuer.issue("id-card", CHILD, holder_key(1), at=AT).licence_id
    above = issue(issuer, wish(licence_id, capacity=Capacity.GUARDIAN))
    below = issue(issuer, wish(licence_id, 2, parent_id=above.licence_id), key=holder_key(9))
    assert issuer.mandates.one(below.licence_id).capacity is Capacity.MANAGER
