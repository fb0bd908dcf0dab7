"""Keys that checkpoints have banned, kept until no trust list has them any more.

Guaranteed: a ban outlives the checkpoint that carried it, the earliest moment that was ever heard stays, and a ban is
never lifted by another one. Whose keys a checkpoint may ban is its reader's to check (`protocol.checkpoint`).
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping

from protocol.checkpoint import Ban
from protocol.unixtime import UnixTime


class BanStore:
    """The bans of one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def held(self) -> Mapping[tuple[str, bytes], UnixTime]:
        """From when on each banned key is banned, by (iss, kid)."""
        rows = self._database.execute("SELECT iss, kid, since FROM ban")
        return {(iss, kid): UnixTime(since) for iss, kid, since in rows}

    def record(self, bans: Iterable[Ban], *, trusted: Collection[tuple[str, bytes]]) -> None:
        """Takes bans of keys that are trusted, and forgets those of keys that are not any more.

        Raises:
            sqlite3.Error: It was not written.
        """
        for pair in self.held().keys() - set(trusted):
            self._database.execute("DELETE FROM ban WHERE iss = ? AND kid = ?", pair)
        self._database.executemany(
            "INSERT INTO ban VALUES (?, ?, ?) ON CONFLICT (iss, kid) DO UPDATE SET since = min(since, excluded.since)",
            [(each.iss, each.kid, each.since) for each in bans if (each.iss, each.kid) in trusted],
        )
