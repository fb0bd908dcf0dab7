"""Tells a terminal what was decided about the officers' acts that it sent, when it asks beside a row of its own.

Only a terminal whose row was taken is told, only of acts that it sent itself, and never who decided. A reason goes with
a rejection. Not handled here: who may ask (`issuer.fleet.receiving`).
"""

import re
from typing import Final

from issuer.acts import register as rows_of
from issuer.acts.register import State
from issuer.register import Register

MAX_ASKED: Final = 32
MAX_TOLD: Final = 3
"""With reasons of 200 characters of any kind, the answer stays below the 8,192 bytes that a terminal reads."""
_ID: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def decisions(register: Register, asked: str, *, terminal: str) -> list[dict[str, object]]:
    """What was decided, at most three acts at once: those it has not heard of are asked about again.

    Args:
        register: The authority's.
        asked: Ids of acts with dots between; whatever is none is left out.
        terminal: Who asks.

    Raises:
        RegisterUnavailable: The register did not answer.
    """
    ids = [each for each in asked.split(".", MAX_ASKED)[:MAX_ASKED] if _ID.fullmatch(each)]
    found = rows_of.decided(register, ids, terminal=terminal, limit=MAX_TOLD) if ids else ()
    return [
        {
            "act": each.id,
            "decision": str(each.state),
            "decided_at": each.decided_at,
            "reason": each.why if each.state is State.REJECTED else None,
        }
        for each in found
    ]
