"""What a check rested on, as its journal row keeps it: numbers of the signed documents, policy row, cell of the matrix.

A decision is explained years later, when other documents are held: the row itself says which policy and which cell
decided. Guaranteed: nothing here is about the holder; the cell is the tier that the appraisal gave, and never computed
a second time where a finding says it. Not handled here: words (`web.explanation`).
"""

from dataclasses import replace
from typing import Any

from protocol.errors import Code
from verifier_terminal.appraisal import checks
from verifier_terminal.appraisal.context import Face, Knowledge
from verifier_terminal.appraisal.verdict import Fact, Tier, Verdict
from verifier_terminal.store.journal import Payload


def payload(verdict: Verdict, knowledge: Knowledge | None, face: Face) -> Payload | None:
    """What stands under `basis` in a check's row; None where nothing signed was held."""
    if knowledge is None:
        return None
    return {
        "trust": knowledge.trust.seq,
        "catalogue": knowledge.catalogue.seq,
        "policy": knowledge.policy.seq,
        "licences": [_licence(each, knowledge, face) for each in verdict.members or (verdict,)],
    }


def _licence(verdict: Verdict, knowledge: Knowledge, face: Face) -> dict[str, Any] | None:
    """Of one licence; None where the appraisal came to none."""
    licence = verdict.licence
    if licence is None:
        return None
    row = checks.row(knowledge, licence.vct, licence.region, face, at=verdict.at)
    # As in the appraisal: an agent's face can be compared with nothing.
    face = face if licence.mandate is None else replace(face, face_compared=False)
    foreign, age = licence.region != face.region, verdict.ages.status
    max_age = None if row is None else row.max_status_age
    return {
        "risk": str(checks.risk(knowledge.catalogue.kinds.get(licence.vct), row)),
        "row": row is not None,
        "irreversible": row is not None and row.irreversible,
        "compared": face.face_compared,
        "attended": face.attended,
        "foreign": foreign,
        "max_status_age": max_age,
        "too_old": max_age is not None and age is not None and age > max_age,
        "column": (verdict.status_grade.one_worse() if foreign else verdict.status_grade).name.lower(),
        "cell": _cell(verdict),
    }


def _cell(verdict: Verdict) -> str | None:
    """What "valid, as of so long ago" was worth; None where the status list did not say "valid"."""
    stale = next((each.tier for each in verdict.findings if each.code is Code.W_STATUS_STALE), None)
    if stale is not None:
        return stale.name.lower()
    return Tier.AFFIRMING.name.lower() if Fact.STATUS in verdict.established else None
