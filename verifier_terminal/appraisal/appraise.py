"""The procedure: from a code's text and a context to a verdict (PROTOCOL.md, "Order of verification").

Pure and total: no I/O, no clock, no randomness, no exception. The numbers of the steps are those of
docs/verification.md. Not handled here: texts for people (`reasons`), the journal (15) and showing (16).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, assert_never

from protocol import limits
from protocol.appraisal_policy import PolicyRow
from protocol.errors import Code, IssuerExpired, ProtocolError, SchemaError
from protocol.labels import AnimatedKind, Lic
from protocol.licence import identifier
from protocol.licence.catalogue import Kind, RiskClass
from protocol.qr import envelope
from protocol.sd_cwt import credential, key_binding
from protocol.sd_cwt.key_binding import Presentation, UnverifiedPresentation
from protocol.status_list import Status
from protocol.trust_list import TrustAnchor, find_assertion_anchor
from protocol.unixtime import Seconds, UnixTime
from revocation import freshness
from revocation.coverage import Coverage, StatusAnswer
from revocation.freshness import Grade
from verifier_terminal.appraisal import dead_ends, explain, gates, items, validity
from verifier_terminal.appraisal.context import ClockReading, Context, Knowledge
from verifier_terminal.appraisal.items import Items
from verifier_terminal.appraisal.verdict import (
    Ages,
    Fact,
    Finding,
    Licence,
    Tier,
    Verdict,
    VerdictClass,
)

SHOWN_UNDER_REFUSAL: Final = frozenset({Code.E_SUSPENDED, Code.E_REVOKED, Code.E_LIC_EXPIRED})
"""Refusals under which policy may show the licence (police): the evidence is good, and the licence is not."""

_AFTER_BOTH_SIGNATURES: Final = frozenset(
    {
        Code.E_SD_EMPTY,
        Code.E_SD_SHAPE,
        Code.E_SD_DUP,
        Code.E_SD_REUSE,
        Code.E_SD_DUPKEY,
        Code.E_SD_ORPHAN,
        Code.E_SD_FORBIDDEN,
        Code.E_SCHEMA,
    }
)
"""Reasons that `key_binding.verify` can only give in step 9."""


def appraise(text: str, context: Context) -> Verdict:
    """The verdict on one code.

    1 length and prefix · 2 base45 · 3 strict CBOR · 4 shape, typ, closed header sets · 5 trust look-up ·
    6 issuer signature · 7 confirmation key · 8 holder signature · 9 disclosures and items · 10 moments ·
    11 audience, nonce, replay · 12 status · 13 appraisal policy. Until both signatures hold the first failure ends it;
    after that all findings are collected. A disclosure that does not fit (9) ends it too, since it makes the whole
    SD-CWT invalid and leaves nothing to appraise (SD-CWT section 9 step 8).

    Args:
        text: What the scanner read; hostile.
        context: Everything that may be known here and now.

    Returns:
        A verdict, always. A fault of the terminal itself is E_INTERNAL: not read, never red, never accepted.
    """
    try:
        return _appraise(text, context)
    except Exception:  # noqa: BLE001 — a bug in here must end in an honest outcome of its own, not in a stopped counter.
        return dead_ends.broken(context)


def appraise_bytes(kind: AnimatedKind, content: bytes, context: Context) -> Verdict:
    """The verdict on what animated frames carried, once they are complete: from step 3 on, as total as `appraise`.

    Args:
        kind: What the frames said they carry.
        content: The assembled whole; hostile.
        context: As for `appraise`.
    """
    try:
        match kind:
            case AnimatedKind.PRESENTATION:
                return _appraise_content(content, context)
            case AnimatedKind.BUNDLE | AnimatedKind.PORTRAIT:
                ages = validity.ages(context, status_as_of=validity.oldest_status(context))
                return dead_ends.ended((gates.finding(Code.E_SHAPE),), context, ages)
            case _:
                assert_never(kind)
    except Exception:  # noqa: BLE001 — as in `appraise`.
        return dead_ends.broken(context)


def _appraise(text: str, context: Context) -> Verdict:
    # Steps 1 and 2.
    try:
        content = envelope.unwrap(text)
    except ProtocolError as refusal:
        ages = validity.ages(context, status_as_of=validity.oldest_status(context))
        return dead_ends.ended((gates.finding(refusal.code),), context, ages)
    return _appraise_content(content, context)


def _appraise_content(content: bytes, context: Context) -> Verdict:
    ages = validity.ages(context, status_as_of=validity.oldest_status(context))
    # Steps 3 and 4.
    try:
        unverified = key_binding.parse(content)
    except ProtocolError as refusal:
        return dead_ends.ended((gates.finding(refusal.code),), context, ages)
    # Step 5. Without a trust list the terminal cannot say whether the issuer is known: ignorance, not evidence.
    if context.knowledge is None:
        missing = (
            gates.finding(Code.W_TRUST_MISSING),
            gates.finding(Code.W_POLICY_MISSING),
            gates.finding(Code.W_STATUS_MISSING),
        )
        return dead_ends.ended(missing, context, ages)
    try:
        anchor = find_assertion_anchor(context.knowledge.trust, unverified.credential, at=context.clock.at)
    except IssuerExpired as refusal:
        return dead_ends.ended((_issuer_ended(refusal, unverified, context, context.knowledge),), context, ages)
    except ProtocolError as refusal:
        return dead_ends.ended((gates.finding(refusal.code),), context, ages)
    # Steps 6 to 9.
    try:
        presentation = key_binding.verify(unverified, anchor.key)
    except ProtocolError as refusal:
        return _not_verified(refusal.code, unverified, anchor, context, ages)
    return _appraise_presentation(presentation, context, context.knowledge)


def _issuer_ended(
    refusal: IssuerExpired, unverified: UnverifiedPresentation, context: Context, knowledge: Knowledge
) -> Finding:
    """A refusal, unless only the terminal's own doubtful clock says that the key has ended."""
    if not validity.is_trusted(context.clock):
        try:
            # At this moment nothing has ended yet; what is left is the credential's own iat.
            find_assertion_anchor(knowledge.trust, unverified.credential, at=UnixTime(0))
        except ProtocolError:
            return gates.finding(refusal.code)
        return Finding(Code.W_CLOCK, Tier.HOLD)
    return gates.finding(refusal.code)


def _not_verified(
    code: Code, unverified: UnverifiedPresentation, anchor: TrustAnchor, context: Context, ages: Ages
) -> Verdict:
    findings = (gates.finding(code),)
    if code in _AFTER_BOTH_SIGNATURES:
        replay_key = sha256(unverified.sign1.sig_structure()).digest()
        return dead_ends.ended(findings, context, ages, (Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY), replay_key)
    try:
        credential.verify(unverified.credential, anchor.key)
    except ProtocolError:
        return dead_ends.ended(findings, context, ages)
    # The issuer's half holds; what failed is the holder's.
    return dead_ends.ended(findings, context, ages, (Fact.ISSUER_SIGNATURE,))


@dataclass(frozen=True, slots=True)
class _Case:
    """A presentation with everything that steps 10 to 13 look at."""

    presentation: Presentation
    items: Items
    context: Context
    clock: ClockReading
    knowledge: Knowledge
    kind: Kind | None
    row: PolicyRow | None
    answer: StatusAnswer

    @property
    def risk(self) -> RiskClass:
        """X for an irreversible act, and for a kind of which nothing is known."""
        if self.kind is None or (self.row is not None and self.row.irreversible):
            return RiskClass.X
        return self.kind.risk

    @property
    def status_age(self) -> Seconds | None:
        as_of = self.answer.as_of
        return None if as_of is None else validity.age(self.clock.at, as_of)


def _appraise_presentation(presentation: Presentation, context: Context, knowledge: Knowledge) -> Verdict:
    issued = presentation.credential
    kind = knowledge.catalogue.kinds.get(issued.vct)
    answer = knowledge.status.look_up(issued.status.uri, issued.status.idx)
    # Step 9, the items: they have the forms that the catalogue gives them.
    form: tuple[Finding, ...] = ()
    disclosed: Items = {}
    try:
        disclosed = items.flatten(presentation.items)
        if kind is not None:
            items.check(kind, disclosed)
    except SchemaError as refusal:
        form, disclosed = (gates.finding(refusal.code),), {}
    signed_moments = (knowledge.trust.iat, knowledge.catalogue.iat, knowledge.policy.iat, answer.as_of or UnixTime(0))
    clock = validity.against_signed_moments(context.clock, max(signed_moments))
    in_force = clock.at < knowledge.policy.exp
    row = knowledge.policy.rows.get((issued.vct, context.face.purpose)) if in_force else None
    case = _Case(presentation, disclosed, context, clock, knowledge, kind, row, answer)
    moments = _moments(case)
    binding = _binding(case)
    status = _status(case)
    demands = _policy(case)
    established = [Fact.ISSUER_SIGNATURE, Fact.HOLDER_KEY]
    if not form:
        established.append(Fact.DISCLOSURES)
    if not form and all(each.tier is Tier.INFORMATION for each in moments) and validity.is_trusted(clock):
        established.append(Fact.VALIDITY_DATES)
    if answer.status is Status.VALID and freshness.grade(case.status_age) is not Grade.UNKNOWN:
        established.append(Fact.STATUS)
    # Step 14.
    return _verdict(case, (*form, *moments, *binding, *status, *demands), tuple(established))


def _moments(case: _Case) -> tuple[Finding, ...]:
    """Step 10."""
    shown, clock = case.presentation.key_binding, case.clock
    findings: list[Finding] = []
    # SD-CWT section 9 step 7: relations between both tokens.
    try:
        key_binding.check_time_relations(case.presentation)
    except ProtocolError as refusal:
        findings.append(gates.finding(refusal.code))
    findings += validity.presentation_window(shown, clock)
    findings += validity.technical_dates(case.presentation.credential, clock)
    findings += validity.legal_dates(case.items, clock)
    # This terminal has issued no challenge, so that nothing but its own clock tells freshness.
    tier = gates.clock_tier(case.context.face, trusted=validity.is_trusted(clock), challenged=False)
    if tier is not Tier.AFFIRMING:
        findings.append(Finding(Code.W_CLOCK, tier))
    return tuple(findings)


def _binding(case: _Case) -> tuple[Finding, ...]:
    """Step 11."""
    shown, face = case.presentation.key_binding, case.context.face
    findings: list[Finding] = []
    if shown.aud != face.purpose.audience:
        findings.append(gates.finding(Code.E_AUD))
    if shown.cnonce is not None:
        # It answers a challenge, and no challenge of this terminal is open.
        findings.append(gates.finding(Code.E_CNONCE))
    elif (case.row is not None and case.row.challenge_required) or gates.challenge_required(case.risk, face):
        findings.append(gates.finding(Code.E_CHALLENGE_REQUIRED))
    else:
        findings.append(gates.finding(Code.W_OPEN_MODE))
    if case.context.replay.earlier_use(case.presentation.replay_key) is not None:
        findings.append(gates.finding(Code.E_REPLAY))
    return tuple(findings)


def _status(case: _Case) -> tuple[Finding, ...]:
    """Step 12: a non-valid answer is final at any age; "valid" is worth what its age leaves of it."""
    answer, age = case.answer, case.status_age
    match answer.coverage:
        case Coverage.NOT_COVERED | Coverage.NO_DATA:
            return (gates.finding(Code.W_STATUS_MISSING),)
        case Coverage.OUT_OF_RANGE:
            return (gates.finding(Code.E_STATUS_RANGE),)
        case Coverage.COVERED:
            # Covered means that both are there; a snapshot that breaks its word ends in E_INTERNAL.
            assert answer.status is not None
            assert age is not None
        case _:
            assert_never(answer.coverage)
    match answer.status:
        case Status.VALID:
            pass
        case Status.INVALID | Status.REVOKED | Status.WITHDRAWN | Status.CANCELLED:
            return (gates.finding(Code.E_REVOKED),)
        case Status.SUSPENDED:
            return (gates.finding(Code.E_SUSPENDED),)
        case Status.DEVICE_LOST:
            return (gates.finding(Code.E_DEVICE_LOST),)
        case Status.SUPERSEDED:
            return (gates.finding(Code.W_SUPERSEDED),)
        case _:
            assert_never(answer.status)
    face = case.context.face
    tier = gates.status_tier(
        case.risk,
        face,
        freshness.grade(age),
        foreign=case.presentation.credential.region != face.region,
        age=age,
        max_age=None if case.row is None else case.row.max_status_age,
    )
    return () if tier is Tier.AFFIRMING else (Finding(Code.W_STATUS_STALE, tier),)


def _policy(case: _Case) -> tuple[Finding, ...]:
    """Step 13."""
    face, row, issued = case.context.face, case.row, case.presentation.credential
    findings: list[Finding] = []
    trust = gates.trust_tier(Seconds(case.clock.at - case.knowledge.trust.exp), face)
    if trust is not Tier.AFFIRMING:
        findings.append(Finding(Code.W_TRUST_STALE, trust))
    if _identifier_is_legacy(case.items):
        findings.append(gates.finding(Code.W_ID_CHECK_LEGACY))
    if row is None or case.kind is None:
        findings.append(gates.finding(Code.W_POLICY_MISSING))
        return tuple(findings)
    region = gates.region_tier(face, recognised=issued.region in row.regions)
    if region is not Tier.AFFIRMING:
        findings.append(Finding(Code.W_REGION, region))
    if not gates.assurance_suffices(case.risk, face, issued.key_assurance, policy_minimum=row.min_assurance):
        findings.append(gates.finding(Code.W_ASSURANCE))
    # Where a person compares, an irreversible act needs the portrait: class X without it is a hold.
    portrait = {Lic.PORTRAIT_SHA256} if _person_check(case) and case.risk is RiskClass.X else set()
    # What the issuer itself left out of the clear items is nothing that a holder withheld (a card without an end).
    if not (row.mandatory - case.kind.absence_is_stated | portrait) <= case.items.keys():
        findings.append(gates.finding(Code.W_CLAIM_MISSING))
    if _person_check(case):
        findings.append(gates.finding(Code.W_PERSON_CHECK))
    return tuple(findings)


def _person_check(case: _Case) -> bool:
    # Unattended points rely on challenge and assurance instead (TERMINAL.md, "Modifiers").
    return case.row is not None and case.row.person_check and case.context.face.attended


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
        ages=validity.ages(case.context, status_as_of=case.answer.as_of),
        status_grade=grade,
        findings=findings,
        licence=_licence(case, findings),
        purpose=case.context.face.purpose,
        person_check=person_check and used_up,
        recheck=recheck,
        skew=validity.estimated_skew(shown, case.clock),
        replay_key=case.presentation.replay_key,
        credential_digest=case.presentation.credential_digest,
        burn_until=UnixTime(shown.exp + limits.CLOCK_SKEW) if used_up else None,
        status_reference=(status.uri, status.idx) if recheck else None,
        at=case.context.clock.at,
        check_number=case.context.check_number,
    )


def _licence(case: _Case, findings: tuple[Finding, ...]) -> Licence:
    """What may be said of it: kind and place always, items only where nothing forbids."""
    issued, kind, row = case.presentation.credential, case.kind, case.row
    refusals = {each.code for each in findings if each.tier >= Tier.CONTRAINDICATED}
    may_show = not refusals or (row is not None and row.show_under_refusal and refusals <= SHOWN_UNDER_REFUSAL)
    claims = items.shown(kind, row, case.items) if kind is not None and row is not None and may_show else None
    authority_item = None if kind is None else kind.item(Lic.AUTHORITY)
    named = None if claims is None or authority_item is None else claims.get(authority_item.name)
    valid_to = case.items.get(Lic.VALID_TO)
    return Licence(
        vct=issued.vct,
        slug=str(issued.vct) if kind is None else kind.slug,
        region=issued.region,
        authority=named if isinstance(named, str) else issued.iss.partition(".")[2],
        valid_to=valid_to if claims is not None and isinstance(valid_to, int) else None,
        claims=claims,
        hidden_items=case.presentation.hidden_items,
    )
