"""Who looked at what in a terminal's directory, and when: lines in a file of its own beside the database.

The database is evidence and stays as it is; this file is only ever made longer (`readings.jsonl`, an object a line),
until it is full: then it becomes `readings.1.jsonl`, in the place of the one before. Guaranteed: a line names pages,
tables and check numbers, and never what stands in them nor what was searched for. Not handled here: whoever may read
the files can also copy them, and nobody notices that.
"""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from protocol import unixtime
from protocol.unixtime import UnixTime

FILE: Final = "readings.jsonl"
FORMER: Final = "readings.1.jsonl"
MAX_BYTES: Final = 1_048_576
"""Ten thousand looks."""
MAX_SHOWN: Final = 1_000


class Readings:
    """The readings of one directory. Any thread may note one."""

    def __init__(self, directory: Path, *, by: str, now: Callable[[], UnixTime]) -> None:
        """`by` is who looks: the user of this machine."""
        self._path, self._former = directory / FILE, directory / FORMER
        self._by, self._now = by, now
        self._lock = threading.Lock()

    def note(self, what: str) -> bool:
        """Writes down that this is looked at; False where it cannot be written, as on a protected copy."""
        line = json.dumps({"at": unixtime.iso_utc(self._now()), "by": self._by, "what": what}, ensure_ascii=True)
        with self._lock:
            try:
                if self._path.exists() and self._path.stat().st_size >= MAX_BYTES:
                    self._path.replace(self._former)
                self._path.touch(mode=0o600)
                with self._path.open("a", encoding="ascii") as opened:
                    opened.write(f"{line}\n")
            except OSError:
                return False
        return True

    def newest(self) -> tuple[tuple[str, str, str], ...]:
        """Moment, who and what, the newest first; a line that somebody broke is shown as such."""
        lines: list[str] = []
        for path in (self._former, self._path):
            try:
                lines += path.read_text("ascii", "replace").splitlines()
            except OSError:
                continue
        return tuple(_read(line) for line in lines[: -MAX_SHOWN - 1 : -1])


def _read(line: str) -> tuple[str, str, str]:
    try:
        said = json.loads(line)
        return str(said["at"]), str(said["by"]), str(said["what"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "?", "?", line
