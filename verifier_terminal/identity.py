"""The terminal's own key and certificate, as they rest in its directory: `terminal.key` and `certificate.cbor`.

The key (ESP256) is made once, for this account alone (mode 0600) and without a passphrase: a terminal starts by itself
after a power cut, and what a thief could do with the key ends with the certificate, within seven days. A checksum tells
a damaged file from a good one. The certificate is public. Not handled here: whether it is good (`certification`).
"""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from protocol import cbor, keys
from protocol.errors import CborError, KeyRefused
from protocol.keys import Signer
from protocol.labels import Alg
from verifier_terminal.errors import CertificateUnusable, KeyUnusable
from verifier_terminal.replacing import sync_folder

KEY: Final = "terminal.key"
CERTIFICATE: Final = "certificate.cbor"
MAX_CERTIFICATE_BYTES: Final = 65_536
"""More than six scenes of 32 kinds with 32 items each take."""
_VERSION: Final = 1
_SECRET_BYTES: Final = 32
_MAX_KEY_BYTES: Final = 256
_ATTEMPTS: Final = 64


class Identity:
    """Key and certificate of the terminal in this directory. Read when asked for: another process may exchange them."""

    def __init__(self, directory: Path, *, random_bytes: Callable[[int], bytes]) -> None:
        """Nothing is read or made yet.

        Args:
            directory: The terminal's.
            random_bytes: For the key, the first time that it is needed.
        """
        self._directory = directory
        self._random_bytes = random_bytes

    def signer(self) -> Signer:
        """The terminal's key; a terminal that has none yet gets one.

        Raises:
            KeyUnusable: It cannot be read or made, or is damaged.
        """
        path = self._directory / KEY
        try:
            if not path.exists():
                self._make(path)
            content = path.read_bytes()[: _MAX_KEY_BYTES + 1]
        except OSError as failure:
            raise KeyUnusable(f"{KEY}: {failure.strerror}") from failure
        return _loaded(content)

    def certificate(self) -> bytes | None:
        """The certificate's bytes, unverified; None when none is installed.

        Raises:
            CertificateUnusable: The file is there and cannot be read, or is none.
        """
        try:
            with (self._directory / CERTIFICATE).open("rb") as opened:
                content = opened.read(MAX_CERTIFICATE_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise CertificateUnusable(f"{CERTIFICATE}: {failure.strerror}") from failure
        if len(content) > MAX_CERTIFICATE_BYTES:
            raise CertificateUnusable(f"{CERTIFICATE} is larger than any certificate")
        return content

    def install(self, certificate: bytes) -> None:
        """Puts a checked certificate in the place of the one before; durable on return.

        Raises:
            CertificateUnusable: It cannot be written; what was there stays.
        """
        try:
            temporary = self._written(CERTIFICATE, certificate)
            temporary.replace(self._directory / CERTIFICATE)
            sync_folder(self._directory)
        except OSError as failure:
            raise CertificateUnusable(f"{CERTIFICATE}: {failure.strerror}") from failure

    def _make(self, path: Path) -> None:
        temporary = self._written(KEY, _encoded(self._new_secret()))
        try:
            # A link and not a rename: of two processes that make one at once, the first one's key stays.
            os.link(temporary, path)
            sync_folder(self._directory)
        except FileExistsError:
            return
        finally:
            with suppress(OSError):
                temporary.unlink()

    def _new_secret(self) -> bytes:
        for _ in range(_ATTEMPTS):
            secret = self._random_bytes(_SECRET_BYTES)
            with suppress(KeyRefused):  # One in 2**32 draws lies beyond the order of P-256.
                keys.signer_for(Alg.ESP256, secret)
                return secret
        raise KeyUnusable("the source of randomness gives no private key")

    def _written(self, name: str, content: bytes) -> Path:
        """A file of this content beside its place, for its owner alone, durable."""
        handle, temporary = tempfile.mkstemp(dir=self._directory, prefix=f".{name}.", suffix=".tmp")
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        return Path(temporary)


def _encoded(secret: bytes) -> bytes:
    return cbor.encode((_VERSION, secret, _checksum(secret)))


def _loaded(content: bytes) -> Signer:
    try:
        match cbor.decode(content):
            case (1, bytes() as secret, bytes() as checksum) if checksum == _checksum(secret):
                return keys.signer_for(Alg.ESP256, secret)
    except (CborError, KeyRefused) as wrong:
        raise KeyUnusable(f"{KEY} is damaged") from wrong
    raise KeyUnusable(f"{KEY} is damaged")


def _checksum(secret: bytes) -> bytes:
    return sha256(b"liangzheng terminal key\0" + secret).digest()
