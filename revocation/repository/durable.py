"""Files that are wholly there or not at all, also after the plug was pulled; and one writer for one folder."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from revocation.repository.errors import Busy, FolderUnusable


def write(path: Path, content: bytes, *, private: bool = False) -> None:
    """Put this content at this path, durably; folders on the way are made.

    Raises:
        FolderUnusable: The disk is full, or writing is not allowed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o600 if private else 0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync(path.parent)
    except OSError as failure:
        raise FolderUnusable(f"{path}: {failure.strerror}") from failure


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other program writes this folder meanwhile; the lock ends with its process, however that ends.

    Raises:
        Busy: Another one does.
        FolderUnusable: The folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as failure:
        raise FolderUnusable(f"{folder}: {failure.strerror}") from failure
    try:
        if not _take(descriptor):
            raise Busy(f"another program is updating {folder}")
        yield
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    # Windows opens no folders; its file system keeps a rename by itself.
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
