"""Finds the finder patterns of a code by their likeness, and lays the code out from three of them.

zxing-cpp finds them by runs of black and white along lines, which noise and veils break. Here every place of the
picture, at seven sizes, is compared with the pattern's concentric squares (a light square of 9 modules with a dark one
of 7, a light one of 5 and a dark one of 3 in it; ISO/IEC 18004 section 6.3.3) by normalised correlation, which sums of
boxes make cheap. Three patterns that stand like a code's give its corners; version, level and mask are measured.
Not handled here: reading it (rescue.py).
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, permutations

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.camera.grid import (
    Corners,
    Seen,
    Soft,
    equalised,
    inside,
    layout,
    module_values,
    straightened,
)
from hardware.camera.guidance import GreyPicture
from hardware.camera.looking import shrink

_MODULE_PIXELS = (2.3, 2.8, 3.5, 4.3, 5.4)
_MIN_LIKENESS = 0.42
_MOST_PATTERNS = 9
_LIGHT, _DARK, _ALL = 48, 33, 81
# A sensor's noise alone, in squared grey values.
_LEAST_VARIANCE = 9.0
# Random modules agree with what is known of a code by a few hundredths at most.
_LEAST_KNOWN, _SURELY_KNOWN = 0.45, 0.8
# The smallest code that has three patterns apart, in pixels.
_LEAST_SIDE = 40
_STANDS_A_FRAME = 2
# Of likeness: a third pattern that was found beats one that was not.
_GUESSING_COSTS = 0.12
Point = tuple[float, float]
_LEVEL_OF_BITS = {0b01: "L", 0b00: "M", 0b11: "Q", 0b10: "H"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A place that looks like a finder pattern.

    Attributes:
        x, y: its centre.
        module: roughly the size of its modules in pixels.
        likeness: correlation with the pattern.
    """

    x: float
    y: float
    module: float
    likeness: float


def patterns(grey: GreyPicture) -> list[Pattern]:
    """The places most like a finder pattern, light on dark as well, best first."""
    found: list[Pattern] = []
    base, halved = grey, 1.0
    for module in _MODULE_PIXELS:
        while halved >= 2 / module:
            base, halved = shrink(base, 0.5), halved / 2
        size = (round(grey.shape[1] / module), round(grey.shape[0] / module))
        small = cv2.resize(base, size, interpolation=cv2.INTER_LINEAR)
        likeness = _likeness(small.astype(np.uint8, copy=False))
        highest = cv2.dilate(likeness, np.ones((5, 5), np.uint8))
        peaks = (likeness >= highest) & (likeness > _MIN_LIKENESS**2)
        for row, column in zip(*np.unravel_index(np.flatnonzero(peaks), peaks.shape), strict=True):
            centre = ((column + 0.5) * grey.shape[1] / size[0], (row + 0.5) * grey.shape[0] / size[1])
            found.append(Pattern(*centre, module, math.sqrt(float(likeness[row, column]))))
    found.sort(key=lambda pattern: -pattern.likeness)
    distinct: list[Pattern] = []
    for pattern in found:
        if all(math.dist((pattern.x, pattern.y), (one.x, one.y)) > 4 * one.module for one in distinct):
            distinct.append(pattern)
            if len(distinct) == _MOST_PATTERNS:
                break
    return distinct


def _likeness(small: GreyPicture) -> Soft:
    """Squared correlation with the pattern at one pixel a module, around every pixel."""
    core, light, dark, whole = (
        cv2.boxFilter(small, cv2.CV_32F, (side, side), normalize=False) for side in (3, 5, 7, 9)
    )
    darkness = dark - light + core
    contrast = cv2.addWeighted(whole, 1 / _LIGHT, darkness, -1 / _LIGHT - 1 / _DARK, 0)
    squares = cv2.sqrBoxFilter(small, cv2.CV_32F, (9, 9), normalize=False)
    variance = cv2.subtract(squares, cv2.multiply(whole, whole, scale=1 / _ALL))
    scale = _LIGHT * _DARK / _ALL
    squared = cv2.multiply(contrast, contrast, scale=scale)
    return cv2.divide(squared, np.maximum(variance, np.float32(_LEAST_VARIANCE * _ALL))).astype(np.float32, copy=False)


def laid_out(grey: GreyPicture, area: tuple[int, int, int, int] | None = None, turn: int = 0) -> Seen | None:
    """The code that finder patterns belong to: three of the picture or of that area of it, or two and a drowned one."""
    x, y, width, height = area or (0, 0, grey.shape[1], grey.shape[0])
    margin = max(width, height) // 6 + 8 if area else 0
    left, top = max(0, x - margin), max(0, y - margin)
    part = np.ascontiguousarray(grey[top : max(0, y + height + margin), left : max(0, x + width + margin)])
    found = patterns(part) if min(part.shape) > _LEAST_SIDE else []
    stands = sorted(_triples(found) + _pairs(found), key=lambda stand: -stand.likelihood)[: 2 * _STANDS_A_FRAME]
    best: tuple[float, Seen, Soft] | None = None
    for stand in stands[turn % 2 * _STANDS_A_FRAME :][:_STANDS_A_FRAME]:
        for seen in _candidates(part, stand):
            laid = straightened(part, seen, reaches=(1.5, 0.75) if stand.guessed is None else (2.5, 1.5, 0.75))
            if laid is None:
                continue
            plan = layout(seen.version)
            values = module_values(laid.flat, plan)
            told = np.sign(inside(values)[plan.known])
            known = float(np.where(plan.dark[plan.known], -told, told).mean())
            if known > _LEAST_KNOWN and (best is None or known > best[0]):
                best = known, replace(seen, corners=laid.corners), values
            if known > _SURELY_KNOWN:
                break
        if best is not None:
            break
    if best is None:
        return None
    _, seen, values = best
    level, mask = format_of(equalised(values, layout(seen.version)))
    one, two, three, four = ((at_x + left, at_y + top) for at_x, at_y in seen.corners)
    return Seen((one, two, three, four), seen.version, level, mask)


@dataclass(frozen=True, slots=True)
class _Stand:
    """Centres of a code's finder patterns: top left, top right, bottom left.

    Attributes:
        centres: of the three.
        module: roughly the size of the modules.
        likelihood: the more, the likelier.
        guessed: which of them was not found.
    """

    centres: tuple[Point, Point, Point]
    module: float
    likelihood: float
    guessed: int | None = None


def _triples(found: list[Pattern]) -> list[_Stand]:
    """Patterns that stand like those of a code, in any direction."""
    stands: list[_Stand] = []
    for corner, right, below in permutations(found, 3):
        across, down = (right.x - corner.x, right.y - corner.y), (below.x - corner.x, below.y - corner.y)
        if across[0] * down[1] <= across[1] * down[0]:
            continue
        first, second = math.hypot(*across), math.hypot(*down)
        sizes = (corner.module, right.module, below.module)
        slant = abs(across[0] * down[0] + across[1] * down[1]) / (first * second)
        unequal = abs(math.log(first / second))
        module = sum(sizes) / 3
        if slant > 0.45 or unequal > 0.4 or max(sizes) > 1.5 * min(sizes) or not _fits(first + second, 2 * module):
            continue
        likelihood = (corner.likeness + right.likeness + below.likeness) / 3 - (slant + unequal) / 2
        centres = (corner.x, corner.y), (right.x, right.y), (below.x, below.y)
        stands.append(_Stand(centres, module, likelihood))
    return stands


def _pairs(found: list[Pattern]) -> list[_Stand]:
    """Two patterns of a code that is held upright, whose third one a lamp has drowned."""
    stands: list[_Stand] = []
    for one, other in combinations(found[:5], 2):
        dx, dy = other.x - one.x, other.y - one.y
        length, module = math.hypot(dx, dy), (one.module + other.module) / 2
        if max(one.module, other.module) > 1.4 * min(one.module, other.module):
            continue
        # One of them is the left one, or the upper one where they stand on each other.
        if abs(dx) * 2 < abs(dy):
            upper, lower, down = (one, other, (dx, dy)) if dy > 0 else (other, one, (-dx, -dy))
            centres = (upper.x, upper.y), (upper.x + down[1], upper.y - down[0]), (lower.x, lower.y)
            guessed = 1
        elif abs(dy) * 2 < abs(dx):
            upper, lower, across = (one, other, (dx, dy)) if dx > 0 else (other, one, (-dx, -dy))
            centres = (upper.x, upper.y), (lower.x, lower.y), (upper.x - across[1], upper.y + across[0])
            guessed = 2
        elif dx * dy < 0:
            upper, lower = (one, other) if one.y < other.y else (other, one)
            dx, dy = upper.x - lower.x, upper.y - lower.y
            middle = (one.x + other.x) / 2, (one.y + other.y) / 2
            centres = (middle[0] + dy / 2, middle[1] - dx / 2), (upper.x, upper.y), (lower.x, lower.y)
            length, guessed = length / math.sqrt(2), 0
        else:
            continue
        if _fits(length, module):
            stands.append(_Stand(centres, module, (one.likeness + other.likeness) / 2 - _GUESSING_COSTS, guessed))
    return stands


def _fits(length: float, module: float) -> bool:
    """Whether patterns of a code can be so far from each other."""
    return 12 <= length / module <= 190


def _candidates(grey: GreyPicture, stand: _Stand) -> list[Seen]:
    """Codes of the versions that the distances may mean, likeliest first."""
    centres, sides = [np.array(centre) for centre in stand.centres], list[float]()
    for ends in ((0, 1), (0, 2)):
        way = centres[ends[1]] - centres[ends[0]]
        length = float(np.hypot(*way))
        measured = [
            _module_along(grey, centres[end], way / length, stand.module) for end in ends if end != stand.guessed
        ]
        sides.append(length / (sum(measured) / len(measured)) + 7)
    version = (sum(sides) / 2 - 17) / 4
    nearest = round(version)
    other = nearest + 1 if version > nearest else nearest - 1
    return [Seen(_corners(centres, each), each, "L", 0) for each in (nearest, other) if 1 <= each <= 40]


def _corners(centres: list[NDArray[np.float64]], version: int) -> Corners:
    side = 17 + 4 * version
    across, down = (centres[1] - centres[0]) / (side - 7), (centres[2] - centres[0]) / (side - 7)
    first = centres[0] - 3.5 * (across + down)
    ring = [first, first + side * across, first + side * (across + down), first + side * down]
    one, two, three, four = ((float(x), float(y)) for x, y in ring)
    return one, two, three, four


_STEPS = 6
_REACH = 6
_STRETCHES = np.linspace(0.74, 1.3, 29)


@lru_cache(maxsize=1)
def _profiles() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """Sections through a finder pattern of several widths and places, their extents, and the widths."""
    places = np.arange(-_REACH * _STEPS, _REACH * _STEPS + 1) / _STEPS
    shapes, extents, widths = [], [], []
    for stretch in _STRETCHES:
        for shift in np.arange(-6, 7) / _STEPS:
            away = np.abs(places - shift) / stretch
            extent = away < 4.5
            shape = np.where((away < 1.5) | ((away >= 2.5) & (away < 3.5)), -1.0, 1.0)
            shape = np.convolve(shape, np.ones(5) / 5, mode="same") * extent
            shape -= extent * shape.sum() / extent.sum()
            shapes.append(shape / np.linalg.norm(shape))
            extents.append(extent)
            widths.append(stretch)
    return np.array(shapes, np.float32), np.array(extents, np.float32), np.array(widths)


def _module_along(grey: GreyPicture, centre: NDArray[np.float64], along: NDArray[np.float64], roughly: float) -> float:
    """The size of a finder pattern's modules in one direction."""
    shapes, extents, widths = _profiles()
    places = np.arange(-_REACH * _STEPS, _REACH * _STEPS + 1) / _STEPS * roughly
    aside = np.linspace(-1.2, 1.2, 7)[:, None] * roughly
    xs = (centre[0] - 0.5 + places * along[0] - aside * along[1]).astype(np.float32)
    ys = (centre[1] - 0.5 + places * along[1] + aside * along[0]).astype(np.float32)
    profile = cv2.remap(grey, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).mean(axis=0, dtype=np.float32)
    counts = extents.sum(axis=1)
    spread = extents @ (profile * profile) - (extents @ profile) ** 2 / counts
    fit = np.abs(shapes @ profile) / np.sqrt(np.maximum(spread, counts))
    return float(widths[int(np.argmax(fit))]) * roughly


@lru_cache(maxsize=40)
def _format_places(side: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of both copies of the format information, first bit first (ISO/IEC 18004 section 7.9.1)."""
    first = [(8, at) for at in (0, 1, 2, 3, 4, 5, 7, 8)] + [(at, 8) for at in (7, 5, 4, 3, 2, 1, 0)]
    second = [(side - at, 8) for at in range(1, 8)] + [(8, side - at) for at in range(8, 0, -1)]
    rows, columns = zip(*first, *second, strict=True)
    return np.array(rows, np.intp), np.array(columns, np.intp)


@lru_cache(maxsize=1)
def _format_words() -> NDArray[np.float32]:
    """The 32 words of format information, 1 where a module is light."""
    words = []
    for data in range(32):
        rest = data << 10
        for bit in range(14, 9, -1):
            if rest >> bit & 1:
                rest ^= 0b10100110111 << (bit - 10)
        word = (data << 10 | rest) ^ 0b101010000010010
        words.append([-1.0 if word >> bit & 1 else 1.0 for bit in range(14, -1, -1)])
    return np.array(words, np.float32)


def format_of(estimate: Soft) -> tuple[str, int]:
    """Level and mask that the modules are most like."""
    rows, columns = _format_places(estimate.shape[0])
    told = np.clip(estimate[rows, columns], -1, 1).reshape(2, 15).sum(axis=0)
    data = int(np.argmax(_format_words() @ told))
    return _LEVEL_OF_BITS[data >> 3], data & 7
