"""Putting findings in the clerk's order, and the full decision trace of a verdict (`terminal explain`).

Texts for people stand in `reasons`; what stands here is structure: codes, steps, outcomes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from protocol.errors import Code
from verifier_terminal.appraisal.verdict import Fact, Finding, Form, Tier, Verdict, VerdictClass


class Step(IntEnum):
    """The numbered checks of docs/verification.md that an appraisal makes; 15 and 16 are the session's."""

    PREFIX = 1
    BASE45 = 2
    CBOR = 3
    SHAPE = 4
    TRUST = 5
    ISSUER_SIGNATURE = 6
    CONFIRMATION_KEY = 7
    HOLDER_SIGNATURE = 8
    DISCLOSURES = 9
    MOMENTS = 10
    BINDING = 11
    STATUS = 12
    POLICY = 13
    VERDICT = 14


STEP_OF: Final[Mapping[Code, Step]] = {
    Code.E_PREFIX: Step.PREFIX,
    Code.E_SIZE: Step.PREFIX,
    Code.E_B45: Step.BASE45,
    Code.E_CBOR: Step.CBOR,
    Code.E_SHAPE: Step.SHAPE,
    Code.E_TYP: Step.SHAPE,
    Code.E_HDR_UNKNOWN: Step.SHAPE,
    Code.E_HDR_UNPROT: Step.SHAPE,
    Code.E_ALG: Step.SHAPE,
    Code.E_KCWT: Step.SHAPE,
    Code.E_SEAL_OPEN: Step.SHAPE,
    Code.E_KBT_CLAIM: Step.SHAPE,
    Code.E_TIME_TYPE: Step.SHAPE,
    Code.E_SD_EMPTY: Step.SHAPE,
    Code.E_ISSUER_UNKNOWN: Step.TRUST,
    Code.E_ISSUER_EXPIRED: Step.TRUST,
    Code.E_ISSUER_BANNED: Step.TRUST,
    Code.E_VCT: Step.TRUST,
    Code.E_STATUS_URI: Step.TRUST,
    Code.W_TRUST_STALE: Step.TRUST,
    Code.W_TRUST_MISSING: Step.TRUST,
    Code.W_ISSUER_BANNED: Step.TRUST,
    Code.E_SIG_ISSUER: Step.ISSUER_SIGNATURE,
    Code.E_SIG_FORM: Step.ISSUER_SIGNATURE,
    Code.E_KEY: Step.CONFIRMATION_KEY,
    Code.E_SIG_HOLDER: Step.HOLDER_SIGNATURE,
    Code.E_SD_SHAPE: Step.DISCLOSURES,
    Code.E_SD_DUP: Step.DISCLOSURES,
    Code.E_SD_REUSE: Step.DISCLOSURES,
    Code.E_SD_DUPKEY: Step.DISCLOSURES,
    Code.E_SD_ORPHAN: Step.DISCLOSURES,
    Code.E_SD_FORBIDDEN: Step.DISCLOSURES,
    Code.E_SCHEMA: Step.DISCLOSURES,
    Code.E_TIME_ORDER: Step.MOMENTS,
    Code.E_KBT_LIFE: Step.MOMENTS,
    Code.E_KBT_STALE: Step.MOMENTS,
    Code.E_KBT_FUTURE: Step.MOMENTS,
    Code.E_LIC_NOT_YET: Step.MOMENTS,
    Code.E_LIC_EXPIRED: Step.MOMENTS,
    Code.W_CRED_EXPIRED: Step.MOMENTS,
    Code.W_CRED_NOT_YET: Step.MOMENTS,
    Code.W_CLOCK: Step.MOMENTS,
    Code.W_NEAR_EXPIRY: Step.MOMENTS,
    Code.W_PHONE_CLOCK: Step.MOMENTS,
    Code.E_MANDATE_EXPIRED: Step.MOMENTS,
    Code.E_AUD: Step.BINDING,
    Code.E_CNONCE: Step.BINDING,
    Code.E_CHALLENGE_REQUIRED: Step.BINDING,
    Code.E_SEAL_REQUIRED: Step.BINDING,
    Code.E_REPLAY: Step.BINDING,
    Code.W_OPEN_MODE: Step.BINDING,
    Code.W_STATIC: Step.BINDING,
    Code.E_REVOKED: Step.STATUS,
    Code.E_SUSPENDED: Step.STATUS,
    Code.E_DEVICE_LOST: Step.STATUS,
    Code.E_STATUS_RANGE: Step.STATUS,
    Code.W_SUPERSEDED: Step.STATUS,
    Code.W_STATUS_MISSING: Step.STATUS,
    Code.W_STATUS_STALE: Step.STATUS,
    Code.E_MANDATE_REVOKED: Step.STATUS,
    Code.W_CLAIM_MISSING: Step.POLICY,
    Code.W_POLICY_MISSING: Step.POLICY,
    Code.W_REGION: Step.POLICY,
    Code.W_ASSURANCE: Step.POLICY,
    Code.E_MANDATE_SCOPE: Step.POLICY,
    Code.W_GUARDIAN: Step.POLICY,
    Code.W_AGE_UNKNOWN: Step.POLICY,
    Code.W_BUNDLE_UNLINKED: Step.POLICY,
    Code.W_HOLDERS_MISSING: Step.POLICY,
    Code.W_ID_CHECK_LEGACY: Step.POLICY,
    Code.W_PERSON_CHECK: Step.POLICY,
    Code.E_INTERNAL: Step.VERDICT,
}
"""The step that gives each code; where several can, the first. `step_of` tells them apart by what was established."""

_USEFULNESS: Final = (
    # What no new code can heal comes first: the clerk must not ask the citizen to refresh for nothing.
    Code.E_REVOKED,
    Code.E_SUSPENDED,
    Code.E_DEVICE_LOST,
    Code.E_LIC_EXPIRED,
    Code.E_LIC_NOT_YET,
    Code.E_MANDATE_REVOKED,
    Code.E_MANDATE_EXPIRED,
    Code.E_MANDATE_SCOPE,
    # Then what a new code heals, the friendliest explanation first.
    Code.E_REPLAY,
    Code.E_AUD,
    Code.E_CNONCE,
    Code.E_SEAL_OPEN,
    Code.E_CHALLENGE_REQUIRED,
    Code.E_SEAL_REQUIRED,
    Code.E_KBT_STALE,
    Code.E_KBT_FUTURE,
    Code.E_KBT_LIFE,
    Code.E_TIME_ORDER,
    # Holds and warnings: what the citizen can mend, then what the terminal's operator can.
    Code.W_SUPERSEDED,
    Code.W_ISSUER_BANNED,
    Code.W_CRED_EXPIRED,
    Code.W_CRED_NOT_YET,
    Code.W_CLAIM_MISSING,
    Code.W_HOLDERS_MISSING,
    Code.W_GUARDIAN,
    Code.W_AGE_UNKNOWN,
    Code.W_ASSURANCE,
    Code.W_REGION,
    Code.W_BUNDLE_UNLINKED,
    Code.W_STATIC,
    Code.W_CLOCK,
    Code.W_TRUST_MISSING,
    Code.W_TRUST_STALE,
    Code.W_POLICY_MISSING,
    Code.W_STATUS_MISSING,
    Code.W_STATUS_STALE,
    Code.W_PERSON_CHECK,
    Code.W_NEAR_EXPIRY,
    Code.W_PHONE_CLOCK,
    Code.W_ID_CHECK_LEGACY,
    Code.W_OPEN_MODE,
)
_NOT_ON_PAPER: Final = frozenset({Step.CONFIRMATION_KEY, Step.HOLDER_SIGNATURE, Step.DISCLOSURES})
_RANK: Final[Mapping[Code, int]] = {code: place for place, code in enumerate(_USEFULNESS)}


def rank(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each code once with its worst tier; the worst first, among equals the most useful one to show."""
    worst: dict[Code, Finding] = {}
    for each in findings:
        held = worst.get(each.code)
        if held is None or each.tier > held.tier:
            worst[each.code] = each
    # Codes without a place end the appraisal alone, so that their order among each other never matters much.
    return tuple(sorted(worst.values(), key=lambda each: (-each.tier, _RANK.get(each.code, -1), each.code)))


class Outcome(StrEnum):
    """How one step of an appraisal ended."""

    PASSED = "passed"
    NOTED = "noted"
    """Passed, with something to know or to check."""
    HELD = "held"
    """Evidence is missing."""
    FAILED = "failed"
    NOT_REACHED = "not_reached"
    ABSENT = "absent"
    """What the step looks at does not exist in such a code: paper has no holder's key and no disclosures."""
    CONCLUDED = "concluded"
    """Step 14 of an appraisal that gave its answer."""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One step of the decision, for machines and for the page "explain"."""

    step: Step
    outcome: Outcome
    findings: tuple[Finding, ...]
    facts: Mapping[str, str | int | None]
    """What this step rested on: ages, grade, purpose. Never a claim, a key or an index."""


def step_of(code: Code, established: tuple[Fact, ...]) -> Step:
    """The step that gave this code in an appraisal that had established so much."""
    holder, issuer = Fact.HOLDER_KEY in established, Fact.ISSUER_SIGNATURE in established
    if code in (Code.E_SIG_FORM, Code.E_ALG) and issuer:
        return Step.HOLDER_SIGNATURE
    if (code is Code.E_KEY and not issuer) or (code in (Code.E_AUD, Code.E_CNONCE) and not holder):
        # The key of a seal, and what the members of a bundle do not have in common, are looked at before any signature.
        return Step.SHAPE
    if code in (Code.E_SCHEMA, Code.E_TIME_ORDER, Code.E_SD_SHAPE, Code.E_SD_FORBIDDEN) and not holder:
        # Their first half is read with the credential's shape, before any signature.
        return Step.SHAPE
    return STEP_OF[code]


def trace(verdict: Verdict) -> tuple[TraceLine, ...]:
    """Every step of the appraisal in order: what it found, what it rested on, and which were not reached any more.

    A bundle's step is as good as the worst of its members'; each member's own trace is that of its verdict.
    """
    by_step = _by_step(verdict)
    last = _last_reached(verdict, by_step)
    members = [trace(each) for each in verdict.members]
    return tuple(
        TraceLine(
            step,
            _outcome(step, tuple(by_step[step]), last, verdict, [lines[step - 1].outcome for lines in members]),
            tuple(by_step[step]),
            _facts(step, verdict),
        )
        for step in Step
    )


def _by_step(verdict: Verdict) -> Mapping[Step, list[Finding]]:
    """The findings under the steps that gave them; the same code of two members may have had two steps."""
    found: dict[Step, list[Finding]] = {step: [] for step in Step}
    own = {each.code: each for each in verdict.findings}
    for member in verdict.members:
        for step, findings in _by_step(member).items():
            found[step] += [each for each in findings if each not in found[step]]
            for each in findings:
                own.pop(each.code, None)
    for each in own.values():
        found[step_of(each.code, verdict.established)].append(each)
    return found


def _last_reached(verdict: Verdict, by_step: Mapping[Step, list[Finding]]) -> Step:
    """The last step before the verdict. A licence stands in a verdict exactly when its appraisal went to the end."""
    if verdict.licence is not None or verdict.members:
        return Step.POLICY
    if any(each.code is Code.E_INTERNAL for each in verdict.findings):
        # The terminal broke somewhere, and an honest trace does not guess where.
        return Step.PREFIX
    return min((step for step, findings in by_step.items() if findings), default=Step.PREFIX)


def _outcome(
    step: Step, findings: tuple[Finding, ...], last: Step, verdict: Verdict, members: Sequence[Outcome]
) -> Outcome:
    if step is Step.VERDICT:
        broken = any(each.code is Code.E_INTERNAL for each in findings)
        return Outcome.FAILED if broken else Outcome.CONCLUDED
    worst = max((each.tier for each in findings), default=None)
    if worst is None:
        if Outcome.NOT_REACHED in members:
            return Outcome.NOT_REACHED
        broken = verdict.verdict_class is VerdictClass.NOT_READ and last is Step.PREFIX
        if step > last or broken:
            return Outcome.NOT_REACHED
        return Outcome.ABSENT if verdict.form is Form.PAPER and step in _NOT_ON_PAPER else Outcome.PASSED
    if worst >= Tier.CONTRAINDICATED:
        return Outcome.FAILED
    return Outcome.HELD if worst is Tier.HOLD else Outcome.NOTED


def _facts(step: Step, verdict: Verdict) -> Mapping[str, str | int | None]:
    ages = verdict.ages
    if step is Step.TRUST:
        return {"trust_age": ages.trust}
    if step is Step.MOMENTS:
        return {"at": verdict.at, "clock_age": ages.clock, "skew": verdict.skew}
    if step is Step.BINDING:
        return {
            "purpose": verdict.purpose.word,
            "form": verdict.form,
            "sealed": int(verdict.sealed),
            "challenged": int(verdict.answered is not None),
        }
    if step is Step.STATUS:
        return {"status_age": ages.status, "grade": verdict.status_grade.name.lower()}
    if step is Step.POLICY:
        return {"policy_age": ages.policy}
    if step is Step.VERDICT:
        return {
            "class": verdict.verdict_class,
            "proceed": verdict.proceed,
            "check_number": verdict.check_number,
            "recheck": int(verdict.recheck),
        }
    return {}
