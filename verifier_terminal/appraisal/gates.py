"""What each reason does to a verdict: built-in classes, the two fixed lists, and the default matrix, as tables.

The sources are CONTRACTS.md ("Built-in class of every code") and TERMINAL.md ("The verdict"). Signed policy may tighten
what stands here and never loosen it. Not handled here: which reasons apply (`appraise`), and in which order they are
shown (`explain`).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, assert_never

from protocol.errors import Code
from protocol.labels import KeyAssurance, Purpose
from protocol.licence.catalogue import RiskClass
from protocol.unixtime import DAY, Seconds
from revocation.freshness import Grade
from verifier_terminal.appraisal.context import Face
from verifier_terminal.appraisal.verdict import Finding, Proceed, Tier, VerdictClass


class BuiltIn(StrEnum):
    """What a code does by itself; no policy changes it."""

    NOT_READ = "not_read"
    REFUSE = "refuse"
    HOLD = "hold"
    GRADED = "graded"
    """Its tier depends on place, risk and age: the matrix and its modifiers."""
    INFORMATION = "information"


BUILT_IN: Final[Mapping[Code, BuiltIn]] = {
    Code.E_PREFIX: BuiltIn.NOT_READ,
    Code.E_SIZE: BuiltIn.NOT_READ,
    Code.E_B45: BuiltIn.NOT_READ,
    Code.E_CBOR: BuiltIn.NOT_READ,
    # A fault of the terminal says nothing about the citizen: never red, and never more than "not read".
    Code.E_INTERNAL: BuiltIn.NOT_READ,
    Code.E_SHAPE: BuiltIn.REFUSE,
    Code.E_TYP: BuiltIn.REFUSE,
    Code.E_HDR_UNKNOWN: BuiltIn.REFUSE,
    Code.E_HDR_UNPROT: BuiltIn.REFUSE,
    Code.E_ALG: BuiltIn.REFUSE,
    Code.E_KCWT: BuiltIn.REFUSE,
    Code.E_SEAL_OPEN: BuiltIn.REFUSE,
    Code.E_KEY: BuiltIn.REFUSE,
    Code.E_SIG_FORM: BuiltIn.REFUSE,
    Code.E_ISSUER_UNKNOWN: BuiltIn.REFUSE,
    Code.E_ISSUER_EXPIRED: BuiltIn.REFUSE,
    Code.E_ISSUER_BANNED: BuiltIn.REFUSE,
    Code.E_VCT: BuiltIn.REFUSE,
    Code.E_STATUS_URI: BuiltIn.REFUSE,
    Code.E_SIG_ISSUER: BuiltIn.REFUSE,
    Code.E_SIG_HOLDER: BuiltIn.REFUSE,
    Code.E_KBT_CLAIM: BuiltIn.REFUSE,
    Code.E_TIME_TYPE: BuiltIn.REFUSE,
    Code.E_TIME_ORDER: BuiltIn.REFUSE,
    Code.E_KBT_LIFE: BuiltIn.REFUSE,
    Code.E_KBT_STALE: BuiltIn.REFUSE,
    Code.E_KBT_FUTURE: BuiltIn.REFUSE,
    Code.E_AUD: BuiltIn.REFUSE,
    Code.E_CNONCE: BuiltIn.REFUSE,
    Code.E_CHALLENGE_REQUIRED: BuiltIn.REFUSE,
    Code.E_SEAL_REQUIRED: BuiltIn.REFUSE,
    Code.E_REPLAY: BuiltIn.REFUSE,
    Code.E_SD_EMPTY: BuiltIn.REFUSE,
    Code.E_SD_SHAPE: BuiltIn.REFUSE,
    Code.E_SD_DUP: BuiltIn.REFUSE,
    Code.E_SD_REUSE: BuiltIn.REFUSE,
    Code.E_SD_DUPKEY: BuiltIn.REFUSE,
    Code.E_SD_ORPHAN: BuiltIn.REFUSE,
    Code.E_SD_FORBIDDEN: BuiltIn.REFUSE,
    Code.E_SCHEMA: BuiltIn.REFUSE,
    Code.E_LIC_NOT_YET: BuiltIn.REFUSE,
    Code.E_LIC_EXPIRED: BuiltIn.REFUSE,
    Code.E_REVOKED: BuiltIn.REFUSE,
    Code.E_SUSPENDED: BuiltIn.REFUSE,
    Code.E_DEVICE_LOST: BuiltIn.REFUSE,
    Code.E_STATUS_RANGE: BuiltIn.REFUSE,
    Code.E_MANDATE_SCOPE: BuiltIn.REFUSE,
    Code.E_MANDATE_EXPIRED: BuiltIn.REFUSE,
    Code.E_MANDATE_REVOKED: BuiltIn.REFUSE,
    Code.W_CRED_EXPIRED: BuiltIn.HOLD,
    Code.W_CRED_NOT_YET: BuiltIn.HOLD,
    Code.W_CLAIM_MISSING: BuiltIn.HOLD,
    Code.W_SUPERSEDED: BuiltIn.HOLD,
    Code.W_STATUS_MISSING: BuiltIn.HOLD,
    Code.W_TRUST_MISSING: BuiltIn.HOLD,
    Code.W_ISSUER_BANNED: BuiltIn.HOLD,
    Code.W_POLICY_MISSING: BuiltIn.HOLD,
    Code.W_ASSURANCE: BuiltIn.HOLD,
    Code.W_HOLDERS_MISSING: BuiltIn.HOLD,
    Code.W_STATUS_STALE: BuiltIn.GRADED,
    Code.W_TRUST_STALE: BuiltIn.GRADED,
    Code.W_CLOCK: BuiltIn.GRADED,
    Code.W_REGION: BuiltIn.GRADED,
    Code.W_GUARDIAN: BuiltIn.GRADED,
    Code.W_AGE_UNKNOWN: BuiltIn.GRADED,
    Code.W_BUNDLE_UNLINKED: BuiltIn.GRADED,
    Code.W_STATIC: BuiltIn.GRADED,
    Code.W_OPEN_MODE: BuiltIn.INFORMATION,
    Code.W_NEAR_EXPIRY: BuiltIn.INFORMATION,
    Code.W_PHONE_CLOCK: BuiltIn.INFORMATION,
    Code.W_ID_CHECK_LEGACY: BuiltIn.INFORMATION,
    Code.W_PERSON_CHECK: BuiltIn.INFORMATION,
}
"""One row for every code; a code without a row fails a test."""

ALWAYS_REFUSE: Final = frozenset(code for code, built_in in BUILT_IN.items() if built_in is BuiltIn.REFUSE)
"""TERMINAL.md, "Always refuse", whatever the policy says."""

NEVER_ACCEPT: Final = frozenset(
    code for code, built_in in BUILT_IN.items() if built_in in (BuiltIn.HOLD, BuiltIn.NOT_READ)
) | {
    Code.W_REGION,
    Code.W_CLOCK,
    Code.W_GUARDIAN,
    Code.W_AGE_UNKNOWN,
    Code.W_BUNDLE_UNLINKED,
    Code.W_STATIC,
}
"""TERMINAL.md, "Never accept": evidence is missing, whatever the policy says."""

_A: Final = Tier.AFFIRMING
_C: Final = Tier.WARNING
_H: Final = Tier.HOLD
Cells = tuple[Tier, Tier, Tier, Tier, Tier, Tier]
"""One row of the matrix, in the order of `Grade`: fresh, recent, ≤ 24 h, ≤ 72 h, ≤ 7 d, unknown."""

STRICTEST: Final[Mapping[RiskClass, Cells]] = {
    RiskClass.L: (_A, _A, _A, _C, _H, _H),
    RiskClass.M: (_A, _A, _H, _H, _H, _H),
    RiskClass.G: (_A, _A, _H, _H, _H, _H),
    RiskClass.X: (_A, _H, _H, _H, _H, _H),
}
"""The kiosk's row of each class: also for a purpose without a row of its own, or whose condition is not met."""

MATRIX: Final[Mapping[tuple[RiskClass, Purpose], Cells]] = {
    (RiskClass.L, Purpose.WINDOW): (_A, _A, _A, _A, _C, _C),
    (RiskClass.L, Purpose.KIOSK): STRICTEST[RiskClass.L],
    (RiskClass.L, Purpose.GATE): STRICTEST[RiskClass.L],
    (RiskClass.M, Purpose.WINDOW): (_A, _A, _A, _C, _C, _C),
    (RiskClass.M, Purpose.KIOSK): STRICTEST[RiskClass.M],
    (RiskClass.G, Purpose.WINDOW): (_A, _A, _A, _C, _C, _H),
    (RiskClass.G, Purpose.ROADSIDE): (_A, _A, _A, _C, _C, _C),
    (RiskClass.G, Purpose.HOTEL): (_A, _A, _A, _C, _H, _H),
    (RiskClass.G, Purpose.AIRPORT): (_A, _A, _A, _C, _H, _H),
    (RiskClass.G, Purpose.KIOSK): STRICTEST[RiskClass.G],
    (RiskClass.X, Purpose.WINDOW): (_A, _C, _H, _H, _H, _H),
    (RiskClass.X, Purpose.KIOSK): STRICTEST[RiskClass.X],
}

_FACE_COMPARED: Final = frozenset({(RiskClass.G, Purpose.WINDOW), (RiskClass.G, Purpose.ROADSIDE)})
_ATTENDED: Final = frozenset({(RiskClass.G, Purpose.HOTEL), (RiskClass.G, Purpose.AIRPORT)})
"""Rows that hold only under this condition; without it the strictest row of the class counts."""

KIOSK_ASSURANCE: Final[Mapping[RiskClass, KeyAssurance]] = {
    RiskClass.L: KeyAssurance.SOFTWARE,
    RiskClass.M: KeyAssurance.SOFTWARE,
    RiskClass.G: KeyAssurance.HARDWARE_USER_VERIFICATION,
    RiskClass.X: KeyAssurance.PROOFED_IN_PERSON,
}
"""The least key assurance with which a kiosk, or a place where nobody attends, may accept."""

CLOCK_UNCERTAINTY: Final = Seconds(20)
TRUST_LATE: Final = Seconds(14 * DAY)
TRUST_DEAD: Final = Seconds(30 * DAY)
"""Both counted from the trust list's exp, or from the moment at which trust metadata should have been renewed."""
METADATA_BEHIND: Final = DAY
"""Since a region's checkpoints name newer trust metadata than the terminal could get."""


def where_nobody_attends(tier: Tier, face: Face) -> Tier:
    """At an unattended point nobody can check, so that "check" becomes "hold"."""
    return Tier.HOLD if tier is Tier.WARNING and not face.attended else tier


def cells(risk: RiskClass, face: Face) -> Cells:
    """The matrix row of this class at this place."""
    key = (risk, face.purpose)
    if (key in _FACE_COMPARED and not face.face_compared) or (key in _ATTENDED and not face.attended):
        return STRICTEST[risk]
    return MATRIX.get(key, STRICTEST[risk])


def status_tier(
    risk: RiskClass, face: Face, grade: Grade, *, foreign: bool, age: Seconds, max_age: Seconds | None
) -> Tier:
    """What "valid, as of this long ago" is worth.

    Args:
        risk: The kind's class, or X for an irreversible act.
        face: The place.
        grade: The grade of `age`.
        foreign: Issued in another, recognised region: one column to the right.
        age: Of the status data.
        max_age: The signed policy's limit; beyond it the data count as unknown.
    """
    column = grade.one_worse() if foreign else grade
    if max_age is not None and age > max_age:
        column = Grade.UNKNOWN
    return where_nobody_attends(cells(risk, face)[column], face)


def trust_tier(late_by: Seconds, face: Face) -> Tier:
    """What a trust list this long past its exp is worth."""
    if late_by > TRUST_DEAD:
        return Tier.HOLD
    if late_by > TRUST_LATE:
        return where_nobody_attends(Tier.WARNING, face)
    return Tier.AFFIRMING


def metadata_tier(face: Face, *, late_by: Seconds, behind_by: Seconds, root_over_by: Seconds) -> Tier:
    """What trust metadata (TUF) are worth that are late, known to be replaced, or whose root has ended."""
    if root_over_by > TRUST_DEAD:
        return Tier.HOLD
    if late_by > TRUST_LATE or root_over_by > TRUST_LATE or behind_by > METADATA_BEHIND:
        return where_nobody_attends(Tier.WARNING, face)
    return Tier.AFFIRMING


def clock_tier(face: Face, *, trusted: bool, challenged: bool) -> Tier:
    """What the terminal's clock is worth; with a challenge the nonce tells freshness."""
    return Tier.AFFIRMING if trusted or challenged else where_nobody_attends(Tier.WARNING, face)


def region_tier(face: Face, *, recognised: bool) -> Tier:
    """What a region that this verifier's policy does, or does not, recognise is worth."""
    return Tier.AFFIRMING if recognised else where_nobody_attends(Tier.WARNING, face)


def guardian_tier(face: Face) -> Tier:
    """What a child's licence is worth without its guardian, and one that does not tell whether it is a child's."""
    return where_nobody_attends(Tier.WARNING, face)


def bundle_tier(face: Face) -> Tier:
    """What licences that are not shown to be one person's are worth together."""
    return where_nobody_attends(Tier.WARNING, face)


def paper_tier(risk: RiskClass, face: Face, *, challenge_or_seal: bool) -> Tier:
    """What a paper code is worth, which anybody may have copied: never more than "check".

    Nobody can answer a challenge with it: where one is demanded, and for an irreversible act, it is a hold.
    """
    if risk is RiskClass.X or challenge_or_seal or challenge_required(risk, face):
        return Tier.HOLD
    return where_nobody_attends(Tier.WARNING, face)


def challenge_required(risk: RiskClass, face: Face) -> bool:
    """Whether an open code is not enough here, even where policy forgot to say so.

    TERMINAL.md marks the kiosk's rows "(challenge)"; a gate or any other place where nobody watches counts as they do.
    """
    return risk is not RiskClass.L and _like_a_kiosk(face)


def _like_a_kiosk(face: Face) -> bool:
    return face.purpose is Purpose.KIOSK or not face.attended


def assurance_suffices(
    risk: RiskClass, face: Face, assurance: KeyAssurance, *, policy_minimum: KeyAssurance, comparable: bool = True
) -> bool:
    """Whether the device key is kept well enough for this use.

    Args:
        risk: Of the act.
        face: The place.
        assurance: How the key is kept, by the issuer's word.
        policy_minimum: The signed policy's.
        comparable: False where nobody could compare the person who stands there with anything signed (a mandate has
            no picture of its agent): then the key must be kept as well as for a kiosk.
    """
    built_in = KeyAssurance.SOFTWARE if comparable and not _like_a_kiosk(face) else KIOSK_ASSURANCE[risk]
    return assurance >= max(built_in, policy_minimum)


def finding(code: Code) -> Finding:
    """The finding of a code whose tier is fixed.

    Raises:
        ValueError: The tier of this code is graded; the caller has to say it.
    """
    built_in = BUILT_IN[code]
    match built_in:
        case BuiltIn.NOT_READ:
            return Finding(code, Tier.NONE)
        case BuiltIn.REFUSE:
            return Finding(code, Tier.CONTRAINDICATED)
        case BuiltIn.HOLD:
            return Finding(code, Tier.HOLD)
        case BuiltIn.INFORMATION:
            return Finding(code, Tier.INFORMATION)
        case BuiltIn.GRADED:
            raise ValueError(f"the tier of {code} depends on place and age")
        case _:
            assert_never(built_in)


def decide(findings: Iterable[Finding], *, person_check: bool) -> tuple[VerdictClass, Proceed]:
    """The class and whether the act may go on: the worst finding wins; a person check delays, and never improves."""
    worst = max((each.tier for each in findings), default=Tier.AFFIRMING)
    match worst:
        case Tier.INFORMATION | Tier.AFFIRMING:
            return VerdictClass.ACCEPT, Proceed.AFTER_CHECK if person_check else Proceed.YES
        case Tier.WARNING:
            return VerdictClass.CHECK, Proceed.AFTER_CHECK
        case Tier.HOLD:
            return VerdictClass.CHECK, Proceed.NO
        case Tier.CONTRAINDICATED:
            return VerdictClass.REFUSE, Proceed.NO
        case Tier.NONE:
            return VerdictClass.NOT_READ, Proceed.NO
        case _:
            assert_never(worst)
