"""The diagnosis: each thing that can be wrong with a terminal, how it stands, and whether somebody has to look at it.

Made of numbers alone (a heartbeat), so that whoever supports a terminal from afar sees what its own screen shows. Not
handled here: words (`web/diagnosis.toml`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from protocol.heartbeat import Heartbeat
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from verifier_terminal.appraisal.gates import CLOCK_UNCERTAINTY

LITTLE_DISK: Final = 512 * 1024 * 1024
NO_DISK: Final = 32 * 1024 * 1024
MANY_WAIT: Final = 500
MANY_CODES: Final = 20
_RENEW: Final = 2 * DAY


class Grade(StrEnum):
    """How much it matters."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"


class Subject(StrEnum):
    """What is looked at, in the order in which it should be."""

    JOURNAL = "journal"
    DISK = "disk"
    CLOCK = "clock"
    STATUS = "status"
    TRUST = "trust"
    CERTIFICATE = "certificate"
    READING = "reading"
    WAITING = "waiting"
    ALARMS = "alarms"


@dataclass(frozen=True, slots=True)
class Line:
    """One subject: its grade, and the figure by which it was graded (seconds, bytes or a count), if there is one."""

    subject: Subject
    grade: Grade
    figure: int | None


def lines(beat: Heartbeat, *, at: UnixTime) -> tuple[Line, ...]:
    """Every subject, in its order."""
    home = beat.regions[0]
    read = beat.reading
    tried = read.read + read.not_read
    end = None if beat.certificate_end is None else beat.certificate_end - at
    share = 0 if tried == 0 else 100 * read.not_read // tried
    return (
        Line(Subject.JOURNAL, Grade.GOOD if beat.works else Grade.BAD, None),
        Line(Subject.DISK, _below(beat.free_bytes, look=LITTLE_DISK, bad=NO_DISK), beat.free_bytes),
        Line(Subject.CLOCK, _clock(beat), beat.clock_uncertainty),
        Line(Subject.STATUS, _age(home.status_age, look=HOUR, bad=DAY), home.status_age),
        Line(Subject.TRUST, _age(home.trust_age, look=14 * DAY, bad=30 * DAY), home.trust_age),
        Line(Subject.CERTIFICATE, Grade.LOOK if end is None else _below(end, look=_RENEW, bad=0), end),
        Line(Subject.READING, Grade.LOOK if tried >= MANY_CODES and share >= 30 else Grade.GOOD, share),
        Line(Subject.WAITING, Grade.LOOK if beat.waiting.rechecks + beat.waiting.rows >= MANY_WAIT else Grade.GOOD,
             beat.waiting.rechecks + beat.waiting.rows),
        Line(Subject.ALARMS, Grade.LOOK if beat.waiting.alarms else Grade.GOOD, beat.waiting.alarms),
    )  # fmt: skip


def _below(figure: int, *, look: int, bad: int) -> Grade:
    if figure < bad:
        return Grade.BAD
    return Grade.LOOK if figure < look else Grade.GOOD


def _age(age: int | None, *, look: int, bad: int) -> Grade:
    if age is None or age > bad:
        return Grade.BAD
    return Grade.LOOK if age > look else Grade.GOOD


def _clock(beat: Heartbeat) -> Grade:
    if not beat.clock_plausible:
        return Grade.BAD
    return Grade.LOOK if beat.clock_uncertainty > min(CLOCK_UNCERTAINTY, MINUTE) else Grade.GOOD
