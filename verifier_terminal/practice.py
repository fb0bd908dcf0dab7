"""Practice: what every verdict and the usual reasons look like, about a person who does not exist.

Guaranteed: nothing is read, written, burnt or told to anybody. A practice verdict belongs to a name of `CASES` and
never to a text, so no code that somebody holds up can get one. Its class follows from its findings by the same rules as
a real one's. Not handled here: showing it as what it is (the page), and real scans, which end practice there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor
from protocol.errors import Code
from protocol.labels import Purpose
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from revocation import freshness
from verifier_terminal.appraisal import dead_ends, explain, gates
from verifier_terminal.appraisal.verdict import Ages, Fact, Finding, Licence, Tier, Verdict, VerdictClass
from verifier_terminal.recording import EXERCISE_NUMBER

_VCT: Final = 65004
_SLUG: Final = "driving-licence"
_VALID_TO: Final = 20991231
_CLAIMS: Final[Mapping[str, cbor.Value]] = {
    "name": "练习·测甲",
    "class": "C1",
    "licence_no": "990101194912310028",
    "valid_to": _VALID_TO,
}
"""Area 99 does not exist, and the name says what it is."""


_FRESH: Final = Seconds(2 * MINUTE)


@dataclass(frozen=True, slots=True)
class _Case:
    """One thing to practise. `missing`: what such an appraisal could not establish."""

    codes: tuple[Finding, ...] = ()
    person_check: bool = False
    status_age: Seconds | None = _FRESH
    missing: frozenset[Fact] = frozenset()
    shows_items: bool = True


def _found(*codes: Code) -> tuple[Finding, ...]:
    return tuple(gates.finding(each) for each in codes)


_STATUS: Final = frozenset({Fact.STATUS})
CASES: Final[Mapping[str, _Case]] = {
    "valid": _Case(),
    "person": _Case(_found(Code.W_PERSON_CHECK), person_check=True),
    "stale": _Case((Finding(Code.W_STATUS_STALE, Tier.WARNING),), True, Seconds(5 * DAY)),
    "foreign": _Case((Finding(Code.W_REGION, Tier.WARNING),), True, Seconds(20 * MINUTE)),
    "missing": _Case(_found(Code.W_CLAIM_MISSING)),
    "no_status": _Case(_found(Code.W_STATUS_MISSING), status_age=None, missing=_STATUS),
    "superseded": _Case(_found(Code.W_SUPERSEDED), missing=_STATUS),
    "suspended": _Case(_found(Code.E_SUSPENDED), missing=_STATUS),
    "revoked": _Case(_found(Code.E_REVOKED), missing=_STATUS),
    "expired": _Case(_found(Code.E_LIC_EXPIRED), missing=frozenset({Fact.VALIDITY_DATES})),
    "replay": _Case(_found(Code.E_REPLAY), shows_items=False),
    "late": _Case(_found(Code.E_KBT_STALE), missing=frozenset({Fact.VALIDITY_DATES}), shows_items=False),
    "forged": _Case(_found(Code.E_SIG_HOLDER), missing=frozenset(set(Fact) - {Fact.ISSUER_SIGNATURE})),
    "not_ours": _Case(_found(Code.E_PREFIX), status_age=None, missing=frozenset(Fact)),
}
"""By the word that the page asks with."""


def verdict(case: str, *, purpose: Purpose, region: str, at: UnixTime) -> Verdict:
    """The verdict of a case, as it would look here and now.

    Args:
        case: One of `CASES`.
        purpose: This terminal's.
        region: Its own.
        at: Now.

    Raises:
        KeyError: There is no such case.
    """
    found = CASES[case]
    findings = explain.rank(found.codes)
    verdict_class, proceed = gates.decide(findings, person_check=found.person_check)
    established = tuple(fact for fact in Fact if fact not in found.missing)
    is_read = Fact.HOLDER_KEY not in found.missing
    shows = is_read and found.shows_items and (verdict_class is not VerdictClass.REFUSE or purpose is Purpose.ROADSIDE)
    licence = Licence(
        vct=_VCT,
        slug=_SLUG,
        region=region,
        authority="",
        valid_to=_VALID_TO if shows else None,
        claims=_CLAIMS if shows else None,
        hidden_items=0,
    )
    return Verdict(
        verdict_class=verdict_class,
        proceed=proceed,
        established=established,
        not_established=dead_ends.others(established),
        ages=Ages(trust=HOUR, status=found.status_age, policy=HOUR, clock=Seconds(MINUTE)),
        status_grade=freshness.grade(found.status_age),
        findings=findings,
        licence=licence if is_read else None,
        purpose=purpose,
        person_check=found.person_check and verdict_class in (VerdictClass.ACCEPT, VerdictClass.CHECK),
        recheck=False,
        skew=None,
        replay_key=None,
        credential_digest=None,
        burn_until=None,
        status_reference=None,
        at=at,
        check_number=EXERCISE_NUMBER,
    )
