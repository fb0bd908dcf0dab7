"""Reads what a device's key has signed for this authority: for somebody else, too old or too new, it is refused.

OpenID4VCI 1.0 appendix F.4: type, algorithm and signature are `protocol.key_proof`'s · the audience is this authority ·
the moment is within reach of a phone's clock · the nonce is a text. Whether it is a good one is found out when it is
used up (`nonces`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from issuer.errors import IssuerError
from issuer.openid4vci.errors import ProofRefused
from protocol import key_proof, limits
from protocol.errors import ProtocolError
from protocol.key_proof import TYP_PROOF
from protocol.keys import VerificationKey
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class Proven:
    """A key, what it signed, and under which nonce."""

    key: VerificationKey
    claims: Mapping[str, Any]
    nonce: str


def read(
    text: str,
    *,
    typ: str = TYP_PROOF,
    audience: str,
    at: UnixTime,
    refusal: type[IssuerError] = ProofRefused,
) -> Proven:
    """What this text proves. Raises: `refusal`."""
    try:
        proof = key_proof.verified(text, typ=typ)
    except ProtocolError as error:
        raise refusal(str(error)) from None
    claims = proof.claims
    if claims.get("aud") != audience:
        raise refusal("the proof is for another issuer")
    iat = claims.get("iat")
    # A phone's clock may be ten minutes wrong: what makes it fresh is the nonce.
    if isinstance(iat, bool) or not isinstance(iat, int | float) or not abs(iat - at) <= limits.CHALLENGED_SKEW:
        raise refusal("the proof is not of now: the clock of the phone or of this issuer is wrong")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str):
        raise refusal("the proof carries no nonce")
    return Proven(proof.key, claims, nonce)
