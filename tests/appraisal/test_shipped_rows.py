"""The rows that ship, each with a real licence of its kind: what a clerk sees; one forged field closes it.

A good act of every kind and purpose is accepted first; then one field of it is forged. The oracle is the row's own
words, read by hand here, and not the appraisal's functions.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from issuer import policy_source
from issuer.joint.subjects import of_each
from issuer.synthetic import subjects as synthetic
from protocol import appraisal_policy, keys, limits, status_list
from protocol.appraisal_policy import AppraisalPolicy
from protocol.errors import Code
from protocol.labels import HolderKind, KeyAssurance, Lic, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue, Clear, HolderRule, ItemType, Kind
from protocol.policy_row import PolicyRow
from protocol.qr import envelope
from protocol.status_list import Status, StatusListToken
from protocol.trust_list import TrustList
from protocol.unixtime import DAY, HOUR, UnixTime
from revocation.coverage import StatusSnapshot
from tests.appraisal.terminal import Uses
from tests.issuer.builders import SUBJECTS
from tests.utopia import acts
from tests.utopia.kinds import authored_kinds
from tests.utopia.world import WUYOU, Issued, World
from verifier_terminal.appraisal.appraise import appraise
from verifier_terminal.appraisal.context import ClockReading, Context, EarlierUse, Face, Knowledge, OpenRequest
from verifier_terminal.appraisal.verdict import Proceed, Tier, Verdict, VerdictClass

KINDS = authored_kinds()
ROWS = policy_source.load_policy_rows(KINDS, regions=frozenset({WUYOU}))
WORLD = World(kinds=KINDS)
ATTENDED = {Purpose.WINDOW, Purpose.ROADSIDE, Purpose.HOTEL, Purpose.AIRPORT}
IDX = 4711
every_row = pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: f"{KINDS[row.vct].slug}-{row.purpose.word}")


def grown_up(kind: Kind) -> Mapping[str, Any]:
    """The issuer's own example of this kind, or a synthetic holder of age."""
    if kind.slug in SUBJECTS:
        return SUBJECTS[kind.slug]
    for written in synthetic.generate(kind, count=None, seed=1, at=UnixTime(WORLD.clock.at)):
        first, *_ = of_each(written) or ()
        if first.get("birth_date", "") < "2008":
            return first
    raise AssertionError("somebody is of age")


def items_of(kind: Kind) -> Mapping[int, Any]:
    """What such a licence says, with a portrait where the kind has one."""
    values: dict[int, Any] = {}
    written = grown_up(kind)
    for item in kind.items:
        value = written.get(item.name)
        if item.type is ItemType.DIGEST:
            values[item.key] = bytes(range(32))
        elif value is not None:
            values[item.key] = int(value.replace("-", "")) if item.type is ItemType.DATE else value
    return values


@cache
def issued(vct: int, **changes: Any) -> Issued:
    kind, holder = KINDS[vct], WORLD.holder()
    rule = {HolderRule.LEGAL: HolderKind.LEGAL_PERSON, HolderRule.NATURAL: HolderKind.NATURAL_PERSON}.get(kind.holder)
    claims = WORLD.claims(
        holder=holder, vct=vct, holder_kind=rule, key_assurance=KeyAssurance.PROOFED_IN_PERSON, idx=IDX
    )
    changed = {int(Lic[name.upper()]): value for name, value in changes.items()}
    items = {key: value for key, value in {**items_of(kind), **changed}.items() if value is not None}
    return WORLD.credential(holder=holder, claims=claims, items=items)


@cache
def documents() -> tuple[Catalogue, AppraisalPolicy]:
    """As a terminal reads them: signed, and verified."""
    at, root = UnixTime(WORLD.clock.at), WORLD.roots[WUYOU]
    life = (UnixTime(at - HOUR), UnixTime(at + 30 * DAY))
    listed = catalogue.sign(Catalogue(WUYOU, 1, *life, KINDS), root)
    policy = appraisal_policy.sign(AppraisalPolicy(WUYOU, 1, *life, ROWS), root)
    return catalogue.verify(listed, root=root.public_key), appraisal_policy.verify(policy, root=root.public_key)


@cache
def valid_list() -> StatusListToken:
    return WORLD.status_token()


@cache
def trust() -> TrustList:
    return WORLD.trust()


class Act:
    """One licence shown at a place of this row; each field may be forged."""

    def __init__(self, row: PolicyRow) -> None:
        self.row = row
        self.licence = issued(row.vct)
        self.status = Status.VALID
        self.signer = self.licence.holder
        self.binding: dict[str, Any] = {"purpose": row.purpose}
        self.request: OpenRequest | None = None
        if row.challenge_required:
            wanted = {row.vct: row.maximum}
            self.request = acts.challenge(purpose=row.purpose, wanted=wanted)
            self.binding = acts.answering(self.request)
        self.uses = Uses()

    @property
    def shown(self) -> tuple[int, ...]:
        """As much as one code holds: what is demanded, something that is not asked for, and of the rest what fits."""
        there, row = self.licence.items, self.row
        beyond = sorted(there.keys() - row.maximum)
        ordered = (*sorted(row.mandatory & there.keys()), *beyond, *sorted(row.optional & there.keys()))
        return next(
            ordered[:end]
            for end in range(len(ordered), 0, -1)
            if len(self.content(ordered[:end])) <= limits.MAX_CODE_BYTES - limits.SEAL_OVERHEAD_BYTES
        )

    def content(self, shown: tuple[int, ...]) -> bytes:
        return WORLD.presentation(
            self.licence,
            shown=shown,
            binding=WORLD.key_binding(**self.binding),
            signer=self.signer,
        )

    def verdict(self) -> Verdict:
        content = self.content(self.shown)
        sealed = self.row.seal_required and self.request is not None
        text = acts.seal(content, self.request) if sealed and self.request else envelope.wrap(content)
        listed, policy = documents()
        token = valid_list()
        lists = {token.uri: replace(token, entries=status_list.pack({IDX: self.status}, entries=8192))}
        attended = self.row.purpose in ATTENDED
        return appraise(
            text,
            Context(
                face=Face(self.row.purpose, WUYOU, attended, face_compared=attended),
                clock=ClockReading(UnixTime(WORLD.clock.at), 1, 60, plausible=True),  # type: ignore[arg-type]  # plain seconds
                knowledge=Knowledge(trust(), listed, policy, StatusSnapshot(lists)),
                replay=self.uses,
                check_number="7K3-Q42",
                requests=() if self.request is None else (self.request,),
                audiences=frozenset({acts.TERMINAL}),
            ),
        )


def names(row: PolicyRow, keys_of: frozenset[int]) -> set[str]:
    return {item.name for item in KINDS[row.vct].items if item.key in keys_of}


def clear_keys(row: PolicyRow) -> frozenset[int]:
    return frozenset(item.key for item in KINDS[row.vct].items if isinstance(item.layout, Clear))


def closed(verdict: Verdict) -> bool:
    """Nothing of what the holder disclosed is in it, in any of the places where items stand."""
    licence = verdict.licence
    return licence is None or (licence.claims, licence.valid_to, licence.portrait_sha256, licence.evidence) == (
        None,
        None,
        None,
        None,
    )


@every_row
def test_the_good_act_is_accepted_and_shows_what_the_row_names_and_no_more(row: PolicyRow) -> None:
    act = Act(row)
    verdict = act.verdict()
    assert (verdict.verdict_class, verdict.proceed) == (
        VerdictClass.ACCEPT,
        Proceed.AFTER_CHECK if row.person_check else Proceed.YES,
    )
    assert verdict.licence is not None
    shown = verdict.licence.claims
    assert shown is not None
    # What stands clear is there without a disclosure.
    there = frozenset(act.shown) | (frozenset(act.licence.items) & clear_keys(row))
    assert set(shown) == names(row, row.maximum & there)
    if row.purpose in (Purpose.KIOSK, Purpose.GATE, Purpose.AIRPORT):
        assert there - row.maximum, "nothing was disclosed that had to be dropped"
    for item in KINDS[row.vct].items:
        if item.name in shown:
            assert (shown[item.name] != act.licence.items[item.key]) is (item.key in row.masked), item.name


@pytest.mark.parametrize("row", [row for row in ROWS.values() if KINDS[row.vct].slug in ("driving-licence", "id-card")])
def test_a_licence_without_an_end_is_accepted_and_none_is_shown(row: PolicyRow) -> None:
    """长期: the issuer states that there is no end, since valid_to is clear and nobody can keep it back."""
    assert Lic.VALID_TO in row.mandatory | row.optional
    act = Act(row)
    act.licence = issued(row.vct, valid_to=None)
    verdict = act.verdict()
    assert verdict.verdict_class is VerdictClass.ACCEPT
    assert verdict.licence is not None
    assert verdict.licence.valid_to is None
    assert verdict.licence.claims
    assert "valid_to" not in verdict.licence.claims


def aud(act: Act) -> None:
    elsewhere = Purpose.GATE if act.row.purpose is Purpose.WINDOW else Purpose.WINDOW
    act.binding = {**act.binding, "aud": elsewhere.audience if act.request is None else "lz:t/ANOTHER"}


def stale(act: Act) -> None:
    act.binding = {**act.binding, "iat": WORLD.clock.at - 2_000}


def used(act: Act) -> None:
    key = act.verdict().replay_key
    assert key is not None
    act.uses = Uses({key: EarlierUse(UnixTime(WORLD.clock.at), here=False)})


def lost(act: Act) -> None:
    act.status = Status.DEVICE_LOST


def stranger(act: Act) -> None:
    act.signer = WORLD.holder("丙的手机")
    assert keys.kid_of(act.signer.public_key) != keys.kid_of(act.licence.holder.public_key)


def not_yet(act: Act) -> None:
    act.licence = issued(act.row.vct, valid_from=20991231)


def malformed(act: Act) -> None:
    act.licence = issued(act.row.vct, name=5)


CLOSING: Mapping[Callable[[Act], None], set[Code]] = {
    aud: {Code.E_AUD},
    stale: {Code.E_KBT_STALE},
    used: {Code.E_REPLAY},
    lost: {Code.E_DEVICE_LOST},
    stranger: {Code.E_SIG_HOLDER},
    not_yet: {Code.E_LIC_NOT_YET},
    malformed: {Code.E_SCHEMA},
}


@every_row
@pytest.mark.parametrize("forge", CLOSING, ids=lambda forge: forge.__name__)
def test_a_refused_presentation_carries_no_personal_claim(row: PolicyRow, forge: Callable[[Act], None]) -> None:
    act = Act(row)
    forge(act)
    verdict = act.verdict()
    refusals = {each.code for each in verdict.findings if each.tier is Tier.CONTRAINDICATED}
    assert verdict.verdict_class is VerdictClass.REFUSE
    # Meant for another terminal and in no seal, it is the answer to no request at all.
    unsealed_answer = forge is aud and row.challenge_required and not row.seal_required
    assert refusals == CLOSING[forge] | ({Code.E_CNONCE} if unsealed_answer else set())
    assert closed(verdict)


SENSITIVE = {
    *("gestation_weeks", "birth_weight", "birth_length", "mother_name", "mother_id", "father_name", "father_id"),
    *("category", "grade", "guardian_name", "guardian_phone"),
    *("event", "event_date", "child_order", "spouse_name", "spouse_id", "spouse_sex", "spouse_birth_date"),
    *("blood_type", "donations", "volume", "last_donation", "marital_status", "military_service"),
}
"""Health, birth, disability, marriage: by name, read by hand from the kinds (PIPL art. 28)."""
MORE = {
    # Both end in what is sensitive: the grade of the disability, and the number of a bank card.
    "disability-certificate": frozenset({int(Lic.LICENCE_NO)}),
    "social-security": frozenset({int(Lic.LICENCE_NO)}),
}


def suspended(act: Act) -> None:
    act.status = Status.SUSPENDED


def revoked(act: Act) -> None:
    act.status = Status.REVOKED


def expired(act: Act) -> None:
    act.licence = issued(act.row.vct, valid_to=20261120)


UNDER_REFUSAL = {suspended: Code.E_SUSPENDED, revoked: Code.E_REVOKED, expired: Code.E_LIC_EXPIRED}


@pytest.mark.parametrize(
    ("row", "forge"),
    [
        pytest.param(row, forge, id=f"{forge.__name__}-{KINDS[row.vct].slug}-{row.purpose.word}")
        for row in ROWS.values()
        for forge in UNDER_REFUSAL
        # What has no end does not expire.
        if forge is not expired or KINDS[row.vct].item(Lic.VALID_TO)
    ],
)
def test_under_a_refusal_only_the_police_see_the_licence(row: PolicyRow, forge: Callable[[Act], None]) -> None:
    act = Act(row)
    forge(act)
    verdict = act.verdict()
    assert verdict.verdict_class is VerdictClass.REFUSE
    assert verdict.findings[0].code is UNDER_REFUSAL[forge]
    police = row.purpose is Purpose.ROADSIDE
    assert row.show_under_refusal is police
    assert closed(verdict) is not police
    if police:
        assert verdict.licence is not None
        assert set(verdict.licence.claims or ()) == names(
            row, row.maximum & (frozenset(act.shown) | clear_keys(row)) & frozenset(act.licence.items)
        )
    # A second thing that is wrong closes it for the police too.
    used(act)
    assert closed(act.verdict())


@every_row
def test_what_ships_asks_consent_apart_for_the_portrait_where_consent_is_the_basis(row: PolicyRow) -> None:
    portrait = frozenset({int(Lic.PORTRAIT_SHA256)}) & row.maximum
    sensitive = {
        item.key for item in KINDS[row.vct].items if item.name in SENSITIVE and not isinstance(item.layout, Clear)
    } & row.maximum
    expected = frozenset() if row.purpose is Purpose.ROADSIDE else portrait | sensitive
    assert row.separate_consent - MORE.get(KINDS[row.vct].slug, frozenset()) == expected


def test_what_ships_needs_a_guardian_where_the_law_says_so() -> None:
    found = {(KINDS[vct].slug, purpose.word): row.guardian_below for (vct, purpose), row in ROWS.items()}
    assert {key: years for key, years in found.items() if years is not None} == {
        ("id-card", "window"): 14,
        ("id-card", "kiosk"): 14,
        ("id-card", "hotel"): 18,
        ("birth-certificate", "window"): 14,
        ("household-register", "window"): 14,
        ("household-register", "hotel"): 18,
    }
    assert not any(row.values_on_file for row in ROWS.values())
