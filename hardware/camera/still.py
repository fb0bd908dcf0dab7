"""Finds QR codes in one image file, trying everything, since no next frame will come.

The header is read before anything is unpacked: at most 50 megapixels. First the picture as it is, the way zxing-cpp's
defaults look at it, so that nothing is lost that they would read; then every preparation, each with grid.py's rescue
of what was found and not read; then finder patterns by their likeness (finders.py); then pyzbar where libzbar is
installed. pyzbar guesses character sets and then returns a *different text*, so it is believed only for plain ASCII,
which all our codes are.
"""

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, UnidentifiedImageError

from hardware.camera.finders import laid_out
from hardware.camera.grid import around, module_of
from hardware.camera.guidance import GreyPicture, hint_for, is_black
from hardware.camera.looking import Look, enlarge, look, sharpen, sharpen_strongly, shrink, soften, threshold_locally
from hardware.camera.report import DecodedCode, PictureReport
from hardware.camera.rescue import rescued
from hardware.devices import Decoder

try:
    from pyzbar import pyzbar
except ImportError:  # The wheel is there but the system library libzbar is not.
    pyzbar = None  # type: ignore[assignment]  # checked before each use

MAX_IMAGE_PIXELS = 50_000_000
# Larger pictures are shrunk: a code that needs more pixels than that is not held in front of anybody.
_WORKING_PIXELS = 8_000_000
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")

_PREPARATIONS: Sequence[tuple[str, float, Callable[[GreyPicture], GreyPicture]]] = (
    ("whole", 1.0, lambda picture: picture),
    ("half", 0.5, lambda picture: picture),
    ("x2", 2.0, lambda picture: picture),
    ("sharpened", 1.0, sharpen),
    ("sharpened strongly", 1.0, sharpen_strongly),
    ("softened", 1.0, soften),
    ("local threshold", 1.0, threshold_locally),
    ("x2 sharpened", 2.0, sharpen),
    ("x3", 3.0, lambda picture: picture),
    ("third", 1 / 3, lambda picture: picture),
)


class NotAnImage(ValueError):
    """The bytes are no image that can be unpacked. Becomes ImageUnreadable outside of the decoding process."""


class ImageOverLimit(ValueError):
    """The header announces too many pixels. Becomes ImageTooLarge outside of the decoding process."""


def unpack(packed: bytes, max_pixels: int = MAX_IMAGE_PIXELS) -> GreyPicture:
    """The grey picture in an image file; what is transparent becomes white.

    Raises:
        NotAnImage: unknown format, damaged or cut off.
        ImageOverLimit: more than `max_pixels`.
    """
    try:
        with Image.open(io.BytesIO(packed), formats=_FORMATS) as image:
            if image.width * image.height > max_pixels:
                raise ImageOverLimit(f"{image.width} x {image.height}")
            if image.has_transparency_data:
                over_white = Image.new("RGBA", image.size, "white")
                over_white.alpha_composite(image.convert("RGBA"))
                grey = over_white.convert("L")
            else:
                grey = image.convert("L")
            picture: GreyPicture = np.asarray(grey, dtype=np.uint8)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise ImageOverLimit("announces too many pixels") from bomb
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError) as wrong:
        if isinstance(wrong, ImageOverLimit):
            raise
        raise NotAnImage(type(wrong).__name__) from wrong
    return picture


def decode_image(packed: bytes) -> PictureReport:
    """Looks for codes in an image file.

    Raises:
        NotAnImage: see `unpack`.
        ImageOverLimit: see `unpack`.
    """
    whole = unpack(packed)
    seen = look(whole, "whole", rotate=True)
    if seen.codes:
        return PictureReport(seen.codes, False, None, False)
    reduced = min(1.0, (_WORKING_PIXELS / whole.size) ** 0.5)
    picture = shrink(whole, reduced) if reduced < 1 else whole
    # What was seen is told in the pixels of the picture that is worked on.
    seen = Look() if reduced < 1 else seen
    for variant, factor, prepare in _PREPARATIONS:
        if picture.size * factor**2 > 2 * _WORKING_PIXELS:
            continue
        sized = enlarge(picture, factor) if factor > 1 else shrink(picture, factor) if factor < 1 else picture
        this = look(prepare(sized), variant, scale=factor)
        if not this.codes and this.unread is not None:
            this, _ = rescued(picture, this, None)
        seen = this.after(seen)
        if seen.codes:
            return PictureReport(seen.codes, False, None, False)
    if seen.unread is None and (laid := laid_out(picture)) is not None:
        this, _ = rescued(picture, Look(place=around(laid), pixels_per_module=module_of(laid), unread=laid), None)
        seen = this.after(seen)
        if seen.codes:
            return PictureReport(seen.codes, False, None, False)
    if by_zbar := look_with_zbar(picture):
        return PictureReport(by_zbar, False, None, False)
    black = seen.place is None and is_black(picture)
    hint = None if black else hint_for(picture, seen.place, seen.pixels_per_module)
    return PictureReport((), seen.place is not None, hint, black)


def look_with_zbar(picture: GreyPicture) -> tuple[DecodedCode, ...]:
    """Decodes with pyzbar; nothing where libzbar is not installed."""
    if pyzbar is None:
        return ()
    codes: dict[str, DecodedCode] = {}
    found = pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
    for symbol in found:
        if symbol.data and symbol.data.isascii():
            text = symbol.data.decode("ascii")
            codes[text] = DecodedCode(text, None, Decoder.ZBAR, "whole", None, None)
    return tuple(codes.values())
