"""The form of a wallet's encrypted files: the vault, and the backup of one.

magic ‖ format version ‖ length and CBOR of the header ‖ XChaCha20-Poly1305 of the content, with everything before it as
associated text ‖ SHA-256 of all that. The digest tells a damaged file from a wrong passphrase; the cipher's own tag is
what protects. The key comes from a passphrase by Argon2id, or is given. Not handled here: where files lie (`vault.py`).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import Aead

from protocol import cbor
from protocol.errors import CborError
from wallet_sdk import migrations
from wallet_sdk.errors import KeyFileMissing, PassphraseEmpty, PassphraseWrong, VaultDamaged, VaultTooNew

FORMAT_VERSION: Final = migrations.CURRENT
"""Older ones are read (`migrations.py`); each write puts this one in their place."""
VAULT_MAGIC: Final = b"LZVAULT\n"
BACKUP_MAGIC: Final = b"LZWBACK\n"
KEY_BYTES: Final = Aead.KEY_SIZE
SALT_BYTES: Final = argon2id.SALTBYTES
NONCE_BYTES: Final = Aead.NONCE_SIZE
_MAGIC_BYTES: Final = 8
_DIGEST_BYTES: Final = 32
_HEADER_AT: Final = _MAGIC_BYTES + 3
_OPS, _MEM, _SALT, _NONCE = range(1, 5)


@dataclass(frozen=True, slots=True)
class PassphraseCost:
    """What one guess at the passphrase costs: Argon2id passes and bytes of memory."""

    passes: int
    memory_bytes: int


RFC_9106_LOW_MEMORY: Final = PassphraseCost(passes=3, memory_bytes=64 * 2**20)
"""RFC 9106 section 4, second recommended option (3 passes, 64 MiB; libsodium has one lane instead of four)."""

_MAX_COST: Final = PassphraseCost(passes=16, memory_bytes=2**30)
"""A foreign file may not make this device work longer than that."""


@dataclass(frozen=True, slots=True)
class Lock:
    """How a content is encrypted: the derived key, and what the header says about its origin."""

    key: bytes = field(repr=False)
    salt: bytes
    cost: PassphraseCost | None


def lock_of(passphrase: str, salt: bytes, cost: PassphraseCost) -> Lock:
    """The lock that this passphrase opens. Raises: PassphraseEmpty."""
    return Lock(_derive(passphrase, salt, cost), salt, cost)


def seal(content: bytes, lock: Lock, *, nonce: bytes, magic: bytes) -> bytes:
    """The file with this content."""
    header: dict[cbor.Key, cbor.Value] = {_SALT: lock.salt, _NONCE: nonce}
    if lock.cost is not None:
        header |= {_OPS: lock.cost.passes, _MEM: lock.cost.memory_bytes}
    encoded = cbor.encode(header)
    associated = magic + bytes((FORMAT_VERSION,)) + len(encoded).to_bytes(2) + encoded
    sealed = associated + Aead(lock.key).encrypt(content, associated, nonce).ciphertext
    return sealed + sha256(sealed).digest()


def origin_of(sealed: bytes, *, magic: bytes) -> tuple[PassphraseCost | None, bytes]:
    """Cost and salt of the passphrase that opens it; no cost: a key file does. Raises: VaultDamaged, VaultTooNew."""
    cost, salt, _ = _header(_checked(sealed, magic))
    return cost, salt


def unseal(sealed: bytes, lock: Lock, *, magic: bytes) -> bytes:
    """The content.

    Raises:
        VaultDamaged, VaultTooNew, PassphraseWrong, KeyFileMissing: see these.
    """
    checked = _checked(sealed, magic)
    _, _, nonce = _header(checked)
    end = _HEADER_AT + int.from_bytes(checked[_HEADER_AT - 2 : _HEADER_AT])
    try:
        return Aead(lock.key).decrypt(checked[end:], checked[:end], nonce)
    except CryptoError:
        raise (KeyFileMissing if lock.cost is None else PassphraseWrong) from None


def version_of(sealed: bytes, *, magic: bytes) -> int:
    """Which version wrote it. Raises: VaultDamaged, VaultTooNew."""
    return _checked(sealed, magic)[_MAGIC_BYTES]


def _checked(encrypted: bytes, magic: bytes) -> bytes:
    """The file without its digest, once magic, version and digest are right."""
    if len(encrypted) < _HEADER_AT + _DIGEST_BYTES or not encrypted.startswith(magic):
        raise VaultDamaged("it is no such file")
    # Every version ends with this digest, so that damage is never taken for a later version.
    content, digest = encrypted[:-_DIGEST_BYTES], encrypted[-_DIGEST_BYTES:]
    if sha256(content).digest() != digest:
        raise VaultDamaged("its digest does not fit")
    version = encrypted[_MAGIC_BYTES]
    if version > FORMAT_VERSION:
        raise VaultTooNew(f"format {version}, known up to {FORMAT_VERSION}")
    if version < 1:
        raise VaultDamaged("it is of no version")
    return content


def _header(checked: bytes) -> tuple[PassphraseCost | None, bytes, bytes]:
    length = int.from_bytes(checked[_HEADER_AT - 2 : _HEADER_AT])
    try:
        header = cbor.decode(checked[_HEADER_AT : _HEADER_AT + length])
    except CborError as wrong:
        raise VaultDamaged(str(wrong)) from None
    match header:
        case Mapping() if isinstance(salt := header.get(_SALT), bytes) and isinstance(
            nonce := header.get(_NONCE), bytes
        ):
            passes, memory = header.get(_OPS), header.get(_MEM)
        case _:
            raise VaultDamaged("its header is incomplete")
    if len(salt) != argon2id.SALTBYTES or len(nonce) != Aead.NONCE_SIZE:
        raise VaultDamaged("salt or nonce of another length")
    if passes is None and memory is None:
        return None, salt, nonce
    if type(passes) is not int or type(memory) is not int:
        raise VaultDamaged("its passphrase cost is no number")
    if not (1 <= passes <= _MAX_COST.passes and argon2id.MEMLIMIT_MIN <= memory <= _MAX_COST.memory_bytes):
        raise VaultDamaged("its passphrase cost is out of range")
    return PassphraseCost(passes, memory), salt, nonce


def _derive(passphrase: str, salt: bytes, cost: PassphraseCost) -> bytes:
    # Keyboards compose accents differently; NFC makes one passphrase of them.
    normal = unicodedata.normalize("NFC", passphrase).encode()
    if not normal:
        raise PassphraseEmpty
    return argon2id.kdf(Aead.KEY_SIZE, normal, salt, opslimit=cost.passes, memlimit=cost.memory_bytes)
