"""SM2 with SM3 (GM/T 0003, GB/T 32918.2 and .5) in COSE: key form, point checks, the one accepted signature form.

Off unless somebody builds a table with it: `DEFAULT_ALGORITHMS.including(sm2.algorithm(provider))`. The arithmetic with
secrets and the hash is a provider's (`sm2_libcrypto` for the system's libcrypto). No number is registered with IANA, so
alg and curve are private (docs/spec/algorithms.md). The distinguishing identifier is always the default one.

One content has one signature form as far as a stranger can choose: 64 bytes r‖s, 1 ≤ r, s < n. Other than ECDSA, SM2 is
not symmetrical in s: (r, n−s) does not verify, and the other s that fits one r takes the private key to compute.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Protocol

from protocol import cbor, labels, limits
from protocol.errors import KeyRefused, SignatureForm
from protocol.keys import Algorithm, SignatureMismatch, Signer, VerificationKey
from protocol.labels import FurtherAlg

# GB/T 32918.5 section 2: sm2p256v1, y² = x³ − 3x + b over p, of prime order n (so every point but infinity generates).
PRIME: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
ORDER: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
DEFAULT_ID: Final = b"1234567812345678"
"""GM/T 0009 section 10: the identifier of a signer who was given none."""
_FIELD_BYTES: Final = 32


class Sm2Provider(Protocol):
    """Who computes: a library, or a device. Points are 65 bytes (04 ‖ x ‖ y), scalars 32, signatures r‖s."""

    def verifies(self, point: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the signature fits, with the default identifier. Point, r and s have been checked."""

    def sign(self, scalar: bytes, message: bytes) -> bytes:
        """A signature with the default identifier. The scalar is in range."""

    def public_point(self, scalar: bytes) -> bytes:
        """The point of a private scalar in range."""


class Sm2Key:
    """An SM2 public key, y as a bool as for P-256."""

    __slots__ = ("_point", "_provider", "x", "y_is_odd")

    def __init__(self, x: bytes, *, y_is_odd: bool, provider: Sm2Provider) -> None:
        self._point = b"\x04" + x + _y(x, is_odd=y_is_odd)
        self._provider = provider
        self.x = x
        self.y_is_odd = y_is_odd

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sm2Key) and self._point == other._point

    def __hash__(self) -> int:
        return hash(self._point)

    def __repr__(self) -> str:
        return f"Sm2Key({self.thumbprint.hex()[:16]})"

    @property
    def alg(self) -> FurtherAlg:
        return FurtherAlg.SM2_SM3

    @property
    def cose_key(self) -> Mapping[cbor.Key, cbor.Value]:
        return {
            labels.KEY_KTY: labels.KTY_EC2,
            labels.KEY_CRV: labels.CRV_SM2,
            labels.KEY_X: self.x,
            labels.KEY_Y: self.y_is_odd,
        }

    @property
    def thumbprint(self) -> bytes:
        # RFC 9679 section 4.2: the uncompressed y, as for P-256.
        return sha256(cbor.encode({**self.cose_key, labels.KEY_Y: self._point[1 + _FIELD_BYTES :]})).digest()

    def verify(self, signature: bytes, message: bytes) -> None:
        if len(signature) != limits.SIGNATURE_BYTES:
            raise SignatureForm(f"a signature of {len(signature)} bytes")
        # GB/T 32918.2 section 7.1 steps 1 and 2.
        if not all(0 < int.from_bytes(half) < ORDER for half in (signature[:32], signature[32:])):
            raise SignatureForm("r or s out of range")
        if not self._provider.verifies(self._point, signature, message):
            raise SignatureMismatch


class Sm2Signer:
    """Signs with an SM2 private scalar (32 bytes, 1 ≤ d ≤ n−2) that the caller made and keeps."""

    def __init__(self, scalar: bytes, *, provider: Sm2Provider) -> None:
        # GB/T 32918.2 section 6.1: 1 + d is inverted, so d = n−1 is no key.
        if len(scalar) != _FIELD_BYTES or not 0 < int.from_bytes(scalar) < ORDER - 1:
            raise KeyRefused("not an SM2 private scalar")
        self._scalar = scalar
        self._provider = provider
        point = provider.public_point(scalar)
        self._public_key = Sm2Key(point[1 : 1 + _FIELD_BYTES], y_is_odd=bool(point[-1] & 1), provider=provider)

    @property
    def public_key(self) -> Sm2Key:
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        return self._provider.sign(self._scalar, message)


def algorithm(provider: Sm2Provider) -> Algorithm:
    """The row of a table in which SM2 is in force, computed by this provider."""

    def load(cose_key: Mapping[cbor.Key, cbor.Value]) -> VerificationKey:
        x, y = cose_key.get(labels.KEY_X), cose_key.get(labels.KEY_Y)
        if len(cose_key) != 4 or not isinstance(x, bytes) or not isinstance(y, bool):
            raise KeyRefused("an SM2 key is exactly {kty, crv, x, y} with y as bool")
        return Sm2Key(x, y_is_odd=y, provider=provider)

    def signer(scalar: bytes) -> Signer:
        return Sm2Signer(scalar, provider=provider)

    return Algorithm(
        FurtherAlg.SM2_SM3,
        (labels.KTY_EC2, labels.CRV_SM2),
        _FIELD_BYTES,
        limits.SIGNATURE_BYTES,
        load,
        signer,
    )


def _y(x: bytes, *, is_odd: bool) -> bytes:
    """The 32 bytes of that root y of the curve's equation (p mod 4 = 3, so the power is a root if there is one)."""
    number = int.from_bytes(x)
    if len(x) != _FIELD_BYTES or number >= PRIME:
        raise KeyRefused("not a coordinate of an SM2 point")
    square = (pow(number, 3, PRIME) - 3 * number + B) % PRIME
    root = pow(square, (PRIME + 1) // 4, PRIME)
    # y = 0 would be a point of order 2; the order of this curve is an odd prime.
    if root * root % PRIME != square:
        raise KeyRefused("no SM2 point has this x")
    return (root if root & 1 == is_odd else PRIME - root).to_bytes(_FIELD_BYTES)
