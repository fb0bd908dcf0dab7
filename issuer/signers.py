"""The issuer's keys, one for each use, and how they rest: all Ed25519, but for the status key (ESP256).

Beside them rests the secret order in which status entries are given (`issuer.allocation`): 32 bytes that sign nothing.

At rest they lie in one encrypted file (XSalsa20-Poly1305). Its key comes from a passphrase (Argon2id) or, where none is
given, from a random key file that only its owner can read: never from a default. A checksum tells a damaged file from a
wrong passphrase. A file of an older version, which lacks keys, gets them when it is opened: atomically, under the same
passphrase or key file. Not handled here: PKCS#11; anything with `protocol.keys.Signer`'s form may take these places.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
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
_MIN_PASSPHRASE: Final = 8
_ATTEMPTS: Final = 64
_SECRET_BYTES: Final = 32


class _Slot(IntEnum):
    """Where each key lies in the box."""

    ROOT = 1
    ASSERTION = 2
    STATUS = 3
    TERMINAL = 4
    PAPER = 5
    MANDATE = 6
    ALLOCATION = 7
    STAFF = 8


_ALGORITHMS: Final[Mapping[_Slot, Alg]] = {
    slot: Alg.ESP256 if slot is _Slot.STATUS else Alg.ED25519 for slot in _Slot if slot is not _Slot.ALLOCATION
}
_FIRST_SLOTS: Final = frozenset({_Slot.ROOT, _Slot.ASSERTION, _Slot.STATUS})
"""What every box has had from the beginning; a box without one of them is damaged and not old."""


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
    """One key for each use; none signs for another. `allocation` is the key of the order of status entries."""

    root: Signer
    assertion: Signer
    status: Signer
    terminal: Signer
    paper: Signer
    mandate: Signer
    staff: Signer
    allocation: bytes = field(repr=False)


def create(places: Places, *, passphrase: str | None, argon2: Argon2Profile, random_bytes: RandomBytes) -> Signers:
    """Make new keys and put them to rest.

    Raises:
        PassphraseRefused: Too short.
        StorageFailed: A file cannot be written.
    """
    if passphrase is not None and len(passphrase) < _MIN_PASSPHRASE:
        raise PassphraseRefused(f"the passphrase has fewer than {_MIN_PASSPHRASE} characters")
    secrets = {int(slot): _new_secret(slot, random_bytes) for slot in _Slot}
    content: dict[cbor.Key, cbor.Value] = {_VERSION_LABEL: _VERSION}
    if passphrase is None:
        key = random_bytes(SecretBox.KEY_SIZE)
        durable_files.write_atomically(places.key_file, key, mode=durable_files.PRIVATE)
    else:
        salt = random_bytes(pwhash.argon2id.SALTBYTES)
        key = _derived(passphrase, salt, argon2)
        content |= {_SALT: salt, _PASSES: argon2.passes, _MEMORY: argon2.memory}
    _put_to_rest(places, content, key, secrets, random_bytes)
    return _signers(secrets)


def load(places: Places, *, passphrase: str | None, random_bytes: RandomBytes) -> Signers:
    """The keys that rest in this folder; those that an older version did not make are made, and rest with them.

    Raises:
        KeyFileDamaged: A file is missing, cut off or changed.
        PassphraseRequired: They are under a passphrase and none was given.
        WrongPassphrase: They do not open.
        StorageFailed: Keys were to be added and the file cannot be written; it is as it was.
    """
    _, _, secrets = _opened(places, passphrase)
    if secrets.keys() != frozenset(_Slot):
        # Two processes that open an old box at once must not each believe in keys of their own.
        with durable_files.exclusively(places.lock):
            head, key, secrets = _opened(places, passphrase)
            missing = frozenset(_Slot) - secrets.keys()
            if missing:
                secrets |= {int(slot): _new_secret(slot, random_bytes) for slot in sorted(missing)}
                _put_to_rest(places, head, key, secrets, random_bytes)
    return _signers(secrets)


def replace_status(places: Places, *, passphrase: str | None, random_bytes: RandomBytes) -> None:
    """Put a new status key in the place of the old one, which is gone then. Raises: as `load`."""
    with durable_files.exclusively(places.lock):
        head, key, secrets = _opened(places, passphrase)
        fresh = {int(_Slot.STATUS): _new_secret(_Slot.STATUS, random_bytes)}
        _put_to_rest(places, head, key, secrets | fresh, random_bytes)


def _put_to_rest(
    places: Places,
    head: Mapping[cbor.Key, cbor.Value],
    key: bytes,
    secrets: Mapping[int, bytes],
    random_bytes: RandomBytes,
) -> None:
    box = bytes(SecretBox(key).encrypt(cbor.encode(dict(secrets.items())), random_bytes(SecretBox.NONCE_SIZE)))
    content: dict[cbor.Key, cbor.Value] = {**head, _BOX: box}
    content[_CHECKSUM] = sha256(cbor.encode(content)).digest()
    durable_files.write_atomically(places.keys, cbor.encode(content), mode=durable_files.PRIVATE)


def _opened(places: Places, passphrase: str | None) -> tuple[Mapping[cbor.Key, cbor.Value], bytes, dict[int, bytes]]:
    """What stands before the box, the key that opens it, and the private keys in it."""
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
    head = {label: value for label, value in content.items() if label != _BOX}
    return head, key, _secrets(cbor.decode(plaintext))


def _secrets(value: cbor.Value) -> dict[int, bytes]:
    secrets: dict[int, bytes] = {}
    for slot, secret in value.items() if isinstance(value, Mapping) else ():
        if not isinstance(slot, int) or slot not in frozenset(_Slot) or not isinstance(secret, bytes):
            # A newer version's keys would be lost when this one writes the box again.
            raise KeyFileDamaged("keys.box holds something that this version does not know")
        secrets[slot] = secret
    if not secrets.keys() >= _FIRST_SLOTS:
        raise KeyFileDamaged("keys.box does not hold the keys of an issuer")
    return secrets


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


def _new_secret(slot: _Slot, random_bytes: RandomBytes) -> bytes:
    for _ in range(_ATTEMPTS):
        secret = random_bytes(_SECRET_BYTES)
        if slot is _Slot.ALLOCATION:
            return secret
        try:
            keys.signer_for(_ALGORITHMS[slot], secret)
        except KeyRefused:
            continue  # One in 2**32 draws lies beyond the order of P-256.
        return secret
    raise KeyRefused("the source of randomness gives no private key")


def _signers(secrets: Mapping[int, bytes]) -> Signers:
    order = secrets[_Slot.ALLOCATION]
    if len(order) != _SECRET_BYTES:
        raise KeyFileDamaged("keys.box holds something that is no key")
    try:
        signing = {slot.name.lower(): keys.signer_for(alg, secrets[slot]) for slot, alg in _ALGORITHMS.items()}
        return Signers(**signing, allocation=order)
    except KeyRefused:
        raise KeyFileDamaged("keys.box holds something that is no key") from None
