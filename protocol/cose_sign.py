"""COSE_Sign (RFC 9052 section 4.1): one payload under two signatures, for the documents of a root that is a pair.

Guaranteed: exactly two signers in the order of the keys, each with its own alg and kid in its own protected header,
both over the same payload and type; closed header sets; no unprotected parameter. Tag 98 is read here and nowhere else:
the decoder of codes refuses it, so this reader takes the tag off before it, and it cannot stand anywhere inside.

Not handled here: which keys to trust, and what the payload means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, keys, labels
from protocol.errors import (
    AlgError,
    HeaderUnknown,
    HeaderUnprotected,
    IssuerSignatureInvalid,
    IssuerUnknown,
    ShapeError,
    TypError,
)
from protocol.keys import Signer, VerificationKey

TAG: Final = cbor.head(6, labels.TAG_SIGN)
"""The two bytes by which a COSE_Sign begins."""
_SIG_STRUCTURE_HEAD: Final = b"\x85\x69Signature"
_NO_EXTERNAL_AAD: Final = b"\x40"
_BODY_LABELS: Final = frozenset({labels.HDR_TYP})
_SIGNER_LABELS: Final = frozenset({labels.HDR_ALG, labels.HDR_KID})
SIGNERS: Final = 2


@dataclass(frozen=True, slots=True)
class UnverifiedSignature:
    """One COSE_Signature: what its signer protects besides the body, and the signature."""

    protected_bytes: bytes
    protected: Mapping[cbor.Key, cbor.Value]
    signature: bytes


@dataclass(frozen=True, slots=True)
class UnverifiedSign:
    """The parts of a COSE_Sign before any signature has been checked."""

    protected_bytes: bytes
    payload: bytes
    signatures: tuple[UnverifiedSignature, ...]

    def verify(self, trusted: tuple[VerificationKey, VerificationKey]) -> None:
        """Return if every signature fits under its own one of these keys, in this order.

        Raises:
            AlgError: A header names another algorithm than its key's.
            IssuerUnknown: A signer is another one than the key in its place.
            SignatureForm: A signature is not in the one accepted form.
            IssuerSignatureInvalid: A signature does not fit.
        """
        for each, key in zip(self.signatures, trusted, strict=True):
            if each.protected[labels.HDR_ALG] != key.alg:
                raise AlgError("the header's algorithm is not the one stored with the key")
            if each.protected[labels.HDR_KID] != keys.kid_of(key):
                raise IssuerUnknown("signed by another key than the one that is trusted in this place")
            try:
                key.verify(each.signature, sig_structure(self.protected_bytes, each.protected_bytes, self.payload))
            except keys.SignatureMismatch:
                raise IssuerSignatureInvalid(f"the {key.alg.name} signature does not fit") from None


def sig_structure(body_protected: bytes, sign_protected: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052 section 4.4 with context "Signature" and empty external_aad.

    Five elements where that of a COSE_Sign1 has four, and another context: neither signature is ever the other.
    """
    return b"".join(
        (
            _SIG_STRUCTURE_HEAD,
            cbor.head(2, len(body_protected)),
            body_protected,
            cbor.head(2, len(sign_protected)),
            sign_protected,
            _NO_EXTERNAL_AAD,
            cbor.head(2, len(payload)),
            payload,
        )
    )


def sign(payload: bytes, *, typ: str, signers: tuple[Signer, Signer]) -> bytes:
    """The encoded COSE_Sign of both signers, in this order."""
    body_protected = cbor.encode({labels.HDR_TYP: typ})
    signatures: list[cbor.Value] = []
    for signer in signers:
        key = signer.public_key
        sign_protected = cbor.encode({labels.HDR_ALG: int(key.alg), labels.HDR_KID: keys.kid_of(key)})
        signature = signer.sign(sig_structure(body_protected, sign_protected, payload))
        signatures.append((sign_protected, {}, signature))
    return TAG + cbor.encode((body_protected, {}, payload, tuple(signatures)))


def parse(encoded: bytes, *, expected_typ: str) -> UnverifiedSign:
    """The parts of a COSE_Sign with exactly these headers and two signatures.

    Raises:
        CborError: Not strict CBOR behind the tag, or a tag 98 inside.
        ShapeError: Not a COSE_Sign; another number of signatures.
        HeaderUnknown, HeaderUnprotected: A header outside the closed sets, or one of them missing.
        TypError: Another type.
        AlgError: A signer without algorithm.
    """
    if not encoded.startswith(TAG):
        # Bytes that are no CBOR at all are called so.
        cbor.decode(encoded)
        raise ShapeError("not a COSE_Sign (tag 98)")
    match cbor.decode(encoded[len(TAG) :]):
        case (bytes() as protected_bytes, Mapping() as unprotected, bytes() as payload, tuple() as signatures):
            pass
        case _:
            raise ShapeError("not [protected, unprotected, payload, signatures]")
    if unprotected:
        raise HeaderUnprotected("a parameter in the unprotected header")
    protected = _header(protected_bytes)
    if labels.HDR_TYP not in protected:
        raise TypError("no type in the protected header")
    if protected[labels.HDR_TYP] != expected_typ:
        raise TypError(f"expected {expected_typ}")
    if protected.keys() != _BODY_LABELS:
        raise HeaderUnknown("header parameters other than typ")
    if len(signatures) != SIGNERS:
        raise ShapeError(f"{len(signatures)} signatures instead of {SIGNERS}")
    return UnverifiedSign(protected_bytes, payload, tuple(_signature(each) for each in signatures))


def _signature(structure: cbor.Value) -> UnverifiedSignature:
    match structure:
        case (bytes() as protected_bytes, Mapping() as unprotected, bytes() as signature):
            pass
        case _:
            raise ShapeError("not [protected, unprotected, signature]")
    if unprotected:
        raise HeaderUnprotected("a parameter in a signer's unprotected header")
    protected = _header(protected_bytes)
    if labels.HDR_ALG not in protected:
        raise AlgError("no algorithm in a signer's protected header")
    if protected.keys() != _SIGNER_LABELS:
        raise HeaderUnknown("a signer's header parameters other than alg and kid")
    if type(protected[labels.HDR_ALG]) is not int:
        raise AlgError("an algorithm that is not an integer")
    return UnverifiedSignature(protected_bytes, protected, signature)


def _header(encoded: bytes) -> Mapping[cbor.Key, cbor.Value]:
    header = cbor.decode(encoded)
    if not isinstance(header, Mapping):
        raise ShapeError("a protected header is not a map")
    return header
