"""Decisions about officers' acts in the operator's answers: asked for by the acts' digests, and read with suspicion.

They travel beside a heartbeat and its answer, unsigned: what they say is shown and written down, and changes no status
and no verdict, which the status feed alone does. Guaranteed: nothing counts that was not asked for, nothing hostile or
of another form. Not handled here: when it is asked (`reporting`), and what is written (`reports`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from protocol import cwt
from protocol.unixtime import UnixTime
from verifier_terminal.store.officers_acts import Decided

MAX_ASKED: Final = 32
"""A query of two kilobytes: more acts than an officer signs in a week."""
_MAX_REASON_CHARACTERS: Final = 200
_DECISIONS: Final[Mapping[str, bool]] = {"confirmed": False, "rejected": True}


@dataclass(frozen=True, slots=True)
class ActDecision:
    """What the centre decided about one act."""

    act: bytes
    decided: Decided


def query(acts: Sequence[bytes]) -> str:
    """The part of the address that asks about these acts; empty where nothing is asked."""
    return f"?acts={'.'.join(act.hex() for act in acts)}" if acts else ""


def read(said: Mapping[str, Any], *, asked: Sequence[bytes]) -> tuple[ActDecision, ...]:
    """What an answer says about the acts that were asked about; the rest is left aside."""
    listed = said.get("decisions")
    names = {act.hex(): act for act in asked}
    found: dict[bytes, ActDecision] = {}
    for each in listed if isinstance(listed, list) else ():
        match each:
            case {"act": str() as name, "decision": str() as word, "decided_at": int() as at, "reason": reason} if (
                name in names and word in _DECISIONS and at >= 0
            ):
                why = reason if _is_reason(reason) and _DECISIONS[word] else None
                found[names[name]] = ActDecision(names[name], Decided(_DECISIONS[word], UnixTime(at), why))
            case _:
                continue
    return tuple(found.values())


def _is_reason(reason: object) -> bool:
    return isinstance(reason, str) and 0 < len(reason) <= _MAX_REASON_CHARACTERS and cwt.text_is_harmless(reason)
