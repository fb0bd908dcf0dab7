"""Acceptances on older status data are looked up again in newer ones; a changed answer is an alarm and a new row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from protocol.unixtime import MINUTE, UnixTime
from revocation.coverage import StatusView
from verifier_terminal.events import ActsChanged, RecheckAlarm
from verifier_terminal.store.recheck import Answered
from verifier_terminal.store.store import Store


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What one look brought: how many were settled, and which of them should not have been accepted."""

    settled: int
    alarms: tuple[RecheckAlarm, ...]
    checks: int = 0
    """How many checks that were, of which one may have had several licences."""


@dataclass(frozen=True, slots=True)
class Reconnected:
    """What became of the checks that had waited, since the rounds began that settled some."""

    checks: int
    changed: int
    at: UnixTime


SAID_FOR: Final = 10 * MINUTE
"""So long after the last round that settled something it is said, and further rounds are counted with it."""


def reconnected(before: Reconnected | None, now: Rechecked, at: UnixTime) -> Reconnected | None:
    """The sum with this round; None where there is nothing to say any more."""
    recent = before if before is not None and 0 <= at - before.at < SAID_FOR else None
    if now.checks == 0:
        return recent
    changed = len({alarm.check_number for alarm in now.alarms})
    if recent is None:
        return Reconnected(now.checks, changed, at)
    return Reconnected(recent.checks + now.checks, recent.changed + changed, at)


def recheck(
    store: Store, view: StatusView, *, at: UnixTime, tell: Callable[[RecheckAlarm | ActsChanged], None]
) -> Rechecked:
    """Settles what these data answer; each one is told of when its row is durable.

    Raises:
        OutOfOrder: It could not be written; the rest waits on.
    """
    with store.reading():
        due = store.rechecks.answered_by(view)
    alarms: list[RecheckAlarm] = []
    settled = 0
    checks: set[str] = set()
    for answered in due:
        event = _settle(store, answered, at)
        if event is None:
            continue
        settled += 1
        checks.add(answered.check_number)
        if isinstance(event, RecheckAlarm):
            alarms.append(event)
        tell(event)
    return Rechecked(settled, tuple(alarms), len(checks))


def _settle(store: Store, answered: Answered, at: UnixTime) -> RecheckAlarm | ActsChanged | None:
    """The event to tell once the row is durable; None when another process was faster."""
    number, change = answered.check_number, answered.change
    with store.writing():
        if not store.rechecks.settle(answered, at=at):
            return None
        store.journal.append(
            {
                "event": "recheck",
                "check_number": number,
                "answer": answered.answer.name.lower(),
                "changed": answered.changed,
                "valid_at": None if change is None else change.valid_at,
                "as_of": None if change is None else change.as_of,
                "before_check": None if change is None else change.before_check,
                "at": at,
            },
            at=at,
        )
    return RecheckAlarm(number, at, answered.answer, change) if answered.changed else ActsChanged(number)
