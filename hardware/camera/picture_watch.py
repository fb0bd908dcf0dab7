"""What is wrong with pictures that do come: the same one again and again, broken off half-way, or of another size.

A sensor's noise makes no two pictures equal, not even their last rows. A camera whose pictures are all the same has
frozen; so has, to the eye, one whose JPEG pictures OpenCV's V4L2 driver cannot unpack: it gives the last one again
(cap_v4l.cpp convertToRgb). When pictures break off in a stream, FFmpeg fills what is missing with the picture before or
with one colour: their upper part moves and their last rows stay.

Not handled here: single pictures of that kind, which cost nothing but themselves. Last rows that are black or white
all over say nothing and are not looked at.
"""

import zlib

from hardware.camera.picture_device import ColourPicture
from hardware.devices import LostReason
from hardware.knobs import Knob, KnobRefused

_SECONDS = 3.0
_PICTURES = 20
_LAST_ROWS = 16
_BLACK, _WHITE = 30, 245


class _Repeats:
    """How long the same thing has come again and again."""

    def __init__(self) -> None:
        self._checksum: int | None = None
        self._since = 0.0
        self._count = 0

    def is_long(self, part: ColourPicture, at: float) -> bool:
        checksum = zlib.crc32(part.tobytes())
        if checksum != self._checksum:
            self._checksum, self._since, self._count = checksum, at, 0
        self._count += 1
        return self._count >= _PICTURES and at - self._since >= _SECONDS


class PictureWatch:
    """Looks at each picture of one opened camera."""

    def __init__(self, source: str) -> None:
        """Names the camera, for its events."""
        self._source = source
        self._whole, self._end = _Repeats(), _Repeats()
        self._size: tuple[int, int] | None = None

    def trouble(self, picture: ColourPicture, at: float) -> LostReason | None:
        """Why this camera is as good as lost; None if it is not."""
        end = picture[-_LAST_ROWS:]
        frozen, damaged = self._whole.is_long(picture[::4, ::4], at), self._end.is_long(end, at)
        if frozen:
            return LostReason.FROZEN
        return LostReason.DAMAGED if damaged and _BLACK < float(end.mean()) < _WHITE else None

    def new_size(self, picture: ColourPicture) -> KnobRefused | None:
        """Told once for each change, because a smaller picture reads fewer codes."""
        before, self._size = self._size, (picture.shape[1], picture.shape[0])
        if before is None or before == self._size:
            return None
        return KnobRefused(self._source, Knob.SIZE, f"{before[0]}x{before[1]}", f"{self._size[0]}x{self._size[1]}")
