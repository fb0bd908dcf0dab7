"""Staff certificates: who works at a window or on the road, for whom, in which role, and what their key may sign.

A CWT (RFC 8392, typ `lz-staff`) by the region's staff key, for at most 7 days. What a person signs (an officer's act)
carries it in kcwt (RFC 9528), so that anybody who has the regions' staff keys can check it without asking.

Guaranteed by `verify`: exact type, closed headers, the region's signature under a key of use `staff`, and that the
person's key was not withdrawn. Not handled here: whether the certificate covers a moment (`covers`; signing on asks
that about now, an act about its own time), and what a role is allowed to do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from protocol import cbor, cose_sign1, cwt, keys, labels, limits
from protocol.cose_sign1 import UnverifiedSign1
from protocol.errors import (
    Code,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KcwtError,
    ProtocolError,
    SchemaError,
    ShapeError,
)
from protocol.keys import Signer, VerificationKey
from protocol.labels import KeyUse
from protocol.sd_cwt.credential import ISS_PATTERN
from protocol.terminal_certificate import lifetime, shown_text
from protocol.trust_list import TrustAnchor
from protocol.unixtime import UnixTime

StaffKeys = Mapping[tuple[str, bytes], TrustAnchor]
"""The regions' staff keys by (iss, kid), as in a trust list; anchors of another use are passed over."""

SIGNED_BY_STAFF: Final = frozenset({labels.HDR_ALG, labels.HDR_KCWT, labels.HDR_TYP})
"""The protected header of everything that a person signs."""
_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})
_CLAIMS: Final = frozenset(
    {
        labels.CLAIM_ISS,
        labels.CLAIM_SUB,
        labels.CLAIM_EXP,
        labels.CLAIM_NBF,
        labels.CLAIM_CNF,
        labels.CLAIM_RELYING_PARTY,
        labels.CLAIM_STAFF_NAME,
        labels.CLAIM_STAFF_ROLE,
        labels.CLAIM_STAFF_USES,
    }
)
NUMBER_PATTERN: Final = re.compile(r"[0-9A-Za-z-]{1,24}", re.ASCII)
"""A staff number: what journal rows name a person by."""


class StaffSignatureInvalid(ProtocolError):
    """The person's signature does not fit; their certificate did."""

    code = Code.E_SIG_ISSUER


class StaffWithdrawn(ProtocolError):
    """The region withdrew this person's key before its certificate ended."""

    code = Code.E_ISSUER_BANNED


class Role(StrEnum):
    """What a person is there for; what each may do is decided where it is done."""

    CLERK = "clerk"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"


class StaffUse(IntEnum):
    """What a person's key may be used for."""

    DUTY = 1
    """To sign on at a terminal and take responsibility for what is done there."""
    ACT = 2
    """To sign an officer's act."""


@dataclass(frozen=True, slots=True)
class StaffCertificate:
    """Who this is. `iss` is the region's authority, `number` stands in journal rows, `name` is shown to colleagues."""

    iss: str
    number: str
    name: str
    role: Role
    relying_party: str
    uses: frozenset[StaffUse]
    key: VerificationKey
    nbf: UnixTime
    exp: UnixTime

    def covers(self, at: UnixTime) -> bool:
        """Whether it has begun and is not over."""
        return self.nbf <= at < self.exp


@dataclass(frozen=True, slots=True)
class UnverifiedStaffCertificate:
    """Well-formed, but nobody has checked whether the region said it."""

    sign1: UnverifiedSign1
    kid: bytes
    claims: StaffCertificate


def certify(certificate: StaffCertificate, signer: Signer) -> bytes:
    """The signed bytes of a certificate, by the region's staff key.

    Raises:
        ProtocolError: A terminal would refuse it; nothing is returned.
    """
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: certificate.iss,
        labels.CLAIM_SUB: certificate.number,
        labels.CLAIM_EXP: certificate.exp,
        labels.CLAIM_NBF: certificate.nbf,
        labels.CLAIM_CNF: {labels.CNF_COSE_KEY: certificate.key.cose_key},
        labels.CLAIM_RELYING_PARTY: certificate.relying_party,
        labels.CLAIM_STAFF_NAME: certificate.name,
        labels.CLAIM_STAFF_ROLE: str(certificate.role),
        labels.CLAIM_STAFF_USES: tuple(sorted(int(use) for use in certificate.uses)),
    }
    protected: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_STAFF,
    }
    encoded = cbor.encode(cose_sign1.sign1(protected, cbor.encode(payload), signer))
    # Nothing leaves the region that a terminal would refuse: the same reader, on the bytes that were made.
    parse(cbor.decode(encoded))
    return encoded


def parse(structure: cbor.Value) -> UnverifiedStaffCertificate:
    """The parts of a decoded certificate.

    Raises:
        ProtocolError: The reason names the first rule of form that it breaks.
    """
    sign1 = cose_sign1.parse(structure, expected_typ=labels.TYP_STAFF, protected_labels=_PROTECTED)
    kid = sign1.protected[labels.HDR_KID]
    if not isinstance(kid, bytes) or len(kid) != limits.KID_BYTES:
        raise ShapeError(f"kid is not {limits.KID_BYTES} bytes")
    return UnverifiedStaffCertificate(sign1, kid, _claims(cbor.decode(sign1.payload)))


def verify(
    unverified: UnverifiedStaffCertificate, *, staff_keys: StaffKeys, withdrawn: frozenset[bytes], at: UnixTime
) -> StaffCertificate:
    """The certificate, once the region's signature holds. Whether it covers a moment is the caller's next question.

    Args:
        unverified: As it was parsed.
        staff_keys: Anchors of a trust list.
        withdrawn: Kids of people's keys that the same list says were withdrawn.
        at: Now.

    Raises:
        IssuerUnknown: No staff key has this (iss, kid).
        IssuerExpired: That key may not have signed then, or must no longer be relied on.
        AlgError, SignatureForm, IssuerSignatureInvalid: The signature.
        StaffWithdrawn: The person's key was withdrawn.
    """
    claims = unverified.claims
    anchor = staff_keys.get((claims.iss, unverified.kid))
    if anchor is None or anchor.use is not KeyUse.STAFF:
        raise IssuerUnknown("no staff key has this issuer and key identifier")
    if claims.nbf > anchor.sign_until or at > anchor.verify_until:
        raise IssuerExpired("the region's staff key had ended")
    try:
        unverified.sign1.verify(anchor.key)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the region's signature does not fit the certificate") from None
    if keys.kid_of(claims.key) in withdrawn:
        raise StaffWithdrawn("this person's key was withdrawn")
    return claims


def carried_in(sign1: UnverifiedSign1) -> UnverifiedStaffCertificate:
    """The certificate that something signed by a person carries in kcwt.

    Raises:
        KcwtError: There is no COSE_Sign1 in it.
        ProtocolError: As `parse`.
    """
    kcwt = sign1.protected[labels.HDR_KCWT]
    if not isinstance(kcwt, cbor.Tagged):
        raise KcwtError("kcwt is not a staff certificate")
    return parse(kcwt)


def verify_by_staff(sign1: UnverifiedSign1, certificate: StaffCertificate) -> None:
    """Return if the certified person signed this.

    Raises:
        AlgError, SignatureForm, StaffSignatureInvalid.
    """
    try:
        sign1.verify(certificate.key)
    except keys.SignatureMismatch:
        raise StaffSignatureInvalid("the person's signature does not fit") from None


def _claims(payload: cbor.Value) -> StaffCertificate:
    if not isinstance(payload, Mapping) or payload.keys() != _CLAIMS:
        raise ShapeError("the payload has not exactly the claims of a staff certificate")
    iss, number = payload[labels.CLAIM_ISS], payload[labels.CLAIM_SUB]
    if not isinstance(iss, str) or not ISS_PATTERN.fullmatch(iss):
        raise SchemaError("iss is not region.authority")
    if not isinstance(number, str) or not NUMBER_PATTERN.fullmatch(number):
        raise SchemaError("the staff number is not 1 to 24 letters, digits and hyphens")
    cose_key = cwt.confirmation_key(payload)
    nbf, exp = lifetime(payload, longest=limits.MAX_CERTIFICATE_LIFE, begins=labels.CLAIM_NBF)
    return StaffCertificate(
        iss=iss,
        number=number,
        name=shown_text(payload, labels.CLAIM_STAFF_NAME, max_characters=limits.MAX_SHOWN_NAME),
        role=_role(payload[labels.CLAIM_STAFF_ROLE]),
        relying_party=shown_text(payload, labels.CLAIM_RELYING_PARTY, max_characters=limits.MAX_SHOWN_NAME),
        uses=_uses(payload[labels.CLAIM_STAFF_USES]),
        key=keys.load_cose_key(cose_key),
        nbf=nbf,
        exp=exp,
    )


def _role(value: cbor.Value) -> Role:
    if not isinstance(value, str) or value not in frozenset(Role):
        raise SchemaError("a role that is none")
    return Role(value)


def _uses(value: cbor.Value) -> frozenset[StaffUse]:
    known = frozenset(StaffUse)
    if not isinstance(value, tuple) or not value or any(type(use) is not int or use not in known for use in value):
        raise SchemaError("uses that are none")
    found = [StaffUse(use) for use in value if isinstance(use, int)]
    if found != sorted(set(found)):
        # One set, one form.
        raise SchemaError("uses that are not ascending")
    return frozenset(found)
