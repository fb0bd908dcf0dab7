"""Makes heartbeats: how the terminal stands and what its scanners gave lately, as numbers for the operator.

Counts are those of the last hour, or since the start: differences of the run's own tally. Nothing is about a person or
a check. Not handled here: who counts (`metrics`), and sending.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from protocol import heartbeat
from protocol.errors import Code
from protocol.heartbeat import Heartbeat, Reading, RegionAges, Waiting
from protocol.unixtime import HOUR, Seconds
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.standing import TerminalStatus

SPAN: Final = HOUR
_DISCARDED: Final = "discarded"


class Counting(Protocol):
    """The tally of this run."""

    @property
    def verdicts(self) -> Counter[VerdictClass]: ...
    @property
    def reasons(self) -> Counter[Code]: ...
    @property
    def devices(self) -> Counter[str]: ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """The tally at one moment of the counter that never steps."""

    elapsed: float
    read: int
    not_read: int
    discarded: int
    reasons: Counter[Code]


class Heartbeats:
    """The heartbeats of one run. One thread at a time."""

    def __init__(
        self,
        status: Callable[[], TerminalStatus],
        tally: Counting,
        *,
        rows_waiting: Callable[[], int],
        free_bytes: Callable[[], int],
        version: str,
        elapsed_seconds: Callable[[], float],
    ) -> None:
        """Begins to count now; `free_bytes` is of the disk that holds the journal."""
        self._status, self._tally, self._rows_waiting = status, tally, rows_waiting
        self._free_bytes, self._elapsed_seconds = free_bytes, elapsed_seconds
        self._version = version[: heartbeat.MAX_VERSION_CHARACTERS]
        self._seen: deque[_Seen] = deque([self._now()])

    def make(self) -> bytes:
        """The body of a heartbeat's row. Raises: OutOfOrder, OSError."""
        now = self._now()
        while len(self._seen) > 1 and now.elapsed - self._seen[1].elapsed >= SPAN:
            self._seen.popleft()
        since = self._seen[0]
        self._seen.append(now)
        status = self._status()
        certificate = status.certification.certificate
        reasons = now.reasons - since.reasons
        return heartbeat.encode(
            Heartbeat(
                version=self._version,
                purpose=status.purpose,
                regions=_regions(status),
                clock_uncertainty=status.clock.uncertainty,
                clock_plausible=status.clock.plausible,
                waiting=Waiting(
                    status.recheck_queue, self._rows_waiting(), len(status.alarms) + len(status.feed_alarms)
                ),
                reading=Reading(
                    Seconds(int(now.elapsed - since.elapsed)),
                    now.read - since.read,
                    now.not_read - since.not_read,
                    now.discarded - since.discarded,
                ),
                reasons={code.value: count for code, count in sorted(reasons.items())[: heartbeat.MAX_REASONS]},
                free_bytes=self._free_bytes(),
                certificate_end=None if certificate is None else certificate.exp,
                works=status.out_of_order is None,
            )
        )

    def _now(self) -> _Seen:
        verdicts = Counter(self._tally.verdicts)
        not_read = verdicts.pop(VerdictClass.NOT_READ, 0)
        return _Seen(
            self._elapsed_seconds(),
            verdicts.total(),
            not_read,
            self._tally.devices[_DISCARDED],
            Counter(self._tally.reasons),
        )


def _regions(status: TerminalStatus) -> tuple[RegionAges, ...]:
    """The home region first; where its statuses are tokens, their age is the terminal's."""
    home = RegionAges(status.region, status.ages.status, status.ages.trust)
    others = (
        RegionAges(each.region, each.status_age, each.trust_age)
        for each in status.regions
        if each.region != status.region
    )
    return (home, *others)[: heartbeat.MAX_REGIONS]
