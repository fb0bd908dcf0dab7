"""Two codes of one act that were read one after another: what they are worth together.

Each was appraised by itself, with its own consent, moment and replay key. What a bundle shows by one signed array must
be established here by what the issuers signed: the same identifier of the holder in both, as `bundle.link` demands it.
One device key is no such link. Guaranteed: without it, and without policy that waives it, the act is at most "check";
the act is never worth more than either verdict. Not handled here: which code is the second one of an act (`joining`),
and licences that several holders show together, which need one code (`LB1`).
"""

from dataclasses import dataclass, replace

from protocol.errors import Code
from protocol.qr.bundle import Link
from protocol.unixtime import Seconds
from verifier_terminal.appraisal import bundled, checks, explain, gates
from verifier_terminal.appraisal.context import Context
from verifier_terminal.appraisal.verdict import Finding, Form, Verdict


@dataclass(frozen=True, slots=True)
class Joined:
    """The act of both codes. `second` is the second code's own verdict, with what was found by joining."""

    verdict: Verdict
    second: Verdict
    link: Link
    waived: bool
    """Policy does not ask whether the licences of these kinds are one person's."""


def join(first: Verdict, second: Verdict, context: Context) -> Joined:
    """What two verdicts are worth as one act.

    Args:
        first: Given a moment ago, about one licence.
        second: Given now, about another one, for the same face.
        context: Of the second; its check number becomes the act's.
    """
    found, waived = link(first, second), _waived(first, second, context)
    if found is Link.NONE and not waived:
        second = _with(second, Finding(Code.W_BUNDLE_UNLINKED, gates.bundle_tier(context.face)))
    members = (first, second)
    act = bundled.of_members(
        members, [each for member in members for each in member.findings], context, form=Form.JOINED
    )
    # The first code's ages were those of its own moment; what is known now has the age that it has now.
    ages = replace(second.ages, status=_older(first.ages.status, second.ages.status))
    return Joined(replace(act, ages=ages, answered=second.answered), second, found, waived)


def link(first: Verdict, second: Verdict) -> Link:
    """By which issuer-signed identifier both licences are one holder's; NONE where that is not established."""
    one, other = first.holder, second.holder
    if one is None or other is None or one.by_agent is not other.by_agent:
        return Link.NONE
    for name, value in one.identifiers.items():
        if other.identifiers.get(name) == value:
            return name
    return Link.NONE


def _waived(first: Verdict, second: Verdict, context: Context) -> bool:
    knowledge = context.knowledge
    if knowledge is None:
        return False
    rows = [
        checks.row(knowledge, each.licence.vct, each.licence.region, context.face, at=context.clock.at)
        for each in (first, second)
        if each.licence is not None
    ]
    return len(rows) == 2 and all(row is not None and row.link_waived for row in rows)


def _with(verdict: Verdict, finding: Finding) -> Verdict:
    """The verdict with one more finding; what it used up stays used up."""
    findings = explain.rank((*verdict.findings, finding))
    verdict_class, proceed = gates.decide(findings, person_check=verdict.person_check)
    return replace(verdict, findings=findings, verdict_class=verdict_class, proceed=proceed)


def _older(one: Seconds | None, other: Seconds | None) -> Seconds | None:
    return None if one is None or other is None else max(one, other)
