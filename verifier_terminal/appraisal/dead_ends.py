"""Verdicts that say nothing of a licence: the appraisal ended early, or the terminal itself broke.

Not handled here: the verdict on a presentation whose signatures hold (`appraise`).
"""

from protocol.errors import Code
from revocation import freshness
from verifier_terminal.appraisal import explain, gates
from verifier_terminal.appraisal.context import Context
from verifier_terminal.appraisal.verdict import (
    Ages,
    Fact,
    Finding,
    Form,
    Proceed,
    Tier,
    Verdict,
    VerdictClass,
)


class Contradiction(Exception):
    """The procedure would break the property that it serves: it must not answer, and `appraise` says E_INTERNAL."""


def ended(
    findings: tuple[Finding, ...],
    context: Context,
    ages: Ages,
    established: tuple[Fact, ...] = (),
    replay_key: bytes | None = None,
    *,
    form: Form = Form.PRESENTATION,
) -> Verdict:
    """The verdict of an appraisal that came to no presentation: it says nothing of a licence."""
    ranked = explain.rank(findings)
    verdict_class, proceed = gates.decide(ranked, person_check=False)
    if proceed is not Proceed.NO:
        raise Contradiction("an appraisal that came to no presentation lets the act go on")
    return _without_licence(
        verdict_class, ranked, context, ages=ages, established=established, replay_key=replay_key, form=form
    )


def unprovisioned(context: Context, ages: Ages, *, form: Form = Form.PRESENTATION) -> Verdict:
    """Without a trust list nobody can say whether the issuer is known (step 5): ignorance, not evidence."""
    missing = (
        gates.finding(Code.W_TRUST_MISSING),
        gates.finding(Code.W_POLICY_MISSING),
        gates.finding(Code.W_STATUS_MISSING),
    )
    return ended(missing, context, ages, form=form)


def broken(context: Context) -> Verdict:
    """The verdict on a fault of the terminal. It uses none of the tables, since the fault may be theirs."""
    findings = (Finding(Code.E_INTERNAL, Tier.NONE),)
    ages = Ages(None, None, None, None)
    return _without_licence(
        VerdictClass.NOT_READ, findings, context, ages=ages, established=(), replay_key=None, form=Form.PRESENTATION
    )


def _without_licence(
    verdict_class: VerdictClass,
    findings: tuple[Finding, ...],
    context: Context,
    *,
    ages: Ages,
    established: tuple[Fact, ...],
    replay_key: bytes | None,
    form: Form,
) -> Verdict:
    return Verdict(
        verdict_class=verdict_class,
        proceed=Proceed.NO,
        established=established,
        not_established=others(established),
        ages=ages,
        status_grade=freshness.grade(ages.status),
        findings=findings,
        licence=None,
        purpose=context.face.purpose,
        person_check=False,
        recheck=False,
        skew=None,
        replay_key=replay_key,
        credential_digest=None,
        burn_until=None,
        status_reference=None,
        at=context.clock.at,
        check_number=context.check_number,
        form=form,
    )


def others(established: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """The facts that were not established."""
    return tuple(fact for fact in Fact if fact not in established)
