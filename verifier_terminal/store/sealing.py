"""Sealing small rows at rest, by a key in a file of its own beside the terminal's key.

XSalsa20-Poly1305 under a random nonce; names of rows are keyed hashes, so that neither shows what it is of. Guaranteed:
a changed row does not open. It protects copies of the database alone. Against a whole disk it protects only where the
operator keeps the key file elsewhere (ADR 0014); a link to another place is followed. Not handled here: what is sealed.
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

KEY: Final = "recheck.key"
NAME_BYTES: Final = 16
_PERSON: Final = b"lz sealed row"


class Sealer:
    """One key, for the terminal's account alone. Read, and made the first time, when something is to be sealed."""

    def __init__(self, directory: Path, *, random_bytes: Callable[[int], bytes]) -> None:
        """Nothing is read or made yet.

        Args:
            directory: The terminal's.
            random_bytes: For the key and for nonces.
        """
        self._path = directory / KEY
        self._random_bytes = random_bytes
        self._key: bytes | None = None

    def name(self, content: bytes) -> bytes:
        """The same for the same content, and nothing to whoever has not the key. Raises: OSError."""
        return blake2b(content, key=self._made(), person=_PERSON, digest_size=NAME_BYTES).digest()

    def seal(self, content: bytes) -> bytes:
        """What rests on the disk. Raises: OSError."""
        return bytes(SecretBox(self._made()).encrypt(content, self._random_bytes(SecretBox.NONCE_SIZE)))

    def open(self, sealed: bytes) -> bytes | None:
        """The content; None where it was changed, sealed with another key, or the key is lost.

        Raises:
            OSError: The key is there and cannot be read, or is damaged.
        """
        try:
            return SecretBox(self._held()).decrypt(sealed)
        except (FileNotFoundError, CryptoError, ValueError):
            return None

    def _made(self) -> bytes:
        try:
            return self._held()
        except FileNotFoundError:
            _make(self._path, self._random_bytes(SecretBox.KEY_SIZE))
            return self._held()

    def _held(self) -> bytes:
        if self._key is None:
            key = self._path.read_bytes()
            if len(key) != SecretBox.KEY_SIZE:
                raise OSError(f"{KEY} is damaged; without it whatever waits for a re-check becomes an alarm")
            self._key = key
        return self._key


def _make(path: Path, key: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    with os.fdopen(handle, "wb") as opened:
        opened.write(key)
        opened.flush()
        os.fsync(opened.fileno())
    try:
        # A link and not a rename: of two processes that make one at once, the first one's key stays.
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
