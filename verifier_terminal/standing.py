"""How the terminal stands: what it holds, how old that is, until when it is good enough, and what waits."""

from dataclasses import dataclass

from protocol.labels import Purpose
from protocol.unixtime import Seconds, UnixTime
from revocation import freshness
from revocation.freshness import Grade
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.appraisal.verdict import Ages
from verifier_terminal.certification import Certification
from verifier_terminal.events import RecheckAlarm
from verifier_terminal.store import trust_store
from verifier_terminal.store.trust_store import Damaged, Held
from verifier_terminal.sync.connectivity import Connectivity


@dataclass(frozen=True, slots=True)
class GradeEnd:
    """Until when status data keep a grade if nothing newer comes."""

    grade: Grade
    until: UnixTime


@dataclass(frozen=True, slots=True)
class TerminalStatus:
    """Everything that `terminal status` and the page's status line say."""

    name: str
    purpose: Purpose
    region: str
    provisioned: bool
    """Trust list, catalogue and policy are held and verify; without them nothing can be accepted."""
    at: UnixTime
    held: tuple[Held, ...]
    damaged: tuple[Damaged, ...]
    ages: Ages
    status_grade: Grade
    usable_until: tuple[GradeEnd, ...]
    """The grades still to come, each with its end; empty when there are no status data or they are older than all."""
    clock: ClockReading
    connectivity: Connectivity
    recheck_queue: int
    alarms: tuple[RecheckAlarm, ...]
    """Found and not yet acknowledged by a person."""
    journal_rows: int
    out_of_order: str | None
    certification: Certification
    """Without a good one there are neither challenges nor receipts; open codes are read all the same."""
    site: str
    """Empty: no short codes."""
    open_requests: int
    always_asks: bool
    """An open code is never enough here, so that a request should always be shown."""


def ages(held: tuple[Held, ...], clock: ClockReading) -> Ages:
    """The ages of what is held; status data are as old as the oldest list."""
    return Ages(
        trust=_age(held, trust_store.TRUST, clock),
        status=_status_age(held, clock),
        policy=_age(held, trust_store.POLICY, clock),
        clock=clock.confirmed_age,
    )


def usable_until(held: tuple[Held, ...], clock: ClockReading) -> tuple[GradeEnd, ...]:
    """When the status data will leave each grade that they still have or will come to."""
    age = _status_age(held, clock)
    if age is None:
        return ()
    as_of = clock.at - age
    return tuple(
        GradeEnd(grade, UnixTime(as_of + oldest))
        for grade, oldest in freshness.UPPER_BOUNDS
        if as_of + oldest >= clock.at
    )


def _age(held: tuple[Held, ...], name: str, clock: ClockReading) -> Seconds | None:
    return next((Seconds(max(0, clock.at - each.iat)) for each in held if each.name == name), None)


def _status_age(held: tuple[Held, ...], clock: ClockReading) -> Seconds | None:
    lists = [each for each in held if each.name not in trust_store.ROOT_SIGNED]
    return max((Seconds(max(0, clock.at - each.iat)) for each in lists), default=None)
