"""The real clock, waits and randomness of the demonstration; everything else receives them."""

import secrets
import time

from protocol.unixtime import UnixTime


def now() -> UnixTime:
    """This machine's clock, whole seconds."""
    return UnixTime(int(time.time()))


def sleep(seconds: float) -> None:
    """Waits."""
    time.sleep(seconds)


def random_bytes(count: int) -> bytes:
    """Bytes from the operating system."""
    return secrets.token_bytes(count)


def monotonic() -> float:
    """Seconds that only go forward."""
    return time.monotonic()
