"""The mass-change brake: more changes at once than an authority makes, and only the offline key lets them through.

The same on both sides: a publisher does not sign what every terminal would refuse, and a terminal does not take from a
stolen key what no publisher would have signed. Changes that a co-signed delta accounts for are not counted.

A delta has no time of its own, so changes are spread evenly over the interval between the two checkpoints that they
came between: a terminal that was away for days takes days' worth, and is not held up by that in the hour after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from revocation.errors import MassChange

MAX_PER_DELTA: Final = 20_000
MAX_PER_WINDOW: Final = ((HOUR, 50_000), (DAY, 200_000))
"""Rolling. An ordinary day has 7,000 changes, a bad one 90,000 (REVOCATION.md, "Goals")."""
MAX_LISTS_PER_DELTA: Final = 64
"""Lists that one delta may open and close: four expiry classes with their 16 open lists each."""


@dataclass(frozen=True, slots=True)
class Taken:
    """So many changes came after one checkpoint and up to the next."""

    count: int
    since: UnixTime
    until: UnixTime

    def within(self, begin: UnixTime) -> int:
        """How many of them count as made after this moment."""
        if begin >= self.until:
            return 0
        if begin <= self.since:
            return self.count
        return -(-self.count * (self.until - begin) // (self.until - self.since))


def check_delta(count: int, *, lists: int) -> None:
    """Return if one delta may make so many changes, and open and close so many lists.

    Raises:
        MassChange: It may not.
    """
    if count > MAX_PER_DELTA or lists > MAX_LISTS_PER_DELTA:
        raise MassChange(f"{count} changes and {lists} lists that open or close in one delta")


def check_windows(history: Sequence[Taken], taken: Taken) -> tuple[Taken, ...]:
    """The history with these changes in it, without what no window reaches any more.

    Args:
        history: What was taken before, oldest first.
        taken: What is to be taken now. If it covers more than a window, it may have as many changes as the windows
            that it covers.

    Raises:
        MassChange: There are too many.
    """
    for window, most in MAX_PER_WINDOW:
        begin = UnixTime(taken.until - window)
        covered = max(1, -(-(taken.until - taken.since) // window))
        count = taken.count + sum(each.within(begin) for each in history)
        if count > most * covered:
            raise MassChange(f"{count} changes within {_hours(window)} hours")
    oldest = taken.until - max(window for window, _ in MAX_PER_WINDOW)
    return (*(each for each in history if each.until > oldest), taken)


def _hours(window: Seconds) -> int:
    return window // HOUR
