"""Guesses at a secret that people type at the terminal: after five wrong ones it waits, longer each time.

Guaranteed: a try is counted durably *before* the secret is compared, so that neither a kill nor a second process gives
tries for nothing, and a restart forgets none. A clock that was set back makes the wait longer and never shorter. Not
handled here: the comparison, and how secrets are kept.

NIST SP 800-63B, "Rate Limiting (Throttling)", allows at most 100 wrong tries in a row; here 11 fit into the first day.
"""

import sqlite3
from typing import Final

from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime

FREE_TRIES: Final = 5
LONGEST_WAIT: Final = DAY
_WAITS: Final = (MINUTE, Seconds(5 * MINUTE), Seconds(15 * MINUTE), HOUR, Seconds(3 * HOUR), Seconds(12 * HOUR))
"""After the fifth wrong try in a row, the sixth, and so on; then `LONGEST_WAIT`."""


class Guesses:
    """The tries at every secret of one terminal. Called by one thread at a time, inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def count_one(self, secret: str, *, at: UnixTime) -> Seconds | None:
        """Counts a try as a wrong one before it is made; gives how long to wait instead, when it may not be made.

        Args:
            secret: Which one; each has tries of its own.
            at: Now.

        Raises:
            sqlite3.Error: It was not counted, so it may not be made.
        """
        row = self._database.execute("SELECT wrong, at FROM guess WHERE secret = ?", (secret,)).fetchone()
        wrong, last = (0, 0) if row is None else row
        left = _wait_after(wrong) - max(0, at - last)
        if left > 0:
            return Seconds(left)
        self._database.execute(
            "INSERT INTO guess VALUES (?, 1, ?) ON CONFLICT (secret) DO UPDATE SET wrong = wrong + 1, at = excluded.at",
            (secret, at),
        )
        return None

    def was_right(self, secret: str) -> None:
        """The counted try was no wrong one: the next ones begin anew. Raises: sqlite3.Error."""
        self._database.execute("DELETE FROM guess WHERE secret = ?", (secret,))


def _wait_after(wrong: int) -> Seconds:
    if wrong < FREE_TRIES:
        return Seconds(0)
    late = wrong - FREE_TRIES
    return _WAITS[late] if late < len(_WAITS) else LONGEST_WAIT
