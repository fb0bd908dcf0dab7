"""A terminal's database as it stands now, in memory: read from the files as bytes, so that nothing there is touched.

SQLite itself writes beside a database that it only reads: it makes the -shm file, marks readers in it, and removes the
log with the last connection (sqlite.org/wal.html, "Read-Only Databases"). So the two files are copied and SQLite opens
the copies. Guaranteed: a consistent state, also of a terminal that runs: pages that the log has replace those of the
file, and a log that began anew, or a file that changed while it was copied, is copied again. Not handled here: what the
tables mean.
"""

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from verifier_terminal.errors import StoreDamaged

_LOG: Final = "-wal"
_LOG_HEADER_BYTES: Final = 32
"""With the two salts that change whenever the log begins anew (sqlite.org/fileformat2.html, "The Write-Ahead Log")."""
_ATTEMPTS: Final = 20
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 — a folder in memory, where there is one; the copy is in a folder of its own

State = tuple[object, ...]


class Snapshots:
    """The newest state of one database. Any thread may ask; they take turns."""

    def __init__(self, database: Path) -> None:
        """Nothing is read yet.

        Args:
            database: The terminal's, which only has to be readable.
        """
        self._path = database
        self._lock = threading.Lock()
        self._state: State | None = None
        self._held: sqlite3.Connection | None = None

    @contextmanager
    def now(self) -> Iterator[sqlite3.Connection]:
        """The state of this moment, for as long as the block runs.

        Raises:
            StoreDamaged: It cannot be read, or changes faster than it can be copied.
        """
        with self._lock:
            try:
                state = self._look()
                if self._held is None or state != self._state:
                    if self._held is not None:
                        self._held.close()
                        self._held = None
                    self._held, self._state = self._copied()
            except (OSError, sqlite3.Error) as failure:
                raise StoreDamaged(f"{self._path.name}: {failure}") from failure
            yield self._held

    def close(self) -> None:
        """Lets go of the copy."""
        with self._lock:
            if self._held is not None:
                self._held.close()
                self._held = None

    def _look(self) -> State:
        """What tells two states apart: both files' sizes and moments, and where the log began."""
        log = Path(f"{self._path}{_LOG}")
        file = self._path.stat()
        try:
            with log.open("rb") as opened:
                header = opened.read(_LOG_HEADER_BYTES)
            size, changed = log.stat().st_size, log.stat().st_mtime_ns
        except FileNotFoundError:
            # A terminal that was closed has none.
            header, size, changed = b"", 0, 0
        return file.st_size, file.st_mtime_ns, header, size, changed

    def _copied(self) -> tuple[sqlite3.Connection, State]:
        for _ in range(_ATTEMPTS):
            before = self._look()
            with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
                copy = Path(folder) / "copy.db"
                # The file first: a page that is written into it meanwhile stands in the log, which is read after it.
                shutil.copyfile(self._path, copy)
                if before[3]:
                    shutil.copyfile(f"{self._path}{_LOG}", f"{copy}{_LOG}")
                after = self._look()
                if before[:3] == after[:3]:
                    return _in_memory(copy), before
        raise StoreDamaged(f"{self._path.name} changes faster than it can be copied; try again")


def _in_memory(copy: Path) -> sqlite3.Connection:
    opened = sqlite3.connect(copy)
    try:
        # A database in memory has no log; SQLite takes the copy's in.
        opened.execute("PRAGMA journal_mode = DELETE").fetchall()
        held = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        opened.backup(held)
    finally:
        opened.close()
    held.execute("PRAGMA query_only = ON")
    return held
