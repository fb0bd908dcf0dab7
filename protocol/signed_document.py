"""What the root of a region signs for terminals and wallets: trust list, catalogue, policy, wallet directory.

One form for all: its own typ, payload {iss, seq, iat, exp, body}, signed by one key or by a pair (`roots`). Guaranteed:
every signature of the root, the exact type, moments and sequence number in form. Not handled here: whether seq is newer
than what is held, whether exp has passed (lateness is a grade, not a refusal: REVOCATION.md), and what the body means.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cwt, labels, limits, roots
from protocol.errors import SchemaError, ShapeError, SizeError, TimeOrderError
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.roots import Root, RootSigner
from protocol.unixtime import UnixTime

MAX_ISS_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """The envelope of a document whose signature holds. `iss` is the region's six digits."""

    iss: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    body: cbor.Value


def sign(document: SignedDocument, *, typ: str, body_label: int, signer: RootSigner) -> bytes:
    """The signed bytes of a document."""
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: document.iss,
        labels.CLAIM_SEQ: document.seq,
        labels.CLAIM_IAT: document.iat,
        labels.CLAIM_EXP: document.exp,
        body_label: document.body,
    }
    return roots.sign(cbor.encode(payload), typ=typ, signer=signer)


def verify(
    encoded: bytes,
    *,
    expected_typ: str,
    body_label: int,
    root: Root,
    algorithms: AlgorithmTable = DEFAULT_ALGORITHMS,
) -> SignedDocument:
    """The document, once every signature of the root holds.

    Raises:
        SizeError: Longer than `limits.MAX_DOCUMENT_BYTES`.
        IssuerUnknown: Signed by another key than this root.
        IssuerSignatureInvalid: A signature does not fit.
        ProtocolError: Any other rule of form, by its own reason.
    """
    if len(encoded) > limits.MAX_DOCUMENT_BYTES:
        raise SizeError(f"a document of {len(encoded)} bytes")
    content = roots.verified_payload(encoded, expected_typ=expected_typ, root=root, algorithms=algorithms)
    payload = cbor.decode(content, max_items=limits.MAX_DOCUMENT_ITEMS)
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
