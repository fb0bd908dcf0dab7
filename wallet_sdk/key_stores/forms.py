"""The forms in which platforms give public keys and signatures, turned into the one of the protocol.

Android's Keystore gives SubjectPublicKeyInfo (RFC 5480) and DER signatures (RFC 3279 section 2.2.3), Apple's Secure
Enclave the uncompressed point (SEC 1 section 2.3.3) and DER, PKCS#11 tokens r and s side by side; half of all have a
high s, which the protocol refuses.
"""

from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from protocol import cbor, keys, limits
from protocol.errors import ProtocolError
from protocol.keys import Ed25519Key, P256Key, VerificationKey
from protocol.labels import Alg, SignatureAlg
from wallet_sdk.key_stores.errors import KeyFailed

_UNCOMPRESSED: Final = 0x04
_POINT_BYTES: Final = 65
_SEQUENCE: Final = 0x30


def public_key_from(encoded: bytes) -> VerificationKey:
    """The public key in a COSE_Key, a SubjectPublicKeyInfo, or an uncompressed point of P-256.

    Raises:
        KeyFailed: It is none of these, or of another algorithm.
    """
    try:
        if len(encoded) == _POINT_BYTES and encoded[0] == _UNCOMPRESSED:
            return _p256(ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encoded))
        if encoded[:1] == bytes([_SEQUENCE]):
            match load_der_public_key(encoded):
                case ec.EllipticCurvePublicKey() as key if isinstance(key.curve, ec.SECP256R1):
                    return _p256(key)
                case ed25519.Ed25519PublicKey() as key:
                    return Ed25519Key(key.public_bytes_raw())
                case _:
                    raise KeyFailed("a public key that is neither P-256 nor Ed25519")
        return keys.load_cose_key(cbor.decode(encoded))
    except (ProtocolError, ValueError, UnsupportedAlgorithm):
        raise KeyFailed("a public key in no known form") from None


def signature_from(encoded: bytes, alg: SignatureAlg) -> bytes:
    """The protocol's form of a signature; anything else comes back as it is, for the verification to refuse."""
    if alg is not Alg.ESP256:
        return encoded
    try:
        if len(encoded) == limits.SIGNATURE_BYTES:
            encoded = encode_dss_signature(int.from_bytes(encoded[:32]), int.from_bytes(encoded[32:]))
        return keys.raw_low_s(encoded)
    except (ValueError, OverflowError):
        return encoded


def _p256(key: ec.EllipticCurvePublicKey) -> P256Key:
    numbers = key.public_numbers()
    return P256Key(numbers.x.to_bytes(32), y_is_odd=bool(numbers.y & 1))
