"""A paper code, from its parts to its verdict: those of the steps 5 to 14 that paper can pass.

Paper has no device, so that steps 7 to 9 have nothing to look at: no holder is established, and nothing is fresh. The
verdict is never above "check", and a hold where nobody attends (W_STATIC). Anybody may have copied it; what is shown is
what a clerk compares with an identity document: kind, masked name, the number's last four characters, until when.
"""

from hashlib import sha256
from typing import Final

from protocol import paper, unixtime
from protocol.appraisal_policy import PolicyRow
from protocol.cbor import Value
from protocol.errors import Code, IssuerExpired, ProtocolError
from protocol.labels import KeyAssurance, Lic
from protocol.licence.catalogue import HolderRule, Kind
from protocol.paper import PaperClaims, UnverifiedPaper
from protocol.status_list import Status
from protocol.unixtime import Seconds, UnixTime
from revocation import freshness
from revocation.coverage import StatusAnswer
from revocation.freshness import Grade
from verifier_terminal.appraisal import checks, dead_ends, explain, gates, masks, validity
from verifier_terminal.appraisal.context import ClockReading, Context, Knowledge
from verifier_terminal.appraisal.presentation import SHOWN_UNDER_REFUSAL
from verifier_terminal.appraisal.verdict import Ages, Fact, Finding, Form, Licence, Tier, Verdict

_HIDDEN_OF_NUMBER: Final = masks.STAR * 14
"""A citizen number has 18 characters, of which the paper has the last four."""


def appraise_paper(unverified: UnverifiedPaper, context: Context, knowledge: Knowledge, ages: Ages) -> Verdict:
    """Steps 5 and 6, then 10 to 14."""
    # Step 5.
    try:
        anchor = paper.find_paper_anchor(knowledge.trust, unverified, at=context.clock.at)
    except IssuerExpired as refusal:
        ended = checks.issuer_ended(
            refusal, lambda at: paper.find_paper_anchor(knowledge.trust, unverified, at=at), context
        )
        return dead_ends.ended((ended,), context, ages, form=Form.PAPER)
    except ProtocolError as refusal:
        return dead_ends.ended((gates.finding(refusal.code),), context, ages, form=Form.PAPER)
    banned = checks.ban(knowledge, unverified.claims.iss, unverified.kid, signed_at=unverified.claims.iat)
    if banned is not None and banned.code is Code.E_ISSUER_BANNED:
        return dead_ends.ended((banned,), context, ages, form=Form.PAPER)
    # Step 6. Steps 7 to 9 need a holder's key and disclosures, and there are none.
    try:
        claims = paper.verify(unverified, anchor.key).claims
    except ProtocolError as refusal:
        return dead_ends.ended((gates.finding(refusal.code),), context, ages, form=Form.PAPER)
    return _conclude(claims, sha256(unverified.sign1.signature).digest(), banned, context, knowledge)


def _conclude(
    claims: PaperClaims, digest: bytes, banned: Finding | None, context: Context, knowledge: Knowledge
) -> Verdict:
    kind = knowledge.catalogue.kinds.get(claims.vct)
    answer = knowledge.status.look_up(claims.status.uri, claims.status.idx)
    signed_moments = (knowledge.trust.iat, knowledge.catalogue.iat, knowledge.policy.iat, answer.as_of or UnixTime(0))
    clock = validity.against_signed_moments(context.clock, max(signed_moments))
    row = checks.row(knowledge, claims.vct, claims.iss[:6], context.face, at=clock.at)
    age = None if answer.as_of is None else validity.age(clock.at, answer.as_of)
    moments = _moments(claims, clock, context)
    collected = (
        *moments,
        *(() if banned is None else (banned,)),
        *_policy(claims, kind, row, clock=clock, context=context, knowledge=knowledge),
        *_status(claims, answer, age, kind=kind, row=row, context=context),
    )
    established = [Fact.ISSUER_SIGNATURE]
    if not moments and validity.is_trusted(clock):
        established.append(Fact.VALIDITY_DATES)
    if answer.status is Status.VALID and freshness.grade(age) is not Grade.UNKNOWN:
        established.append(Fact.STATUS)
    # Step 14.
    findings = explain.rank(collected)
    attended = context.face.attended
    verdict_class, proceed = gates.decide(findings, person_check=attended)
    return Verdict(
        verdict_class=verdict_class,
        proceed=proceed,
        established=tuple(established),
        not_established=dead_ends.others(tuple(established)),
        ages=validity.ages(context, status_as_of=answer.as_of),
        status_grade=freshness.grade(age),
        findings=findings,
        licence=_licence(claims, kind, row, findings),
        purpose=context.face.purpose,
        person_check=attended and findings[0].tier < Tier.CONTRAINDICATED,
        recheck=False,
        skew=None,
        replay_key=None,
        credential_digest=digest,
        burn_until=None,
        status_reference=None,
        at=context.clock.at,
        check_number=context.check_number,
        form=Form.PAPER,
        status=answer.status,
    )


def _moments(claims: PaperClaims, clock: ClockReading, context: Context) -> tuple[Finding, ...]:
    """Step 10: its technical end, which is never after the legal one; who issues it prints a new one."""
    findings = []
    if clock.at < claims.iat:
        findings.append(gates.finding(Code.W_CRED_NOT_YET))
    if clock.at >= claims.exp:
        findings.append(gates.finding(Code.W_CRED_EXPIRED))
    tier = gates.clock_tier(context.face, trusted=validity.is_trusted(clock), challenged=False)
    if tier is not Tier.AFFIRMING:
        findings.append(Finding(Code.W_CLOCK, tier))
    return tuple(findings)


def _status(
    claims: PaperClaims,
    answer: StatusAnswer,
    age: Seconds | None,
    *,
    kind: Kind | None,
    row: PolicyRow | None,
    context: Context,
) -> tuple[Finding, ...]:
    """Step 12: the paper's own index, which a reported loss flips, and the register with the licence."""
    face = context.face
    return checks.status(
        answer,
        age,
        act_risk=checks.risk(kind, row),
        face=face,
        foreign=claims.iss[:6] != face.region,
        max_age=None if row is None else row.max_status_age,
    )


def _policy(
    claims: PaperClaims,
    kind: Kind | None,
    row: PolicyRow | None,
    *,
    clock: ClockReading,
    context: Context,
    knowledge: Knowledge,
) -> tuple[Finding, ...]:
    """Steps 11 and 13. Mandatory items are not asked of paper: what it does not say, the clerk asks otherwise."""
    face, risk = context.face, checks.risk(kind, row)
    # Step 11: no holder signs it, so that there is no audience, no nonce and no replay to look at.
    demands_answer = row is not None and (row.challenge_required or row.seal_required)
    findings = [Finding(Code.W_STATIC, gates.paper_tier(risk, face, challenge_or_seal=demands_answer))]
    findings += checks.trust(knowledge, claims.iss[:6], face, at=clock.at)
    if face.attended:
        findings.append(gates.finding(Code.W_PERSON_CHECK))
    if row is None or kind is None:
        findings.append(gates.finding(Code.W_POLICY_MISSING))
        return tuple(findings)
    region = gates.region_tier(face, recognised=row.recognises(claims.iss[:6]))
    if region is not Tier.AFFIRMING:
        findings.append(Finding(Code.W_REGION, region))
    # Nothing keeps a paper's key, since there is none.
    if not gates.assurance_suffices(risk, face, KeyAssurance.SOFTWARE, policy_minimum=row.min_assurance):
        findings.append(gates.finding(Code.W_ASSURANCE))
    # Paper says nothing of the birth, and whether its holder is natural stands in the catalogue alone.
    if kind.holder is not HolderRule.LEGAL:
        findings += checks.guardian(row, {}, face, at=clock.at, by_guardian=False)
    if row.holders_required > 1:
        findings.append(gates.finding(Code.W_HOLDERS_MISSING))
    return tuple(findings)


def _licence(claims: PaperClaims, kind: Kind | None, row: PolicyRow | None, findings: tuple[Finding, ...]) -> Licence:
    refusals = {each.code for each in findings if each.tier >= Tier.CONTRAINDICATED}
    may_show = not refusals or (row is not None and row.show_under_refusal and refusals <= SHOWN_UNDER_REFUSAL)
    shown: dict[str, Value] | None = None
    if kind is not None and row is not None and may_show:
        # What paper says of its holder is masked already, and is all that a clerk has to compare.
        shown = {
            _name(kind, Lic.NAME): claims.masked_name,
            _name(kind, Lic.CITIZEN_ID): _HIDDEN_OF_NUMBER + claims.last_four,
        }
    return Licence(
        vct=claims.vct,
        slug=str(claims.vct) if kind is None else kind.slug,
        region=claims.iss[:6],
        authority=claims.iss.partition(".")[2],
        # The last day on which the paper counts: exp is the midnight that ends it.
        valid_to=None if shown is None else unixtime.local_day(UnixTime(claims.exp - 1)),
        claims=shown,
        hidden_items=0,
        is_paper=True,
    )


def _name(kind: Kind, key: Lic) -> str:
    item = kind.item(key)
    return key.name.lower() if item is None else item.name
