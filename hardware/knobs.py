"""What can be set on a camera, and what is told when it is turned or refused.

Not handled here: which values there are and how they are set (hardware/camera/settings.py, dimming.py).
"""

import enum
from dataclasses import dataclass


class Knob(enum.Enum):
    """What can be set on a camera, by the names of the options."""

    SIZE = "size"
    FPS = "fps"
    FORMAT = "format"
    EXPOSURE = "exposure"
    GAIN = "gain"
    FOCUS = "focus"
    POWERLINE = "powerline"


@dataclass(frozen=True, slots=True)
class KnobRefused:
    """A camera does not take a setting, or no longer follows it, and is used without it.

    Attributes:
        source: name of the camera.
        knob: which setting.
        asked: the operator's value, or the one that the camera had.
        given: what the camera has instead; empty if it does not tell.
    """

    source: str
    knob: Knob
    asked: str
    given: str


@dataclass(frozen=True, slots=True)
class KnobTurned:
    """The program has turned a knob by itself, against glare or back.

    Attributes:
        source: name of the camera.
        knob: which setting.
        given: what it is now.
    """

    source: str
    knob: Knob
    given: str
