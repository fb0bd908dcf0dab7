"""What a shift leaves behind: how many checks, and what is still open when the next person takes over.

Guaranteed: the numbers are counted in the journal and the queue at the moment of asking; nothing in them names anybody
but staff. Not handled here: transactions.
"""

from dataclasses import asdict, dataclass
from typing import Final

from verifier_terminal.store import person_check
from verifier_terminal.store.journal import Payload
from verifier_terminal.store.person_check import PersonCheck
from verifier_terminal.store.store import Store

MAX_ROWS: Final = 10_000
"""Of one shift: more than anybody checks in a day."""
BEGINNINGS: Final = frozenset({"sign_on", "hand_over"})


@dataclass(frozen=True, slots=True)
class Summary:
    """What one person's shift did and left open. `voids` and `refused` are among `acts`."""

    acts: int
    refused: int
    voids: int
    person_checks: int
    """Checks that still wait for a comparison of the person."""
    rechecks: int
    """Accepted on older data and not checked again yet, of everybody's."""
    alarms: int
    """Found to have been wrong, and not acknowledged yet, of everybody's."""

    def as_payload(self) -> Payload:
        """As it stands in the journal's row and as a page sends it back."""
        return asdict(self)


def of_shift(store: Store, number: str) -> Summary:
    """The shift of this person since they took it. Raises: sqlite3.Error."""
    marker = f'"by":"{number}"'
    began = next(
        (
            row.seq
            for row in store.journal.rows(search=marker, limit=MAX_ROWS)
            if row.payload is not None and row.payload["event"] in BEGINNINGS and row.payload["by"] == number
        ),
        0,
    )
    acts = [
        row.payload
        for row in store.journal.rows(search=marker, event="verdict", limit=MAX_ROWS)
        if row.payload is not None and row.seq > began and row.payload.get("by") == number
    ]
    about = [
        [row.payload for row in store.journal.about(act["check_number"]) if row.payload is not None] for act in acts
    ]
    void = [any(each["event"] == "void" for each in rows) for rows in about]
    return Summary(
        acts=len(acts),
        refused=sum(act["class"] == "refuse" for act in acts),
        voids=sum(void),
        person_checks=sum(
            person_check.of_rows(rows) is PersonCheck.WAITING
            for rows, is_void in zip(about, void, strict=True)
            if not is_void
        ),
        rechecks=len(store.rechecks),
        alarms=len(store.rechecks.alarms()),
    )
