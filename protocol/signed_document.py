"""What the root of a region signs for terminals and wallets: trust list, catalogue, policy, wallet directory.

One form for all: COSE_Sign1 with its own typ, payload {iss, seq, iat, exp, body}. Guaranteed: the root's signature, the
exact type, moments and sequence number in form. Not handled here: whether seq is newer than what is held, whether exp
has passed (lateness is a grade, not a refusal: REVOCATION.md), and what the body means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cose_sign1, cwt, keys, labels, limits
from protocol.errors import IssuerSignatureInvalid, IssuerUnknown, SchemaError, ShapeError, SizeError, TimeOrderError
from protocol.keys import Signer, VerificationKey
from protocol.unixtime import UnixTime

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})
MAX_ISS_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """The envelope of a document whose signature holds. `iss` is the region's six digits."""

    iss: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    body: cbor.Value


def sign(document: SignedDocument, *, typ: str, body_label: int, signer: Signer) -> bytes:
    """The signed bytes of a document."""
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: document.iss,
        labels.CLAIM_SEQ: document.seq,
        labels.CLAIM_IAT: document.iat,
        labels.CLAIM_EXP: document.exp,
        body_label: document.body,
    }
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: typ,
    }
    return cbor.encode(cose_sign1.sign1(headers, cbor.encode(payload), signer))


def verify(encoded: bytes, *, expected_typ: str, body_label: int, root: VerificationKey) -> SignedDocument:
    """The document, once the root's signature holds.

    Raises:
        SizeError: Longer than `limits.MAX_DOCUMENT_BYTES`.
        IssuerUnknown: Signed by another key than this root.
        IssuerSignatureInvalid: The signature does not fit.
        ProtocolError: Any other rule of form, by its own reason.
    """
    if len(encoded) > limits.MAX_DOCUMENT_BYTES:
        raise SizeError(f"a document of {len(encoded)} bytes")
    sign1 = cose_sign1.parse(cbor.decode(encoded), expected_typ=expected_typ, protected_labels=_PROTECTED)
    if sign1.protected[labels.HDR_KID] != keys.kid_of(root):
        raise IssuerUnknown("signed by another key than the root that is trusted here")
    try:
        sign1.verify(root)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the root's signature does not fit") from None
    payload = cbor.decode(sign1.payload, max_items=limits.MAX_DOCUMENT_ITEMS)
    if not isinstance(payload, Mapping) or payload.keys() != {
        labels.CLAIM_ISS,
        labels.CLAIM_SEQ,
        labels.CLAIM_IAT,
        labels.CLAIM_EXP,
        body_label,
    }:
        raise ShapeError("the payload is not {iss, seq, iat, exp, body}")
    seq = payload[labels.CLAIM_SEQ]
    if type(seq) is not int or seq < 1:
        raise SchemaError("seq is not a positive integer")
    iat, exp = cwt.moment(payload, labels.CLAIM_IAT), cwt.moment(payload, labels.CLAIM_EXP)
    if not iat < exp:
        raise TimeOrderError("not iat < exp")
    iss = cwt.text(payload, labels.CLAIM_ISS, max_bytes=MAX_ISS_BYTES)
    return SignedDocument(iss, seq, iat, exp, payload[body_label])
