"""Checks that every form of code shares: the end of an issuer's key (5), status (12), risk and guardian (13)."""

from collections.abc import Callable, Mapping
from typing import assert_never

from protocol.appraisal_policy import PolicyRow
from protocol.cbor import Value
from protocol.errors import Code, IssuerExpired, ProtocolError
from protocol.licence import age
from protocol.licence.catalogue import Kind, RiskClass
from protocol.status_list import Status
from protocol.trust_list import TrustAnchor
from protocol.unixtime import Seconds, UnixTime
from revocation import freshness
from revocation.coverage import Coverage, StatusAnswer
from verifier_terminal.appraisal import gates, validity
from verifier_terminal.appraisal.context import Context, Face, Knowledge
from verifier_terminal.appraisal.verdict import Finding, Tier


def issuer_ended(refusal: IssuerExpired, find: Callable[[UnixTime], TrustAnchor], context: Context) -> Finding:
    """A refusal, unless only the terminal's own doubtful clock says that the key has ended.

    Args:
        refusal: What the look-up at the terminal's moment gave.
        find: The same look-up at another moment.
        context: With the clock.
    """
    if not validity.is_trusted(context.clock):
        try:
            # At this moment nothing has ended yet; what is left is the credential's own iat.
            find(UnixTime(0))
        except ProtocolError:
            return gates.finding(refusal.code)
        return Finding(Code.W_CLOCK, Tier.HOLD)
    return gates.finding(refusal.code)


def ban(knowledge: Knowledge, iss: str, kid: bytes, *, signed_at: UnixTime) -> Finding | None:
    """What a ban of the issuer's key says of an object that claims to be signed at this moment (ADR 0014).

    Before the ban's moment it may be honest. Who holds the key chooses that moment, so it is no evidence: the issued
    log, which would tell, is not held here.
    """
    since = knowledge.bans.get((iss, kid))
    if since is None:
        return None
    return gates.finding(Code.E_ISSUER_BANNED if signed_at >= since else Code.W_ISSUER_BANNED)


def trust(knowledge: Knowledge, region: str, face: Face, *, at: UnixTime) -> tuple[Finding, ...]:
    """How late what says which keys the region has is: its trust list, and the metadata by which that came."""

    def since(moment: UnixTime | None) -> Seconds:
        return Seconds(0) if moment is None else Seconds(at - moment)

    tier = max(
        gates.trust_tier(since(knowledge.trust_of(region).exp), face),
        gates.metadata_tier(
            face,
            late_by=max(since(knowledge.metadata_late_since), since(knowledge.region_late_since.get(region))),
            behind_by=since(knowledge.metadata_behind.get(region)),
            root_over_by=since(knowledge.root_expired_since),
        ),
    )
    return () if tier is Tier.AFFIRMING else (Finding(Code.W_TRUST_STALE, tier),)


def row(knowledge: Knowledge, vct: int, region: str, face: Face, *, at: UnixTime) -> PolicyRow | None:
    """What the signed policy demands here of this region's licences; None where it says nothing, or is over."""
    return knowledge.policy.row(vct, face.purpose, region) if at < knowledge.policy.exp else None


def guardian(
    demanded: PolicyRow, items: Mapping[int, Value], face: Face, *, at: UnixTime, by_guardian: bool
) -> tuple[Finding, ...]:
    """Step 13: a child's licence is shown with its guardian, and nobody's age is taken for granted (ADR 0022).

    Args:
        demanded: The policy row.
        items: What was disclosed, whether or not policy shows it.
        face: The place.
        at: The earliest moment that it can be: the holder is as young as then.
        by_guardian: A representative of the holder shows it.
    """
    if demanded.guardian_below is None or by_guardian:
        return ()
    under = age.is_under(demanded.guardian_below, items, at=at)
    if under is False:
        return ()
    return (Finding(Code.W_AGE_UNKNOWN if under is None else Code.W_GUARDIAN, gates.guardian_tier(face)),)


def risk(kind: Kind | None, demanded: PolicyRow | None) -> RiskClass:
    """X for an irreversible act, and for a kind of which nothing is known."""
    if kind is None or (demanded is not None and demanded.irreversible):
        return RiskClass.X
    return kind.risk


def status(
    answer: StatusAnswer,
    age: Seconds | None,
    *,
    act_risk: RiskClass,
    face: Face,
    foreign: bool,
    max_age: Seconds | None,
) -> tuple[Finding, ...]:
    """Step 12: a non-valid answer is final at any age; "valid" is worth what its age leaves of it."""
    match answer.coverage:
        case Coverage.NOT_COVERED | Coverage.NO_DATA:
            return (gates.finding(Code.W_STATUS_MISSING),)
        case Coverage.OUT_OF_RANGE:
            return (gates.finding(Code.E_STATUS_RANGE),)
        case Coverage.COVERED:
            # Covered means that both are there; a snapshot that breaks its word ends in E_INTERNAL.
            assert answer.status is not None
            assert age is not None
        case _:
            assert_never(answer.coverage)
    match answer.status:
        case Status.VALID:
            pass
        case Status.INVALID | Status.REVOKED | Status.WITHDRAWN | Status.CANCELLED:
            return (gates.finding(Code.E_REVOKED),)
        case Status.SUSPENDED:
            return (gates.finding(Code.E_SUSPENDED),)
        case Status.DEVICE_LOST:
            return (gates.finding(Code.E_DEVICE_LOST),)
        case Status.SUPERSEDED:
            return (gates.finding(Code.W_SUPERSEDED),)
        case _:
            assert_never(answer.status)
    tier = gates.status_tier(
        act_risk,
        face,
        freshness.grade(age),
        foreign=foreign,
        age=age,
        max_age=max_age,
    )
    return () if tier is Tier.AFFIRMING else (Finding(Code.W_STATUS_STALE, tier),)
