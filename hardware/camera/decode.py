"""Finds QR codes in one grey picture: a cascade from the cheap to the thorough, bounded per frame.

1. The whole picture.
2. With a place where a code was seen in the last 15 frames: that place enlarged twice;
   without one: the picture at half size, which finds places in blurred and noisy pictures.
3. One more preparation of that place per frame, a different one each time: x3, sharpened, blurred, local threshold.
4. Without a place: the centre, or the whole picture, enlarged twice, in turn.

Pure apart from the time budget, whose clock is an argument. QR Code Model 2 only: the group "QR Code" would also
admit Micro QR, which gave phantom texts. Not handled here: still images (still.py).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import zxingcpp

from hardware.camera.guidance import GreyPicture, hint_for, is_black
from hardware.camera.report import DecodedCode, PictureReport
from hardware.devices import Decoder

Area = tuple[int, int, int, int]
"""x, y, width, height in pixels of the whole picture."""

_QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)
_PLACE_LIVES_FRAMES = 15
# Enlarging a place that fills the picture costs more than all the rest and brings nothing: its modules are large.
_MAX_ENLARGED_PIXELS = 1_400 * 1_400


@dataclass(frozen=True, slots=True)
class CascadeState:
    """What one frame hands on to the next.

    Attributes:
        place: where a code was last seen.
        place_age: frames since then.
        turn: which extra preparation comes next.
    """

    place: Area | None = None
    place_age: int = 0
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What one preparation of the picture showed."""

    codes: tuple[DecodedCode, ...] = ()
    place: Area | None = None
    pixels_per_module: float | None = None


def sharpen(part: GreyPicture) -> GreyPicture:
    """Unsharp mask against defocus and shake."""
    return cv2.addWeighted(part, 2.5, cv2.GaussianBlur(part, (0, 0), 2.0), -1.5, 0).astype(np.uint8, copy=False)


def soften(part: GreyPicture) -> GreyPicture:
    """Blur against noise and the screen's own pixel grid."""
    return cv2.GaussianBlur(part, (0, 0), 1.2).astype(np.uint8, copy=False)


def threshold_locally(part: GreyPicture) -> GreyPicture:
    """Black and white by the neighbourhood, against glare and shadows."""
    even = cv2.adaptiveThreshold(part, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, 41, 3)
    return even.astype(np.uint8, copy=False)


def enlarge(part: GreyPicture, factor: float) -> GreyPicture:
    """Cubic interpolation, which keeps module edges where they are."""
    return cv2.resize(part, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)


def shrink(part: GreyPicture, factor: float) -> GreyPicture:
    """Area interpolation, which averages noise away."""
    return cv2.resize(part, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


_EXTRAS: Sequence[tuple[str, float, Callable[[GreyPicture], GreyPicture]]] = (
    ("place x3", 3.0, lambda part: part),
    ("place sharpened", 2.0, sharpen),
    ("place softened", 2.0, soften),
    ("place local threshold", 2.0, threshold_locally),
)


def look(picture: GreyPicture, variant: str, *, scale: float = 1.0, offset: tuple[int, int] = (0, 0)) -> Look:
    """Decodes one prepared picture with zxing-cpp.

    Args:
        picture: grey, contiguous.
        variant: its name, for the diagnosis.
        scale: pixels here per pixel of the whole picture.
        offset: where its corner lies in the whole picture.
    """
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(picture),
        formats=_QR_ONLY,
        try_rotate=False,
        try_downscale=True,
        try_invert=True,
        text_mode=zxingcpp.TextMode.Plain,
        return_errors=True,
    )
    codes: dict[str, DecodedCode] = {}
    place: Area | None = None
    module: float | None = None
    for code in found:
        corners = code.position
        xs = [corner.x for corner in (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)]
        ys = [corner.y for corner in (corners.top_left, corners.top_right, corners.bottom_right, corners.bottom_left)]
        side = (max(xs) - min(xs) + max(ys) - min(ys)) / 2 / scale
        version = _version(code)
        seen_module = side / (17 + 4 * version) if version and side > 0 else None
        if side > 0:
            place = (
                int(min(xs) / scale) + offset[0],
                int(min(ys) / scale) + offset[1],
                max(1, int((max(xs) - min(xs)) / scale)),
                max(1, int((max(ys) - min(ys)) / scale)),
            )
            module = seen_module
        if code.valid and code.text:
            aim = code.symbology_identifier or None
            codes.setdefault(code.text, DecodedCode(code.text, aim, Decoder.ZXING, variant, version, seen_module))
    return Look(tuple(codes.values()), place, module)


def _version(code: zxingcpp.Barcode) -> int | None:
    told = code.extra.get("Version") if isinstance(code.extra, dict) else None
    return int(told) if isinstance(told, str) and told.isdigit() and 1 <= int(told) <= 40 else None


def decode_frame(
    grey: GreyPicture,
    state: CascadeState,
    *,
    budget_seconds: float = 0.25,
    monotonic: Callable[[], float] = time.monotonic,
) -> tuple[PictureReport, CascadeState]:
    """Looks for codes in one frame of a stream.

    Args:
        grey: the frame, one byte a pixel.
        state: handed on from the frame before.
        budget_seconds: no further preparation begins after that.
        monotonic: the clock of the budget.
    """
    began = monotonic()
    place = state.place if state.place_age < _PLACE_LIVES_FRAMES else None
    seen: Look = Look()
    for attempt in _attempts(grey, place, state.turn):
        this = attempt(seen.place)
        if this is None:
            continue
        seen = Look(this.codes, this.place or seen.place, this.pixels_per_module or seen.pixels_per_module)
        if seen.codes or monotonic() - began > budget_seconds:
            break
    following = (
        CascadeState(seen.place, 0, state.turn)
        if seen.place
        else replace(state, place=place, place_age=state.place_age + 1)
    )
    if not seen.codes:
        following = replace(following, turn=state.turn + 1)
    black = not seen.codes and seen.place is None and is_black(grey)
    hint = None if seen.codes or black else hint_for(grey, seen.place, seen.pixels_per_module)
    return PictureReport(seen.codes, not seen.codes and seen.place is not None, hint, black), following


def _attempts(grey: GreyPicture, place: Area | None, turn: int) -> Sequence[Callable[[Area | None], Look | None]]:
    """The steps of the cascade; each is told where a code has been seen so far in this frame."""

    def whole(_: Area | None) -> Look:
        return look(grey, "whole")

    def half(seen: Area | None) -> Look | None:
        return None if seen or place else look(shrink(grey, 0.5), "half", scale=0.5)

    def place_enlarged(seen: Area | None) -> Look | None:
        return _look_at(grey, seen or place, "place x2", 2.0, lambda part: part)

    def extra(seen: Area | None) -> Look | None:
        name, factor, prepare = _EXTRAS[turn % len(_EXTRAS)]
        return _look_at(grey, seen or place, name, factor, prepare)

    def without_place(seen: Area | None) -> Look | None:
        if seen or place:
            return None
        height, width = grey.shape
        if turn % 2:
            return look(enlarge(grey, 2.0), "whole x2", scale=2.0)
        centre = (width // 4, height // 8, width // 2, height * 3 // 4)
        return _look_at(grey, centre, "centre x2", 2.0, lambda part: part)

    return (whole, half, place_enlarged, extra, without_place)


def _look_at(
    grey: GreyPicture, place: Area | None, variant: str, factor: float, prepare: Callable[[GreyPicture], GreyPicture]
) -> Look | None:
    """Decodes one place, with a margin for the quiet zone and for the hand that moves."""
    if place is None:
        return None
    x, y, width, height = place
    margin = max(width, height) // 6 + 8
    left, top = max(0, x - margin), max(0, y - margin)
    part = grey[top : y + height + margin, left : x + width + margin]
    if part.size == 0:
        return None
    factor = min(factor, max(1.0, (_MAX_ENLARGED_PIXELS / part.size) ** 0.5))
    return look(prepare(enlarge(part, factor)), variant, scale=factor, offset=(left, top))
