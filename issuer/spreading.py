"""When a legal change is published: at once where somebody must be stopped or waits, else spread over hours.

Changes of one minute stand in one delta of the feed. If all licences of a person who moves away changed in one minute,
anybody who reads the feed would learn which of its entries belong together (REVOCATION.md, "Privacy"). So what can wait
gets a moment of its own, at least two ticks of the publisher away from every other waiting entry of the same holder.
"""

from collections.abc import Callable, Collection
from typing import Final

from protocol.unixtime import HOUR, Seconds, UnixTime

WINDOW: Final = Seconds(6 * HOUR)
"""How late a change that can wait may become. Holds at least 60 entries of one holder; with more it grows."""
APART: Final = Seconds(120)
"""Two ticks: two moments less far from one another could fall into one delta."""

Below = Callable[[int], int]
"""A uniform random number from 0 to its argument less one."""


def moment(taken: Collection[int], *, at: UnixTime, below: Below) -> UnixTime:
    """A random moment from now on, away from those that are taken."""
    window = WINDOW
    while True:
        free = [
            start
            for start in range(at, at + window, APART)
            # A whole slot is free if no taken moment is less than one slot away from any moment in it.
            if not any(start - APART < each < start + 2 * APART for each in taken)
        ]
        if free:
            return UnixTime(free[below(len(free))] + below(APART))
        window = Seconds(2 * window)
