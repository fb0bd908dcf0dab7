"""Codes from a camera, a stream or a video: pictures in, readings and advice out.

A text is one reading as long as it stays in view; two different codes in one picture are no reading at all; a picture
that the decoder cannot survive costs that picture.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np

from hardware.camera.antiglare import Sight, sight_of
from hardware.camera.decoder_process import PictureDecoder
from hardware.camera.frames import Frame
from hardware.camera.guidance import GreyPicture
from hardware.camera.report import DecodedCode, PictureReport
from hardware.devices import (
    BlackPicture,
    CodeSource,
    DecoderFault,
    DecoderReplaced,
    DeviceEvent,
    EndOfSource,
    GuidanceGiven,
    Hint,
    NoCodeFound,
    Quality,
    Reading,
    SeveralCodes,
    StillInView,
)
from hardware.duplicates import DuplicateFilter, text_sha256
from hardware.errors import DecoderFailure, DecoderHung, DecoderUnavailable

# Larger pictures are shrunk first: 1080p already holds any code at twice the pixels that it needs.
_MAX_SIDE_PIXELS = 1_920
_HINT_EVERY_SECONDS = 1.0
_SEVERAL_EVERY_SECONDS = 1.0
_BLACK_AFTER_SECONDS = 1.0
_STILL_EVERY_SECONDS = 0.5
_HINT_AFTER_READING_SECONDS = 1.0
_PAUSE_WITHOUT_DECODER_SECONDS = 1.0


class FrameStream(Protocol):
    """Where pictures come from."""

    def frames(self, stop: threading.Event) -> Iterator[Frame | DeviceEvent]:
        """Pictures and device events until `stop` is set or a recording ends."""
        ...


@dataclass(slots=True)
class _Course:
    """What has happened so far in one run of `readings`."""

    duplicates: DuplicateFilter = field(default_factory=DuplicateFilter)
    frames: int = 0
    readings: int = 0
    code_seen: bool = False
    read_at: float | None = None
    still_at: float | None = None
    still_told: bytes | None = None
    hinted_at: float | None = None
    several_at: float | None = None
    black_since: float | None = None
    black_told: bool = False


class CameraSource(CodeSource):
    """Reads codes from a stream of pictures."""

    def __init__(
        self,
        name: str,
        stream: FrameStream,
        decoder: PictureDecoder,
        *,
        ends: bool,
        seen: Callable[[Sight, float], None] | None = None,
    ) -> None:
        """Puts the parts together.

        Args:
            name: for readings and events.
            stream: pictures of a live camera or of a recording.
            decoder: examines them; its owner closes it.
            ends: whether the stream is a recording, whose end is worth telling.
            seen: hears what each picture says about light, and its moment; for cameras that can change it.
        """
        self._name = name
        self._stream = stream
        self._decoder = decoder
        self._ends = ends
        self._seen = seen

    @property
    def name(self) -> str:
        return self._name

    def readings(self, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        course = _Course()
        frames = self._stream.frames(stop)
        try:
            for item in frames:
                if not isinstance(item, Frame):
                    yield item
                    continue
                course.frames += 1
                grey = to_grey(item)
                try:
                    report = self._decoder.decode_frame(grey, self._name)
                except DecoderFailure as failure:
                    yield DecoderReplaced(self._name, _fault(failure))
                    if isinstance(failure, DecoderUnavailable):
                        stop.wait(_PAUSE_WITHOUT_DECODER_SECONDS)
                    continue
                if self._seen is not None:
                    self._seen(sight_of(report, grey), item.at_monotonic)
                yield from self._told(report, item.at_monotonic, course)
            if self._ends and not stop.is_set():
                if not course.readings:
                    yield NoCodeFound(self._name, course.code_seen)
                yield EndOfSource(self._name, course.frames, course.readings)
        finally:
            if isinstance(frames, Generator):
                frames.close()

    def _told(self, report: PictureReport, at: float, course: _Course) -> Iterator[Reading | DeviceEvent]:
        course.code_seen = course.code_seen or report.code_seen
        if len(report.codes) > 1:
            if _is_due(course.several_at, at, _SEVERAL_EVERY_SECONDS):
                course.several_at = at
                yield SeveralCodes(self._name, len(report.codes))
            return
        for code in report.codes:
            if not course.duplicates.is_duplicate(code.text, at):
                course.readings += 1
                course.still_at, course.still_told = at, text_sha256(code.text)
                yield reading_of(code, self._name, at)
            else:
                yield from self._still(code, at, course)
            course.read_at = at
        yield from self._advice(report, at, course)

    def _still(self, code: DecodedCode, at: float, course: _Course) -> Iterator[DeviceEvent]:
        """Says which code is still there: a screen may show several by turns, and a listener knows which one counts."""
        digest = text_sha256(code.text)
        if digest != course.still_told or _is_due(course.still_at, at, _STILL_EVERY_SECONDS):
            course.still_at, course.still_told = at, digest
            yield StillInView(self._name, digest)

    def _advice(self, report: PictureReport, at: float, course: _Course) -> Iterator[DeviceEvent]:
        if not report.black:
            course.black_since, course.black_told = None, False
        elif course.black_since is None:
            course.black_since = at
        elif at - course.black_since >= _BLACK_AFTER_SECONDS and not course.black_told:
            course.black_told = True
            yield BlackPicture(self._name)
        hint: Hint | None = report.hint
        # Of pictures that change, some are caught between two and cannot be read: no advice while others are.
        moving = not _is_due(course.read_at, at, _HINT_AFTER_READING_SECONDS)
        if hint is not None and not moving and _is_due(course.hinted_at, at, _HINT_EVERY_SECONDS):
            course.hinted_at = at
            yield GuidanceGiven(self._name, hint)


def reading_of(code: DecodedCode, source: str, at_monotonic: float) -> Reading:
    """One decoded code as a reading."""
    quality = Quality(code.decoder, code.variant, code.version, code.pixels_per_module)
    return Reading(code.text, source, code.aim, at_monotonic, quality)


def to_grey(frame: Frame) -> GreyPicture:
    """The picture as the decoder wants it: grey, and not larger than it needs."""
    picture = frame.picture
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    longest = max(grey.shape)
    if longest > _MAX_SIDE_PIXELS:
        factor = _MAX_SIDE_PIXELS / longest
        grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, dtype=np.uint8)


def _is_due(last: float | None, at: float, every_seconds: float) -> bool:
    return last is None or at - last >= every_seconds


def _fault(failure: DecoderFailure) -> DecoderFault:
    match failure:
        case DecoderHung():
            return DecoderFault.HUNG
        case DecoderUnavailable():
            return DecoderFault.UNAVAILABLE
        case _:
            return DecoderFault.CRASHED
