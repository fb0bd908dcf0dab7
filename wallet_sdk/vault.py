"""The vault: one file, encrypted at rest (`sealed_file.py`), that survives a kill at any moment.

Its key comes from a passphrase, or from a random key file beside it (CONTRACTS.md, "Keys at rest"). Writers take the
lock file; readers need none, since a rename replaces the file whole.

Not handled here: what the content means (`holdings.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Final

from wallet_sdk import durable_file, sealed_file
from wallet_sdk.durable_file import Identity, WriteBytes
from wallet_sdk.errors import KeyFileMissing, PassphraseNeeded, VaultExists, VaultMissing
from wallet_sdk.history_file import FILE as HISTORY_FILE
from wallet_sdk.history_file import HistoryFile
from wallet_sdk.ports import Random, Sleep
from wallet_sdk.sealed_file import (
    KEY_BYTES,
    NONCE_BYTES,
    RFC_9106_LOW_MEMORY,
    SALT_BYTES,
    VAULT_MAGIC,
    Lock,
    PassphraseCost,
)

VAULT_FILE: Final = "wallet.vault"
KEY_FILE: Final = "wallet.key"
LOCK_FILE: Final = "wallet.lock"


class Protection(Enum):
    """What an attacker with a copy of the folder would have to overcome."""

    PASSPHRASE = "passphrase"  # noqa: S105 — a word, no secret
    KEY_FILE = "key file"


class Vault:
    """One open vault. The content leaves and enters as plain bytes."""

    def __init__(self, folder: Path, lock: Lock, random: Random, sleep: Sleep, write: WriteBytes) -> None:
        self.folder = folder
        self._path = folder / VAULT_FILE
        self._lock_path = folder / LOCK_FILE
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
        history: tuple[bytes, ...] = (),
    ) -> "Vault":
        """A new vault with this content and history; without a passphrase its key is a random file beside it.

        Raises:
            VaultExists, PassphraseEmpty, VaultNotWritten, VaultBusy: see these.
        """
        salt = random(SALT_BYTES)
        durable_file.make_folder(folder)
        with durable_file.locked(folder / LOCK_FILE, sleep):
            if (folder / VAULT_FILE).exists():
                raise VaultExists
            if passphrase is None:
                key = random(KEY_BYTES)
                durable_file.replace(folder / KEY_FILE, key.hex().encode() + b"\n", write)
                lock = Lock(key, salt, None)
            else:
                lock = sealed_file.lock_of(passphrase, salt, cost)
            vault = cls(folder, lock, random, sleep, write)
            # The vault's file last: whoever is killed before it made no wallet, and begins anew. What such a one left
            # of a history is under another key.
            if history or (folder / HISTORY_FILE).exists():
                vault.history_file().replace(history)
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
        file = durable_file.read(folder / VAULT_FILE, absent=VaultMissing)
        cost, salt = sealed_file.origin_of(file, magic=VAULT_MAGIC)
        if cost is None:
            lock = Lock(_key_from_file(folder / KEY_FILE), salt, None)
        elif passphrase is None:
            raise PassphraseNeeded
        else:
            lock = sealed_file.lock_of(passphrase, salt, cost)
        vault = cls(folder, lock, random, sleep, write)
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
        return sealed_file.unseal(encrypted, self._lock, magic=VAULT_MAGIC)

    def history_file(self) -> HistoryFile:
        """The file of uses that belongs to this vault."""
        return HistoryFile(self.folder, self._lock.key, random=self._random, write=self._write)

    @staticmethod
    def version_of(encrypted: bytes) -> int:
        """Which version of this library wrote what `read_encrypted` gave. Raises: VaultDamaged, VaultTooNew."""
        return sealed_file.version_of(encrypted, magic=VAULT_MAGIC)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody else changes the vault inside this block; read, change and write in it.

        Raises:
            VaultBusy: Another process does not let go.
        """
        with durable_file.locked(self._lock_path, self._sleep):
            yield

    def write(self, content: bytes) -> None:
        """Stores the content durably; call it inside `exclusive`.

        Raises:
            VaultNotWritten: What was stored before is unchanged.
        """
        self._store(content)

    def _store(self, content: bytes) -> None:
        sealed = sealed_file.seal(content, self._lock, nonce=self._random(NONCE_BYTES), magic=VAULT_MAGIC)
        durable_file.replace(self._path, sealed, self._write)


def _key_from_file(path: Path) -> bytes:
    written = durable_file.read(path, absent=KeyFileMissing)
    try:
        key = bytes.fromhex(written.decode("ascii").strip())
    except ValueError:
        raise KeyFileMissing("its content is no key") from None
    if len(key) != KEY_BYTES:
        raise KeyFileMissing("its content is no key")
    return key
