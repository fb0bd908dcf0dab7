"""What the terminal believes about the time: its clock, checked against everything signed that it holds.

The floor is the latest iat of the held documents and status tokens: it cannot be earlier than that now. Uncertainty
grows by 500 ppm since that moment. A step of the clock while the terminal runs is noticed against a second clock that
only counts. A moment that was stored is never taken for "now"; journal times, licence times and the real-time clock
never raise the floor. Not handled here yet: floors per source key (one region is held in this version).
"""

from collections.abc import Callable
from typing import Final

from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from verifier_terminal.appraisal.context import ClockReading

BELOW_FLOOR: Final = Seconds(5 * MINUTE)
"""By how much a clock may lag behind a signed moment before it cannot be right."""
MAX_UNCONFIRMED: Final = Seconds(30 * DAY)
"""A clock further ahead of the last confirmation, with no network, is more probably wrong than forgotten."""
_DRIFT_PER_MILLION: Final = 500
MAX_UNCERTAINTY: Final = HOUR
"""83 days at 500 ppm; a larger figure would say no more than "unknown"."""
MAX_STEP: Final = Seconds(60)
"""A clock that steps further while the terminal runs is believed only after a signed moment agrees."""


class TrustedTime:
    """One clock, one counter that never steps, and the floor that signed documents set."""

    def __init__(self, *, now: Callable[[], UnixTime], elapsed_seconds: Callable[[], float]) -> None:
        """Takes the clocks.

        Args:
            now: The system's clock.
            elapsed_seconds: Seconds since some fixed moment, counting also while the machine sleeps.
        """
        self._now = now
        self._elapsed_seconds = elapsed_seconds
        self._floor: UnixTime | None = None
        self._anchor = (now(), elapsed_seconds())

    def confirm(self, floor: UnixTime | None) -> None:
        """Takes the latest signed moment that is held now.

        A moment newer than before that agrees with the clock also ends the suspicion after a step.
        """
        at = self._now()
        newer = floor is not None and (self._floor is None or floor > self._floor)
        if newer and floor is not None and -BELOW_FLOOR <= at - floor <= HOUR:
            self._anchor = (at, self._elapsed_seconds())
        self._floor = floor

    def read(self, *, online: bool) -> ClockReading:
        """The time as it is believed now; `online`: the issuer was reached a moment ago."""
        at = self._now()
        if self._floor is None:
            return ClockReading(at, MAX_UNCERTAINTY, None, plausible=not self._stepped(at))
        age = Seconds(max(0, at - self._floor))
        plausible = at >= self._floor - BELOW_FLOOR and (online or age <= MAX_UNCONFIRMED) and not self._stepped(at)
        drift = -(-age * _DRIFT_PER_MILLION // 1_000_000)
        return ClockReading(at, Seconds(min(drift, MAX_UNCERTAINTY)), age, plausible)

    def _stepped(self, at: UnixTime) -> bool:
        began, counter = self._anchor
        elapsed = self._elapsed_seconds() - counter
        allowed = MAX_STEP + elapsed * _DRIFT_PER_MILLION / 1_000_000
        return abs(at - began - elapsed) > allowed
