"""Bundles as files on sticks and cards: read as if somebody hostile had made the file system, written so that it lasts.

Guaranteed on reading: a regular file and no link, pipe, device or folder, which is found out without waiting for any of
them; its size and every entry's are bounded before a value is read; one entry at a time is in memory. Guaranteed on
writing: an 8.3 name that every file system of a stick keeps; the whole file under its name or what was there before.

Not handled here: what the entries are worth. A stick that is pulled out is an error of reading and nothing worse: the
file is read and never mapped.
"""

import errno
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from protocol import feed_bundle
from protocol.errors import ProtocolError
from protocol.feed_position import REGION_PATTERN
from revocation.errors import BundleRefused, BundleUnreadable, BundleUnwritable, NotARegularFile

_NAME: Final = re.compile(r"[0-9A-Z]{1,8}[.]BDL", re.ASCII)
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)
# Windows knows no links that are followed by accident and no pipes in folders; its flags are 0.
_READING: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_WRITING: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def name_for(region: str) -> str:
    """The file name of a region's bundle: `LZ310000.BDL`."""
    assert REGION_PATTERN.fullmatch(region)
    return f"LZ{region}.BDL"


class BundleFile:
    """A bundle that lies in a file. Close it, or use it in a `with`."""

    def __init__(self, path: Path) -> None:
        """Opens the file and reads where its entries lie.

        Raises:
            NotARegularFile: A link, a folder, a pipe, a device.
            BundleUnreadable: There is none, or it cannot be read.
            BundleRefused: It is no bundle, or larger than any.
        """
        self._path = path
        try:
            self._descriptor = os.open(path, _READING)
        except OSError as failure:
            if failure.errno == errno.ELOOP:
                raise NotARegularFile(f"{path} is a link") from failure
            if failure.errno == errno.ENXIO:
                raise NotARegularFile(f"{path} is a socket or a device") from failure
            raise BundleUnreadable(f"{path}: {failure.strerror}") from failure
        try:
            standing = os.fstat(self._descriptor)
            if not stat.S_ISREG(standing.st_mode):
                kind = next((words for is_kind, words in _KINDS if is_kind(standing.st_mode)), "something else")
                raise NotARegularFile(f"{path} is {kind}")
            self._extents = feed_bundle.index(self._read, standing.st_size)
        except ProtocolError as refused:
            self.close()
            raise BundleRefused(f"{path}: {refused}") from refused
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back, so that the stick can be taken out."""
        os.close(self._descriptor)

    def sizes(self) -> dict[str, int]:
        """The entries' names, and how long each is."""
        return {name: extent.size for name, extent in self._extents.items()}

    def entry(self, name: str) -> bytes | None:
        """The bytes of an entry, or None where the bundle has none of this name.

        Raises:
            BundleUnreadable: The stick was pulled out, or the file has changed.
        """
        extent = self._extents.get(name)
        if extent is None:
            return None
        content = self._read(extent.offset, extent.size)
        if len(content) != extent.size:
            raise BundleUnreadable(f"{self._path}: the file was cut off meanwhile")
        return content

    def _read(self, offset: int, count: int) -> bytes:
        parts = bytearray()
        try:
            while len(parts) < count:
                os.lseek(self._descriptor, offset + len(parts), os.SEEK_SET)
                part = os.read(self._descriptor, count - len(parts))
                if not part:
                    break
                parts += part
        except OSError as failure:
            raise BundleUnreadable(f"{self._path}: {failure.strerror}") from failure
        return bytes(parts)


def write(path: Path, entries: Mapping[str, bytes]) -> int:
    """Writes a bundle, durably, and says how many bytes it has. A bundle that is there already is replaced.

    Raises:
        BundleUnwritable: The name is not 8.3, or the file system does not take the file; what was there stays.
        ProtocolError: No reader would take these entries.
    """
    if not _NAME.fullmatch(path.name):
        raise BundleUnwritable(
            f"{path.name} is not a name that every stick keeps: up to eight capitals and digits, then .BDL, such as"
            " LZ310000.BDL"
        )
    encoded = feed_bundle.encode(entries)
    # Beside its place, so that the new name is one step; an 8.3 name too.
    unfinished = path.with_suffix(".TMP")
    try:
        unfinished.unlink(missing_ok=True)
        try:
            _write_through(unfinished, encoded)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as failure:
        raise BundleUnwritable(f"{path}: {failure.strerror}") from failure
    return len(encoded)


def _write_through(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, _WRITING, 0o644), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    """The new name, too: people pull sticks out as soon as a command ends."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as failure:
        # Some file systems of sticks know no fsync of a folder.
        if failure.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
