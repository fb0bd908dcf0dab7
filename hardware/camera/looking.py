"""One look at one prepared picture with zxing-cpp, and the preparations.

QR Code Model 2 only: the group "QR Code" would also admit Micro QR, which gave phantom texts, and all symbologies cost
twelve times as much. What was found but not read is told too, with its corners and version where they are known, for
grid.py. Not handled here: the order of looks (decode.py, still.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from hardware.camera.grid import Corners, Seen, Soft
from hardware.camera.guidance import GreyPicture
from hardware.camera.report import DecodedCode
from hardware.devices import Decoder

Area = tuple[int, int, int, int]
"""x, y, width, height in pixels of the whole picture."""

_LEVELS = ("L", "M", "Q", "H")
# Below it no module has a pixel of its own.
_MIN_PIXELS_PER_MODULE = 1.2
_QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCodeModel2)


@dataclass(frozen=True, slots=True)
class Look:
    """What one preparation of the picture showed.

    Attributes:
        codes: what was read.
        place: where a code is, read or not.
        pixels_per_module: how large its modules are in the whole picture.
        unread: a code that was laid out but whose checksum failed.
        read: the layout of the code that was read, where it is the only one.
        modules: its modules, where they were read one by one.
    """

    codes: tuple[DecodedCode, ...] = ()
    place: Area | None = None
    pixels_per_module: float | None = None
    unread: Seen | None = None
    read: Seen | None = None
    modules: Soft | None = None

    def after(self, earlier: "Look") -> "Look":
        """This look, with what an earlier one knew where this one knows nothing."""
        return Look(
            self.codes,
            self.place or earlier.place,
            self.pixels_per_module or earlier.pixels_per_module,
            self.unread or earlier.unread,
            self.read,
            self.modules,
        )


def sharpen(part: GreyPicture) -> GreyPicture:
    """Unsharp mask against defocus and shake."""
    return cv2.addWeighted(part, 2.5, cv2.GaussianBlur(part, (0, 0), 2.0), -1.5, 0).astype(np.uint8, copy=False)


def sharpen_strongly(part: GreyPicture) -> GreyPicture:
    """Unsharp mask with a wide box, so that finders show through grids, smears and defocus."""
    return cv2.addWeighted(part, 4.0, cv2.blur(part, (9, 9)), -3.0, 0).astype(np.uint8, copy=False)


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
    height, width = part.shape
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def look(
    picture: GreyPicture,
    variant: str,
    *,
    scale: float = 1.0,
    offset: tuple[int, int] = (0, 0),
    downscale: bool = True,
    rotate: bool = False,
) -> Look:
    """Decodes one prepared picture.

    Args:
        picture: grey.
        variant: its name, for the diagnosis.
        scale: pixels here per pixel of the whole picture.
        offset: where its corner lies in the whole picture.
        downscale: also look at smaller versions of it.
        rotate: also look for what stands on its side.
    """
    found = zxingcpp.read_barcodes(
        np.ascontiguousarray(picture),
        formats=_QR_ONLY,
        try_rotate=rotate,
        try_downscale=downscale,
        try_invert=True,
        text_mode=zxingcpp.TextMode.Plain,
        return_errors=True,
    )
    codes: dict[str, DecodedCode] = {}
    place: Area | None = None
    module: float | None = None
    unread: Seen | None = None
    read: Seen | None = None
    for code in found:
        corners = _corners(code, scale, offset)
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        side = (max(xs) - min(xs) + max(ys) - min(ys)) / 2
        version = _version(code)
        seen_module = _length(corners) / (17 + 4 * version) if version and side > 0 else None
        if side > 0:
            place = (int(min(xs)), int(min(ys)), max(1, int(max(xs) - min(xs))), max(1, int(max(ys) - min(ys))))
            module = seen_module
        laid_out = version and seen_module and seen_module > _MIN_PIXELS_PER_MODULE and code.ec_level in _LEVELS
        layout = Seen(corners, version, code.ec_level, _mask(code)) if version and laid_out else None
        if code.valid and code.text:
            read = layout
            aim = code.symbology_identifier or None
            codes.setdefault(code.text, DecodedCode(code.text, aim, Decoder.ZXING, variant, version, seen_module))
        elif layout:
            unread = layout
    return Look(tuple(codes.values()), place, module, unread, read if len(found) == 1 else None)


def decode_drawn(picture: GreyPicture, variant: str, pixels_per_module: float | None) -> tuple[DecodedCode, ...]:
    """Decodes a code that grid.py has drawn; the sizes are those of the real one."""
    found = zxingcpp.read_barcodes(
        picture,
        formats=_QR_ONLY,
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=zxingcpp.Binarizer.FixedThreshold,
    )
    return tuple(
        DecodedCode(
            code.text, code.symbology_identifier or None, Decoder.ZXING, variant, _version(code), pixels_per_module
        )
        for code in found[:1]
        if code.valid and code.text
    )


def _corners(code: zxingcpp.Barcode, scale: float, offset: tuple[int, int]) -> Corners:
    at = code.position
    points: Sequence[zxingcpp.Point] = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    first, second, third, fourth = ((point.x / scale + offset[0], point.y / scale + offset[1]) for point in points)
    return first, second, third, fourth


def _length(corners: Corners) -> float:
    """Mean length of the four sides."""
    ring = np.array(corners)
    return float(np.hypot(*(ring - np.roll(ring, 1, axis=0)).T).mean())


def _mask(code: zxingcpp.Barcode) -> int:
    told = code.extra.get("DataMask") if isinstance(code.extra, dict) else None
    return told if isinstance(told, int) and 0 <= told <= 7 else 0


def _version(code: zxingcpp.Barcode) -> int | None:
    told = code.extra.get("Version") if isinstance(code.extra, dict) else None
    return int(told) if isinstance(told, str) and told.isdigit() and 1 <= int(told) <= 40 else None
