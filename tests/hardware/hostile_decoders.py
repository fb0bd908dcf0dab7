"""Decoding functions that misbehave on chosen pictures; given by name to the real decoding process.

The first pixel says how: 1 hang in Python, 2 a crash in C, 3 killed from outside, 4 an answer that is no report.
"""

import ctypes
import os
import signal
from itertools import count

from hardware.camera.decode import CascadeState, decode_frame
from hardware.camera.guidance import GreyPicture
from hardware.camera.report import PictureReport


def misbehave(grey: GreyPicture, state: CascadeState) -> tuple[PictureReport, CascadeState]:
    """The cascade, unless the first pixel wants otherwise."""
    match int(grey[0, 0]):
        case 1:
            for _ in count():
                pass
        case 2:
            ctypes.string_at(0)
        case 3:
            os.kill(os.getpid(), signal.SIGKILL)
        case 4:
            return PictureReport((), "no boolean", None, False), state  # type: ignore[arg-type]  # that is the point
    return decode_frame(grey, state)
