"""A person's private key at rest: one encrypted file on the terminal or on a stick, opened by a passphrase.

CBOR of number, public key, cost of one guess, and the key (ESP256) under ChaCha20-Poly1305 (RFC 8439) with a key from
Argon2id (RFC 9106); beside it the staff certificate, which is public and is exchanged without the passphrase. What is
readable is authenticated with the key, and a checksum tells a damaged file from a wrong passphrase.

Guaranteed: a file that asks for an enormous cost is refused before it is paid. Not handled here: how often somebody may
guess (`shift`), and whether the certificate is good (`checking`).
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from protocol import cbor, keys
from protocol.errors import CborError, KeyRefused
from protocol.keys import Signer, VerificationKey
from protocol.labels import Alg
from protocol.staff_certificate import NUMBER_PATTERN
from verifier_terminal.passphrase import MIN_CHARACTERS, Cost, stretched
from verifier_terminal.staff.errors import PassphraseTooShort, StaffKeyDamaged, WrongPassphrase

MAX_PASSPHRASE: Final = 256
MAX_BYTES: Final = 4_096
"""About 300 of the key and 250 of the certificate."""
_VERSION: Final = 1
_SALT_BYTES: Final = 16
_SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_ATTEMPTS: Final = 64
_LABEL: Final = range(1, 12)
_VERSION_AT, _NUMBER, _PUBLIC, _SALT, _PASSES, _MEMORY, _LANES, _NONCE, _BOX, _CERTIFICATE, _CHECKSUM = _LABEL
_HEAD: Final = frozenset({_VERSION_AT, _NUMBER, _PUBLIC, _SALT, _PASSES, _MEMORY, _LANES})
_WHOLE: Final = _HEAD | {_NONCE, _BOX, _CERTIFICATE, _CHECKSUM}


_MOST: Final = Cost(passes=10, memory_kib=262_144, lanes=8)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file's content, without the passphrase."""

    number: str
    public_key: VerificationKey
    certificate: bytes | None
    _head: Mapping[cbor.Key, cbor.Value] = field(repr=False)
    _nonce: bytes = field(repr=False)
    _box: bytes = field(repr=False)

    def with_certificate(self, certificate: bytes) -> "KeyFile":
        """The same key with another certificate."""
        return replace(self, certificate=certificate)

    def encoded(self) -> bytes:
        """As it rests."""
        content: dict[cbor.Key, cbor.Value] = {
            **self._head,
            _NONCE: self._nonce,
            _BOX: self._box,
            _CERTIFICATE: self.certificate,
        }
        content[_CHECKSUM] = _checksum(content)
        return cbor.encode(content)

    def open(self, passphrase: str) -> Signer:
        """The private key. Takes as long as one guess costs.

        Raises:
            WrongPassphrase: It is another one.
            StaffKeyDamaged: What the box holds is no key.
        """
        try:
            secret = ChaCha20Poly1305(_derived(passphrase, self._head)).decrypt(
                self._nonce, self._box, cbor.encode(dict(self._head))
            )
        except InvalidTag:
            raise WrongPassphrase from None
        try:
            signer = keys.signer_for(Alg.ESP256, secret)
        except KeyRefused as wrong:
            raise StaffKeyDamaged(self.number) from wrong
        if signer.public_key.thumbprint != self.public_key.thumbprint:
            raise StaffKeyDamaged(self.number)
        return signer


def create(number: str, passphrase: str, *, cost: Cost, random_bytes: Callable[[int], bytes]) -> KeyFile:
    """A new key for this person.

    Raises:
        PassphraseTooShort: The passphrase is.
        StaffKeyDamaged: The number is none, or the source of randomness gives no key.
    """
    if not NUMBER_PATTERN.fullmatch(number):
        raise StaffKeyDamaged("a staff number has 1 to 24 letters, digits and hyphens")
    if not MIN_CHARACTERS <= len(passphrase) <= MAX_PASSPHRASE:
        raise PassphraseTooShort(f"{MIN_CHARACTERS} to {MAX_PASSPHRASE} characters")
    secret, signer = _new_secret(random_bytes)
    head: dict[cbor.Key, cbor.Value] = {
        _VERSION_AT: _VERSION,
        _NUMBER: number,
        _PUBLIC: signer.public_key.cose_key,
        _SALT: random_bytes(_SALT_BYTES),
        _PASSES: cost.passes,
        _MEMORY: cost.memory_kib,
        _LANES: cost.lanes,
    }
    nonce = random_bytes(_NONCE_BYTES)
    box = ChaCha20Poly1305(_derived(passphrase, head)).encrypt(nonce, secret, cbor.encode(head))
    return KeyFile(number, signer.public_key, None, head, nonce, box)


def parse(content: bytes) -> KeyFile:
    """The file's content; nothing is opened.

    Raises:
        StaffKeyDamaged: It is none, was changed, or asks for a cost that nobody pays.
    """
    try:
        whole = cbor.decode(content)
        if not isinstance(whole, Mapping) or whole.keys() != _WHOLE or whole[_VERSION_AT] != _VERSION:
            raise StaffKeyDamaged("this is no file of a person's key")
        if whole[_CHECKSUM] != _checksum({label: value for label, value in whole.items() if label != _CHECKSUM}):
            raise StaffKeyDamaged("it was changed since it was written")
        number, certificate = whole[_NUMBER], whole[_CERTIFICATE]
        if not isinstance(number, str) or not NUMBER_PATTERN.fullmatch(number):
            raise StaffKeyDamaged("its staff number is none")
        match whole:
            case {4: bytes() as salt, 8: bytes() as nonce, 9: bytes() as box} if (
                len(salt) == _SALT_BYTES
                and len(nonce) == _NONCE_BYTES
                and (certificate is None or isinstance(certificate, bytes))
            ):
                head: dict[cbor.Key, cbor.Value] = {label: whole[label] for label in sorted(_HEAD)}
                _cost(head)
                return KeyFile(number, keys.load_cose_key(whole[_PUBLIC]), certificate, head, nonce, box)
    except (CborError, KeyRefused) as wrong:
        raise StaffKeyDamaged("this is no file of a person's key") from wrong
    raise StaffKeyDamaged("this is no file of a person's key")


def _cost(head: Mapping[cbor.Key, cbor.Value]) -> Cost:
    found = tuple(value for value in (head[_PASSES], head[_MEMORY], head[_LANES]) if type(value) is int)
    within = len(found) == 3 and all(
        1 <= value <= most for value, most in zip(found, (_MOST.passes, _MOST.memory_kib, _MOST.lanes), strict=True)
    )
    # RFC 9106 section 3.1: at least 8 KiB for each lane.
    if not within or found[1] < 8 * found[2]:
        raise StaffKeyDamaged("it asks for a cost that nobody pays")
    return Cost(*found)


def _derived(passphrase: str, head: Mapping[cbor.Key, cbor.Value]) -> bytes:
    cost, salt = _cost(head), head[_SALT]
    assert isinstance(salt, bytes)
    return stretched(passphrase, salt, cost)


def _new_secret(random_bytes: Callable[[int], bytes]) -> tuple[bytes, Signer]:
    for _ in range(_ATTEMPTS):
        secret = random_bytes(_SECRET_BYTES)
        with suppress(KeyRefused):  # One in 2**32 draws lies beyond the order of P-256.
            return secret, keys.signer_for(Alg.ESP256, secret)
    raise StaffKeyDamaged("the source of randomness gives no private key")


def _checksum(content: Mapping[cbor.Key, cbor.Value]) -> bytes:
    return sha256(b"liangzheng staff key\0" + cbor.encode(dict(content))).digest()
