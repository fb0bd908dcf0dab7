"""Files that are whole or unchanged: temporary file, fsync, rename, fsync of the folder; and a lock between processes.

A kill or a full disk at any moment leaves the old content. The lock belongs to the operating system, so it ends with
its process and never goes stale. Not handled here: what is written.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from wallet_sdk.errors import VaultBusy, VaultNotWritten, VaultUnreadable, WalletError
from wallet_sdk.ports import Sleep

WriteBytes = Callable[[int, bytes], int]
"""Writes bytes to a descriptor and says how many; the real one is `write_bytes`."""

Identity = tuple[int, ...]
"""Of a file: device, number, size, and both moments of its last change. Reading it costs a twentieth of the content."""

write_bytes: Final[WriteBytes] = os.write

OWNER_ONLY: Final = 0o600
_FOLDER_MODE: Final = 0o700
_LOCK_ATTEMPTS: Final = 100
_LOCK_PAUSE_SECONDS: Final = 0.05
"""Five seconds in all; a holder of the lock needs some milliseconds."""
BINARY: Final = getattr(os, "OBINARY", 0)


def make_folder(folder: Path) -> None:
    """The folder, for its owner only.

    Raises:
        VaultNotWritten: It cannot be made.
    """
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as wrong:
        raise VaultNotWritten(str(wrong)) from wrong


def read(path: Path, *, absent: type[WalletError]) -> bytes:
    """The content.

    Raises:
        absent: There is no such file.
        VaultUnreadable: The operating system refuses.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise absent(str(path)) from None
    except OSError as wrong:
        raise VaultUnreadable(str(wrong)) from wrong


def identity(path: Path, *, absent: type[WalletError]) -> Identity:
    """What changes whenever `replace` was called: a new file is made before the old one goes, so its number differs.

    Raises: as `read`.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise absent(str(path)) from None
    except OSError as wrong:
        raise VaultUnreadable(str(wrong)) from wrong
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def replace(path: Path, content: bytes, write: WriteBytes = write_bytes) -> None:
    """Puts the content in place of what was there, durably; mode 0600. The caller holds the lock.

    Raises:
        VaultNotWritten: What was there before is unchanged (unless only the last step, the folder's fsync, failed).
    """
    temporary = path.with_name(path.name + ".new")
    try:
        _write_whole(temporary, content, write)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as wrong:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise VaultNotWritten(str(wrong)) from wrong


def _write_whole(path: Path, content: bytes, write: WriteBytes) -> None:
    # A killed writer may have left this file; it is nobody's, since writers hold the lock.
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, OWNER_ONLY)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[write(descriptor, bytes(rest)) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        # Windows opens no folders; NTFS journals the rename.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, sleep: Sleep) -> Iterator[None]:
    """Nobody else holds this lock inside the block.

    Raises:
        VaultBusy: Another process held it for five seconds.
        VaultNotWritten: The lock file cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, OWNER_ONLY)
    except FileNotFoundError as wrong:
        raise VaultUnreadable(str(wrong)) from wrong
    except OSError as wrong:
        raise VaultNotWritten(str(wrong)) from wrong
    try:
        for _ in range(_LOCK_ATTEMPTS):
            if _take(descriptor):
                break
            sleep(_LOCK_PAUSE_SECONDS)
        else:
            raise VaultBusy
        yield
    finally:
        # Closing gives the lock back.
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
