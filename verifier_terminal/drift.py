"""How far the counter that never steps may run from true time, learned from signed moments that arrive while it counts.

Guaranteed: as long as no signed moment took longer than `MAX_DELAY` to arrive, the bound is never smaller than the
counter's real rate, and it never leaves 50 … 500 ppm: a source that lies can only bring the default back. Only the
bound is learned. The rate itself corrects nothing, so that nobody steers the clock with it. Not handled here: which
moments count (`trusted_time`); what was learned ends with the process, since another start counts anew.
"""

from typing import Final

from protocol.unixtime import DAY, MINUTE, Seconds, UnixTime

DEFAULT_PER_MILLION: Final = 500
LEAST_PER_MILLION: Final = 50
"""What an ordinary crystal does with the temperature of a day; no measurement promises less."""
MAX_DELAY: Final = Seconds(5 * MINUTE)
"""Between signing and arrival: the feed's minute, a relay, a slow line. Signed moments further apart are not taken."""
MIN_SPAN: Final = Seconds(14 * DAY)
"""Earlier the delay alone would weigh half of the default."""


class Drift:
    """The first moment of this run and what every later one says about the counter."""

    def __init__(self) -> None:
        self._first: tuple[UnixTime, float] | None = None
        self._per_million = DEFAULT_PER_MILLION

    @property
    def per_million(self) -> int:
        """By how much the counter may run fast or slow."""
        return self._per_million

    def heard(self, signed: UnixTime, counter: float) -> None:
        """Takes a signed moment that arrived when the counter stood here."""
        if self._first is None:
            self._first = (signed, counter)
            return
        first, began = self._first
        span = counter - began
        if span < MIN_SPAN:
            return
        # At both ends signed = true - delay with 0 <= delay <= MAX_DELAY: the difference is off by one delay at most.
        apart = abs(signed - first - span) + MAX_DELAY
        self._per_million = min(DEFAULT_PER_MILLION, max(LEAST_PER_MILLION, -int(-apart * 1_000_000 // span)))
