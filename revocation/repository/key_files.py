"""Keys of the repository: each in a file of its own that travels on a stick, encrypted, with its public half in clear.

ECDSA on P-256 (ADR 0012). The private half lies in XSalsa20-Poly1305 under a key that Argon2id makes of a passphrase;
there is no key without one and no default. The public half in clear lets a ceremony be prepared and looked at without
any passphrase; a `.pub` file is the same without the private half. Not handled here: hardware modules; anything with
securesystemslib's `Signer` form may take a key's place.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from securesystemslib.signer import CryptoSigner, Key, SSlibKey

from revocation.repository import durable, metadata
from revocation.repository.errors import KeyFileUnusable, MalformedMetadata, PassphraseWrong

PRIVATE: Final = ".key"
PUBLIC: Final = ".pub"
MIN_PASSPHRASE: Final = 8
_FORMAT: Final = "liangzheng-trust-key-1"
_MAX_BYTES: Final = 8_192


@dataclass(frozen=True, slots=True)
class Strength:
    """What trying one passphrase costs."""

    passes: int
    memory: int


MODERATE: Final = Strength(pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE)
_MAX_STRENGTH: Final = Strength(pwhash.argon2id.OPSLIMIT_SENSITIVE, pwhash.argon2id.MEMLIMIT_SENSITIVE)


def make(path: Path, passphrase: str, *, random_bytes: Callable[[int], bytes], strength: Strength = MODERATE) -> Key:
    """Makes a key in a new file `NAME.key`, and `NAME.pub` beside it. Gives its public half.

    Raises:
        KeyFileUnusable: There is a file already, or it cannot be written.
        PassphraseWrong: Too short to be one.
    """
    if len(passphrase) < MIN_PASSPHRASE:
        raise PassphraseWrong(f"a passphrase has at least {MIN_PASSPHRASE} characters")
    if path.suffix != PRIVATE or path.exists() or path.with_suffix(PUBLIC).exists():
        raise KeyFileUnusable(f"{path}: a new key needs a free name that ends with {PRIVATE}")
    private = ec.generate_private_key(ec.SECP256R1())
    public = SSlibKey.from_crypto(private.public_key(), scheme=metadata.SCHEME)
    salt = random_bytes(pwhash.argon2id.SALTBYTES)
    secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    box = SecretBox(_stretched(passphrase, salt, strength)).encrypt(secret, random_bytes(SecretBox.NONCE_SIZE))
    written = _public_as_json(public)
    durable.write(path.with_suffix(PUBLIC), _encoded(written))
    written |= {"salt": _text(salt), "passes": strength.passes, "memory": strength.memory, "box": _text(bytes(box))}
    durable.write(path, _encoded(written), private=True)
    return public


def public_of(path: Path) -> Key:
    """The public half of a `.key` or `.pub` file; needs no passphrase. Raises: KeyFileUnusable."""
    written = _read(path)
    try:
        key = Key.from_dict(written["keyid"], dict(written["public"]))
        metadata.check_keys({key.keyid: key})
    except (KeyError, ValueError, TypeError, MalformedMetadata) as wrong:
        raise KeyFileUnusable(f"{path} holds no public key of this repository") from wrong
    return key


def holds_private(path: Path) -> bool:
    """Whether the private half is in this file."""
    return "box" in _read(path)


def signer_of(path: Path, passphrase: str) -> CryptoSigner:
    """What signs with this key.

    Raises:
        KeyFileUnusable: No such file, no private half, damaged.
        PassphraseWrong: It does not open the file.
    """
    written, public = _read(path), public_of(path)
    assert isinstance(public, SSlibKey)
    try:
        salt, box = b64decode(written["salt"]), b64decode(written["box"])
        strength = Strength(int(written["passes"]), int(written["memory"]))
    except (KeyError, ValueError, TypeError) as wrong:
        raise KeyFileUnusable(f"{path} has no private half: look for the {PRIVATE} file") from wrong
    if strength.passes > _MAX_STRENGTH.passes or strength.memory > _MAX_STRENGTH.memory:
        raise KeyFileUnusable(f"{path} asks for a cost that no key of this repository has")
    try:
        secret = SecretBox(_stretched(passphrase, salt, strength)).decrypt(box)
        return CryptoSigner(load_der_private_key(secret, None), public)
    except CryptoError as wrong:
        raise PassphraseWrong(f"the passphrase does not open {path.name}") from wrong
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise KeyFileUnusable(f"{path} is damaged") from wrong


def _stretched(passphrase: str, salt: bytes, strength: Strength) -> bytes:
    return pwhash.argon2id.kdf(
        SecretBox.KEY_SIZE, passphrase.encode(), salt, opslimit=strength.passes, memlimit=strength.memory
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            written = json.loads(file.read(_MAX_BYTES))
    except OSError as failure:
        raise KeyFileUnusable(f"{path}: {failure.strerror}") from failure
    except (ValueError, RecursionError) as wrong:
        raise KeyFileUnusable(f"{path} is no key file") from wrong
    if not isinstance(written, dict) or written.get("format") != _FORMAT:
        raise KeyFileUnusable(f"{path} is no key file of this program")
    return written


def _public_as_json(public: Key) -> dict[str, Any]:
    return {"format": _FORMAT, "keyid": public.keyid, "public": public.to_dict()}


def _encoded(written: dict[str, Any]) -> bytes:
    return json.dumps(written, indent=1).encode() + b"\n"


def _text(octets: bytes) -> str:
    return b64encode(octets).decode()
