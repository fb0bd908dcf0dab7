"""Public keys and signatures: COSE_Key forms, thumbprints, and one table alg → (key type, sizes, load, sign).

The algorithm is a property of the key and never of the message. Ed25519 is verified by PyNaCl only: the other library
accepts small-order public keys (SECURITY.md, finding 1). P-256 signatures are raw r‖s with low s, in both directions,
so that one signed content has one signature form (PROTOCOL.md, "Rules that stop attacks").

A table is a value: nothing registers itself, and whoever reads foreign keys says by which table; without a word it is
the default one, exactly Ed25519 and ESP256 (docs/spec/algorithms.md). Not handled here: where private keys live. A
`Signer` is injected; `Ed25519Signer` and `P256Signer` wrap key material that somebody else made and keeps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign, crypto_sign_seed_keypair
from nacl.bindings.crypto_sign import crypto_sign_open
from nacl.exceptions import CryptoError

from protocol import cbor, labels, limits
from protocol.errors import AlgError, KeyRefused, SignatureForm
from protocol.labels import Alg, SignatureAlg

P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF_ORDER: Final = P256_ORDER // 2
_MAPS: Final = (dict, Mapping)
"""A decoded map is a dict; asking for a Mapping alone would go through its abstract base class each time."""
_ECDSA_OF_DIGEST: Final = ec.ECDSA(Prehashed(SHA256()))
_ECDSA_RFC6979: Final = ec.ECDSA(SHA256(), deterministic_signing=True)
_P256: Final = ec.SECP256R1()


class SignatureMismatch(Exception):
    """The signature does not fit; the caller knows whose signature that was and raises the reason."""


class VerificationKey(Protocol):
    """A public key that was checked when it was loaded."""

    @property
    def alg(self) -> SignatureAlg:
        """The only algorithm that this key verifies."""

    @property
    def cose_key(self) -> Mapping[cbor.Key, cbor.Value]:
        """The COSE_Key in its shortest form (P-256 with y as bool)."""

    @property
    def thumbprint(self) -> bytes:
        """SHA-256 COSE_Key thumbprint, 32 bytes (RFC 9679 section 4)."""

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if the signature fits.

        Raises:
            SignatureForm: it is not in the one accepted form.
            SignatureMismatch: it is well formed and does not fit.
        """


class Signer(Protocol):
    """Something that signs: a file key, an HSM, a phone's key store."""

    @property
    def public_key(self) -> VerificationKey:
        """The key under which others verify."""

    def sign(self, message: bytes) -> bytes:
        """A signature in the one accepted form for the key's algorithm."""


@dataclass(frozen=True, slots=True)
class Ed25519Key:
    """An Ed25519 public key: a point of the main subgroup."""

    x: bytes

    def __post_init__(self) -> None:
        # SECURITY.md A7: small-order and off-curve points verify signatures that nobody made.
        if len(self.x) != 32 or not crypto_core_ed25519_is_valid_point(self.x):
            raise KeyRefused("not an Ed25519 point of the main subgroup")

    @property
    def alg(self) -> Alg:
        return Alg.ED25519

    @property
    def cose_key(self) -> Mapping[cbor.Key, cbor.Value]:
        return {labels.KEY_KTY: labels.KTY_OKP, labels.KEY_CRV: labels.CRV_ED25519, labels.KEY_X: self.x}

    @property
    def thumbprint(self) -> bytes:
        return sha256(cbor.encode(self.cose_key)).digest()

    def verify(self, signature: bytes, message: bytes) -> None:
        if len(signature) != limits.SIGNATURE_BYTES:
            raise SignatureForm(f"a signature of {len(signature)} bytes")
        try:
            crypto_sign_open(signature + message, self.x)
        except CryptoError:
            raise SignatureMismatch from None


class P256Key:
    """A P-256 public key for ESP256 (RFC 9864): ECDSA with SHA-256 on this curve and no other."""

    __slots__ = ("_loaded", "x", "y_is_odd")

    def __init__(self, x: bytes, *, y_is_odd: bool) -> None:
        if len(x) != 32:
            raise KeyRefused(f"a P-256 coordinate of {len(x)} bytes")
        self._loaded = _point((b"\x03" if y_is_odd else b"\x02") + x)
        self.x = x
        self.y_is_odd = y_is_odd

    def __eq__(self, other: object) -> bool:
        return isinstance(other, P256Key) and (self.x, self.y_is_odd) == (other.x, other.y_is_odd)

    def __hash__(self) -> int:
        return hash((self.x, self.y_is_odd))

    def __repr__(self) -> str:
        return f"P256Key({self.thumbprint.hex()[:16]})"

    @property
    def alg(self) -> Alg:
        return Alg.ESP256

    @property
    def cose_key(self) -> Mapping[cbor.Key, cbor.Value]:
        return {
            labels.KEY_KTY: labels.KTY_EC2,
            labels.KEY_CRV: labels.CRV_P256,
            labels.KEY_X: self.x,
            labels.KEY_Y: self.y_is_odd,
        }

    @property
    def y(self) -> bytes:
        """The other coordinate, which forms of a key outside of ours write down."""
        return self._loaded.public_numbers().y.to_bytes(32)

    @property
    def thumbprint(self) -> bytes:
        # RFC 9679 section 4.2 takes the uncompressed y, although our cnf carries y as a bool.
        return sha256(cbor.encode({**self.cose_key, labels.KEY_Y: self.y})).digest()

    def verify(self, signature: bytes, message: bytes) -> None:
        self.verify_digest(signature, sha256(message).digest())

    def verify_digest(self, signature: bytes, digest: bytes) -> None:
        """As `verify`, of a message that was hashed already with the SHA-256 that ESP256 begins with."""
        if len(signature) != limits.SIGNATURE_BYTES:
            raise SignatureForm(f"a signature of {len(signature)} bytes")
        r = int.from_bytes(signature[:32])
        s = int.from_bytes(signature[32:])
        # SECURITY.md A8: (r, n−s) verifies too; only the low one is ours.
        if not (0 < r < P256_ORDER and 0 < s <= _HALF_ORDER):
            raise SignatureForm("r or s out of range, or high s")
        try:
            self._loaded.verify(encode_dss_signature(r, s), digest, _ECDSA_OF_DIGEST)
        except InvalidSignature:
            raise SignatureMismatch from None


@lru_cache(maxsize=64)
def _point(encoded: bytes) -> ec.EllipticCurvePublicKey:
    """The point of a public key. Raises: KeyRefused.

    Whoever issues reads one device key four times in a row, and looking for its y is a third of that work; keys are
    public, and what is not a point is not kept.
    """
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_P256, encoded)
    except ValueError:
        raise KeyRefused("no P-256 point has this x") from None


def kid_of(key: VerificationKey) -> bytes:
    """The 8-byte key identifier: a look-up only, never evidence."""
    return key.thumbprint[: limits.KID_BYTES]


class Ed25519Signer:
    """Signs with an Ed25519 seed that the caller made from 32 random bytes and keeps."""

    def __init__(self, seed: bytes) -> None:
        public, self._secret = crypto_sign_seed_keypair(seed)
        self._public_key = Ed25519Key(public)

    @property
    def public_key(self) -> Ed25519Key:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        return crypto_sign(message, self._secret)[: limits.SIGNATURE_BYTES]


class P256Signer:
    """Signs with a P-256 private scalar (32 bytes, 1 ≤ d < n) that the caller made and keeps. Nonces by RFC 6979."""

    def __init__(self, scalar: bytes) -> None:
        d = int.from_bytes(scalar)
        if len(scalar) != 32 or not 0 < d < P256_ORDER:
            raise KeyRefused("not a P-256 private scalar")
        self._private = ec.derive_private_key(d, _P256)
        numbers = self._private.public_key().public_numbers()
        self._public_key = P256Key(numbers.x.to_bytes(32), y_is_odd=bool(numbers.y & 1))

    @property
    def public_key(self) -> P256Key:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        return raw_low_s(self._private.sign(message, _ECDSA_RFC6979))


def raw_low_s(der_signature: bytes) -> bytes:
    """The one accepted 64-byte form of a DER ECDSA signature; phones and HSMs return high s half of the time."""
    r, s = decode_dss_signature(der_signature)
    return r.to_bytes(32) + min(s, P256_ORDER - s).to_bytes(32)


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One row of a table: all that differs from one algorithm to the next. A loaded key verifies by itself."""

    alg: SignatureAlg
    key_type: tuple[int, int]
    """(kty, crv); of an AKP key, which has no curve, (kty, alg)."""
    secret_bytes: int
    signature_bytes: int
    load: Callable[[Mapping[cbor.Key, cbor.Value]], VerificationKey]
    """The key of a COSE_Key map of this type, after every check. Raises: KeyRefused."""
    signer: Callable[[bytes], Signer]
    """The software signer over `secret_bytes` that the caller made and keeps. Raises: KeyRefused."""


@dataclass(frozen=True, slots=True)
class AlgorithmTable:
    """The algorithms in force for one reader, each with a number and a key type of its own."""

    algorithms: tuple[Algorithm, ...]
    by_alg: Mapping[int, Algorithm] = field(init=False, repr=False, compare=False)
    by_key_type: Mapping[tuple[int, int], Algorithm] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_alg", {int(each.alg): each for each in self.algorithms})
        object.__setattr__(self, "by_key_type", {each.key_type: each for each in self.algorithms})
        if not self.algorithms or not len(self.by_alg) == len(self.by_key_type) == len(self.algorithms):
            raise AlgError("a table without algorithms, or with two of one number or key type")

    def including(self, *further: Algorithm) -> "AlgorithmTable":
        """A table with these besides."""
        return AlgorithmTable((*self.algorithms, *further))


def _load_ed25519(cose_key: Mapping[cbor.Key, cbor.Value]) -> VerificationKey:
    x = cose_key.get(labels.KEY_X)
    if len(cose_key) != 3 or not isinstance(x, bytes):
        raise KeyRefused("an Ed25519 key is exactly {kty, crv, x}")
    return Ed25519Key(x)


def _load_p256(cose_key: Mapping[cbor.Key, cbor.Value]) -> VerificationKey:
    x, y = cose_key.get(labels.KEY_X), cose_key.get(labels.KEY_Y)
    if len(cose_key) != 4 or not isinstance(x, bytes) or not isinstance(y, bool):
        raise KeyRefused("a P-256 key is exactly {kty, crv, x, y} with y as bool")
    return P256Key(x, y_is_odd=y)


ED25519: Final = Algorithm(
    Alg.ED25519, (labels.KTY_OKP, labels.CRV_ED25519), 32, limits.SIGNATURE_BYTES, _load_ed25519, Ed25519Signer
)
ESP256: Final = Algorithm(
    Alg.ESP256, (labels.KTY_EC2, labels.CRV_P256), 32, limits.SIGNATURE_BYTES, _load_p256, P256Signer
)
DEFAULT_ALGORITHMS: Final = AlgorithmTable((ED25519, ESP256))
"""What every reader accepts that was not told otherwise."""


def load_cose_key(cose_key: cbor.Value, *, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS) -> VerificationKey:
    """The key of a COSE_Key map as we write it; closed set of parameters.

    Raises:
        KeyRefused: Any other parameter, a type or curve that is not in this table, or a point that is not one.
    """
    if not isinstance(cose_key, _MAPS):
        raise KeyRefused("not a COSE_Key map")
    kty = cose_key.get(labels.KEY_KTY)
    parameter = cose_key.get(labels.KEY_ALG if kty == labels.KTY_AKP else labels.KEY_CRV)
    if type(kty) is not int or type(parameter) is not int:
        # true equals 1 in Python; one key has one form.
        raise KeyRefused("key type or curve is not an integer")
    algorithm = algorithms.by_key_type.get((kty, parameter))
    if algorithm is None:
        raise KeyRefused("a key of no algorithm that is in force here")
    return algorithm.load(cose_key)


def signer_for(alg: SignatureAlg, secret: bytes, *, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS) -> Signer:
    """The software signer of an algorithm over its secret bytes (seed or scalar).

    Raises:
        AlgError: the table does not have that algorithm.
        KeyRefused: these bytes are no private key of it.
    """
    algorithm = algorithms.by_alg.get(alg)
    if algorithm is None:
        raise AlgError("no algorithm that is in force here")
    if len(secret) != algorithm.secret_bytes:
        raise KeyRefused(f"a private key of {len(secret)} bytes")
    return algorithm.signer(secret)
