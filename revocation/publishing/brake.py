"""How many changes a publisher may still make: the brake of `revocation.lint`, so that no terminal ever pulls it.

A terminal counts changes between two polls as spread evenly over the time between them. One that polls every ten
minutes may take changes of up to ten minutes before its window for changes within it. So a publisher keeps the same
numbers over windows that are ten minutes longer: whatever it signs, a terminal that polls regularly takes.
"""

from collections.abc import Callable
from typing import Final

from protocol.unixtime import MINUTE, Seconds, UnixTime
from revocation import lint

LONGEST_POLL: Final = Seconds(10 * MINUTE)
"""Of a terminal that is online (REVOCATION.md: foreign regions every ten minutes)."""


def headroom(counted_since: Callable[[UnixTime], int], *, at: UnixTime) -> int:
    """How many changes the windows let through now.

    Args:
        counted_since: How many of the changes that count were published after a moment.
        at: Now.
    """
    return min(
        max(0, most - counted_since(UnixTime(at - window - LONGEST_POLL))) for window, most in lint.MAX_PER_WINDOW
    )
