"""Files that are either wholly there or not at all, also after a power cut; and one lock for one folder.

Guaranteed: a reader sees the old or the new content; a file that was announced survives the plug being pulled (fsync of
file and folder). The lock ends with its process, however that ends.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from issuer.errors import StorageFailed

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
_LOCK_PATIENCE: Final = 60.0
"""Seconds to wait for the lock: a publication takes well under one."""


def write_atomically(path: Path, content: bytes, *, mode: int) -> None:
    """Put this content at this path, durably.

    Raises:
        StorageFailed: The disk is full, the folder is missing, or writing is not allowed.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise StorageFailed(f"cannot write {path.name}: {error.strerror}") from None


def holds(path: Path, content: bytes) -> bool:
    """Whether a file with exactly this content is there already."""
    try:
        return path.read_bytes() == content
    except OSError:
        return False


def read(path: Path, *, max_bytes: int) -> bytes:
    """The content of a file that is at most this long.

    Raises:
        StorageFailed: It cannot be read, or is longer.
    """
    try:
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise StorageFailed(f"cannot read {path.name}: {error.strerror}") from None
    if len(content) > max_bytes:
        raise StorageFailed(f"{path.name} has more than {max_bytes} bytes", hint="This is not the expected file.")
    return content


def remove(path: Path) -> None:
    """See to it that no file is at this path. Raises: StorageFailed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFailed(f"cannot remove {path.name}: {error.strerror}") from None


def make_folder(path: Path, *, mode: int) -> None:
    """Make this folder and the ones above it.

    Raises:
        StorageFailed: It cannot be made.
    """
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"cannot make the folder {path.name}: {error.strerror}") from None


@contextmanager
def exclusively(lock: Path) -> Iterator[None]:
    """Hold a lock that all processes and threads respect.

    SQLite's own file locks are used because they exist on every system, and end with the process that held them.

    Raises:
        StorageFailed: Somebody else holds it for too long, or the folder cannot be written.
    """
    try:
        with closing(sqlite3.connect(lock, timeout=_LOCK_PATIENCE, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            try:
                yield
            finally:
                connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise StorageFailed(f"cannot lock {lock.name}: {error}") from None


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no handle of a folder to flush; the rename is journalled there.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
