"""Sealed presentations: COSE_Encrypt0 by HPKE-4 to the X25519 key of the challenge that asked.

Sources: draft-ietf-cose-hpke-27 section 3.2 (integrated encryption), RFC 9052 section 5.3 (Enc_structure), RFC 9180
sections 4 to 6.1 (base mode, single shot). HPKE is put together from primitives, since the library's own call takes no
aad. Guaranteed: closed header sets, one suite, no shared secret of zeros. Not handled here: randomness (the ephemeral
key arrives as an argument and must be fresh for every seal), which key is open, and what the plaintext means: it is
as untrusted as any scanned code, since anybody can seal to a public key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from protocol import cbor, labels, limits
from protocol.errors import (
    AlgError,
    Code,
    HeaderUnknown,
    HeaderUnprotected,
    KeyRefused,
    ProtocolError,
    ShapeError,
)

EXTERNAL_AAD: Final = b"LE1"
"""Says what the plaintext is for: nothing that was sealed for another use opens here."""

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID})
_UNPROTECTED: Final = frozenset({labels.HDR_EK})
KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_NONCE_BYTES: Final = 12

# RFC 9180 section 7: KEM 0x0020 DHKEM(X25519, HKDF-SHA256), KDF 0x0001 HKDF-SHA256, AEAD 0x0003 ChaCha20Poly1305.
_KEM_SUITE: Final = b"KEM\x00\x20"
_HPKE_SUITE: Final = b"HPKE\x00\x20\x00\x01\x00\x03"
_MODE_BASE: Final = b"\x00"
_ANY_SCALAR: Final = bytes(range(1, 33))
_FIELD: Final = 2**255 - 19


class SealNotOpened(ProtocolError):
    """Sealed to another key or for another use, or changed on the way: nobody can tell which."""

    code = Code.E_SEAL_OPEN


@dataclass(frozen=True, slots=True)
class SealingKey:
    """An X25519 public key in its one form, which gives no shared secret of zeros."""

    x: bytes

    def __post_init__(self) -> None:
        if len(self.x) != KEY_BYTES:
            raise KeyRefused(f"an X25519 key of {len(self.x)} bytes")
        # RFC 7748 section 5 would take numbers beyond the field and a set topmost bit; one key has one form here.
        if int.from_bytes(self.x, "little") >= _FIELD:
            raise KeyRefused("an X25519 coordinate beyond its field")
        # RFC 7748 section 6.1: scalars are multiples of 8, so a point of small order gives zero for every one.
        _shared_point(_private(_ANY_SCALAR), self.x)

    @property
    def kid(self) -> bytes:
        """4 bytes of the SHA-256 COSE_Key thumbprint (RFC 9679): a look-up only."""
        return _kid(self.x)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Well-formed; nobody has opened it. `kid` says which open request's key to try."""

    protected_bytes: bytes
    kid: bytes
    ek: bytes
    ciphertext: bytes


def sealing_key(private_key: bytes) -> SealingKey:
    """The public key of 32 secret bytes that the caller drew for one request."""
    return SealingKey(_private(private_key).public_key().public_bytes_raw())


def seal(plaintext: bytes, *, recipient: SealingKey, ephemeral_key: bytes) -> bytes:
    """The sealed bytes.

    Args:
        plaintext: The bytes of a presentation.
        recipient: The key of the verified challenge.
        ephemeral_key: 32 random bytes, never used before or again: two seals with one of them to one key show their
            plaintexts' difference.
    """
    protected = cbor.encode({labels.HDR_ALG: labels.ALG_HPKE_4, labels.HDR_KID: recipient.kid})
    ek, ciphertext = hpke_seal(
        plaintext,
        recipient=recipient.x,
        ephemeral_key=ephemeral_key,
        info=b"",
        aad=enc_structure(protected, EXTERNAL_AAD),
    )
    return cbor.encode(cbor.Tagged(labels.TAG_ENCRYPT0, (protected, {labels.HDR_EK: ek}, ciphertext)))


def parse(encoded: bytes) -> Sealed:
    """The parts of a sealed presentation.

    Raises:
        ProtocolError: The reason names the first rule of form that it breaks.
    """
    structure = cbor.decode(encoded)
    if not isinstance(structure, cbor.Tagged) or structure.tag != labels.TAG_ENCRYPT0:
        raise ShapeError("not a COSE_Encrypt0 (tag 16)")
    match structure.value:
        case (bytes() as protected_bytes, Mapping() as unprotected, bytes() as ciphertext):
            pass
        case _:
            raise ShapeError("not [protected, unprotected, ciphertext]")
    protected = cbor.decode(protected_bytes)
    if not isinstance(protected, Mapping):
        raise ShapeError("the protected header is not a map")
    # Other parameters there are refused for being there: psk_id would change the mode, a second alg the meaning.
    if unprotected.keys() != _UNPROTECTED:
        raise HeaderUnprotected("the unprotected header is not exactly the encapsulated key")
    alg = protected.get(labels.HDR_ALG)
    if type(alg) is not int or alg != labels.ALG_HPKE_4:
        raise AlgError("not HPKE-4")
    if protected.keys() != _PROTECTED:
        raise HeaderUnknown("header parameters other than alg and kid")
    kid, ek = protected[labels.HDR_KID], unprotected[labels.HDR_EK]
    if not isinstance(kid, bytes) or len(kid) != limits.SEAL_KID_BYTES:
        raise ShapeError(f"kid is not {limits.SEAL_KID_BYTES} bytes")
    if not isinstance(ek, bytes) or len(ek) != KEY_BYTES:
        raise ShapeError(f"the encapsulated key is not {KEY_BYTES} bytes")
    if len(ciphertext) <= _TAG_BYTES:
        raise ShapeError("a ciphertext of nothing")
    return Sealed(protected_bytes, kid, ek, ciphertext)


def unseal(sealed: Sealed, *, private_key: bytes) -> bytes:
    """The plaintext.

    Args:
        sealed: What `parse` gave.
        private_key: The 32 secret bytes of the open request with this kid.

    Raises:
        KeyRefused: The encapsulated key is of small order.
        SealNotOpened: It does not open with this key.
    """
    # Loading a private key costs as much as a signature check, so it is loaded once.
    key = _private(private_key)
    recipient = key.public_key().public_bytes_raw()
    if sealed.kid != _kid(recipient):
        raise SealNotOpened("sealed to another key")
    aad = enc_structure(sealed.protected_bytes, EXTERNAL_AAD)
    return _open(sealed.ciphertext, sealed.ek, key, recipient, info=b"", aad=aad)


def enc_structure(protected: bytes, external_aad: bytes) -> bytes:
    """Enc_structure of RFC 9052 section 5.3 with context "Encrypt0": the aad of HPKE."""
    return cbor.encode(("Encrypt0", protected, external_aad))


def hpke_seal(
    plaintext: bytes, *, recipient: bytes, ephemeral_key: bytes, info: bytes, aad: bytes
) -> tuple[bytes, bytes]:
    """SealBase of RFC 9180 section 6.1: encapsulated key and ciphertext.

    Raises:
        KeyRefused: The recipient's key is of small order.
    """
    ephemeral = _private(ephemeral_key)
    ek = ephemeral.public_key().public_bytes_raw()
    key, nonce = key_schedule(shared_secret(_shared_point(ephemeral, recipient), ek, recipient), info)
    return ek, ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def hpke_open(ciphertext: bytes, *, ek: bytes, private_key: bytes, info: bytes, aad: bytes) -> bytes:
    """OpenBase of RFC 9180 section 6.1.

    Raises:
        KeyRefused: The encapsulated key is of small order.
        SealNotOpened: Another key, info or aad, or changed bytes.
    """
    own = _private(private_key)
    return _open(ciphertext, ek, own, own.public_key().public_bytes_raw(), info=info, aad=aad)


def _open(ciphertext: bytes, ek: bytes, own: X25519PrivateKey, recipient: bytes, *, info: bytes, aad: bytes) -> bytes:
    key, nonce = key_schedule(shared_secret(_shared_point(own, ek), ek, recipient), info)
    try:
        return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise SealNotOpened("the seal does not open with this key") from None


def shared_secret(point: bytes, ek: bytes, recipient: bytes) -> bytes:
    """ExtractAndExpand of RFC 9180 section 4.1 over the Diffie-Hellman result and both public keys."""
    extracted = _labeled_extract(b"", b"eae_prk", point, suite=_KEM_SUITE)
    return _labeled_expand(extracted, b"shared_secret", ek + recipient, KEY_BYTES, suite=_KEM_SUITE)


def key_schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and base nonce of RFC 9180 section 5.1 in base mode; the one message of a single shot uses the base nonce."""
    psk_id_hash = _labeled_extract(b"", b"psk_id_hash", b"", suite=_HPKE_SUITE)
    info_hash = _labeled_extract(b"", b"info_hash", info, suite=_HPKE_SUITE)
    context = _MODE_BASE + psk_id_hash + info_hash
    secret = _labeled_extract(shared, b"secret", b"", suite=_HPKE_SUITE)
    return (
        _labeled_expand(secret, b"key", context, KEY_BYTES, suite=_HPKE_SUITE),
        _labeled_expand(secret, b"base_nonce", context, _NONCE_BYTES, suite=_HPKE_SUITE),
    )


def _labeled_extract(salt: bytes, label: bytes, key_material: bytes, *, suite: bytes) -> bytes:
    return HKDF.extract(SHA256(), salt, b"HPKE-v1" + suite + label + key_material)


def _labeled_expand(extracted: bytes, label: bytes, context: bytes, length: int, *, suite: bytes) -> bytes:
    return HKDFExpand(SHA256(), length, length.to_bytes(2) + b"HPKE-v1" + suite + label + context).derive(extracted)


def _private(private_key: bytes) -> X25519PrivateKey:
    if len(private_key) != KEY_BYTES:
        raise KeyRefused(f"an X25519 private key of {len(private_key)} bytes")
    return X25519PrivateKey.from_private_bytes(private_key)


def _kid(x: bytes) -> bytes:
    cose_key: Mapping[cbor.Key, cbor.Value] = {
        labels.KEY_KTY: labels.KTY_OKP,
        labels.KEY_CRV: labels.CRV_X25519,
        labels.KEY_X: x,
    }
    return sha256(cbor.encode(cose_key)).digest()[: limits.SEAL_KID_BYTES]


def _shared_point(own: X25519PrivateKey, public_key: bytes) -> bytes:
    try:
        return own.exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError:
        # RFC 9180 section 7.1.4: a result of zeros is known to everybody. The library refuses it, and wrong lengths.
        raise KeyRefused("an X25519 key of small order") from None
