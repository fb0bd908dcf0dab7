"""SM2 from the text of the standard, for vectors and as a second opinion: slow, not constant-time, never for use.

GB/T 32918.1 for the curve, .2 for signatures, .5 for its parameters; SM3 is that of `cryptography`. Nonces are derived
from key and message, so that a signature of a test is the same at every run and on every machine, also where the
system's libcrypto has no SM2.
"""

from hashlib import sha256

from cryptography.hazmat.primitives import hashes

from protocol import sm2
from protocol.sm2 import ORDER, PRIME, B

G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
Point = tuple[int, int] | None
"""None is the point at infinity."""


def sm3(content: bytes) -> bytes:
    running = hashes.Hash(hashes.SM3())
    running.update(content)
    return running.finalize()


def add(left: Point, right: Point) -> Point:
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % PRIME == 0:
        return None
    slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, PRIME) if left == right else (y2 - y1) * pow(x2 - x1, -1, PRIME)
    x3 = (slope * slope - x1 - x2) % PRIME
    return x3, (slope * (x1 - x3) - y1) % PRIME


def multiply(scalar: int, point: Point) -> Point:
    found: Point = None
    while scalar:
        if scalar & 1:
            found = add(found, point)
        point = add(point, point)
        scalar >>= 1
    return found


def digest(point: bytes, message: bytes, identifier: bytes = sm2.DEFAULT_ID) -> int:
    """e = SM3(Z ‖ M), with Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ G ‖ P) (part 2, sections 5.5 and 6.1)."""
    curve = b"".join(number.to_bytes(32) for number in (PRIME - 3, B, *G))
    z = sm3((8 * len(identifier)).to_bytes(2) + identifier + curve + point[1:])
    return int.from_bytes(sm3(z + message))


def signature_with(nonce: int, scalar: int, e: int) -> bytes:
    """Section 6.1 steps A4 to A7 with this k."""
    point = multiply(nonce, G)
    assert point is not None
    r = (e + point[0]) % ORDER
    s = pow(1 + scalar, -1, ORDER) * (nonce - r * scalar) % ORDER
    assert r not in (0, ORDER - nonce)
    assert s
    return r.to_bytes(32) + s.to_bytes(32)


class Reference:
    """The provider of `protocol.sm2` in plain integers."""

    def verifies(self, point: bytes, signature: bytes, message: bytes) -> bool:
        r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
        t = (r + s) % ORDER
        found = add(multiply(s, G), multiply(t, (int.from_bytes(point[1:33]), int.from_bytes(point[33:]))))
        return t != 0 and found is not None and (digest(point, message) + found[0]) % ORDER == r

    def sign(self, scalar: bytes, message: bytes) -> bytes:
        e = digest(self.public_point(scalar), message)
        nonce = int.from_bytes(sha256(b"a nonce of tests" + scalar + e.to_bytes(32)).digest()) % (ORDER - 1) + 1
        return signature_with(nonce, int.from_bytes(scalar), e)

    def public_point(self, scalar: bytes) -> bytes:
        point = multiply(int.from_bytes(scalar), G)
        assert point is not None
        return b"\x04" + point[0].to_bytes(32) + point[1].to_bytes(32)
