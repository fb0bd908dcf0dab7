"""Whether the terminal's certificate is good here and now: for its key, by a region that is trusted, for this place.

1 form · 2 the certified key is this terminal's · 3 the region's signature, under a key of use `terminal` in the trust
list that is held, and which no checkpoint has banned · 4 the list does not say that the terminal was withdrawn · 5 it
covers this moment · 6 it names the purpose that the terminal was set up for. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from protocol import cbor, keys, terminal_certificate
from protocol.errors import IssuerExpired, ProtocolError
from protocol.keys import VerificationKey
from protocol.labels import Purpose
from protocol.terminal_certificate import TerminalCertificate
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime


class Trouble(StrEnum):
    """Why there is no good certificate."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    KEY_UNUSABLE = "key_unusable"
    OTHER_KEY = "other_key"
    NO_TRUST_LIST = "no_trust_list"
    NOT_TRUSTED = "not_trusted"
    BANNED = "banned"
    WITHDRAWN = "withdrawn"
    NOT_YET = "not_yet"
    OVER = "over"
    OTHER_PURPOSE = "other_purpose"


WORDS = {
    Trouble.MISSING: "none is installed",
    Trouble.UNREADABLE: "the file is no terminal certificate",
    Trouble.KEY_UNUSABLE: "the terminal's own key cannot be used",
    Trouble.OTHER_KEY: "it was made for another key than this terminal's",
    Trouble.NO_TRUST_LIST: "no trust list is held by which it could be checked",
    Trouble.NOT_TRUSTED: "no region that is trusted here signed it",
    Trouble.BANNED: "its region has banned the key that signed it; a certificate by the next key is needed",
    Trouble.WITHDRAWN: "its region has withdrawn this terminal, as stolen or lost",
    Trouble.NOT_YET: "it has not begun",
    Trouble.OVER: "it is over",
    Trouble.OTHER_PURPOSE: "it is not for the purpose that this terminal was set up for",
}


@dataclass(frozen=True, slots=True)
class Certification:
    """How the certificate stands. Without trouble it is good; `certificate` is set as soon as it could be read."""

    trouble: Trouble | None
    certificate: TerminalCertificate | None
    encoded: bytes | None


def check(
    encoded: bytes | None,
    *,
    key: VerificationKey,
    trust: TrustList | None,
    bans: Mapping[tuple[str, bytes], UnixTime],
    purpose: Purpose,
    at: UnixTime,
) -> Certification:
    """How this certificate stands.

    Args:
        encoded: As it was installed; None: there is none.
        key: The terminal's own.
        trust: The held list; None: the terminal was never provisioned.
        bans: Keys that checkpoints have banned. Whatever such a key signed, and when, is good no more: a certificate is
            easily made anew.
        purpose: What the terminal was set up for.
        at: Now.
    """
    if encoded is None:
        return Certification(Trouble.MISSING, None, None)
    try:
        unverified = terminal_certificate.parse(cbor.decode(encoded))
    except ProtocolError:
        return Certification(Trouble.UNREADABLE, None, None)
    claims = unverified.claims
    trouble = _trouble(unverified, key=key, trust=trust, bans=bans, purpose=purpose, at=at)
    return Certification(trouble, claims, encoded)


def _trouble(
    unverified: terminal_certificate.UnverifiedCertificate,
    *,
    key: VerificationKey,
    trust: TrustList | None,
    bans: Mapping[tuple[str, bytes], UnixTime],
    purpose: Purpose,
    at: UnixTime,
) -> Trouble | None:
    claims = unverified.claims
    if claims.key.thumbprint != key.thumbprint:
        return Trouble.OTHER_KEY
    if trust is None:
        return Trouble.NO_TRUST_LIST
    if (claims.iss, unverified.kid) in bans:
        return Trouble.BANNED
    try:
        terminal_certificate.verify(unverified, terminal_keys=trust.anchors, at=at)
    except IssuerExpired:
        return Trouble.OVER
    except ProtocolError:
        return Trouble.NOT_TRUSTED
    if keys.kid_of(claims.key) in trust.withdrawn:
        return Trouble.WITHDRAWN
    if at < claims.iat:
        return Trouble.NOT_YET
    if at >= claims.exp:
        return Trouble.OVER
    return None if purpose in claims.maxima else Trouble.OTHER_PURPOSE
