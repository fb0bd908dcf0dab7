"""Whether a person may be on duty here and now, by their certificate.

1 form · 2 the certified key and number are those of the person's file · 3 the region is this terminal's own: a region
that is recognised for its licences staffs no windows here · 4 the region's signature, under a key of use `staff` in the
trust list that is held, and which no checkpoint has banned · 5 the person's key is not withdrawn · 6 it covers this
moment · 7 the key may be used to sign on · 8 it was made for the relying party of this terminal · 9 the role fits the
place. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from protocol import cbor, staff_certificate
from protocol.errors import IssuerExpired, ProtocolError
from protocol.keys import VerificationKey
from protocol.labels import Purpose
from protocol.staff_certificate import Role, StaffCertificate, StaffUse, StaffWithdrawn, UnverifiedStaffCertificate
from protocol.terminal_certificate import TerminalCertificate
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime


class StaffTrouble(StrEnum):
    """Why there is no good certificate."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    OTHER_KEY = "other_key"
    OTHER_NUMBER = "other_number"
    NO_TRUST_LIST = "no_trust_list"
    OTHER_REGION = "other_region"
    BANNED = "banned"
    NOT_TRUSTED = "not_trusted"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not_yet"
    OVER = "over"
    OTHER_USE = "other_use"
    OTHER_RELYING_PARTY = "other_relying_party"
    OTHER_ROLE = "other_role"


WORDS: Final = {
    StaffTrouble.MISSING: "none is installed for this key",
    StaffTrouble.UNREADABLE: "it is no staff certificate",
    StaffTrouble.OTHER_KEY: "it was made for another key",
    StaffTrouble.OTHER_NUMBER: "it was made for another staff number",
    StaffTrouble.NO_TRUST_LIST: "no trust list is held by which it could be checked",
    StaffTrouble.OTHER_REGION: "it was made by another region than this terminal's",
    StaffTrouble.BANNED: "its region has banned the key that signed it; a certificate by the next key is needed",
    StaffTrouble.NOT_TRUSTED: "no key that is trusted here for staff signed it",
    StaffTrouble.WITHDRAWN: "it was withdrawn",
    StaffTrouble.NOT_YET: "it has not begun",
    StaffTrouble.OVER: "it is over",
    StaffTrouble.OTHER_USE: "this key may not be used to sign on",
    StaffTrouble.OTHER_RELYING_PARTY: "it was made for another organisation than this terminal's",
    StaffTrouble.OTHER_ROLE: "at the roadside an officer or a supervisor is on duty",
}
_AT_THE_ROADSIDE: Final = frozenset({Role.OFFICER, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Place:
    """What a certificate has to fit. `relying_party` is None where the terminal has no certificate that names one."""

    region: str
    purpose: Purpose
    relying_party: str | None

    @classmethod
    def of(cls, region: str, purpose: Purpose, certificate: TerminalCertificate | None) -> Self:
        """The place where the terminal with this certificate stands."""
        return cls(region, purpose, certificate.relying_party if certificate is not None else None)


@dataclass(frozen=True, slots=True)
class StaffStanding:
    """How a certificate stands. Without trouble it is good; `certificate` is set as soon as it could be read."""

    trouble: StaffTrouble | None
    certificate: StaffCertificate | None


def check(
    encoded: bytes | None,
    *,
    number: str,
    key: VerificationKey,
    place: Place,
    trust: TrustList | None,
    bans: Mapping[tuple[str, bytes], UnixTime],
    at: UnixTime,
) -> StaffStanding:
    """How this certificate stands.

    Args:
        encoded: As it lies in the person's file; None: there is none.
        number: The person's, as the file has it.
        key: As well.
        place: Where it has to be good.
        trust: The held list; None: the terminal was never provisioned.
        bans: Keys that checkpoints have banned.
        at: Now.
    """
    if encoded is None:
        return StaffStanding(StaffTrouble.MISSING, None)
    try:
        unverified = staff_certificate.parse(cbor.decode(encoded))
    except ProtocolError:
        return StaffStanding(StaffTrouble.UNREADABLE, None)
    trouble = _trouble(unverified, number=number, key=key, place=place, trust=trust, bans=bans, at=at)
    return StaffStanding(trouble, unverified.claims)


def _trouble(
    unverified: UnverifiedStaffCertificate,
    *,
    number: str,
    key: VerificationKey,
    place: Place,
    trust: TrustList | None,
    bans: Mapping[tuple[str, bytes], UnixTime],
    at: UnixTime,
) -> StaffTrouble | None:
    claims = unverified.claims
    if claims.key.thumbprint != key.thumbprint:
        return StaffTrouble.OTHER_KEY
    if claims.number != number:
        return StaffTrouble.OTHER_NUMBER
    if claims.iss.partition(".")[0] != place.region:
        return StaffTrouble.OTHER_REGION
    if trust is None:
        return StaffTrouble.NO_TRUST_LIST
    if (claims.iss, unverified.kid) in bans:
        return StaffTrouble.BANNED
    try:
        staff_certificate.verify(unverified, staff_keys=trust.anchors, withdrawn=trust.withdrawn, at=at)
    except StaffWithdrawn:
        return StaffTrouble.WITHDRAWN
    except IssuerExpired:
        return StaffTrouble.OVER
    except ProtocolError:
        return StaffTrouble.NOT_TRUSTED
    if not claims.covers(at):
        return StaffTrouble.NOT_YET if at < claims.nbf else StaffTrouble.OVER
    if StaffUse.DUTY not in claims.uses:
        return StaffTrouble.OTHER_USE
    if place.relying_party is not None and claims.relying_party != place.relying_party:
        return StaffTrouble.OTHER_RELYING_PARTY
    if place.purpose is Purpose.ROADSIDE and claims.role not in _AT_THE_ROADSIDE:
        return StaffTrouble.OTHER_ROLE
    return None
