"""One verified presentation to its verdict: steps 9 (the items) to 14 of docs/verification.md, all findings collected.

A member of a bundle goes through them as if it stood alone. Not handled here: steps 1 to 4 (`appraise`), 5 to 9
(`verified`), and what follows from licences that are shown together (`bundled`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from protocol import limits
from protocol.appraisal_policy import PolicyRow
from protocol.errors import Code, ProtocolError, SchemaError
from protocol.labels import HolderKind, Lic
from protocol.licence import identifier
from protocol.licence.catalogue import Kind, RiskClass
from protocol.mandate import GUARDIAN_LEVEL, Overstep
from protocol.qr import bundle
from protocol.sd_cwt import key_binding
from protocol.sd_cwt.credential import UnverifiedCredential
from protocol.sd_cwt.key_binding import Presentation
from protocol.status_list import Status
from protocol.unixtime import Seconds, UnixTime
from revocation import freshness
from revocation.coverage import StatusAnswer
from revocation.freshness import Grade
from verifier_terminal.appraisal import answers, checks, dead_ends, explain, gates, items, validity
from verifier_terminal.appraisal.answers import Answer
from verifier_terminal.appraisal.context import ClockReading, Context, Face, Knowledge
from verifier_terminal.appraisal.items import Items
from verifier_terminal.appraisal.verdict import (
    Fact,
    Finding,
    HolderEvidence,
    Licence,
    MandateShown,
    Tier,
    Verdict,
    VerdictClass,
)
from verifier_terminal.appraisal.verified import Verified

SHOWN_UNDER_REFUSAL: Final = frozenset({Code.E_SUSPENDED, Code.E_REVOKED, Code.E_LIC_EXPIRED})
"""Refusals under which policy may show the licence (police): the evidence is good, and the licence is not."""

_NOT_VALID: Final = frozenset({Code.E_REVOKED, Code.E_SUSPENDED, Code.E_DEVICE_LOST, Code.W_SUPERSEDED})
"""What a status list says of a licence that is not valid; of a mandate it has one meaning, whatever the value."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A verified presentation with everything that steps 10 to 13 look at."""

    presentation: Presentation
    parts: UnverifiedCredential
    sealed: bool
    items: Items
    answer: Answer
    context: Context
    face: Face
    clock: ClockReading
    latest: UnixTime
    knowledge: Knowledge
    kind: Kind | None
    row: PolicyRow | None
    status: StatusAnswer
    oversteps: frozenset[Overstep]
    holders: int

    @property
    def risk(self) -> RiskClass:
        return checks.risk(self.kind, self.row)

    @property
    def status_age(self) -> Seconds | None:
        as_of = self.status.as_of
        return None if as_of is None else validity.age(self.latest, as_of)

    @property
    def nonce_bridges_clock(self) -> bool:
        """Whether freshness is the nonce's, so that the clock has to tell the date alone."""
        return self.answer.request is not None and self.clock.plausible

    @property
    def demanded(self) -> frozenset[int]:
        """The items that this act may show: policy's maximum, and of that only what a challenge asked for."""
        if self.row is None:
            return frozenset()
        request = self.answer.request
        if request is None or not request.wanted:
            return self.row.maximum
        return self.row.maximum & request.wanted.get(self.row.vct, frozenset())


def conclude(
    verified: Verified, context: Context, knowledge: Knowledge, *, holders: int = 1, is_member: bool = False
) -> Verdict:
    """Steps 9 (the items) to 14: all findings are collected.

    Args:
        verified: What `verify` gave.
        context: As for `verify`.
        knowledge: The context's.
        holders: How many different holders of this licence show it in this act.
        is_member: Of a bundle, whose act says what is missing as a whole.
    """
    presentation = verified.presentation
    issued = presentation.credential
    kind = knowledge.catalogue.kinds.get(issued.vct)
    status = knowledge.status.look_up(issued.status.uri, issued.status.idx)
    # Step 9, the items: they have the forms that the catalogue gives them.
    form: tuple[Finding, ...] = ()
    disclosed: Items = {}
    try:
        disclosed = items.flatten(presentation.items)
        if kind is not None:
            items.check(kind, disclosed)
    except SchemaError as refusal:
        form, disclosed = (gates.finding(refusal.code),), {}
    signed_moments = (knowledge.trust.iat, knowledge.catalogue.iat, knowledge.policy.iat, status.as_of or UnixTime(0))
    clock = validity.against_signed_moments(context.clock, max(signed_moments))
    answer = answers.match(presentation.key_binding, context, sealed_to=verified.sealed_to)
    latest = clock.at
    if answer.request is not None and not validity.is_trusted(clock):
        # Only a nonce can lead to an acceptance by such a clock: then everything counts as old as it may be.
        latest = UnixTime(clock.at + clock.uncertainty)
    face, mandate = context.face, issued.mandate
    case = _Case(
        presentation=presentation,
        parts=verified.parts,
        sealed=verified.sealed_to is not None,
        items=disclosed,
        answer=answer,
        context=context,
        # An agent's face can be compared with nothing: no row of the matrix that rests on that comparison counts.
        face=face if mandate is None else replace(face, face_compared=False),
        clock=clock,
        latest=latest,
        knowledge=knowledge,
        kind=kind,
        row=checks.row(knowledge, issued.vct, issued.region, face, at=latest),
        status=status,
        oversteps=frozenset()
        if mandate is None
        else mandate.oversteps(region=issued.region, vct=issued.vct, exp=issued.exp, purpose=face.purpose, at=clock.at),
        holders=holders,
    )
    moments = _moments(case)
    collected = [*form, *moments, *_binding(case), *_status(case), *_policy(case)]
    if not is_member:
        collected += answers.missing_kinds(answer.request, (issued.vct,))
    established = [Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY]
    if not form:
        established.append(Fact.DISCLOSURES)
    dated = validity.is_trusted(clock) or case.nonce_bridges_clock
    if not form and dated and all(each.tier is Tier.INFORMATION for each in moments):
        established.append(Fact.VALIDITY_DATES)
    if status.status is Status.VALID and freshness.grade(case.status_age) is not Grade.UNKNOWN:
        established.append(Fact.STATUS)
    # Step 14.
    return _verdict(case, collected, tuple(established))


def _moments(case: _Case) -> tuple[Finding, ...]:
    """Step 10."""
    shown, issued, clock = case.presentation.key_binding, case.presentation.credential, case.clock
    findings: list[Finding] = []
    # SD-CWT section 9 step 7: relations between both tokens.
    try:
        key_binding.check_time_relations(case.presentation)
    except ProtocolError as refusal:
        findings.append(gates.finding(refusal.code))
    findings += validity.presentation_window(shown, clock)
    trusted = validity.is_trusted(clock)
    if Overstep.EXPIRED in case.oversteps and trusted:
        findings.append(gates.finding(Code.E_MANDATE_EXPIRED))
    else:
        findings += validity.technical_dates(issued, clock)
    findings += validity.legal_dates(case.items, clock)
    if case.nonce_bridges_clock and not trusted:
        findings += validity.doubtful_dates(issued, case.items, clock)
    tier = gates.clock_tier(case.face, trusted=trusted, challenged=case.nonce_bridges_clock)
    if tier is not Tier.AFFIRMING:
        findings.append(Finding(Code.W_CLOCK, tier))
    return tuple(findings)


def _binding(case: _Case) -> tuple[Finding, ...]:
    """Step 11."""
    findings = list(case.answer.findings)
    row = case.row
    if case.presentation.key_binding.cnonce is None and not case.sealed:
        required = (row is not None and row.challenge_required) or gates.challenge_required(case.risk, case.face)
        findings.append(gates.finding(Code.E_CHALLENGE_REQUIRED if required else Code.W_OPEN_MODE))
    if row is not None and row.seal_required and not case.sealed:
        findings.append(gates.finding(Code.E_SEAL_REQUIRED))
    if case.context.replay.earlier_use(case.presentation.replay_key) is not None:
        findings.append(gates.finding(Code.E_REPLAY))
    return tuple(findings)


def _status(case: _Case) -> tuple[Finding, ...]:
    """Step 12."""
    issued = case.presentation.credential
    found = checks.status(
        case.status,
        case.status_age,
        act_risk=case.risk,
        face=case.face,
        foreign=issued.region != case.face.region,
        max_age=None if case.row is None else case.row.max_status_age,
    )
    if issued.mandate is not None and any(each.code in _NOT_VALID for each in found):
        return (gates.finding(Code.E_MANDATE_REVOKED),)
    return found


def _policy(case: _Case) -> tuple[Finding, ...]:
    """Step 13."""
    face, row, issued = case.face, case.row, case.presentation.credential
    findings: list[Finding] = []
    if case.oversteps - {Overstep.EXPIRED}:
        findings.append(gates.finding(Code.E_MANDATE_SCOPE))
    findings += checks.trust(case.knowledge, issued.region, face, at=case.latest)
    # Step 5 had no refusal to give: what is left of a ban is that nobody here can tell.
    banned = checks.ban(case.knowledge, issued.iss, case.parts.kid, signed_at=issued.iat)
    if banned is not None:
        findings.append(banned)
    if _identifier_is_legacy(case.items):
        findings.append(gates.finding(Code.W_ID_CHECK_LEGACY))
    if row is None or case.kind is None:
        findings.append(gates.finding(Code.W_POLICY_MISSING))
        return tuple(findings)
    region = gates.region_tier(face, recognised=row.recognises(issued.region))
    if region is not Tier.AFFIRMING:
        findings.append(Finding(Code.W_REGION, region))
    person_check, by_agent = _person_check(case), issued.mandate is not None
    if not gates.assurance_suffices(
        case.risk,
        face,
        issued.key_assurance,
        policy_minimum=row.min_assurance,
        comparable=not (person_check and by_agent),
    ):
        findings.append(gates.finding(Code.W_ASSURANCE))
    # Where a person compares, an irreversible act needs the portrait: class X without it is a hold. A mandate's
    # portrait is the licence holder's, who does not stand here: its agent's key answers for the agent instead.
    needs_portrait = person_check and case.risk is RiskClass.X and not by_agent
    portrait = {Lic.PORTRAIT_SHA256} if needs_portrait else set()
    # What the issuer itself left out of the clear items is nothing that a holder withheld (a card without an end).
    if not (row.mandatory - case.kind.absence_is_stated | portrait) <= case.items.keys():
        findings.append(gates.finding(Code.W_CLAIM_MISSING))
    if issued.holder_kind is not HolderKind.LEGAL_PERSON:
        findings += checks.guardian(
            row,
            case.items,
            face,
            at=UnixTime(case.clock.at - case.clock.uncertainty),
            by_guardian=issued.mandate is not None and issued.mandate.level == GUARDIAN_LEVEL,
        )
    if case.holders < row.holders_required:
        findings.append(gates.finding(Code.W_HOLDERS_MISSING))
    if person_check:
        findings.append(gates.finding(Code.W_PERSON_CHECK))
    return tuple(findings)


def _person_check(case: _Case) -> bool:
    # Unattended points rely on challenge and assurance instead (TERMINAL.md, "Modifiers").
    return case.row is not None and case.row.person_check and case.face.attended


def _identifier_is_legacy(disclosed: Items) -> bool:
    value = disclosed.get(Lic.IDENTIFIER)
    if value is None:
        return False
    try:
        return not (isinstance(value, str) and identifier.parse(value).check_matches)
    except SchemaError:
        return True


def _verdict(case: _Case, collected: Iterable[Finding], established: tuple[Fact, ...]) -> Verdict:
    findings = explain.rank(collected)
    person_check = _person_check(case)
    verdict_class, proceed = gates.decide(findings, person_check=person_check)
    if verdict_class is VerdictClass.ACCEPT and dead_ends.others(established):
        raise dead_ends.Contradiction("accepted without everything established")
    used_up = verdict_class in (VerdictClass.ACCEPT, VerdictClass.CHECK)
    grade = freshness.grade(case.status_age)
    recheck = verdict_class is VerdictClass.ACCEPT and grade is not Grade.FRESH
    shown, status = case.presentation.key_binding, case.presentation.credential.status
    return Verdict(
        verdict_class=verdict_class,
        proceed=proceed,
        established=established,
        not_established=dead_ends.others(established),
        ages=validity.ages(case.context, status_as_of=case.status.as_of),
        status_grade=grade,
        findings=findings,
        licence=_licence(case, findings),
        purpose=case.face.purpose,
        person_check=person_check and used_up,
        recheck=recheck,
        skew=validity.estimated_skew(shown, case.clock),
        replay_key=case.presentation.replay_key,
        earlier_use=case.context.replay.earlier_use(case.presentation.replay_key),
        credential_digest=case.presentation.credential_digest,
        burn_until=_burn_until(case) if used_up else None,
        status_reference=(status.uri, status.idx) if recheck else None,
        at=case.context.clock.at,
        check_number=case.context.check_number,
        status=case.status.status,
        sealed=case.sealed,
        audience=shown.aud,
        answered=case.answer.request,
        holder=HolderEvidence(
            bundle.identifiers(case.presentation),
            case.presentation.credential.mandate is not None,
            (status.uri, status.idx),
        ),
    )


def _burn_until(case: _Case) -> UnixTime:
    """As long as this presentation could be accepted by its own moments."""
    shown = case.presentation.key_binding
    return UnixTime(shown.exp + (limits.CLOCK_SKEW if shown.cnonce is None else limits.CHALLENGED_SKEW))


def _licence(case: _Case, findings: tuple[Finding, ...]) -> Licence:
    """What may be said of it: kind and place always, items only where nothing forbids."""
    issued, kind, row = case.presentation.credential, case.kind, case.row
    refusals = {each.code for each in findings if each.tier >= Tier.CONTRAINDICATED}
    may_show = not refusals or (row is not None and row.show_under_refusal and refusals <= SHOWN_UNDER_REFUSAL)
    demanded = case.demanded
    claims = None
    if kind is not None and row is not None and may_show:
        claims = items.shown(kind, demanded, row.masked, case.items)
    authority_item = None if kind is None else kind.item(Lic.AUTHORITY)
    named = None if claims is None or authority_item is None else claims.get(authority_item.name)
    valid_to = case.items.get(Lic.VALID_TO)
    portrait = case.items.get(Lic.PORTRAIT_SHA256) if Lic.PORTRAIT_SHA256 in demanded else None
    return Licence(
        vct=issued.vct,
        slug=str(issued.vct) if kind is None else kind.slug,
        region=issued.region,
        authority=named if isinstance(named, str) else issued.iss.partition(".")[2],
        valid_to=valid_to if claims is not None and isinstance(valid_to, int) else None,
        claims=claims,
        hidden_items=case.presentation.hidden_items,
        mandate=None if issued.mandate is None else MandateShown(issued.mandate.level, issued.exp),
        portrait_sha256=portrait if claims is not None and isinstance(portrait, bytes) else None,
        evidence=None if claims is None else items.evidence(case.parts, demanded, case.items),
    )
