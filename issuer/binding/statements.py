"""Reads a statement that somebody is the holder: a JWT signed by a service that is trusted, or by another device.

Its type is lz-binding+jwt; the claims are exactly aud (this issuer's `iss`), licence, device (SHA-256 of the key that
is to be bound, in hexadecimal), kept (0 software, 1 key store, 2 hardware), iat, exp at most ten minutes later, jti.
Not handled here: whose key that is, and whether the statement was used before.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from issuer.binding.errors import EvidenceRefused
from protocol import key_proof
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.labels import KeyAssurance
from protocol.unixtime import MINUTE, Seconds, UnixTime

TYP: Final = "lz-binding+jwt"
LIFE: Final = Seconds(10 * MINUTE)
_SKEW: Final = Seconds(MINUTE)
_CLAIMS: Final = frozenset({"aud", "licence", "device", "kept", "iat", "exp", "jti"})
_KEPT: Final = range(KeyAssurance.HARDWARE_USER_VERIFICATION + 1)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a key has said. `reference_sha256` stands for it: each counts once."""

    key: VerificationKey
    kept: KeyAssurance
    reference_sha256: bytes


def read(text: str, *, audience: str, licence_id: str, device: bytes, at: UnixTime) -> Statement:
    """The statement, if it is about this licence and device, and now. Raises: EvidenceRefused."""
    try:
        proven = key_proof.verified(text, typ=TYP)
    except ProtocolError as error:
        raise EvidenceRefused(f"the statement does not verify: {error}") from None
    said = proven.claims
    if said.keys() != _CLAIMS or said["aud"] != audience:
        raise EvidenceRefused("the statement has other claims, or is for another issuer")
    if said["licence"] != licence_id or said["device"] != device.hex():
        raise EvidenceRefused("the statement is about another licence or device")
    iat, exp, kept, jti = said["iat"], said["exp"], said["kept"], said["jti"]
    if type(iat) is not int or type(exp) is not int or type(kept) is not int or not isinstance(jti, str) or not jti:
        raise EvidenceRefused("the statement's claims are not in their form")
    if kept not in _KEPT or not 0 < exp - iat <= LIFE or not iat - _SKEW <= at < exp:
        raise EvidenceRefused("the statement is over, or not made for now")
    digest = sha256(proven.key.thumbprint + jti.encode()).digest()
    return Statement(proven.key, KeyAssurance(kept), digest)
