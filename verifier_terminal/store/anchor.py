"""The anchor: the journal's newest head and count in a second file, written after each commit and fsynced.

What it detects: rows cut off the end, and a database replaced by an older copy of itself, as long as `journal.head`
was not replaced with it. What it cannot detect: both files put back together (a restored disk image), or an attacker
who rewrites the whole chain and the anchor; for that a head must stand off the device, at the issuer or on paper. A row
committed in the instant before a kill may be missing from the anchor; it is still on the chain, and the next row
anchors it too.

Two slots are written in turn, each with a check sum, so that a torn write leaves the other one.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

_SLOT_BYTES: Final = 128
_CHECK_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class Head:
    """How many rows the journal had, and the row hash of the last one."""

    count: int
    row_hash: bytes


class Anchor:
    """The file `journal.head`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Head | None:
        """The newest head that was anchored; None when there is no readable one.

        Raises:
            OSError: The file is there and cannot be read.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        heads = [_parse(content[start : start + _SLOT_BYTES]) for start in (0, _SLOT_BYTES)]
        return max((head for head in heads if head is not None), key=lambda head: head.count, default=None)

    def write(self, head: Head) -> None:
        """Anchors a head; durable on return.

        Raises:
            OSError: It could not be written.
        """
        slot = _slot(head)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.lseek(descriptor, head.count % 2 * _SLOT_BYTES, os.SEEK_SET)
            if os.write(descriptor, slot) != len(slot):
                raise OSError("the anchor was written in part only")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def restart(self, head: Head) -> None:
        """Forgets what was anchored before and begins with this head; durable on return.

        Only after what the old anchor had found stands in the journal.

        Raises:
            OSError: It could not be written.
        """
        with self._path.open("wb") as opened:
            opened.write(_slot(head) * 2)
            opened.flush()
            os.fsync(opened.fileno())


def _slot(head: Head) -> bytes:
    line = f"{head.count} {head.row_hash.hex()}"
    check = sha256(line.encode()).hexdigest()[:_CHECK_CHARACTERS]
    return f"{line} {check}".ljust(_SLOT_BYTES - 1).encode() + b"\n"


def _parse(slot: bytes) -> Head | None:
    parts = slot.decode("ascii", "replace").split()
    if len(parts) != 3 or not parts[0].isdecimal() or len(parts[1]) != 64:
        return None
    try:
        head = Head(int(parts[0]), bytes.fromhex(parts[1]))
    except ValueError:
        return None
    return head if _slot(head) == slot else None
