"""A moment of its own for every code, so that no two showings of one second are the same presentation.

A presentation differs from another of the same items in its moments only, and terminals refuse one that was used up.
Two showings of one wallet within a second (a second counter, a quick repeat) would be byte for byte the same. So the
last moment is kept beside the vault, and a showing that falls on it or just before it takes the next one; terminals
allow a phone's clock to be 30 s ahead. The file holds nothing else and is an aid, not a record: if it cannot be read or
written, the showing goes on.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from protocol.unixtime import UnixTime

MOMENT_FILE: Final = "last-shown"
_DIGITS: Final = 16
"""As many for every moment, so that a new one covers an old one."""
_MOST_AHEAD: Final = 10
"""Seconds; beyond that the clock was set back, and the honest moment counts."""


class DistinctMoments:
    """The moments of one wallet's codes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MOMENT_FILE

    def take(self, at: UnixTime) -> UnixTime:
        """This moment, or the first one after it that no code of this wallet has."""
        moment = at
        with suppress(OSError), self._opened() as descriptor:
            written = os.read(descriptor, _DIGITS + 1)
            last = _number(written)
            if last is not None and 0 <= last - at < _MOST_AHEAD:
                moment = UnixTime(last + 1)
            # Overwritten in place and never cut off first: file systems flush a file that was cut off when it is
            # closed, which costs a hundred signatures.
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, b"%0*d" % (_DIGITS, moment))
            if len(written) > _DIGITS:
                os.ftruncate(descriptor, _DIGITS)
        return moment

    @contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _number(written: bytes) -> int | None:
    try:
        return int(written)
    except ValueError:
        return None
