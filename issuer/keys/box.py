"""One encrypted file and how it opens: `keys.box`, under a passphrase or a key file (XSalsa20-Poly1305, Argon2id).

Guaranteed: it is never under a default; a checksum tells a damaged file from a wrong passphrase; a reader sees the old
content or the new one. Not handled here: what lies in it (`issuer.signers`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from issuer import durable_files
from issuer.draws import RandomBytes
from issuer.errors import KeyFileDamaged, PassphraseRefused, PassphraseRequired, StorageFailed, WrongPassphrase
from issuer.profile import Places
from protocol import cbor
from protocol.errors import CborError

Head = Mapping[cbor.Key, cbor.Value]

_VERSION: Final = 1
_MAX_BYTES: Final = 64 * 1024
"""A further key takes some fifty bytes, one in a token a hundred; there may be hundreds."""
_VERSION_LABEL, _SALT, _PASSES, _MEMORY, _BOX, _CHECKSUM = range(1, 7)
_MIN_PASSPHRASE: Final = 8


@dataclass(frozen=True, slots=True)
class Argon2Profile:
    """Cost of turning a passphrase into a key: passes over the memory, and its bytes."""

    passes: int
    memory: int


LIBSODIUM_MODERATE: Final = Argon2Profile(pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE)
LIBSODIUM_INTERACTIVE: Final = Argon2Profile(pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE)
_KNOWN_PROFILES: Final = (LIBSODIUM_MODERATE, LIBSODIUM_INTERACTIVE)


def new_head(
    places: Places, passphrase: str | None, argon2: Argon2Profile, random_bytes: RandomBytes
) -> tuple[Head, bytes]:
    """What stands before a new box, and the key of it."""
    head: dict[cbor.Key, cbor.Value] = {_VERSION_LABEL: _VERSION}
    if passphrase is None:
        key = random_bytes(SecretBox.KEY_SIZE)
        durable_files.write_atomically(places.key_file, key, mode=durable_files.PRIVATE)
        return head, key
    if len(passphrase) < _MIN_PASSPHRASE:
        raise PassphraseRefused(f"the passphrase has fewer than {_MIN_PASSPHRASE} characters")
    salt = random_bytes(pwhash.argon2id.SALTBYTES)
    head |= {_SALT: salt, _PASSES: argon2.passes, _MEMORY: argon2.memory}
    return head, _derived(passphrase, salt, argon2)


def put_to_rest(
    places: Places,
    head: Mapping[cbor.Key, cbor.Value],
    key: bytes,
    content: Mapping[int, cbor.Value],
    random_bytes: RandomBytes,
) -> None:
    box = bytes(
        SecretBox(key).encrypt(
            cbor.encode({int(slot): value for slot, value in content.items()}), random_bytes(SecretBox.NONCE_SIZE)
        )
    )
    written: dict[cbor.Key, cbor.Value] = {**head, _BOX: box}
    written[_CHECKSUM] = sha256(cbor.encode(written)).digest()
    durable_files.write_atomically(places.keys, cbor.encode(written), mode=durable_files.PRIVATE)


def opened(places: Places, passphrase: str | None) -> tuple[Head, bytes, cbor.Value]:
    """What stands before the box, the key that opens it, and the private keys in it."""
    content = _content(places)
    head, box = _box(content)
    match content:
        case {2: bytes() as salt, 3: int() as passes, 4: int() as memory}:
            argon2 = Argon2Profile(passes, memory)
            if argon2 not in _KNOWN_PROFILES or len(salt) != pwhash.argon2id.SALTBYTES:
                raise KeyFileDamaged("keys.box asks for a cost that was never used here")
            if passphrase is None:
                raise PassphraseRequired("the issuer's keys are encrypted and no passphrase was given")
            key = _derived(passphrase, salt, argon2)
        case _:
            key = _read(places.key_file)
            if len(key) != SecretBox.KEY_SIZE:
                raise KeyFileDamaged("keys.key does not have 32 bytes")
    return head, key, _decrypted(box, key)


def opened_again(places: Places, key: bytes) -> tuple[Head, cbor.Value]:
    """As `opened`, by the key that opened it before. Raises: KeyFileDamaged, WrongPassphrase."""
    head, box = _box(_content(places))
    return head, _decrypted(box, key)


def _box(content: Mapping[cbor.Key, cbor.Value]) -> tuple[Head, bytes]:
    """What stands before the box, and the box."""
    box = content.get(_BOX)
    if content.get(_VERSION_LABEL) != _VERSION or not isinstance(box, bytes):
        raise KeyFileDamaged("keys.box is not a key file of this version")
    return {label: value for label, value in content.items() if label != _BOX}, box


def _decrypted(box: bytes, key: bytes) -> cbor.Value:
    try:
        plaintext = SecretBox(key).decrypt(box)
    except (CryptoError, ValueError):
        raise WrongPassphrase("the issuer's keys do not open with this passphrase or key file") from None
    return cbor.decode(plaintext)


def rest_under_passphrase(places: Places) -> bool:
    """Whether a passphrase protects the keys; else it is a key file that lies beside them. Raises: KeyFileDamaged."""
    return _SALT in _content(places)


def _content(places: Places) -> Mapping[cbor.Key, cbor.Value]:
    try:
        content = cbor.decode(_read(places.keys))
    except CborError:
        raise KeyFileDamaged("keys.box cannot be read") from None
    if not isinstance(content, Mapping):
        raise KeyFileDamaged("keys.box cannot be read")
    rest = {label: value for label, value in content.items() if label != _CHECKSUM}
    if content.get(_CHECKSUM) != sha256(cbor.encode(rest)).digest():
        raise KeyFileDamaged("keys.box was changed since it was written")
    return rest


def _read(path: Path) -> bytes:
    try:
        return durable_files.read(path, max_bytes=_MAX_BYTES)
    except StorageFailed as error:
        raise KeyFileDamaged(str(error)) from None


def _derived(passphrase: str, salt: bytes, argon2: Argon2Profile) -> bytes:
    return pwhash.argon2id.kdf(
        SecretBox.KEY_SIZE, passphrase.encode(), salt, opslimit=argon2.passes, memlimit=argon2.memory
    )
