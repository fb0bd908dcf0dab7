"""The file of uses beside the vault: encrypted record by record, appended to, and never read for showing a code.

File: magic ‖ version ‖ records, each two bytes of length ‖ nonce ‖ XChaCha20-Poly1305 under a key that follows from the
vault's, with magic and version as associated text. Appending does not wait for the disk (a vault's write does, some ten
milliseconds): what was appended survives a kill of the process at any moment, and what a power cut tears off is the
end. A torn end is cut away by the next append.

Callers hold the vault's lock. Not handled here: what a record says (`history.py`).
"""

import os
from pathlib import Path
from typing import Final

from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import blake2b
from nacl.secret import Aead

from wallet_sdk import durable_file
from wallet_sdk.durable_file import WriteBytes
from wallet_sdk.errors import VaultDamaged, VaultNotWritten
from wallet_sdk.ports import Random

FILE: Final = "wallet.history"
_BEGIN: Final = b"LZWHIST\n\x01"
_LENGTH_BYTES: Final = 2


class HistoryFile:
    """The records of one vault."""

    def __init__(self, folder: Path, vault_key: bytes, *, random: Random, write: WriteBytes) -> None:
        self._path = folder / FILE
        # A key of its own: no nonce of one file is ever one of the other's.
        key = blake2b(b"", key=vault_key, person=b"lz-history", digest_size=Aead.KEY_SIZE, encoder=RawEncoder)
        self._cipher = Aead(key)
        self._random, self._write = random, write
        self._known: tuple[int, int] = (0, 0)

    def append(self, record: bytes) -> int:
        """Adds a record; gives how many there are now.

        Raises:
            VaultNotWritten: It is not there, and all others are.
        """
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | durable_file.BINARY, durable_file.OWNER_ONLY)
            try:
                size = os.fstat(descriptor).st_size
                end, count = self._end_of(descriptor, size)
                added = self._framed(record) if end else _BEGIN + self._framed(record)
                if end != size:
                    os.ftruncate(descriptor, end)
                os.lseek(descriptor, end, os.SEEK_SET)
                rest = memoryview(added)
                while rest:
                    rest = rest[self._write(descriptor, bytes(rest)) :]
            finally:
                os.close(descriptor)
        except OSError as wrong:
            raise VaultNotWritten(str(wrong)) from wrong
        self._known = (end + len(added), count + 1)
        return count + 1

    def records(self) -> tuple[bytes, ...]:
        """Every record, the oldest first; a torn end is none.

        Raises:
            VaultDamaged: The file is another vault's, or was changed.
            VaultUnreadable: see there.
        """
        if not self._path.exists():
            return ()
        content = durable_file.read(self._path, absent=VaultDamaged)
        bounds = _bounds(content)
        try:
            return tuple(
                self._cipher.decrypt(
                    content[begin + Aead.NONCE_SIZE : end], _BEGIN, content[begin : begin + Aead.NONCE_SIZE]
                )
                for begin, end in bounds
            )
        except CryptoError:
            raise VaultDamaged("its history was changed, or is another wallet's") from None

    def replace(self, records: tuple[bytes, ...]) -> None:
        """Puts these records in place of all, durably. Raises: VaultNotWritten, and nothing has changed."""
        whole = _BEGIN + b"".join(map(self._framed, records))
        durable_file.replace(self._path, whole, self._write)
        self._known = (0, 0)

    def _framed(self, record: bytes) -> bytes:
        nonce = self._random(Aead.NONCE_SIZE)
        sealed = nonce + self._cipher.encrypt(record, _BEGIN, nonce).ciphertext
        return len(sealed).to_bytes(_LENGTH_BYTES) + sealed

    def _end_of(self, descriptor: int, size: int) -> tuple[int, int]:
        """Where the last whole record ends, and how many there are; read anew only if somebody else wrote."""
        if size != self._known[0] or size == 0:
            content = os.read(descriptor, size)
            bounds = _bounds(content)
            self._known = (bounds[-1][1] if bounds else len(_BEGIN) if content.startswith(_BEGIN) else 0, len(bounds))
        return self._known


def _bounds(content: bytes) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    position = len(_BEGIN)
    if not content.startswith(_BEGIN):
        return found
    while position + _LENGTH_BYTES <= len(content):
        begin = position + _LENGTH_BYTES
        position = begin + int.from_bytes(content[position:begin])
        if position > len(content) or position - begin <= Aead.NONCE_SIZE:
            break
        found.append((begin, position))
    return found
