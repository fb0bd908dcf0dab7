"""What officers signed at this terminal, what the centre decided, and what newer status data say of each licence.

The licence's status entry rests sealed and is forgotten with the answer, or after thirty days without one; so does the
centre's reason. Of the act itself nothing is kept here but its digest. Not handled here: signing, sending (`outbox`),
asking for decisions (`sync.decisions`), and journal rows.
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


@dataclass(frozen=True, slots=True)
class Decided:
    """What the centre decided about an act. `why` is its reason for a rejection, None where it is forgotten."""

    rejected: bool
    at: UnixTime
    why: str | None


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

    def undecided(self, *, since: UnixTime, limit: int) -> tuple[bytes, ...]:
        """Acts of which the centre has said nothing yet, the newest first."""
        rows = self._database.execute(
            "SELECT act FROM officers_act WHERE made >= ? AND act NOT IN (SELECT act FROM act_decision)"
            " ORDER BY made DESC, act LIMIT ?",
            (since, limit),
        )
        return tuple(act for (act,) in rows)

    def decide(self, act: bytes, decided: Decided) -> str | None:
        """Writes a decision down; gives the check's number, None where no such act waits for one.

        Of a rejected seizure no status is waited for any more.
        """
        row = self._database.execute("SELECT check_number FROM officers_act WHERE act = ?", (act,)).fetchone()
        why = None if decided.why is None else self._sealer.seal(decided.why.encode())
        added = self._database.execute(
            "INSERT OR IGNORE INTO act_decision SELECT act, ?, ?, ? FROM officers_act WHERE act = ?",
            (decided.rejected, decided.at, why, act),
        )
        if row is None or added.rowcount != 1:
            return None
        if decided.rejected:
            self._database.execute("UPDATE officers_act SET sealed = NULL WHERE act = ?", (act,))
        return str(row[0])

    def decision(self, act: bytes) -> Decided | None:
        """What the centre decided; None: nothing that is known here. Raises: OSError."""
        row = self._database.execute(
            "SELECT rejected, decided_at, why FROM act_decision WHERE act = ?", (act,)
        ).fetchone()
        if row is None:
            return None
        rejected, at, sealed = row
        why = None if sealed is None else self._sealer.open(sealed)
        return Decided(bool(rejected), UnixTime(at), None if why is None else why.decode())

    def forget_old(self, *, at: UnixTime) -> None:
        """Lets go of entries for which nobody waits any more, and of reasons that were read long ago."""
        for column, table, moment in (("sealed", "officers_act", "made"), ("why", "act_decision", "decided_at")):
            self._database.execute(
                f"UPDATE {table} SET {column} = NULL WHERE {column} IS NOT NULL AND {moment} < ?",  # noqa: S608 — names from above
                (at - WAITS,),
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
