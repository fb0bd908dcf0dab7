"""The re-check queue: acceptances on old status data, kept until newer data have answered for their moment.

It holds what a re-check needs (list, index, as-of, check number) and loses it with the answer. An answer that changed
becomes an alarm that stays until a person has acknowledged it. Not handled here: the journal rows, which the session
writes in the same transaction.
"""

import sqlite3
from dataclasses import dataclass

from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation.coverage import StatusView


@dataclass(frozen=True, slots=True)
class Waiting:
    """One acceptance that waits."""

    check_number: str
    uri: str
    idx: int
    as_of: UnixTime
    accepted_at: UnixTime


@dataclass(frozen=True, slots=True)
class Answered:
    """One acceptance that newer data have answered."""

    waiting: Waiting
    answer: Status
    as_of: UnixTime

    @property
    def changed(self) -> bool:
        """Whether the licence should not have been accepted."""
        return self.answer is not Status.VALID


@dataclass(frozen=True, slots=True)
class Alarm:
    """A changed answer that nobody has acknowledged."""

    check_number: str
    found_at: UnixTime
    answer: Status


class RecheckQueue:
    """The queue and the alarms of one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def add(self, waiting: Waiting) -> None:
        """Queues an acceptance; one licence shown twice in an act waits once."""
        self._database.execute(
            "INSERT OR IGNORE INTO recheck VALUES (?, ?, ?, ?, ?)",
            (waiting.check_number, waiting.uri, waiting.idx, waiting.as_of, waiting.accepted_at),
        )

    def __len__(self) -> int:
        (count,) = self._database.execute("SELECT count(*) FROM recheck").fetchone()
        return int(count)

    def answered_by(self, snapshot: StatusView) -> tuple[Answered, ...]:
        """Acceptances that these data answer.

        A non-valid answer counts at once; "valid" only from a list made at or after the acceptance.
        """
        answered: list[Answered] = []
        for check_number, uri, idx, as_of, accepted_at in self._database.execute("SELECT * FROM recheck"):
            found = snapshot.look_up(uri, idx)
            if found.status is None or found.as_of is None or found.as_of <= as_of:
                continue
            if found.status is not Status.VALID or found.as_of >= accepted_at:
                waiting = Waiting(check_number, uri, idx, UnixTime(as_of), UnixTime(accepted_at))
                answered.append(Answered(waiting, found.status, found.as_of))
        return tuple(answered)

    def settle(self, answered: Answered, *, at: UnixTime) -> bool:
        """Takes an answered acceptance out and raises an alarm for a changed one; False when another process did."""
        waiting = answered.waiting
        deleted = self._database.execute(
            "DELETE FROM recheck WHERE check_number = ? AND uri = ? AND idx = ?",
            (waiting.check_number, waiting.uri, waiting.idx),
        )
        if deleted.rowcount != 1:
            return False
        if answered.changed:
            # Of two licences of one act that changed, the alarm names the later answer; the journal has both.
            self._database.execute(
                "INSERT INTO alarm VALUES (?, ?, ?) ON CONFLICT (check_number) DO UPDATE"
                " SET found_at = excluded.found_at, answer = excluded.answer",
                (waiting.check_number, at, answered.answer.name),
            )
        return True

    def alarms(self) -> tuple[Alarm, ...]:
        """Those that nobody has acknowledged, the oldest first."""
        rows = self._database.execute(
            "SELECT check_number, found_at, answer FROM alarm ORDER BY found_at, check_number"
        )
        # A hand in the database must not silence the other alarms; as in a list, what has no name counts as INVALID.
        named = Status.__members__
        return tuple(Alarm(number, UnixTime(at), named.get(answer, Status.INVALID)) for number, at, answer in rows)

    def acknowledge(self, check_number: str) -> bool:
        """Ends an alarm; False when there was none."""
        return self._database.execute("DELETE FROM alarm WHERE check_number = ?", (check_number,)).rowcount == 1
