"""The keys that lie with the repository: which file has which key; each is opened when its signature is wanted."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from revocation.repository import key_files

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)


class Keyring:
    """The private keys in one folder."""

    def __init__(self, folder: Path, *, ask: Callable[[Path], str]) -> None:
        """
        Args:
            folder: Holds `*.key` files.
            ask: Gives the passphrase of one file.
        """
        self._ask = ask
        self._open: dict[str, CryptoSigner] = {}
        self.files = {
            key_files.public_of(path).keyid: path
            for path in sorted(folder.glob(f"*{key_files.PRIVATE}"))
            if key_files.holds_private(path)
        }

    def has(self, keyid: str) -> bool:
        """Whether this key's private half is here."""
        return keyid in self.files

    def sign(self, metadata: Metadata[T], keys: Iterable[Key], *, threshold: int) -> bool:
        """Adds signatures of these keys until the threshold is met; says whether it is.

        Raises:
            CeremonyError: A key does not open.
        """
        keys = list(keys)
        missing = threshold - len(signers(metadata, keys))
        for key in keys:
            if missing > 0 and self.has(key.keyid) and key not in signers(metadata, keys):
                metadata.sign(self._signer(key.keyid), append=True)
                missing -= 1
        return missing <= 0

    def _signer(self, keyid: str) -> CryptoSigner:
        if keyid not in self._open:
            path = self.files[keyid]
            self._open[keyid] = key_files.signer_of(path, self._ask(path))
        return self._open[keyid]


def signers(metadata: Metadata[T], keys: Iterable[Key]) -> list[Key]:
    """Those of these keys whose signature stands below and holds."""
    payload = metadata.signed_bytes
    return [key for key in keys if _holds(metadata, key, payload)]


def _holds(metadata: Metadata[T], key: Key, payload: bytes) -> bool:
    if key.keyid not in metadata.signatures:
        return False
    try:
        key.verify_signature(metadata.signatures[key.keyid], payload)
    except UnverifiedSignatureError:
        return False
    return True
