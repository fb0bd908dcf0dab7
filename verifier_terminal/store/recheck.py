"""The re-check queue: acceptances on old status data, kept until newer data have answered for their moment.

It holds what a re-check needs (list, index, as-of, check number), sealed, and loses it with the answer. An answer that
changed becomes an alarm that stays until a person has acknowledged it; a row that does not open (a hand in the
database, a lost key) becomes one too, since nobody can answer for it any more. Not handled here: the journal rows,
which the session writes in the same transaction.
"""

import sqlite3
from dataclasses import dataclass

from protocol import cbor
from protocol.errors import CborError
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation.coverage import StatusView
from verifier_terminal.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Waiting:
    """One acceptance that waits. Its licence was valid at `as_of`, as far as the terminal knew."""

    check_number: str
    uri: str
    idx: int
    as_of: UnixTime
    accepted_at: UnixTime


@dataclass(frozen=True, slots=True)
class Change:
    """When a status changed, as far as it is known: after `valid_at`, and by `as_of`."""

    valid_at: UnixTime
    as_of: UnixTime
    accepted_at: UnixTime

    @property
    def before_check(self) -> bool | None:
        """Whether it had changed when it was accepted; None where the data cannot tell."""
        return True if self.as_of <= self.accepted_at else None


@dataclass(frozen=True, slots=True)
class Answered:
    """One acceptance that newer data have answered. `entry` names its row; `change` is None where it did not open."""

    check_number: str
    entry: bytes
    answer: Status
    change: Change | None

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
    change: Change | None


class RecheckQueue:
    """The queue and the alarms of one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer

    def add(self, waiting: Waiting) -> None:
        """Queues an acceptance; one licence shown twice in an act waits once."""
        content = cbor.encode((waiting.check_number, waiting.uri, waiting.idx, waiting.as_of, waiting.accepted_at))
        entry = self._sealer.name(cbor.encode((waiting.uri, waiting.idx)))
        self._database.execute(
            "INSERT OR IGNORE INTO recheck VALUES (?, ?, ?)",
            (waiting.check_number, entry, self._sealer.seal(content)),
        )

    def withdraw(self, check_number: str, uri: str, idx: int) -> None:
        """Nothing is to be asked any more about this acceptance."""
        entry = self._sealer.name(cbor.encode((uri, idx)))
        self._database.execute("DELETE FROM recheck WHERE check_number = ? AND entry = ?", (check_number, entry))

    def has_unsealed(self) -> bool:
        """Whether an older version of this program left acceptances that wait unsealed."""
        (count,) = self._database.execute("SELECT count(*) FROM recheck_unsealed").fetchone()
        return int(count) > 0

    def seal_what_waited(self) -> None:
        """Moves them; inside a transaction."""
        for row in self._database.execute("SELECT * FROM recheck_unsealed").fetchall():
            check_number, uri, idx, as_of, accepted_at = row
            self.add(Waiting(check_number, uri, idx, UnixTime(as_of), UnixTime(accepted_at)))
        self._database.execute("DELETE FROM recheck_unsealed")

    def __len__(self) -> int:
        (count,) = self._database.execute("SELECT count(*) FROM recheck").fetchone()
        return int(count)

    def answered_by(self, view: StatusView) -> tuple[Answered, ...]:
        """Acceptances that these data answer.

        A non-valid answer counts at once; "valid" only from data of the acceptance's moment or later.

        Raises:
            OSError: The key cannot be read; the rows wait on.
        """
        answered: list[Answered] = []
        for check_number, entry, sealed in self._database.execute("SELECT * FROM recheck"):
            waiting = self._opened(check_number, sealed)
            if waiting is None:
                answered.append(Answered(check_number, entry, Status.INVALID, None))
                continue
            found = view.look_up(waiting.uri, waiting.idx)
            if found.status is None or found.as_of is None or found.as_of <= waiting.as_of:
                continue
            if found.status is not Status.VALID or found.as_of >= waiting.accepted_at:
                change = Change(waiting.as_of, found.as_of, waiting.accepted_at)
                answered.append(Answered(check_number, entry, found.status, change))
        return tuple(answered)

    def settle(self, answered: Answered, *, at: UnixTime) -> bool:
        """Takes an answered acceptance out and raises an alarm for a changed one; False when another process did."""
        deleted = self._database.execute(
            "DELETE FROM recheck WHERE check_number = ? AND entry = ?", (answered.check_number, answered.entry)
        )
        if deleted.rowcount != 1:
            return False
        if answered.changed:
            change = answered.change
            moments = (None, None, None) if change is None else (change.valid_at, change.as_of, change.accepted_at)
            # Of two licences of one act that changed, the alarm names the later answer; the journal has both.
            self._database.execute(
                "INSERT OR REPLACE INTO alarm VALUES (?, ?, ?, ?, ?, ?)",
                (answered.check_number, at, answered.answer.name, *moments),
            )
        return True

    def alarms(self) -> tuple[Alarm, ...]:
        """Those that nobody has acknowledged, the oldest first."""
        rows = self._database.execute(
            "SELECT check_number, found_at, answer, valid_at, as_of, accepted_at"
            " FROM alarm ORDER BY found_at, check_number"
        )
        # A hand in the database must not silence the other alarms; as in a list, what has no name counts as INVALID.
        named = Status.__members__
        return tuple(
            Alarm(number, UnixTime(at), named.get(answer, Status.INVALID), _change(*moments))
            for number, at, answer, *moments in rows
        )

    def acknowledge(self, check_number: str) -> bool:
        """Ends an alarm; False when there was none."""
        return self._database.execute("DELETE FROM alarm WHERE check_number = ?", (check_number,)).rowcount == 1

    def _opened(self, check_number: str, sealed: bytes) -> Waiting | None:
        content = self._sealer.open(sealed)
        try:
            match None if content is None else cbor.decode(content):
                # A row that was moved under another check's number answers for neither.
                case (str() as number, str() as uri, int() as idx, int() as as_of, int() as accepted_at) if (
                    number == check_number
                ):
                    return Waiting(number, uri, idx, UnixTime(as_of), UnixTime(accepted_at))
        except CborError:
            return None
        return None


def _change(valid_at: int | None, as_of: int | None, accepted_at: int | None) -> Change | None:
    if valid_at is None or as_of is None or accepted_at is None:
        return None
    return Change(UnixTime(valid_at), UnixTime(as_of), UnixTime(accepted_at))
