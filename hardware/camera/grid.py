"""Reads the modules of a code whose place and version are known but whose checksum failed.

1. The place is straightened to a few pixels a module.
2. The grid is laid anew over what every code of that version shows at known places: finders and alignment patterns.
3. Each module becomes one number; slow changes of light (veils, shadows) are taken out.
4. An equaliser undoes defocus, shake and the screen's own grid: a small linear filter, fitted by least squares to
   what is known of the code and then, twice more, to its own decisions (decision-directed equalisation).
5. The modules are drawn cleanly and decoded by zxing-cpp, whose Reed-Solomon decides whether anything was read.

Nothing is guessed: without a passing checksum there is no text. Not handled here: finding codes (decode.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from qrcode.util import pattern_position

from hardware.camera.guidance import GreyPicture

Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""Top left, top right, bottom right, bottom left of a code in its own orientation, in pixels."""
Matrix = NDArray[np.uint8]
"""1 where a module is dark."""
Soft = NDArray[np.float32]

_CELL = 3
_BORDER = 3
_TAPS = 5
_LINEAR_LIGHT = (np.linspace(0, 1, 256) ** 2.2).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Seen:
    """Where zxing-cpp saw a code that it could not read.

    Attributes:
        corners: of the code.
        version: as the code tells.
        level: letter of its error correction.
        mask: number of its mask.
    """

    corners: Corners
    version: int
    level: str
    mask: int


def around(seen: Seen) -> tuple[int, int, int, int]:
    """The smallest upright rectangle that holds it: x, y, width, height."""
    corners = np.array(seen.corners)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return int(left), int(top), max(1, int(right - left)), max(1, int(bottom - top))


def module_of(seen: Seen) -> float:
    """Pixels a module."""
    ring = np.array(seen.corners)
    return float(np.hypot(*(ring - np.roll(ring, 1, axis=0)).T).mean()) / (17 + 4 * seen.version)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What pictures so far showed of a code of that version: one number a module, its border included."""

    version: int
    values: Soft


@dataclass(frozen=True, slots=True)
class Layout:
    """What every code of one version shows.

    Attributes:
        side: modules.
        known: where a module is the same in all codes.
        dark: those of them that are dark.
        marks: centres of finders and alignment patterns in modules (x, y) and half their width.
    """

    side: int
    known: NDArray[np.bool_]
    dark: NDArray[np.bool_]
    marks: tuple[tuple[float, float, float], ...]


@lru_cache(maxsize=40)
def layout(version: int) -> Layout:
    """ISO/IEC 18004 section 6.3: finders with separators, timing and alignment patterns."""
    side = 17 + 4 * version
    known = np.zeros((side, side), bool)
    dark = np.zeros((side, side), bool)
    known[6, :] = known[:, 6] = True
    dark[6, ::2] = dark[::2, 6] = True
    marks: list[tuple[float, float, float]] = []
    centres = pattern_position(version)
    for row in centres:
        for column in centres:
            if (row < 9 and (column < 9 or column > side - 10)) or (row > side - 10 and column < 9):
                continue
            known[row - 2 : row + 3, column - 2 : column + 3] = True
            dark[row - 2 : row + 3, column - 2 : column + 3] = _rings(2)
            marks.append((column + 0.5, row + 0.5, 2.5))
    for row, column in ((3, 3), (3, side - 4), (side - 4, 3)):
        top, left = max(0, row - 4), max(0, column - 4)
        known[top : row + 5, left : column + 5] = True
        dark[top : row + 5, left : column + 5] = False
        dark[row - 3 : row + 4, column - 3 : column + 4] = _rings(3)
        marks.append((column + 0.5, row + 0.5, 3.5))
    return Layout(side, known, dark, tuple(marks))


def _rings(reach: int) -> NDArray[np.bool_]:
    away = np.abs(np.arange(-reach, reach + 1))
    ring = np.maximum(away[:, None], away[None, :])
    return np.asarray(ring != reach - 1, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Straightened:
    """A code whose grid was laid anew.

    Attributes:
        flat: the code in linear light, `_CELL` pixels a module with a border of `_BORDER` modules.
        corners: where it is now known to be in the picture.
    """

    flat: Soft
    corners: Corners


def straightened(
    grey: GreyPicture, seen: Seen, *, reaches: tuple[float, ...] = (1.5, 0.75), most_marks: int | None = None
) -> Straightened | None:
    """The code laid flat; nothing where the place lies outside of the picture.

    Args:
        grey: the whole picture.
        seen: where the code is, roughly.
        reaches: how far away marks are looked for, in modules, round by round.
        most_marks: about how many marks to look for; all of them where none is said.
    """
    plan = layout(seen.version)
    size = (plan.side + 2 * _BORDER) * _CELL
    low, high = _BORDER * _CELL, (plan.side + _BORDER) * _CELL
    ideal = np.array([(low, low), (high, low), (high, high), (low, high)], np.float32) - 0.5
    xs, ys = [x for x, _ in seen.corners], [y for _, y in seen.corners]
    margin = max(max(xs) - min(xs), max(ys) - min(ys)) * (_BORDER + 1) / plan.side
    left, top = max(0, int(min(xs) - margin)), max(0, int(min(ys) - margin))
    part = grey[top : max(0, int(max(ys) + margin)), left : max(0, int(max(xs) + margin))]
    if part.size == 0:
        return None
    into = cv2.getPerspectiveTransform(ideal, (np.array(seen.corners) - 0.5 - (left, top)).astype(np.float32))
    inverse = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    # The finders are the last three.
    step = max(1, -(-len(plan.marks) // most_marks)) if most_marks else 1
    marks = plan.marks[::-1][:3] + plan.marks[-4::-step]
    for reach in reaches:
        flat = cv2.warpPerspective(part, into, (size, size), flags=inverse, borderMode=cv2.BORDER_REPLICATE)
        expected, found = _marks_found(flat.astype(np.float32), marks, reach)
        if len(found) < 6:
            break
        moved, _ = cv2.findHomography(np.array(expected), np.array(found), cv2.RANSAC, _CELL * 0.35)
        if moved is None:
            break
        into = into @ moved
        # Corners that were told well enough need no second round.
        if float(np.abs(np.array(found) - np.array(expected)).max()) < _CELL:
            break
    flat = cv2.warpPerspective(part, into, (size, size), flags=inverse, borderMode=cv2.BORDER_REPLICATE)
    first, second, third, fourth = (
        (float(x) + left + 0.5, float(y) + top + 0.5) for x, y in cv2.perspectiveTransform(ideal[None], into)[0]
    )
    return Straightened(cv2.LUT(flat, _LINEAR_LIGHT).astype(np.float32, copy=False), (first, second, third, fourth))


def _marks_found(
    flat: Soft, marks: Sequence[tuple[float, float, float]], reach_modules: float
) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Where the known marks should be in the straightened picture, and where they are."""
    expected: list[tuple[float, float]] = []
    found: list[tuple[float, float]] = []
    reach = round(reach_modules * _CELL)
    for x, y, half in marks:
        mark = _mark(half)
        centre_x, centre_y = (x + _BORDER) * _CELL - 0.5, (y + _BORDER) * _CELL - 0.5
        left, top = round(centre_x + 0.5 - mark.shape[0] / 2) - reach, round(centre_y + 0.5 - mark.shape[0] / 2) - reach
        window = mark.shape[0] + 2 * reach
        part = flat[max(0, top) : top + window, max(0, left) : left + window]
        if left < 0 or top < 0 or part.shape != (window, window):
            continue
        fit = np.abs(cv2.matchTemplate(part, mark, cv2.TM_CCOEFF_NORMED))
        _, score, _, (best_x, best_y) = cv2.minMaxLoc(fit)
        if score < 0.5:
            continue
        dx = best_x - reach + summit(fit[best_y], best_x)
        dy = best_y - reach + summit(fit[:, best_x], best_y)
        expected.append((centre_x, centre_y))
        found.append((centre_x + dx, centre_y + dy))
    return expected, found


def summit(scores: NDArray[Any], at: int) -> float:
    """The top of a parabola through three scores."""
    if not 0 < at < len(scores) - 1:
        return 0.0
    before, here, after = (float(score) for score in scores[at - 1 : at + 2])
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else 0.5 * (before - after) / bend


@lru_cache(maxsize=4)
def _mark(half: float) -> Soft:
    light = ~_rings(int(half))
    ringed = np.pad(light, 1, constant_values=True) if half > 3 else light
    fine = np.kron(ringed, np.ones((_CELL, _CELL), np.float32)).astype(np.float32)
    return cv2.GaussianBlur(fine, (0, 0), _CELL * 0.4).astype(np.float32, copy=False)


def module_values(flat: Soft, plan: Layout) -> Soft:
    """One number a module with its border: above zero where light; nearly zero where light has drowned it."""
    side = plan.side + 2 * _BORDER
    inner = cv2.resize(flat, (side, side), interpolation=cv2.INTER_AREA)
    mean = cv2.stackBlur(inner, (17, 17))
    spread = np.sqrt(np.maximum(cv2.stackBlur((inner - mean) ** 2, (25, 25)), 0))
    values = (inner - mean) / (spread + 0.15 * float(np.median(spread)) + 1e-4)
    # A dark-mode code is told by its known modules.
    told = values[_BORDER:-_BORDER, _BORDER:-_BORDER][plan.known]
    upright = float(np.where(plan.dark[plan.known], -told, told).sum()) >= 0
    return (values if upright else -values).astype(np.float32)


def light_floor(flat: Soft, plan: Layout) -> Soft:
    """How bright the darkest module around each one is: where a lamp has drowned the dark ones, very."""
    inner = cv2.resize(flat, (plan.side + 2 * _BORDER,) * 2, interpolation=cv2.INTER_AREA)
    floor = cv2.erode(inner[_BORDER:-_BORDER, _BORDER:-_BORDER], np.ones((3, 3), np.uint8))
    return cv2.GaussianBlur(floor, (0, 0), 1.0).astype(np.float32, copy=False)


def inside(values: Soft) -> Soft:
    """The modules of the code alone, as they were measured."""
    return values[_BORDER:-_BORDER, _BORDER:-_BORDER]


def equalised(values: Soft, plan: Layout, rounds: int = 3, told: Soft | None = None) -> Soft:
    """What each module is; below zero is dark.

    Args:
        values: as measured.
        plan: of the version.
        rounds: how often the filter is fitted to its own decisions.
        told: what the modules ought to be, zero where that is not known; once is then enough. 26 weights do not make
            thousands of modules into what they are not.
    """
    side = plan.side
    wanted = np.where(plan.dark, -1.0, 1.0).astype(np.float32)
    estimate = inside(values)
    low = _BORDER - _TAPS // 2
    taps = np.ones((_TAPS * _TAPS + 1, side, side), np.float32)
    for at in range(_TAPS * _TAPS):
        dy, dx = divmod(at, _TAPS)
        taps[at] = values[low + dy : low + dy + side, low + dx : low + dx + side]
    # Row by row: a product of whole matrices of this size would make a BLAS library start threads.
    gram = (taps.transpose(1, 0, 2) @ taps.transpose(1, 2, 0)).sum(axis=0)
    gram += np.eye(len(taps), dtype=np.float32) * (0.02 * side * side)
    for _ in range(rounds if told is None else 1):
        target = np.where(plan.known, wanted, np.sign(estimate) if told is None else told).astype(np.float32)
        both = np.einsum("kij,ij->k", taps, target)
        _, weights = cv2.solve(gram, both.reshape(-1, 1), flags=cv2.DECOMP_CHOLESKY)
        kernel, constant = weights[:-1].reshape(_TAPS, _TAPS), float(weights[-1, 0])
        estimate = inside(cv2.filter2D(values, -1, kernel, delta=constant).astype(np.float32, copy=False))
    return estimate


def drawn(estimate: Soft, plan: Layout, module_pixels: int = 2) -> GreyPicture:
    """A clean picture of the modules with what is known put right, ready to be decoded."""
    light = np.where(plan.known, ~plan.dark, estimate >= 0).astype(np.uint8) * 255
    framed = cv2.copyMakeBorder(light, 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255)
    return np.repeat(np.repeat(framed, module_pixels, axis=0), module_pixels, axis=1).astype(np.uint8, copy=False)
