"""The only file of the command that names the real clocks."""

import time

from protocol.unixtime import UnixTime


def now() -> UnixTime:
    """The system's clock."""
    return UnixTime(int(time.time()))


def monotonic() -> float:
    """A clock that nobody sets, for deadlines."""
    return time.monotonic()
