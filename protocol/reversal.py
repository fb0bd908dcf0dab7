"""Co-signatures of the offline reversal key: the only way back from a final status, and past the mass-change brake.

A COSE_Sign1 of its own type over (region, epoch, seq, SHA-256 of the delta), by a key of use `reversal` that no machine
on a network holds. The delta's hash binds its changes, and its seq is reserved before the ceremony, so that the
signature serves one delta at one place of the chain and never again. Whoever has the online status key alone can revoke
and cannot un-revoke.

Not handled here: which changes need it (`revocation.guard`), and that the delta's bytes are the ones that were hashed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cose_sign1, cwt, feed_position, keys, labels, limits
from protocol.errors import IssuerExpired, IssuerSignatureInvalid, SchemaError, ShapeError, SizeError, StatusUriError
from protocol.feed_position import FeedPosition
from protocol.keys import Signer
from protocol.labels import KeyUse
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})
_CLAIMS: Final = frozenset({labels.CLAIM_ISS, labels.CLAIM_IAT, labels.CLAIM_FEED, labels.CLAIM_DELTA_SHA256})


@dataclass(frozen=True, slots=True)
class Reversal:
    """What the offline key states: this delta may do at this place what deltas may not."""

    iss: str
    iat: UnixTime
    position: FeedPosition
    delta_sha256: bytes


@dataclass(frozen=True, slots=True)
class VerifiedReversal:
    """The offline key of that region said this. Only `verify` makes one."""

    reversal: Reversal


def sign(reversal: Reversal, signer: Signer) -> bytes:
    """The signed bytes of a co-signature.

    Raises:
        ProtocolError: A terminal would refuse it; nothing is returned.
    """
    payload = cbor.encode(
        {
            labels.CLAIM_ISS: reversal.iss,
            labels.CLAIM_IAT: reversal.iat,
            labels.CLAIM_FEED: reversal.position.to_value(),
            labels.CLAIM_DELTA_SHA256: reversal.delta_sha256,
        }
    )
    _reversal(cbor.decode(payload))
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_REVERSAL,
    }
    return cbor.encode(cose_sign1.sign1(headers, payload, signer))


def verify(encoded: bytes, *, trust: TrustList, expected_region: str, at: UnixTime) -> VerifiedReversal:
    """The co-signature, once a trusted reversal key of this region made it.

    Raises:
        SizeError: Longer than `limits.MAX_REVERSAL_BYTES`.
        IssuerUnknown: No reversal key has this (iss, kid); a status key is none.
        IssuerExpired: That key may not have signed then, or must no longer be relied on.
        StatusUriError: Of another region, or the key is not for this region's lists.
        IssuerSignatureInvalid: The signature does not fit.
        ProtocolError: Any other rule of form, by its own reason.
    """
    if len(encoded) > limits.MAX_REVERSAL_BYTES:
        raise SizeError(f"a co-signature of {len(encoded)} bytes")
    sign1 = cose_sign1.parse(cbor.decode(encoded), expected_typ=labels.TYP_REVERSAL, protected_labels=_PROTECTED)
    kid = sign1.protected[labels.HDR_KID]
    if not isinstance(kid, bytes) or len(kid) != limits.KID_BYTES:
        raise ShapeError(f"kid is not {limits.KID_BYTES} bytes")
    reversal = _reversal(cbor.decode(sign1.payload))
    anchor = trust.find(reversal.iss, kid, use=KeyUse.REVERSAL)
    if reversal.iat > anchor.sign_until or at > anchor.verify_until:
        raise IssuerExpired("the reversal key had ended")
    if reversal.position.region != expected_region or reversal.position.status_prefix not in anchor.status_prefixes:
        raise StatusUriError("a co-signature for another region's lists")
    try:
        sign1.verify(anchor.key)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the reversal key's signature does not fit") from None
    return VerifiedReversal(reversal)


def _reversal(payload: cbor.Value) -> Reversal:
    if not isinstance(payload, Mapping) or payload.keys() != _CLAIMS:
        raise ShapeError("the payload has not exactly the claims of a co-signature")
    position = feed_position.from_claims(payload)
    if position.seq < 1:
        raise SchemaError("no delta stands at the beginning of an epoch")
    return Reversal(
        iss=feed_position.regional_authority(payload[labels.CLAIM_ISS], position.region),
        iat=cwt.moment(payload, labels.CLAIM_IAT),
        position=position,
        delta_sha256=feed_position.sha256_digest(payload[labels.CLAIM_DELTA_SHA256]),
    )
