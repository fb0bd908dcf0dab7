"""How long to wait before a lost device is opened again: 0.5 s, doubling, at most 5 s.

Short enough that a replugged scanner works before the clerk looks for the reason, long enough to cost nothing.
"""

from collections.abc import Iterator

FIRST_SECONDS = 0.5
LAST_SECONDS = 5.0


def delays(first_seconds: float = FIRST_SECONDS, last_seconds: float = LAST_SECONDS) -> Iterator[float]:
    """Endless waiting times in seconds."""
    delay = first_seconds
    while True:
        yield delay
        delay = min(delay * 2, last_seconds)
