"""The latest signed moment of every trusted key, kept so that a restart or a damaged document does not lose it.

Guaranteed: a moment is only ever raised; a key that is trusted no more loses it, which is how a terminal heals from a
stolen key that spoke of the future. Not handled here: what they mean (`trusted_time`).
"""

import sqlite3
from collections.abc import Collection, Mapping

from protocol.unixtime import UnixTime

SourceKey = tuple[str, bytes]
"""A region of six digits and the kid of one of its keys."""


class FloorStore:
    """The floors of one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def held(self) -> Mapping[SourceKey, UnixTime]:
        """The floor of every key."""
        rows = self._database.execute("SELECT region, kid, iat FROM time_floor")
        return {(region, kid): UnixTime(iat) for region, kid, iat in rows}

    def record(self, observed: Mapping[SourceKey, UnixTime], *, trusted: Collection[SourceKey]) -> None:
        """Raises the floors of trusted keys to what they signed, and deletes those of all other keys.

        Raises:
            sqlite3.Error: It was not written.
        """
        for key in self.held().keys() - set(trusted):
            self._database.execute("DELETE FROM time_floor WHERE region = ? AND kid = ?", key)
        self._database.executemany(
            "INSERT INTO time_floor VALUES (?, ?, ?) ON CONFLICT (region, kid) DO UPDATE"
            " SET iat = max(iat, excluded.iat)",
            [(region, kid, iat) for (region, kid), iat in observed.items() if (region, kid) in trusted],
        )
