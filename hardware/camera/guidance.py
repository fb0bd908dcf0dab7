"""What would help a person whose code is not read: closer, further away, hold still, less glare, more light.

Pure functions on one grey picture. The limits were measured on rendered phone screens (docs/benchmarks.md).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.devices import Hint

GreyPicture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class GuidanceLimits:
    """When a measured figure becomes advice.

    Attributes:
        min_pixels_per_module: reading starts to fail below it.
        max_side_share: of the picture's shorter side; a code that fills more of it is nearer than a fixed lens focuses.
        max_saturated_share: of the code's area, nearly white pixels beyond what a bright screen has.
        min_brightness: mean grey value of a picture in which anything can be read.
        black_brightness: the brightest pixel of a covered lens, apart from noise.
    """

    min_pixels_per_module: float = 2.5
    max_side_share: float = 0.85
    max_saturated_share: float = 0.05
    min_brightness: float = 25.0
    black_brightness: float = 30.0


LIMITS = GuidanceLimits()
_SATURATED = 250


def is_black(grey: GreyPicture, limits: GuidanceLimits = LIMITS) -> bool:
    """Whether the picture shows nothing at all; every eighth pixel is looked at."""
    return float(np.mean(grey[::8, ::8] >= limits.black_brightness)) < 0.01


def hint_for(
    grey: GreyPicture,
    area: tuple[int, int, int, int] | None,
    pixels_per_module: float | None,
    limits: GuidanceLimits = LIMITS,
) -> Hint | None:
    """Advice for a picture in which nothing was read.

    Args:
        grey: the whole picture.
        area: x, y, width, height of a code that was found but not read; without one only darkness can be named.
        pixels_per_module: how large its modules appear, if known.
        limits: when to speak.
    """
    if float(np.mean(grey[::8, ::8])) < limits.min_brightness:
        return Hint.DARK
    if area is None:
        return None
    if _is_cut_off(grey, area):
        return Hint.WHOLE
    if pixels_per_module is not None and pixels_per_module < limits.min_pixels_per_module:
        return Hint.CLOSER
    x, y, width, height = area
    part = grey[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]
    if part.size == 0:
        return None
    # Half the modules of a code are light, and a bright screen may saturate those; glare also swallows dark ones.
    if float(np.mean(part >= _SATURATED)) > 0.5 + limits.max_saturated_share or _washed_out(part, limits):
        return Hint.TILT
    if min(width, height) > limits.max_side_share * min(grey.shape):
        return Hint.FURTHER
    # Large enough, in position and without glare: its modules are smeared.
    return Hint.HOLD_STILL


def _is_cut_off(grey: GreyPicture, area: tuple[int, int, int, int]) -> bool:
    """Whether the code reaches the picture's edge."""
    x, y, width, height = area
    return x <= 0 or y <= 0 or x + width >= grey.shape[1] or y + height >= grey.shape[0]


def _washed_out(part: GreyPicture, limits: GuidanceLimits) -> bool:
    """Whether a coherent patch, not single light modules, is saturated."""
    patch = max(8, min(part.shape) // 8)
    dark = cv2.erode(part, np.ones((patch, patch), np.uint8))
    return float(np.mean(dark >= _SATURATED)) > limits.max_saturated_share
