"""Codes from one image file: a reading, or a named reason why there is none."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hardware.camera.decoder_line import MAX_REQUEST_BYTES
from hardware.camera.decoder_process import PictureDecoder
from hardware.camera.source import reading_of
from hardware.devices import CodeSource, DeviceEvent, EndOfSource, GuidanceGiven, NoCodeFound, Reading, SeveralCodes
from hardware.errors import DeviceForbidden, DeviceNotFound, ImageTooLarge, ImageUnreadable


class ImageFile(CodeSource):
    """One image; nothing of it is unpacked outside of the decoding process."""

    def __init__(self, path: Path, decoder: PictureDecoder, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Names the file; the decoder's owner closes it."""
        self._path = path
        self._decoder = decoder
        self._monotonic = monotonic

    @property
    def name(self) -> str:
        return str(self._path)

    def readings(self, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        if stop.is_set():
            return
        report = self._decoder.decode_image(packed_image(self._path), self.name)
        if len(report.codes) > 1:
            yield SeveralCodes(self.name, len(report.codes))
        elif report.codes:
            yield reading_of(report.codes[0], self.name, self._monotonic())
        else:
            if report.hint is not None:
                yield GuidanceGiven(self.name, report.hint)
            yield NoCodeFound(self.name, report.code_seen)
        yield EndOfSource(self.name, 1, 1 if len(report.codes) == 1 else 0)


def packed_image(path: Path) -> bytes:
    """The bytes of an image file, which only the decoding process unpacks.

    Raises:
        HardwareError: it is not there, may not be read, or is too large.
    """
    name = str(path)
    try:
        with path.open("rb") as opened:
            packed = opened.read(MAX_REQUEST_BYTES + 1)
    except FileNotFoundError as missing:
        raise DeviceNotFound(name) from missing
    except PermissionError as forbidden:
        raise DeviceForbidden(name) from forbidden
    except OSError as failure:
        raise ImageUnreadable(name, str(failure)) from failure
    if len(packed) > MAX_REQUEST_BYTES:
        raise ImageTooLarge(name, f"more than {MAX_REQUEST_BYTES} bytes")
    return packed
