"""Moving codes (`LP1`): a licence's portrait with its code as every third picture, or what is too large for one code.

A page pulls pictures by the milliseconds since the first one appeared, at a rate that it tells its holder; there is no
thread and no clock of its own. Never the only path: serial scanners read no moving pictures, so the plain code of a
portrait stays available (`showing.frame()`), and what is too large can be shown in fewer items or licences.
"""

from typing import Final, Protocol

from protocol import limits
from protocol.labels import AnimatedKind
from protocol.qr import animated
from protocol.qr.animated import Animation, Schedule
from wallet_sdk.composition import Content
from wallet_sdk.pictures import Frame, Picture
from wallet_sdk.showing_errors import PortraitUnfit, RateWrong

MAX_PORTRAIT_BYTES: Final = 8_192
"""28 frames: a round of five seconds at 8 pictures a second. A portrait for a window has some 1,000 to 2,500 bytes."""
_CODE_EVERY: Final = 3
_HEAD_BYTES: Final = 64
"""Where the brands of an AVIF file stand."""


class Shown(Protocol):
    """What moving pictures take from a showing."""

    @property
    def title(self) -> str:
        """The names of what is shown."""

    def frame(self) -> Frame:
        """The current code."""

    def content(self) -> Content:
        """The current content, however large."""


class MovingPortrait:
    """A portrait's frames with the current code as every third picture, the code first.

    Attributes:
        pictures_per_second: The rate; a slower screen may pull fewer.
    """

    pictures_per_second: int

    def __init__(self, showing: Shown, portrait: bytes | None, pictures_per_second: int) -> None:
        self._showing = showing
        self.pictures_per_second = _rate(pictures_per_second)
        animation = animated.animate(checked_portrait(portrait), AnimatedKind.PORTRAIT)
        self._schedule = Schedule(animation, self.pictures_per_second)

    @property
    def round_seconds(self) -> float:
        """How long it takes until every frame was seen once."""
        frames_each_turn = _CODE_EVERY - 1
        turns = -(-self._schedule.animation.whole.count // frames_each_turn)
        return turns * _CODE_EVERY / self.pictures_per_second

    def picture(self, at_ms: int) -> Picture:
        """What stands on the screen so long after the first picture. Raises: as `Showing.frame`."""
        return self.numbered(self._schedule.picture_at(at_ms))

    def numbered(self, number: int) -> Picture:
        """Picture `number` (0 …). Raises: as `Showing.frame`."""
        frame = self._showing.frame()
        text = self._schedule.text(number, code=frame.text)
        return frame if text == frame.text else Picture(text, title=self._showing.title)


class MovingContent:
    """A presentation or bundle as frames, signed anew as often as a code.

    Attributes:
        pictures_per_second: The rate; a slower screen may pull fewer.
    """

    pictures_per_second: int

    def __init__(self, showing: Shown, pictures_per_second: int) -> None:
        self._showing = showing
        self._content: Content | None = None
        self._animation: Animation | None = None
        self.pictures_per_second = _rate(pictures_per_second)

    @property
    def round_seconds(self) -> float:
        """How long it takes until every frame was seen once. Raises: as `Showing.content`."""
        return self._current().whole.count / self.pictures_per_second

    def picture(self, at_ms: int) -> Picture:
        """What stands on the screen so long after the first picture. Raises: as `Showing.content`."""
        return self.numbered(at_ms * self.pictures_per_second // 1_000)

    def numbered(self, number: int) -> Picture:
        """Picture `number` (0 …). Raises: as `Showing.content`."""
        return Picture(self._current().text(number), title=self._showing.title)

    def _current(self) -> Animation:
        content = self._showing.content()
        if self._animation is None or content is not self._content:
            self._content = content
            self._animation = animated.animate(content.encoded, content.kind)
        return self._animation


def checked_portrait(portrait: bytes | None) -> bytes:
    """The portrait, if moving pictures can carry it.

    Raises:
        PortraitUnfit: There is none, it is neither AVIF nor WebP, or too large.
    """
    if portrait is None:
        raise PortraitUnfit("there is none")
    if not _is_avif(portrait) and not _is_webp(portrait):
        raise PortraitUnfit("it is neither AVIF nor WebP")
    if len(portrait) > MAX_PORTRAIT_BYTES:
        raise PortraitUnfit(f"{len(portrait)} bytes")
    return portrait


def _rate(pictures_per_second: int) -> int:
    if pictures_per_second not in limits.ANIMATED_RATES:
        raise RateWrong(str(pictures_per_second))
    return pictures_per_second


def _is_webp(content: bytes) -> bool:
    # RFC 9649 section 2.4.
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def _is_avif(content: bytes) -> bool:
    # AV1 Image File Format section 6.2: the brand avif stands in the file type box, which comes first.
    brands = content[8 : min(int.from_bytes(content[:4]), _HEAD_BYTES)]
    return content[4:8] == b"ftyp" and b"avif" in brands
