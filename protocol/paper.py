"""A paper code `LS1`: what a person without a phone carries (PROTOCOL.md, "Paper code").

COSE_Sign1 with a typ and a key use of its own, and without cnf: whoever holds the paper, or a picture of it, can show
it. So it says little (a masked name, the last four digits of the number), has a status index of its own that a reported
loss flips, and lives 180 days at most. Guaranteed for `verify`: the issuer said exactly this.

Not handled here: clocks, status and policy. The appraisal never goes above "check" (W_STATIC), and never accepts it
unattended.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, cose_sign1, cwt, keys, labels, limits
from protocol.cose_sign1 import UnverifiedSign1
from protocol.errors import IssuerSignatureInvalid, SchemaError, ShapeError, TimeOrderError
from protocol.keys import Signer, VerificationKey
from protocol.labels import KeyUse
from protocol.qr import envelope
from protocol.sd_cwt import credential
from protocol.sd_cwt.credential import StatusReference
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import UnixTime

MASK: Final = "*"

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})
_CLAIMS: Final = frozenset(
    {
        labels.CLAIM_ISS,
        labels.CLAIM_EXP,
        labels.CLAIM_IAT,
        labels.CLAIM_VCT,
        labels.CLAIM_STATUS,
        labels.CLAIM_MASKED_NAME,
        labels.CLAIM_LAST_FOUR,
    }
)
_LAST_FOUR: Final = re.compile(r"[0-9]{3}[0-9X]", re.ASCII)


@dataclass(frozen=True, slots=True)
class PaperClaims:
    """What a paper code states. `exp` is technical, at most 180 days after `iat`, never after the legal end."""

    iss: str
    exp: UnixTime
    iat: UnixTime
    vct: int
    status: StatusReference
    masked_name: str
    last_four: str
    """The end of the holder's citizen number, check character included."""


@dataclass(frozen=True, slots=True)
class UnverifiedPaper:
    """Well-formed; nobody has checked whether the issuer said it."""

    sign1: UnverifiedSign1
    kid: bytes
    claims: PaperClaims


@dataclass(frozen=True, slots=True)
class Paper:
    """The issuer said this, of whomever. Only `verify` makes one."""

    claims: PaperClaims


def issue(claims: PaperClaims, signer: Signer) -> bytes:
    """The bytes of a paper code, signed by a key of `KeyUse.PAPER`.

    Raises:
        ProtocolError: What comes out would not be accepted by `parse`; nothing is returned.
    """
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: claims.iss,
        labels.CLAIM_EXP: claims.exp,
        labels.CLAIM_IAT: claims.iat,
        labels.CLAIM_VCT: claims.vct,
        labels.CLAIM_STATUS: credential.status_value(claims.status),
        labels.CLAIM_MASKED_NAME: claims.masked_name,
        labels.CLAIM_LAST_FOUR: claims.last_four,
    }
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_PAPER,
    }
    encoded = cbor.encode(cose_sign1.sign1(headers, cbor.encode(payload), signer))
    # Nothing leaves the issuer that a terminal would refuse: the same reader, on the bytes that were made.
    verify(parse(encoded), signer.public_key)
    return encoded


def text(encoded: bytes) -> str:
    """The text of the code that is printed.

    Raises:
        SizeError: As `envelope.wrap`; a paper code has about 200 bytes.
    """
    return envelope.wrap(encoded, labels.PREFIX_PAPER)


def read(code: str) -> UnverifiedPaper:
    """The paper code in this text (steps 1 to 4).

    Raises:
        ProtocolError: The first rule that it breaks.
    """
    return parse(envelope.unwrap(code, expected_prefix=labels.PREFIX_PAPER))


def parse(encoded: bytes) -> UnverifiedPaper:
    """The parts of a paper code (steps 3 and 4).

    Raises:
        ProtocolError: The reason names the first rule that it breaks (closed header sets, claims, forms).
    """
    sign1 = cose_sign1.parse(cbor.decode(encoded), expected_typ=labels.TYP_PAPER, protected_labels=_PROTECTED)
    kid = sign1.protected[labels.HDR_KID]
    if not isinstance(kid, bytes) or len(kid) != limits.KID_BYTES:
        raise ShapeError("kid is not 8 bytes")
    payload = cbor.decode(sign1.payload)
    if not isinstance(payload, Mapping):
        raise ShapeError("the payload is not a map")
    return UnverifiedPaper(sign1, kid, _claims(payload))


def find_paper_anchor(trust: TrustList, unverified: UnverifiedPaper, *, at: UnixTime) -> TrustAnchor:
    """Step 5: the anchor that must have signed this paper code.

    Raises:
        IssuerUnknown: No key for paper has this (iss, kid); a key that signs credentials signs none.
        IssuerExpired, KindNotAllowed, StatusUriError: As `TrustList.find_for`.
    """
    claims = unverified.claims
    return trust.find_for(
        claims.iss,
        unverified.kid,
        use=KeyUse.PAPER,
        vct=claims.vct,
        signed_at=claims.iat,
        status_uri=claims.status.uri,
        at=at,
    )


def verify(unverified: UnverifiedPaper, paper_key: VerificationKey) -> Paper:
    """The paper code, once the issuer's signature holds (step 6; steps 7 and 8 need a holder's key, and there is none).

    Raises:
        AlgError, SignatureForm, IssuerSignatureInvalid.
    """
    try:
        unverified.sign1.verify(paper_key)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the issuer's signature does not fit") from None
    return Paper(unverified.claims)


def _claims(payload: cwt.Claims) -> PaperClaims:
    if payload.keys() != _CLAIMS:
        raise SchemaError("claims are missing, or there are others than a paper code has")
    iss = payload[labels.CLAIM_ISS]
    vct = payload[labels.CLAIM_VCT]
    last_four = payload[labels.CLAIM_LAST_FOUR]
    if not isinstance(iss, str) or not credential.ISS_PATTERN.fullmatch(iss):
        raise SchemaError("iss is not region.authority")
    if type(vct) is not int or vct not in labels.VCT_RANGE:
        raise SchemaError("vct is not the number of a licence kind")
    exp, iat = (cwt.moment(payload, label) for label in (labels.CLAIM_EXP, labels.CLAIM_IAT))
    if not iat < exp:
        raise TimeOrderError("not iat < exp")
    if exp - iat > limits.MAX_PAPER_LIFE:
        raise SchemaError("a technical life of more than 180 days")
    masked_name = cwt.text(payload, labels.CLAIM_MASKED_NAME, max_bytes=limits.MAX_MASKED_NAME_BYTES)
    # What anybody may photograph must not hold a whole name, even if an issuer forgets to mask it.
    if MASK not in masked_name:
        raise SchemaError("a name that is not masked")
    if not isinstance(last_four, str) or not _LAST_FOUR.fullmatch(last_four):
        raise SchemaError("not the last four digits of a number")
    return PaperClaims(
        iss, exp, iat, vct, credential.status_reference(payload[labels.CLAIM_STATUS]), masked_name, last_four
    )
