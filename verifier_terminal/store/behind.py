"""Since when a region's checkpoints have named newer trust metadata than the terminal could get; kept over restarts.

Somebody who keeps metadata away must not begin anew with every start of the terminal. Not handled here: what it is
worth (`appraisal.gates`).
"""

import sqlite3
from collections.abc import Mapping

from protocol.unixtime import UnixTime


class BehindStore:
    """The regions that are behind, at one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def held(self) -> Mapping[str, UnixTime]:
        """Since when, by region."""
        return {region: UnixTime(since) for region, since in self._database.execute("SELECT * FROM metadata_behind")}

    def note(self, region: str, *, since: UnixTime) -> None:
        """A checkpoint of this moment names newer ones; the first such moment stays. Raises: sqlite3.Error."""
        self._database.execute("INSERT OR IGNORE INTO metadata_behind VALUES (?, ?)", (region, since))

    def forget(self, region: str) -> None:
        """The terminal holds what the region's checkpoints name. Raises: sqlite3.Error."""
        self._database.execute("DELETE FROM metadata_behind WHERE region = ?", (region,))
