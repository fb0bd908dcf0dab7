"""Base files: all lists of a region as of one signed checkpoint, in a file that is mapped and never changed.

The lists that hold anything but VALID stand one behind the other; behind them stand the hashes of all lists, which say
where each one is. The root over these hashes is what the checkpoint signs, so a file says nothing on its own: every
byte of it is compared with a signed statement whenever it is opened, before it is mapped.

Not handled here: bits that turn on the disk after that (the next fold finds them), and somebody who cuts a mapped file
short, which ends the process.
"""

import mmap
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from protocol.checkpoint import Checkpoint
from protocol.feed_position import FeedPosition
from revocation import state
from revocation.errors import StateMismatch
from revocation.state import ALL_VALID, LIST_BYTES, RETIRED_HASH, ListEntries, RegionState

_NAME: Final = re.compile(r"base-[0-9]+-[0-9]+\.raw(\.new)?", re.ASCII)
_HASH_BYTES: Final = len(RETIRED_HASH)


class BaseDamaged(Exception):
    """The file is missing, of another size, or holds something else than what was signed."""


def name_of(position: FeedPosition) -> str:
    """The file's name in its region's folder."""
    return f"base-{position.epoch}-{position.seq}.raw"


def is_ours(name: str) -> bool:
    """Whether a file of this name may be removed when nothing refers to it."""
    return _NAME.fullmatch(name) is not None


def write(path: Path, held: RegionState, *, root: bytes) -> None:
    """Writes a new file, list by list, durable on return. Nothing is left of it if that fails.

    Raises:
        StateMismatch: The state is not the signed one.
        OSError: It could not be written.
    """
    try:
        with path.open("wb") as file:
            hashes = []
            for entries in held.lists:
                if entries is None or entries is ALL_VALID:
                    hashes.append(RETIRED_HASH if entries is None else ALL_VALID.sha256)
                    continue
                # Hashed as it is now: a hash from when the file was opened would vouch for what the disk said then.
                content = bytes(entries.packed)
                hashed = sha256(content).digest()
                hashes.append(hashed)
                if hashed != ALL_VALID.sha256:
                    file.write(content)
            if state.root_over(held.region, hashes) != root:
                raise StateMismatch("the state that came out is not the signed one")
            file.write(b"".join(hashes))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read(path: Path, signed: Checkpoint) -> RegionState:
    """The state in this file, mapped, once every byte is found to be what was signed.

    Raises:
        BaseDamaged: It is not.
        FileNotFoundError: There is none.
    """
    try:
        with path.open("rb") as file:
            places = _places(file, signed)
            mapped = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            # Read and not looked at through the mapping, so that it takes no memory of this process.
            file.seek(0)
            for hashed, _ in filter(lambda each: each[1] is not None, places):
                if sha256(file.read(LIST_BYTES)).digest() != hashed:
                    raise BaseDamaged(f"{path.name}: a list is not the signed one")
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as failure:
        raise BaseDamaged(f"{path.name}: {failure}") from failure
    return RegionState(
        signed.position.region,
        tuple(_unstored(hashed) if at is None else ListEntries(mapped[at : at + LIST_BYTES]) for hashed, at in places),
    )


def _places(file: BinaryIO, signed: Checkpoint) -> list[tuple[bytes, int | None]]:
    """The hash of each list, and where it stands in the file if it stands there."""
    trailer = signed.lists * _HASH_BYTES
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - trailer))
    content = file.read(trailer)
    hashes = [content[begin : begin + _HASH_BYTES] for begin in range(0, len(content), _HASH_BYTES)]
    if state.root_over(signed.position.region, hashes) != signed.state_root:
        raise BaseDamaged("the hashes of the lists are not the signed ones")
    places: list[tuple[bytes, int | None]] = []
    end = 0
    for hashed in hashes:
        stored = hashed not in (RETIRED_HASH, ALL_VALID.sha256)
        places.append((hashed, end if stored else None))
        end += LIST_BYTES if stored else 0
    if size != end + trailer:
        raise BaseDamaged(f"a file of {size} bytes")
    return places


def _unstored(hashed: bytes) -> ListEntries | None:
    return None if hashed == RETIRED_HASH else ALL_VALID


def sync_folder(folder: Path) -> None:
    """Makes a rename in this folder durable.

    Raises:
        OSError: It could not be.
    """
    if sys.platform == "win32":
        # Windows opens no folders; NTFS journals the rename.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clean_up(folder: Path, *, keep: str) -> None:
    """Removes what a process that was killed left behind, and bases that were replaced; strangers' files stay."""
    # What cannot be removed now (Windows keeps files that are mapped) is tried again at the next start.
    with suppress(OSError):
        for each in folder.iterdir():
            if is_ours(each.name) and each.name != keep:
                with suppress(OSError):
                    each.unlink()


@contextmanager
def sole_writer(folder: Path, *, wait: bool) -> Iterator[None]:
    """Nobody else writes or removes base files of this terminal inside the block.

    Raises:
        OSError: The lock cannot be had, or, without waiting, somebody else has it.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, wait)
        yield
    finally:
        # Closing gives the lock back, and so does being killed.
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, wait: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
