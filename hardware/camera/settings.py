"""What can be set on a camera: the words after `v4l2:/dev/…?`, such as `size=1280x720&exposure=80`, and their use.

Options are known words only, so that a misspelt one is an error and not a setting without effect. What a driver does
not take is found out by its answer and by reading the value back, and told; the camera is used without it.

Sources: OpenCV modules/videoio/src/cap_v4l.cpp (capPropertyToV4L2, setProperty: true also when the driver chose another
value); Linux Documentation/userspace-api/media/v4l/ext-ctrls-camera.rst (V4L2_CID_EXPOSURE_ABSOLUTE in 100 µs,
V4L2_CID_EXPOSURE_AUTO) and control.rst (V4L2_CID_POWER_LINE_FREQUENCY, which OpenCV does not know).

Not handled here: which value is good (`liangzheng hardware test-camera` shows it); controls of streams and files.
"""

import fcntl
import math
import os
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from urllib.parse import parse_qsl

import cv2

from hardware.errors import UnsupportedSource
from hardware.knobs import Knob, KnobRefused

AUTO: Final = "auto"
Level = int | Literal["auto"]

_USUAL_SIZE = (1280, 720)
_SIZE = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})")
_FORMAT = re.compile(r"[A-Z0-9]{4}")
_MAX_LEVEL = 100_000
_MAX_FPS = 240
_POWERLINE: Final = {"off": 0, "50": 1, "60": 2, AUTO: 3}
# enum v4l2_exposure_auto_type: manual; aperture priority, which cameras on USB have, and fully automatic.
EXPOSURE_MANUAL: Final = 1
_EXPOSURE_AUTOMATIC: Final = (3, 0)
_SET_CONTROL = 0xC008561C
"""VIDIOC_S_CTRL, _IOWR('V', 28, struct v4l2_control)."""
_POWER_LINE_FREQUENCY = 0x00980918
ANTIGLARE: Final = "antiglare"
SWITCH: Final = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What the operator asks of a camera; None leaves it as it is. Cameras keep these until they lose their power.

    Attributes:
        size: width and height; 1280 x 720 is tried if nothing is said.
        fps: pictures a second.
        format: FourCC, such as MJPG or YUYV.
        exposure: in 100 µs, or "auto".
        gain: in the camera's own steps.
        focus: in the camera's own steps, or "auto".
        powerline: "50", "60", "off" or "auto": how lamps flicker here.
        antiglare: whether the program may take light away when a lamp is mirrored in the phone.
    """

    size: tuple[int, int] | None = None
    fps: int | None = None
    format: str | None = None
    exposure: Level | None = None
    gain: int | None = None
    focus: Level | None = None
    powerline: str | None = None
    antiglare: bool = True


def parse_settings(spec: str, query: str) -> CameraSettings:
    """Takes the options of a specification apart.

    Raises:
        UnsupportedSource: an option is unknown, there twice or wrong.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    known = [*(knob.value for knob in Knob), ANTIGLARE]
    if unknown := sorted(options.keys() - set(known)):
        raise UnsupportedSource(spec, f"the option {unknown[0]} is not known; there are {', '.join(known)}")
    if len(options) < len(pairs):
        raise UnsupportedSource(spec, "an option is there twice")
    format_name = options.get("format")
    if format_name is not None and not _FORMAT.fullmatch(format_name):
        raise UnsupportedSource(spec, f"format={format_name} is no FourCC such as MJPG")
    powerline = options.get("powerline")
    if powerline is not None and powerline not in _POWERLINE:
        raise UnsupportedSource(spec, f"powerline={powerline} is none of {', '.join(_POWERLINE)}")
    antiglare = options.get(ANTIGLARE, "on")
    if antiglare not in SWITCH:
        raise UnsupportedSource(spec, f"antiglare={antiglare} is neither on nor off")
    return CameraSettings(
        size=_size(spec, options.get("size")),
        fps=_number(spec, "fps", options.get("fps"), least=1, most=_MAX_FPS),
        format=format_name,
        exposure=_level(spec, "exposure", options.get("exposure")),
        gain=_number(spec, "gain", options.get("gain"), least=0, most=_MAX_LEVEL),
        focus=_level(spec, "focus", options.get("focus")),
        powerline=powerline,
        antiglare=SWITCH[antiglare],
    )


def _size(spec: str, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    found = _SIZE.fullmatch(value)
    if found is None:
        raise UnsupportedSource(spec, f"size={value} is no size such as 1280x720")
    return int(found[1]), int(found[2])


def _level(spec: str, name: str, value: str | None) -> Level | None:
    return AUTO if value == AUTO else _number(spec, name, value, least=0, most=_MAX_LEVEL)


def _number(spec: str, name: str, value: str | None, *, least: int, most: int) -> int | None:
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and least <= int(value) <= most):
        raise UnsupportedSource(spec, f"{name}={value} is no number from {least} to {most}")
    return int(value)


class Knobs(Protocol):
    """What turns: a cv2.VideoCapture."""

    def set(self, propId: int, value: float) -> bool:  # noqa: N803  # OpenCV's name
        """Whether the driver took it, be it only nearly."""
        ...

    def get(self, propId: int) -> float:  # noqa: N803  # OpenCV's name
        """What it is now; negative or 0 if the driver does not tell."""
        ...


def set_powerline(path: str, choice: int) -> bool:
    """Says how lamps flicker, by a second handle of the camera, because OpenCV has no word for it."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.ioctl(handle, _SET_CONTROL, struct.pack("Ii", _POWER_LINE_FREQUENCY, choice))
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def apply_settings(
    settings: CameraSettings,
    knobs: Knobs,
    *,
    source: str,
    path: str,
    powerline: Callable[[str, int], bool] = set_powerline,
) -> tuple[KnobRefused, ...]:
    """Turns the knobs that the operator named, and says which ones the camera did not follow.

    Args:
        settings: what is asked for.
        knobs: the open camera.
        source: its name, for the events.
        path: its node, for what OpenCV has no word for.
        powerline: sets that.
    """
    refused = [*_picture(settings, knobs, source), *_levels(settings, knobs, source)]
    asked = settings.powerline
    if asked is not None and not powerline(path, _POWERLINE[asked]):
        refused.append(KnobRefused(source, Knob.POWERLINE, asked, ""))
    return tuple(refused)


def _picture(settings: CameraSettings, knobs: Knobs, source: str) -> Iterator[KnobRefused]:
    """The format first: it decides which sizes and rates there are."""
    if settings.format is not None:
        four = cv2.VideoWriter.fourcc(*settings.format)
        knobs.set(cv2.CAP_PROP_FOURCC, four)
        if int(knobs.get(cv2.CAP_PROP_FOURCC)) != four:
            yield KnobRefused(source, Knob.FORMAT, settings.format, "")
    width, height = settings.size or _USUAL_SIZE
    knobs.set(cv2.CAP_PROP_FRAME_WIDTH, width)
    knobs.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    given = int(knobs.get(cv2.CAP_PROP_FRAME_WIDTH)), int(knobs.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if settings.size is not None and given != settings.size:
        yield KnobRefused(source, Knob.SIZE, f"{width}x{height}", f"{given[0]}x{given[1]}")
    if settings.fps is not None:
        yield from _turned(knobs, source, Knob.FPS, cv2.CAP_PROP_FPS, settings.fps)
    # One buffered picture: the latest counts, not the oldest.
    knobs.set(cv2.CAP_PROP_BUFFERSIZE, 1)


def _levels(settings: CameraSettings, knobs: Knobs, source: str) -> Iterator[KnobRefused]:
    """Automatics are switched off first: while one is on, its number cannot be set."""
    if settings.exposure == AUTO:
        if not expose_by_itself(knobs):
            yield KnobRefused(source, Knob.EXPOSURE, AUTO, "")
    elif settings.exposure is None:
        if settings.antiglare:
            # A program that was killed while it took light away has left the camera like that.
            expose_by_itself(knobs)
    else:
        knobs.set(cv2.CAP_PROP_AUTO_EXPOSURE, EXPOSURE_MANUAL)
        yield from _turned(knobs, source, Knob.EXPOSURE, cv2.CAP_PROP_EXPOSURE, settings.exposure)
    if settings.gain is not None:
        yield from _turned(knobs, source, Knob.GAIN, cv2.CAP_PROP_GAIN, settings.gain)
    if settings.focus == AUTO:
        if not knobs.set(cv2.CAP_PROP_AUTOFOCUS, 1):
            yield KnobRefused(source, Knob.FOCUS, AUTO, "")
    elif settings.focus is not None:
        knobs.set(cv2.CAP_PROP_AUTOFOCUS, 0)
        yield from _turned(knobs, source, Knob.FOCUS, cv2.CAP_PROP_FOCUS, settings.focus)


def expose_by_itself(knobs: Knobs) -> bool:
    """Lets the camera choose its exposure; says whether it does."""
    return any(knobs.set(cv2.CAP_PROP_AUTO_EXPOSURE, mode) for mode in _EXPOSURE_AUTOMATIC)


def _turned(knobs: Knobs, source: str, knob: Knob, which: int, asked: int) -> Iterator[KnobRefused]:
    """Drivers round to their own steps, which is no refusal; they also clamp and say yes, which is one."""
    taken = knobs.set(which, asked)
    given = knobs.get(which)
    if not taken:
        yield KnobRefused(source, knob, str(asked), "")
    elif not is_nearly(given, asked):
        yield KnobRefused(source, knob, str(asked), f"{given:g}")


def is_nearly(given: float, asked: float) -> bool:
    """Whether a value is what was asked for, as far as the steps of a camera go."""
    return math.isclose(given, asked, rel_tol=0.1, abs_tol=1.0)
