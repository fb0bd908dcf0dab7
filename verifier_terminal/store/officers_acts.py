"""What officers signed at this terminal, until newer status data say what became of each licence.

The licence's status entry rests sealed and is forgotten with the answer, or after thirty days without one; of the act
itself nothing is kept here but its digest. Not handled here: signing, sending (`outbox`), and journal rows.
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from protocol import cbor
from protocol.errors import CborError
from protocol.officers_act import ActKind
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime
from revocation.coverage import StatusView
from verifier_terminal.store.sealing import Sealer

WAITS: Final = 30 * DAY
"""Beyond it nobody at the roadside waits for an answer any more."""


@dataclass(frozen=True, slots=True)
class SignedAct:
    """One act. `answer` is what the licence's status says since then; None: it says "valid", or nothing newer."""

    act: bytes
    check_number: str
    kind: ActKind
    made: UnixTime
    answer: Status | None


@dataclass(frozen=True, slots=True)
class AnsweredAct:
    """An act whose licence has another status since. `status` is its entry."""

    act: SignedAct
    answer: Status
    status: tuple[str, int]


class OfficersActs:
    """The acts of one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def add(self, act: SignedAct, status: tuple[str, int]) -> None:
        """Takes one in. Only of a seizure something is waited for."""
        sealed = self._sealer.seal(cbor.encode(status)) if act.kind is ActKind.SEIZURE else None
        self._database.execute(
            "INSERT INTO officers_act VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            (act.act, act.check_number, int(act.kind), act.made, sealed),
        )

    def of_check(self, check_number: str) -> tuple[SignedAct, ...]:
        """The acts about one check, the oldest first."""
        rows = self._database.execute(
            "SELECT act, check_number, kind, made, answer FROM officers_act WHERE check_number = ? ORDER BY made, act",
            (check_number,),
        )
        return tuple(_act(*each) for each in rows)

    def answered_by(self, view: StatusView) -> tuple[AnsweredAct, ...]:
        """Acts of which these data say what became of the licence; they must be newer than the act.

        Raises:
            OSError: The key cannot be read; they wait on.
        """
        found: list[AnsweredAct] = []
        rows = self._database.execute(
            "SELECT act, check_number, kind, made, answer, sealed FROM officers_act WHERE sealed IS NOT NULL"
        )
        for *columns, sealed in rows:
            act, status = _act(*columns), self._opened(sealed)
            if status is None:
                continue
            now = view.look_up(*status)
            if now.status is None or now.as_of is None or now.as_of < act.made or now.status is Status.VALID:
                continue
            found.append(AnsweredAct(act, now.status, status))
        return tuple(found)

    def settle(self, answered: AnsweredAct, *, at: UnixTime) -> bool:
        """Writes the answer down and forgets the entry; False when another process did."""
        changed = self._database.execute(
            "UPDATE officers_act SET answer = ?, answered_at = ?, sealed = NULL WHERE act = ? AND sealed IS NOT NULL",
            (answered.answer.name, at, answered.act.act),
        )
        return changed.rowcount == 1

    def forget_old(self, *, at: UnixTime) -> None:
        """Lets go of entries for which nobody waits any more."""
        self._database.execute(
            "UPDATE officers_act SET sealed = NULL WHERE sealed IS NOT NULL AND made < ?", (at - WAITS,)
        )

    def _opened(self, sealed: bytes) -> tuple[str, int] | None:
        content = self._sealer.open(sealed)
        try:
            found = None if content is None else cbor.decode(content)
        except CborError:
            return None
        match found:
            case (str() as uri, int() as idx):
                return uri, idx
            case _:
                return None


def _act(act: bytes, check_number: str, kind: int, made: int, answer: str | None) -> SignedAct:
    return SignedAct(
        act, check_number, ActKind(kind), UnixTime(made), None if answer is None else Status.__members__.get(answer)
    )
