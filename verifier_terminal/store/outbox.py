"""The outbox: what the operator is to hear, kept until the operator's server has answered for it.

Rows are put in the transaction of what they are about (`Store.writing`), so neither is there without the other, and
taken out by whoever sent them (`sync.uplink`). Guaranteed: a key stands once; of heartbeats the newest alone waits; an
officer's act is taken however full the outbox is, and nothing that waits makes room for something else; what a row says
rests sealed, since an officer's act names a licence's status entry. Not handled here: signing, sending, answers.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import limits
from protocol.unixtime import UnixTime
from verifier_terminal.errors import OutboxFull, OutboxRefused
from verifier_terminal.store.sealing import Sealer

HEARTBEAT: Final = "heartbeat"
OFFICERS_ACT: Final = "officers-act"
PROBLEM_REPORT: Final = "problem-report"
DOUBLE_SHOW: Final = "double-show"
DISPUTE: Final = "dispute"
KINDS: Final = frozenset({HEARTBEAT, OFFICERS_ACT, PROBLEM_REPORT, DOUBLE_SHOW, DISPUTE})

MAX_ROWS: Final = 10_000
"""Beyond it only officers' acts are taken: 160 MB at the very most, years of a terminal's reports."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row that waits. `tries` is how often it was sent without an answer that counts."""

    key: bytes
    kind: str
    body: bytes
    created: UnixTime
    tries: int


class Outbox:
    """The outbox of one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    def put(self, kind: str, body: bytes, *, key: bytes, at: UnixTime) -> None:
        """Takes a row in. The same key again changes nothing: the first one stands.

        Raises:
            OutboxRefused: No such kind, or body or key have not their size; a fault of the program.
            OutboxFull: As many rows wait as may, and this one is no officer's act.
            sqlite3.Error: The disk.
        """
        if kind not in KINDS or len(key) != limits.SHA256_BYTES or not 0 < len(body) <= limits.MAX_ROW_BODY_BYTES:
            raise OutboxRefused(f"{kind[:24]}, {len(body)} bytes")
        if kind == HEARTBEAT:
            self._database.execute("DELETE FROM outbox WHERE kind = ?", (HEARTBEAT,))
        if kind != OFFICERS_ACT and len(self) >= MAX_ROWS:
            raise OutboxFull(f"{MAX_ROWS} rows")
        sealed = self._sealer.seal(body)
        self._database.execute("INSERT OR IGNORE INTO outbox VALUES (?, ?, ?, ?, 0, ?)", (key, kind, sealed, at, at))

    def due(self, *, at: UnixTime, limit: int) -> tuple[Outgoing, ...]:
        """Rows whose time has come, officers' acts first, then the oldest first.

        A row that does not open (its key is lost) can never be sent: it is left out here and counts as waiting.
        """
        rows = self._database.execute(
            "SELECT key, kind, body, created, tries FROM outbox WHERE next_at <= ?"
            " ORDER BY kind != ?, created, key LIMIT ?",
            (at, OFFICERS_ACT, limit),
        )
        opened = ((key, kind, self._sealer.open(sealed), created, tries) for key, kind, sealed, created, tries in rows)
        return tuple(
            Outgoing(key, kind, body, UnixTime(created), tries)
            for key, kind, body, created, tries in opened
            if body is not None
        )

    def remove(self, key: bytes) -> bool:
        """Takes out a row that was answered for good; False when it was gone."""
        return self._database.execute("DELETE FROM outbox WHERE key = ?", (key,)).rowcount == 1

    def holds(self, key: bytes) -> bool:
        """Whether this row waits."""
        return self._database.execute("SELECT 1 FROM outbox WHERE key = ?", (key,)).fetchone() is not None

    def put_off(self, key: bytes, *, until: UnixTime) -> None:
        """One more try without an answer that counts; the next one is due then."""
        self._database.execute("UPDATE outbox SET tries = tries + 1, next_at = ? WHERE key = ?", (until, key))

    def hasten(self, *, at: UnixTime) -> None:
        """The operator can be reached again: whatever was put off is due now."""
        self._database.execute("UPDATE outbox SET next_at = ? WHERE next_at > ?", (at, at))

    def waiting(self) -> Mapping[str, int]:
        """How many rows of each kind wait; kinds of which none does are left out."""
        return dict(self._database.execute("SELECT kind, count(*) FROM outbox GROUP BY kind"))

    def __len__(self) -> int:
        (count,) = self._database.execute("SELECT count(*) FROM outbox").fetchone()
        return int(count)
