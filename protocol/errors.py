"""Why a code or a document is refused: one exception for each reason, each with its stable code.

The codes are part of the wire contract (PROTOCOL.md, "Reason codes"); texts for people stand in the terminal's reason
table. An exception's message may name lengths, labels and positions, never a personal claim.
"""

from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """Stable reason codes. E_: positive evidence against, or nothing readable. W_: evidence missing, old or weak."""

    E_PREFIX = "E_PREFIX"
    E_SIZE = "E_SIZE"
    E_B45 = "E_B45"
    E_CBOR = "E_CBOR"
    E_SHAPE = "E_SHAPE"
    E_TYP = "E_TYP"
    E_HDR_UNKNOWN = "E_HDR_UNKNOWN"
    E_HDR_UNPROT = "E_HDR_UNPROT"
    E_ALG = "E_ALG"
    E_KCWT = "E_KCWT"
    E_SEAL_OPEN = "E_SEAL_OPEN"
    E_KEY = "E_KEY"
    E_SIG_FORM = "E_SIG_FORM"
    E_ISSUER_UNKNOWN = "E_ISSUER_UNKNOWN"
    E_ISSUER_EXPIRED = "E_ISSUER_EXPIRED"
    E_ISSUER_BANNED = "E_ISSUER_BANNED"
    E_VCT = "E_VCT"
    E_STATUS_URI = "E_STATUS_URI"
    E_SIG_ISSUER = "E_SIG_ISSUER"
    E_SIG_HOLDER = "E_SIG_HOLDER"
    E_KBT_CLAIM = "E_KBT_CLAIM"
    E_TIME_TYPE = "E_TIME_TYPE"
    E_TIME_ORDER = "E_TIME_ORDER"
    E_KBT_LIFE = "E_KBT_LIFE"
    E_KBT_STALE = "E_KBT_STALE"
    E_KBT_FUTURE = "E_KBT_FUTURE"
    E_AUD = "E_AUD"
    E_CNONCE = "E_CNONCE"
    E_CHALLENGE_REQUIRED = "E_CHALLENGE_REQUIRED"
    E_SEAL_REQUIRED = "E_SEAL_REQUIRED"
    E_REPLAY = "E_REPLAY"
    E_SD_EMPTY = "E_SD_EMPTY"
    E_SD_SHAPE = "E_SD_SHAPE"
    E_SD_DUP = "E_SD_DUP"
    E_SD_REUSE = "E_SD_REUSE"
    E_SD_DUPKEY = "E_SD_DUPKEY"
    E_SD_ORPHAN = "E_SD_ORPHAN"
    E_SD_FORBIDDEN = "E_SD_FORBIDDEN"
    E_SCHEMA = "E_SCHEMA"
    E_LIC_NOT_YET = "E_LIC_NOT_YET"
    E_LIC_EXPIRED = "E_LIC_EXPIRED"
    E_REVOKED = "E_REVOKED"
    E_SUSPENDED = "E_SUSPENDED"
    E_DEVICE_LOST = "E_DEVICE_LOST"
    E_STATUS_RANGE = "E_STATUS_RANGE"
    E_MANDATE_SCOPE = "E_MANDATE_SCOPE"
    E_MANDATE_EXPIRED = "E_MANDATE_EXPIRED"
    E_MANDATE_REVOKED = "E_MANDATE_REVOKED"
    E_INTERNAL = "E_INTERNAL"
    W_CRED_EXPIRED = "W_CRED_EXPIRED"
    W_CRED_NOT_YET = "W_CRED_NOT_YET"
    W_CLAIM_MISSING = "W_CLAIM_MISSING"
    W_SUPERSEDED = "W_SUPERSEDED"
    W_STATUS_MISSING = "W_STATUS_MISSING"
    W_STATUS_STALE = "W_STATUS_STALE"
    W_TRUST_STALE = "W_TRUST_STALE"
    W_TRUST_MISSING = "W_TRUST_MISSING"
    W_ISSUER_BANNED = "W_ISSUER_BANNED"
    W_CLOCK = "W_CLOCK"
    W_POLICY_MISSING = "W_POLICY_MISSING"
    W_REGION = "W_REGION"
    W_ASSURANCE = "W_ASSURANCE"
    W_HOLDERS_MISSING = "W_HOLDERS_MISSING"
    W_GUARDIAN = "W_GUARDIAN"
    W_AGE_UNKNOWN = "W_AGE_UNKNOWN"
    W_BUNDLE_UNLINKED = "W_BUNDLE_UNLINKED"
    W_STATIC = "W_STATIC"
    W_OPEN_MODE = "W_OPEN_MODE"
    W_NEAR_EXPIRY = "W_NEAR_EXPIRY"
    W_PHONE_CLOCK = "W_PHONE_CLOCK"
    W_ID_CHECK_LEGACY = "W_ID_CHECK_LEGACY"
    W_PERSON_CHECK = "W_PERSON_CHECK"


class ProtocolError(Exception):
    """The root: whatever the protocol package refuses. Nothing built-in leaks out of it."""

    code: ClassVar[Code]


class PrefixError(ProtocolError):
    """The text is not one of our codes: a URL, a payment code, another application's."""

    code = Code.E_PREFIX


class SizeError(ProtocolError):
    """The text or document is longer than the bound for its kind."""

    code = Code.E_SIZE


class Base45Error(ProtocolError):
    """The text after the prefix is not the one base45 form of its bytes (RFC 9285)."""

    code = Code.E_B45


class CborError(ProtocolError):
    """The bytes are not the strict deterministic CBOR that we read."""

    code = Code.E_CBOR


class ShapeError(ProtocolError):
    """Well-formed CBOR, but not the structure of this kind of object."""

    code = Code.E_SHAPE


class TypError(ProtocolError):
    """The object declares another type than its place demands (RFC 9596)."""

    code = Code.E_TYP


class HeaderUnknown(ProtocolError):
    """A header parameter outside the closed set of this object."""

    code = Code.E_HDR_UNKNOWN


class HeaderUnprotected(ProtocolError):
    """The unprotected bucket holds something that must not be there."""

    code = Code.E_HDR_UNPROT


class AlgError(ProtocolError):
    """The algorithm is missing, foreign, or not the one stored with the key."""

    code = Code.E_ALG


class KcwtError(ProtocolError):
    """The presentation does not carry exactly one credential in kcwt."""

    code = Code.E_KCWT


class KeyRefused(ProtocolError):
    """A public key is malformed, off its curve, or of small order."""

    code = Code.E_KEY


class SignatureForm(ProtocolError):
    """A signature that is not in the one accepted form (64 bytes, 1 ≤ r < n, low s)."""

    code = Code.E_SIG_FORM


class IssuerUnknown(ProtocolError):
    """No trusted key has this (iss, kid)."""

    code = Code.E_ISSUER_UNKNOWN


class IssuerExpired(ProtocolError):
    """The trusted key may not have signed at that time, or may no longer be relied upon."""

    code = Code.E_ISSUER_EXPIRED


class KindNotAllowed(ProtocolError):
    """The trusted key may not sign this kind of licence."""

    code = Code.E_VCT


class StatusUriError(ProtocolError):
    """The credential points at a status list that its issuer's key may not use."""

    code = Code.E_STATUS_URI


class IssuerSignatureInvalid(ProtocolError):
    """The issuer's signature does not fit the content."""

    code = Code.E_SIG_ISSUER


class HolderSignatureInvalid(ProtocolError):
    """The holder's signature does not fit the content."""

    code = Code.E_SIG_HOLDER


class KeyBindingClaimError(ProtocolError):
    """The presentation's payload is not exactly {aud, exp, iat, ? cnonce}."""

    code = Code.E_KBT_CLAIM


class TimeTypeError(ProtocolError):
    """A moment that is not an unsigned integer in range."""

    code = Code.E_TIME_TYPE


class TimeOrderError(ProtocolError):
    """Moments that contradict one another (SD-CWT section 9 steps 3 and 7)."""

    code = Code.E_TIME_ORDER


class DisclosuresEmpty(ProtocolError):
    """An empty sd_claims array (SD-CWT section 9 step 2)."""

    code = Code.E_SD_EMPTY


class DisclosureShape(ProtocolError):
    """A disclosure that is not [salt], [salt, value] or [salt, value, key] in strict CBOR with a 16-byte salt."""

    code = Code.E_SD_SHAPE


class DisclosureDuplicate(ProtocolError):
    """The same disclosure stands twice."""

    code = Code.E_SD_DUP


class HashReused(ProtocolError):
    """One redacted claim hash stands in more than one place."""

    code = Code.E_SD_REUSE


class DisclosureKeyDuplicate(ProtocolError):
    """A disclosed key stands in its map already."""

    code = Code.E_SD_DUPKEY


class DisclosureOrphan(ProtocolError):
    """A disclosure to which no redacted claim hash belongs (SD-CWT section 9 step 8)."""

    code = Code.E_SD_ORPHAN


class DisclosureForbidden(ProtocolError):
    """A redaction at a place where this profile allows none."""

    code = Code.E_SD_FORBIDDEN


class SchemaError(ProtocolError):
    """A claim of the credential is missing, of the wrong type, out of range, or hostile text."""

    code = Code.E_SCHEMA


class StatusRangeError(ProtocolError):
    """A status index beyond the end of its list (Token Status List section 8.3)."""

    code = Code.E_STATUS_RANGE
