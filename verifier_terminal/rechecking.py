"""Acceptances on older status data are looked up again in newer ones; a changed answer is an alarm and a new row."""

from collections.abc import Callable
from dataclasses import dataclass

from protocol.unixtime import UnixTime
from revocation.coverage import StatusView
from verifier_terminal.events import ActsChanged, RecheckAlarm
from verifier_terminal.store.recheck import Answered
from verifier_terminal.store.store import Store


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What one look brought: how many were settled, and which of them should not have been accepted."""

    settled: int
    alarms: tuple[RecheckAlarm, ...]


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
    for answered in due:
        event = _settle(store, answered, at)
        if event is None:
            continue
        settled += 1
        if isinstance(event, RecheckAlarm):
            alarms.append(event)
        tell(event)
    return Rechecked(settled, tuple(alarms))


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
