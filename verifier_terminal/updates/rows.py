"""The rows of `software_update`: how far each version has come on this terminal.

Read and written inside the store's transactions, with a journal row for every step. Not handled here: which steps there
are (`states`).
"""

import json
import sqlite3
from typing import Final

from protocol.unixtime import UnixTime
from revocation.repository.releases import Version
from verifier_terminal.store.journal import Payload
from verifier_terminal.store.store import Store
from verifier_terminal.updates.states import Progress, State

EVENT: Final = "software"
_ROWS_LOOKED_AT: Final = 100
"""A version writes about ten."""
_COLUMNS: Final = "version, sha256, state, since, notes, usable_from, ask_after, postponed_until, withdrawn, detail"


class Rows:
    """Over an open store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> tuple[Progress, ...]:
        """Every version that was ever offered here, the newest first. Raises: OutOfOrder."""
        with self._store.reading():
            return read(self._store.database)

    def record(self, progress: Progress, step: str, *, at: UnixTime, by: str = "") -> Progress:
        """Keeps it, with a row in the journal that says which step it was, all or nothing. Raises: OutOfOrder."""
        row = (
            str(progress.version),
            progress.sha256,
            str(progress.state),
            progress.since,
            json.dumps(dict(progress.notes), ensure_ascii=False),
            progress.usable_from,
            progress.ask_after,
            progress.postponed_until,
            progress.withdrawn,
            progress.detail,
        )
        with self._store.writing():
            self._store.database.execute(
                f"INSERT OR REPLACE INTO software_update ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own names
                row,
            )
            self._store.journal.append(_payload(progress.version, step, progress.detail, by, at), at=at)
        return progress

    def drop(self, progress: Progress, step: str, *, at: UnixTime) -> None:
        """Forgets a version that was not applied. Raises: OutOfOrder."""
        with self._store.writing():
            self._store.database.execute("DELETE FROM software_update WHERE version = ?", (str(progress.version),))
            self._store.journal.append(_payload(progress.version, step, "", "", at), at=at)

    def last_use(self) -> UnixTime | None:
        """When the journal last told of anything but software; None: it never did. Raises: OutOfOrder."""
        with self._store.reading():
            rows = self._store.journal.rows(limit=_ROWS_LOOKED_AT)
        moments = (each.payload.get("at") for each in rows if each.payload and each.payload["event"] != EVENT)
        return next((UnixTime(at) for at in moments if isinstance(at, int)), None)


def read(database: sqlite3.Connection) -> tuple[Progress, ...]:
    """Every row, the newest version first."""
    rows = database.execute(f"SELECT {_COLUMNS} FROM software_update").fetchall()  # noqa: S608 - our own names
    found = [
        Progress(Version.parse(version), sha256, State(state), UnixTime(since), json.loads(notes), *rest)
        for version, sha256, state, since, notes, *rest in rows
    ]
    return tuple(sorted(found, key=lambda each: each.version, reverse=True))


def _payload(version: Version, step: str, detail: str, by: str, at: UnixTime) -> Payload:
    return {"event": EVENT, "step": step, "version": str(version), "detail": detail, "by": by, "at": at}
