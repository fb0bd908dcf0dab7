"""The issuer's three keys, and how they rest: root (Ed25519), assertion (Ed25519), status (ESP256).

At rest they lie in one encrypted file (XSalsa20-Poly1305). Its key comes from a passphrase (Argon2id) or, where none is
given, from a random key file that only its owner can read: never from a default. A checksum tells a damaged file from a
wrong passphrase. Not handled here: PKCS#11; anything with `protocol.keys.Signer`'s form may take these places.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from nacl import pwhash
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from issuer import durable_files
from issuer.errors import (
    KeyFileDamaged,
    PassphraseRefused,
    PassphraseRequired,
    StorageFailed,
    WrongPassphrase,
)
from issuer.profile import Places
from protocol import cbor, keys
from protocol.errors import CborError, KeyRefused
from protocol.keys import Signer
from protocol.labels import Alg

RandomBytes = Callable[[int], bytes]

_VERSION: Final = 1
_MAX_BYTES: Final = 4_096
_VERSION_LABEL, _SALT, _PASSES, _MEMORY, _BOX, _CHECKSUM = range(1, 7)
_ROOT, _ASSERTION, _STATUS = range(1, 4)
_MIN_PASSPHRASE: Final = 8
_ATTEMPTS: Final = 64


@dataclass(frozen=True, slots=True)
class Argon2Profile:
    """Cost of turning a passphrase into a key: passes over the memory, and its bytes."""

    passes: int
    memory: int


LIBSODIUM_MODERATE: Final = Argon2Profile(pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE)
LIBSODIUM_INTERACTIVE: Final = Argon2Profile(pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE)
_KNOWN_PROFILES: Final = (LIBSODIUM_MODERATE, LIBSODIUM_INTERACTIVE)


@dataclass(frozen=True, slots=True)
class Signers:
    """One key for each use; none signs for another."""

    root: Signer
    assertion: Signer
    status: Signer


def create(places: Places, *, passphrase: str | None, argon2: Argon2Profile, random_bytes: RandomBytes) -> Signers:
    """Make new keys and put them to rest.

    Raises:
        PassphraseRefused: Too short.
        StorageFailed: A file cannot be written.
    """
    if passphrase is not None and len(passphrase) < _MIN_PASSPHRASE:
        raise PassphraseRefused(f"the passphrase has fewer than {_MIN_PASSPHRASE} characters")
    secrets = {
        _ROOT: _new_secret(Alg.ED25519, random_bytes),
        _ASSERTION: _new_secret(Alg.ED25519, random_bytes),
        _STATUS: _new_secret(Alg.ESP256, random_bytes),
    }
    content: dict[cbor.Key, cbor.Value] = {_VERSION_LABEL: _VERSION}
    if passphrase is None:
        key = random_bytes(SecretBox.KEY_SIZE)
        durable_files.write_atomically(places.key_file, key, mode=durable_files.PRIVATE)
    else:
        salt = random_bytes(pwhash.argon2id.SALTBYTES)
        key = _derived(passphrase, salt, argon2)
        content |= {_SALT: salt, _PASSES: argon2.passes, _MEMORY: argon2.memory}
    plaintext = cbor.encode(dict(secrets.items()))
    content[_BOX] = bytes(SecretBox(key).encrypt(plaintext, random_bytes(SecretBox.NONCE_SIZE)))
    content[_CHECKSUM] = sha256(cbor.encode(content)).digest()
    durable_files.write_atomically(places.keys, cbor.encode(content), mode=durable_files.PRIVATE)
    return _signers(secrets)


def load(places: Places, *, passphrase: str | None) -> Signers:
    """The keys that rest in this folder.

    Raises:
        KeyFileDamaged: A file is missing, cut off or changed.
        PassphraseRequired: They are under a passphrase and none was given.
        WrongPassphrase: They do not open.
    """
    content = _content(places)
    match content:
        case {1: 1, 2: bytes() as salt, 3: int() as passes, 4: int() as memory, 5: bytes() as box}:
            argon2 = Argon2Profile(passes, memory)
            if argon2 not in _KNOWN_PROFILES or len(salt) != pwhash.argon2id.SALTBYTES:
                raise KeyFileDamaged("keys.box asks for a cost that was never used here")
            if passphrase is None:
                raise PassphraseRequired("the issuer's keys are encrypted and no passphrase was given")
            key = _derived(passphrase, salt, argon2)
        case {1: 1, 5: bytes() as box}:
            key = _read(places.key_file)
            if len(key) != SecretBox.KEY_SIZE:
                raise KeyFileDamaged("keys.key does not have 32 bytes")
        case _:
            raise KeyFileDamaged("keys.box is not a key file of this version")
    try:
        plaintext = SecretBox(key).decrypt(box)
    except (CryptoError, ValueError):
        raise WrongPassphrase("the issuer's keys do not open with this passphrase or key file") from None
    match cbor.decode(plaintext):
        case {1: bytes() as root, 2: bytes() as assertion, 3: bytes() as status}:
            return _signers({_ROOT: root, _ASSERTION: assertion, _STATUS: status})
        case _:
            raise KeyFileDamaged("keys.box does not hold the three keys")


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


def _new_secret(alg: Alg, random_bytes: RandomBytes) -> bytes:
    for _ in range(_ATTEMPTS):
        secret = random_bytes(32)
        try:
            keys.signer_for(alg, secret)
        except KeyRefused:
            continue  # One in 2**32 draws lies beyond the order of P-256.
        return secret
    raise KeyRefused("the source of randomness gives no private key")


def _signers(secrets: Mapping[int, bytes]) -> Signers:
    try:
        return Signers(
            root=keys.signer_for(Alg.ED25519, secrets[_ROOT]),
            assertion=keys.signer_for(Alg.ED25519, secrets[_ASSERTION]),
            status=keys.signer_for(Alg.ESP256, secrets[_STATUS]),
        )
    except KeyRefused:
        raise KeyFileDamaged("keys.box holds something that is no key") from None
