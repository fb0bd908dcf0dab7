"""The vault: one file, encrypted at rest, that survives a kill at any moment.

File: magic ‖ format version ‖ length and CBOR of the header ‖ XChaCha20-Poly1305 of the content, with everything before
it as associated text ‖ SHA-256 of all that. The digest tells a damaged file from a wrong passphrase; the cipher's own
tag is what protects. The key comes from a passphrase by Argon2id, or from a random key file beside the vault
(CONTRACTS.md, "Keys at rest"). Writers take the lock file; readers need none, since a rename replaces the file whole.

Not handled here: what the content means (`holdings.py`).
"""

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import Aead

from protocol import cbor
from protocol.errors import CborError
from wallet_sdk import durable_file
from wallet_sdk.durable_file import Identity, WriteBytes
from wallet_sdk.errors import (
    KeyFileMissing,
    PassphraseEmpty,
    PassphraseNeeded,
    PassphraseWrong,
    VaultDamaged,
    VaultExists,
    VaultMissing,
    VaultTooNew,
)
from wallet_sdk.ports import Random, Sleep

VAULT_FILE: Final = "wallet.vault"
KEY_FILE: Final = "wallet.key"
LOCK_FILE: Final = "wallet.lock"
FORMAT_VERSION: Final = 1
_MAGIC: Final = b"LZVAULT\n"
_DIGEST_BYTES: Final = 32
_HEADER_AT: Final = len(_MAGIC) + 3
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


class Protection(Enum):
    """What an attacker with a copy of the folder would have to overcome."""

    PASSPHRASE = "passphrase"  # noqa: S105 — a word, no secret
    KEY_FILE = "key file"


@dataclass(frozen=True, slots=True)
class _Lock:
    """How the content is encrypted: the derived key, and what the header says about its origin."""

    key: bytes = field(repr=False)
    salt: bytes
    cost: PassphraseCost | None


class Vault:
    """One open vault. The content leaves and enters as plain bytes."""

    def __init__(self, folder: Path, lock: _Lock, random: Random, sleep: Sleep, write: WriteBytes) -> None:
        self.folder = folder
        self._path = folder / VAULT_FILE
        self._lock = lock
        self._random = random
        self._sleep = sleep
        self._write = write

    @classmethod
    def create(
        cls,
        folder: Path,
        content: bytes,
        *,
        passphrase: str | None,
        random: Random,
        sleep: Sleep,
        cost: PassphraseCost = RFC_9106_LOW_MEMORY,
        write: WriteBytes = durable_file.write_bytes,
    ) -> "Vault":
        """A new vault with this content; without a passphrase its key is a random file beside it.

        Raises:
            VaultExists, PassphraseEmpty, VaultNotWritten, VaultBusy: see these.
        """
        salt = random(argon2id.SALTBYTES)
        durable_file.make_folder(folder)
        with durable_file.locked(folder / LOCK_FILE, sleep):
            if (folder / VAULT_FILE).exists():
                raise VaultExists
            if passphrase is None:
                key = random(Aead.KEY_SIZE)
                durable_file.replace(folder / KEY_FILE, key.hex().encode() + b"\n", write)
                lock = _Lock(key, salt, None)
            else:
                lock = _Lock(_derive(passphrase, salt, cost), salt, cost)
            vault = cls(folder, lock, random, sleep, write)
            vault._store(content)
        return vault

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        passphrase: str | None,
        random: Random,
        sleep: Sleep,
        write: WriteBytes = durable_file.write_bytes,
    ) -> "Vault":
        """The vault in this folder, once its key fits.

        Raises:
            VaultMissing, VaultTooNew, VaultDamaged, PassphraseNeeded, PassphraseWrong, PassphraseEmpty, KeyFileMissing,
            VaultUnreadable: see these.
        """
        cost, salt, _ = _header(_checked(durable_file.read(folder / VAULT_FILE, absent=VaultMissing)))
        if cost is None:
            key = _key_from_file(folder / KEY_FILE)
        elif passphrase is None:
            raise PassphraseNeeded
        else:
            key = _derive(passphrase, salt, cost)
        vault = cls(folder, _Lock(key, salt, cost), random, sleep, write)
        vault.decrypt(vault.read_encrypted())
        return vault

    @property
    def protection(self) -> Protection:
        return Protection.KEY_FILE if self._lock.cost is None else Protection.PASSPHRASE

    def identity(self) -> Identity:
        """Of the file as it is now: while it is the same, so is the content."""
        return durable_file.identity(self._path, absent=VaultMissing)

    def read_encrypted(self) -> bytes:
        """The file as it is now."""
        return durable_file.read(self._path, absent=VaultMissing)

    def decrypt(self, encrypted: bytes) -> bytes:
        """The content of what `read_encrypted` gave.

        Raises:
            VaultDamaged, VaultTooNew, PassphraseWrong, KeyFileMissing: see these.
        """
        checked = _checked(encrypted)
        _, _, nonce = _header(checked)
        end = _HEADER_AT + int.from_bytes(checked[_HEADER_AT - 2 : _HEADER_AT])
        try:
            return Aead(self._lock.key).decrypt(checked[end:], checked[:end], nonce)
        except CryptoError:
            raise (KeyFileMissing if self._lock.cost is None else PassphraseWrong) from None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else changes the vault inside this block; read, change and write in it.

        Raises:
            VaultBusy: Another process does not let go.
        """
        with durable_file.locked(self.folder / LOCK_FILE, self._sleep):
            yield

    def write(self, content: bytes) -> None:
        """Stores the content durably; call it inside `exclusive`.

        Raises:
            VaultNotWritten: What was stored before is unchanged.
        """
        self._store(content)

    def _store(self, content: bytes) -> None:
        nonce = self._random(Aead.NONCE_SIZE)
        header: dict[cbor.Key, cbor.Value] = {_SALT: self._lock.salt, _NONCE: nonce}
        if self._lock.cost is not None:
            header |= {_OPS: self._lock.cost.passes, _MEM: self._lock.cost.memory_bytes}
        encoded = cbor.encode(header)
        associated = _MAGIC + bytes((FORMAT_VERSION,)) + len(encoded).to_bytes(2) + encoded
        sealed = associated + Aead(self._lock.key).encrypt(content, associated, nonce).ciphertext
        durable_file.replace(self._path, sealed + sha256(sealed).digest(), self._write)


def _checked(encrypted: bytes) -> bytes:
    """The file without its digest, once magic, version and digest are right."""
    if len(encrypted) < _HEADER_AT + _DIGEST_BYTES or not encrypted.startswith(_MAGIC):
        raise VaultDamaged("it is not a vault")
    if encrypted[len(_MAGIC)] > FORMAT_VERSION:
        raise VaultTooNew(f"format {encrypted[len(_MAGIC)]}, known up to {FORMAT_VERSION}")
    content, digest = encrypted[:-_DIGEST_BYTES], encrypted[-_DIGEST_BYTES:]
    if sha256(content).digest() != digest:
        raise VaultDamaged("its digest does not fit")
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


def _key_from_file(path: Path) -> bytes:
    written = durable_file.read(path, absent=KeyFileMissing)
    try:
        key = bytes.fromhex(written.decode("ascii").strip())
    except ValueError:
        raise KeyFileMissing("its content is no key") from None
    if len(key) != Aead.KEY_SIZE:
        raise KeyFileMissing("its content is no key")
    return key
