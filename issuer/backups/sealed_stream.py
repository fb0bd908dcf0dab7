"""A file of records that is encrypted in parts, so that a register of any size passes through little memory.

    "LZISSUER1" ‖ salt16 ‖ parts of at most 64 KiB, ChaCha20-Poly1305; nonce = number11 ‖ (last part: 1, else 0)

That is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015, section 7), as age has it: a part that was changed, moved or
removed opens nothing, and a file that was cut off has no last part. The key comes from a passphrase by Argon2id.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl import pwhash

from issuer.backups.errors import BackupDamaged, BackupRefused
from issuer.draws import RandomBytes
from issuer.keys.box import Argon2Profile
from protocol import cbor
from protocol.errors import CborError

MIN_PASSPHRASE: Final = 12
"""Whoever finds a copy has all the time there is."""
MAX_RECORD_BYTES: Final = 256 * 1024 * 1024
"""A base of the feed for 56 million licences has about 30 MiB."""
_MAGIC: Final = b"LZISSUER1"
_SALT_BYTES: Final = 16
_PART: Final = 64 * 1024
_TAG: Final = 16
_LENGTH: Final = 4
_KEY_BYTES: Final = 32


class SealedWriter:
    """Writes records. Only what was closed without an error can be read."""

    def __init__(self, file: BinaryIO, passphrase: str, *, random_bytes: RandomBytes, cost: Argon2Profile) -> None:
        if len(passphrase) < MIN_PASSPHRASE:
            raise BackupRefused(f"the backup's passphrase has fewer than {MIN_PASSPHRASE} characters")
        salt = random_bytes(_SALT_BYTES)
        self._file, self._box, self._number = file, _box(passphrase, salt, cost), 0
        self._waiting = bytearray()
        file.write(_MAGIC + salt)

    def write(self, record: cbor.Value) -> None:
        """Add one record."""
        encoded = cbor.encode(record)
        assert len(encoded) <= MAX_RECORD_BYTES, "no row of a register is that long"
        self._waiting += len(encoded).to_bytes(_LENGTH) + encoded
        while len(self._waiting) > _PART:
            self._put(bytes(self._waiting[:_PART]), is_last=False)
            del self._waiting[:_PART]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._put(bytes(self._waiting), is_last=True)

    def _put(self, part: bytes, *, is_last: bool) -> None:
        self._file.write(self._box.encrypt(_nonce(self._number, is_last=is_last), part, None))
        self._number += 1


def records(file: BinaryIO, passphrase: str, *, cost: Argon2Profile) -> Iterator[cbor.Value]:
    """The records of a file, in order. Raises: BackupDamaged, at the first part that does not open."""
    waiting = bytearray()
    for part in _parts(file, passphrase, cost):
        waiting += part
        while len(waiting) >= _LENGTH:
            end = _LENGTH + int.from_bytes(waiting[:_LENGTH])
            if len(waiting) < end:
                break
            try:
                yield cbor.decode(bytes(waiting[_LENGTH:end]))
            except CborError:
                raise BackupDamaged("the backup holds something that this program does not write") from None
            del waiting[:end]
    if waiting:
        raise BackupDamaged("the backup ends inside a record")


def _parts(file: BinaryIO, passphrase: str, cost: Argon2Profile) -> Iterator[bytes]:
    head = file.read(len(_MAGIC) + _SALT_BYTES)
    if len(head) != len(_MAGIC) + _SALT_BYTES or not head.startswith(_MAGIC):
        raise BackupDamaged("this is no backup of an issuer")
    box, number = _box(passphrase, head[len(_MAGIC) :], cost), 0
    part = file.read(_PART + _TAG)
    while True:
        following = file.read(_PART + _TAG)
        try:
            yield box.decrypt(_nonce(number, is_last=not following), part, None)
        except InvalidTag:
            raise BackupDamaged("the backup does not open: another passphrase, or another content") from None
        if not following:
            return
        part, number = following, number + 1


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])


def _box(passphrase: str, salt: bytes, cost: Argon2Profile) -> ChaCha20Poly1305:
    key = pwhash.argon2id.kdf(
        _KEY_BYTES,
        passphrase.encode(),
        salt,
        opslimit=cost.passes,
        memlimit=cost.memory,
    )
    return ChaCha20Poly1305(key)
