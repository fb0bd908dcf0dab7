"""The messages between the terminal and its decoding process, over one socket pair.

To the process: kind, width, height, number of bytes; then a grey picture or an image file.
Back: kind, number of bytes; then a report, or nothing. Both directions are bounded before anything is read.
"""

import enum
import math
import socket
import struct
from collections.abc import Callable

REQUEST = struct.Struct("<BIII")
ANSWER = struct.Struct("<BI")
# The largest frame is 4K grey; image files are bounded by the same figure.
MAX_REQUEST_BYTES = 32 * 1024 * 1024


class Ask(enum.IntEnum):
    """What the process is asked to look at."""

    FRAME = 1
    IMAGE = 2


class Tell(enum.IntEnum):
    """What the process answers."""

    READY = 1
    REPORT = 2
    NOT_AN_IMAGE = 3
    IMAGE_OVER_LIMIT = 4


class LineClosed(OSError):
    """The other end has gone. Never leaves this package."""


def _for_ever() -> float:
    return math.inf


def receive_exactly(line: socket.socket, byte_count: int, seconds_left: Callable[[], float] = _for_ever) -> bytearray:
    """That many bytes.

    Raises:
        LineClosed: the other end went away first.
        TimeoutError: no seconds are left; they count for all the bytes together, so dripping does not help.
    """
    received = bytearray(byte_count)
    view = memoryview(received)
    while view:
        wait_at_most(line, seconds_left())
        got = line.recv_into(view)
        if got == 0:
            raise LineClosed
        view = view[got:]
    return received


def wait_at_most(line: socket.socket, seconds: float) -> None:
    """Sets the time-out of the next call.

    Raises:
        TimeoutError: there is no time left.
    """
    if seconds <= 0:
        raise TimeoutError
    line.settimeout(None if math.isinf(seconds) else seconds)
