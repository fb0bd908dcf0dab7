"""What the terminal believes about the time: its clocks, checked against the signed moments of several regions.

    floors by (region, key) ──► effective floor: the second-highest province, or the only one
    a moment that arrives   ──► agrees with the system clock → a line: that moment + the counter that never steps
    read                    ──► the system clock while it follows the line; else the line alone; else flagged

Guaranteed: the reading is never below the effective floor; one province that lies cannot move the floor beyond what a
second one says, nor the reading; revoking a key takes its floor away, and what rested on it. The system clock, journal
times, licence times and the end of trust metadata never raise the floor, and a stored moment is never taken for "now".
Not handled here: what is held (`store.floors`), and whose keys are trusted. A network that is held back can keep every
signed moment away: then only the age of the last one is known, and a clock that was wrong already stays flagged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.drift import Drift
from verifier_terminal.store.floors import SourceKey

BELOW_FLOOR: Final = Seconds(5 * MINUTE)
"""By how much a clock may lag behind a signed moment before one of them cannot be right."""
MAX_UNCONFIRMED: Final = Seconds(30 * DAY)
"""A clock further ahead of the last confirmation, with no network, is more probably wrong than forgotten."""
MAX_UNCERTAINTY: Final = HOUR
"""83 days at 500 ppm; a larger figure would say no more than "unknown"."""
MAX_STEP: Final = Seconds(60)
"""A clock that steps further while the terminal runs is not followed."""


class _Basis(Enum):
    """What the line rests on."""

    SYSTEM = "the system clock of the start, which nothing has confirmed since"
    AGREED = "a signed moment arrived, and a clock agreed with it"
    SIGNED = "a signed moment arrived, and the system clock is proven to be behind it"
    FLOOR = "nothing: the system clock stands below what was signed long ago"


@dataclass(frozen=True, slots=True)
class _Line:
    """A moment and where the counter stood then: the boot clock's own time."""

    at: UnixTime
    counter: float
    basis: _Basis

    def now(self, counter: float) -> UnixTime:
        return UnixTime(self.at + int(max(0.0, counter - self.counter)))


def effective_floor(floors: Mapping[SourceKey, UnixTime]) -> UnixTime | None:
    """The second-highest moment of all provinces, or the only one's; None without any.

    All keys of a province are one voice, its cities' too: a province says itself which keys and cities it has.
    """
    highest = sorted(_by_province(floors).values(), reverse=True)
    return highest[min(1, len(highest) - 1)] if highest else None


class TrustedTime:
    """One clock, one counter that never steps, and what signed moments say. Called by one thread at a time."""

    def __init__(self, *, now: Callable[[], UnixTime], elapsed_seconds: Callable[[], float]) -> None:
        """Takes the clocks.

        Args:
            now: The system's clock.
            elapsed_seconds: Seconds since some fixed moment, counting also while the machine sleeps.
        """
        self._now = now
        self._elapsed_seconds = elapsed_seconds
        self._line = _Line(now(), elapsed_seconds(), _Basis.SYSTEM)
        self._drift = Drift()
        self._loaded = False
        self._provinces: frozenset[str] = frozenset()
        self._floor: UnixTime | None = None
        self._witness: UnixTime | None = None
        self._far_ahead = False
        self._claims: dict[str, tuple[UnixTime, float]] = {}

    def confirm(self, floors: Mapping[SourceKey, UnixTime]) -> None:
        """Takes the latest moment of every source that is trusted now.

        The first time they come from the disk, and none of them is "now". Later a higher one has just arrived.
        """
        before, known = self._floor, self._witness
        moments = _by_province(floors)
        self._provinces = frozenset(moments)
        self._claims = {region: claim for region, claim in self._claims.items() if _province(region) in moments}
        self._floor = effective_floor(floors)
        self._witness = self._latest_believable(moments)
        fell = before is not None and (self._floor is None or self._floor < before)
        if not self._loaded or (fell and self._line.basis is not _Basis.AGREED):
            self._loaded = True
            self._start_line()
        elif self._floor is not None and self._witness is not None and (known is None or self._witness > known):
            self._arrived(self._floor, self._witness)

    def read(self, *, online: bool) -> ClockReading:
        """The time as it is believed now; `online`: an issuer was reached a moment ago."""
        system, counter = self._now(), self._elapsed_seconds()
        line = self._line.now(counter)
        counted = counter - self._line.counter
        follows = abs(system - line) <= MAX_STEP + counted * self._drift.per_million / 1_000_000
        if self._floor is None or self._witness is None:
            return ClockReading(system, MAX_UNCERTAINTY, None, plausible=follows)
        basis = self._line.basis
        believed = system if basis is _Basis.SYSTEM or (basis is _Basis.AGREED and follows) else line
        at = max(believed, self._floor)
        if basis is _Basis.FLOOR:
            # The floor and the counter bound it from below; nothing says how long the machine was off.
            return ClockReading(at, MAX_UNCERTAINTY, None, plausible=False)
        age = Seconds(max(0, at - self._witness))
        plausible = age <= MAX_UNCONFIRMED or (online and not self._far_ahead)
        if basis is _Basis.SIGNED:
            return ClockReading(at, MAX_UNCERTAINTY, age, plausible)
        if basis is _Basis.SYSTEM:
            plausible = plausible and follows and system >= self._floor - BELOW_FLOOR
        # A clock that lags behind the floor is wrong by at least that much.
        uncertainty = self._drifted(age) + at - believed
        return ClockReading(at, Seconds(min(uncertainty, MAX_UNCERTAINTY)), age, plausible)

    def quarantined(self, iat: UnixTime, *, region: str) -> bool:
        """Whether this moment, which a trusted key of the region signed, must not be applied now.

        It is further ahead than this terminal's clocks may be behind, and no other province has claimed the like.
        What every region claims is remembered, so that the second to say so frees both.
        """
        counter = self._elapsed_seconds()
        known = self._claims.get(region)
        if known is None or iat > known[0]:
            self._claims[region] = (iat, counter)
        # A key and a system clock that agree are two sources: so does a person who sets the clock heal a terminal. What
        # the key itself said before is no clock, or it could go on by five minutes each time.
        reached = max(self._line.now(counter), self._now())
        drifted = self._drifted(max(0, reached - (self._witness or reached)))
        return not (
            iat <= reached + drifted + BELOW_FLOOR
            or self._has_nothing_to_compare()
            or self._seconded(iat, region, counter)
        )

    def _start_line(self) -> None:
        system, counter = self._now(), self._elapsed_seconds()
        self._far_ahead = False
        if self._floor is not None and system < self._floor - BELOW_FLOOR:
            self._line = _Line(self._floor, counter, _Basis.FLOOR)
        elif self._line.basis is not _Basis.SYSTEM:
            self._line = _Line(system, counter, _Basis.SYSTEM)

    def _arrived(self, floor: UnixTime, witness: UnixTime) -> None:
        system, counter = self._now(), self._elapsed_seconds()
        line = self._line.now(counter)
        clocks = (system, line) if self._line.basis is _Basis.AGREED else (system,)
        agreeing = [clock for clock in clocks if -BELOW_FLOOR <= clock - witness <= HOUR]
        if agreeing:
            # Of two clocks the nearer one: a spoofed step loses to the counter, a wrong start loses to a set clock.
            nearest = min(agreeing, key=lambda clock: abs(clock - witness))
            self._line = _Line(nearest, counter, _Basis.AGREED)
            self._far_ahead = False
            if abs(nearest - witness) <= BELOW_FLOOR:
                self._drift.heard(witness, counter)
        elif system < floor - BELOW_FLOOR:
            reached = line if self._line.basis in (_Basis.AGREED, _Basis.SIGNED) else floor
            self._line = _Line(max(floor, reached), counter, _Basis.SIGNED)
        else:
            # An older moment never sets a clock back: it may be a server that stands still.
            self._far_ahead = system - witness > MAX_UNCONFIRMED

    def _latest_believable(self, moments: Mapping[str, UnixTime]) -> UnixTime | None:
        """What one province may say to confirm the clock. It moves nothing, so one is enough, unless it is ahead."""
        if self._floor is None:
            return None
        latest = max(self._line.now(self._elapsed_seconds()), self._now()) + BELOW_FLOOR
        return max(self._floor, *(moment if moment <= latest else self._floor for moment in moments.values()))

    def _has_nothing_to_compare(self) -> bool:
        """Nothing signed is held; or one province alone, and no clock that could say more than it does."""
        if self._floor is None:
            return True
        bounded_below_alone = self._line.basis in (_Basis.SIGNED, _Basis.FLOOR)
        return len(self._provinces) == 1 and (bounded_below_alone or not self.read(online=False).plausible)

    def _seconded(self, iat: UnixTime, region: str, counter: float) -> bool:
        return any(
            _province(other) != _province(region) and claimed + (counter - heard) >= iat - BELOW_FLOOR
            for other, (claimed, heard) in self._claims.items()
        )

    def _drifted(self, seconds: float) -> int:
        return int(-(-seconds * self._drift.per_million // 1_000_000))


def _by_province(floors: Mapping[SourceKey, UnixTime]) -> Mapping[str, UnixTime]:
    latest: dict[str, UnixTime] = {}
    for (region, _), moment in floors.items():
        province = _province(region)
        latest[province] = max(latest.get(province, moment), moment)
    return latest


def _province(region: str) -> str:
    return region[:2]
