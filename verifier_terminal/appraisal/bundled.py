"""Several licences of one act: each presentation by itself, and what follows from showing them together.

Each member has a verdict of its own, as if it had been shown alone; the act is worth no more than the worst of them.
Guaranteed: no member's claims, portrait or acceptance stands for another's. Not handled here: the form of a bundle
(`protocol.qr.bundle`), and one member's checks (`presentation`).
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from protocol.errors import Code
from protocol.qr import bundle
from protocol.sd_cwt.key_binding import Presentation, UnverifiedPresentation
from verifier_terminal.appraisal import answers, checks, dead_ends, explain, gates, presentation, verified
from verifier_terminal.appraisal.context import Context, Knowledge, OpenRequest
from verifier_terminal.appraisal.verdict import Ages, Fact, Finding, Form, Verdict, VerdictClass
from verifier_terminal.appraisal.verified import Verified


def appraise_members(
    members: Sequence[UnverifiedPresentation],
    context: Context,
    knowledge: Knowledge,
    ages: Ages,
    *,
    sealed_to: OpenRequest | None,
) -> Verdict:
    """Steps 5 to 14 of each member, and the verdict on the act."""
    checked = [verified.verify(each, context, knowledge, ages, sealed_to=sealed_to) for each in members]
    shown = [each.presentation for each in checked if isinstance(each, Verified)]
    verdicts = tuple(
        presentation.conclude(
            each, context, knowledge, holders=max(1, bundle.count_holders(each.presentation, shown)), is_member=True
        )
        if isinstance(each, Verified)
        else each
        for each in checked
    )
    findings = [each for verdict in verdicts for each in verdict.findings]
    if len(shown) == len(members):
        # Of what a member without both signatures says nothing is known, so that it cannot belong to anything.
        findings += _together(shown, verdicts, context, knowledge)
    return of_members(verdicts, findings, context)


def _together(
    shown: Sequence[Presentation], verdicts: Sequence[Verdict], context: Context, knowledge: Knowledge
) -> tuple[Finding, ...]:
    """Step 13 for the act: whether the licences belong together, and whether all that was asked for is there."""
    face = context.face
    rows = [
        checks.row(knowledge, each.credential.vct, each.credential.region, face, at=context.clock.at) for each in shown
    ]
    findings = answers.missing_kinds(_answered(verdicts), (each.credential.vct for each in shown))
    waived = all(row is not None and row.link_waived for row in rows)
    jointly = [row is not None and row.holders_required > 1 for row in rows]
    if waived or bundle.is_linked(shown, jointly):
        return findings
    return (*findings, Finding(Code.W_BUNDLE_UNLINKED, gates.bundle_tier(face)))


def _answered(verdicts: Sequence[Verdict]) -> OpenRequest | None:
    """The request that at least one member answered, with both of its signatures: all of them have one cnonce."""
    return next((each.answered for each in verdicts if each.answered is not None), None)


def of_members(
    verdicts: tuple[Verdict, ...], collected: Sequence[Finding], context: Context, *, form: Form = Form.BUNDLE
) -> Verdict:
    """The verdict on an act, of those on its licences and of what was found about them together."""
    findings = explain.rank(collected)
    person_check = any(each.person_check for each in verdicts)
    verdict_class, proceed = gates.decide(findings, person_check=person_check)
    established = tuple(fact for fact in Fact if all(fact in each.established for each in verdicts))
    if verdict_class is VerdictClass.ACCEPT and dead_ends.others(established):
        raise dead_ends.Contradiction("an act accepted without everything established for every licence")
    statuses = [each.ages.status for each in verdicts]
    known = [each for each in statuses if each is not None]
    digests = [each.credential_digest for each in verdicts if each.credential_digest is not None]
    return Verdict(
        verdict_class=verdict_class,
        proceed=proceed,
        established=established,
        not_established=dead_ends.others(established),
        ages=replace(verdicts[0].ages, status=max(known) if len(known) == len(statuses) else None),
        status_grade=max(each.status_grade for each in verdicts),
        findings=findings,
        licence=None,
        purpose=context.face.purpose,
        person_check=person_check and verdict_class in (VerdictClass.ACCEPT, VerdictClass.CHECK),
        recheck=any(each.recheck for each in verdicts),
        skew=next((each.skew for each in verdicts if each.skew is not None), None),
        replay_key=None,
        credential_digest=sha256(b"".join(digests)).digest() if len(digests) == len(verdicts) else None,
        burn_until=None,
        status_reference=None,
        at=context.clock.at,
        check_number=context.check_number,
        form=form,
        audience=next((each.audience for each in verdicts if each.audience is not None), None),
        answered=_answered(verdicts),
        members=verdicts,
    )
