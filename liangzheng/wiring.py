"""The only file of the command that names the real clock."""

import time

from protocol.unixtime import UnixTime


def now() -> UnixTime:
    """The system's clock."""
    return UnixTime(int(time.time()))
