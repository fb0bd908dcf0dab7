"""Lets a process of its own take hostile pictures apart, and replaces it when it hangs or breaks.

Guaranteed: a picture costs at most its limit in wall-clock time, whatever the decoder does with it; the next picture
meets a fresh process. A spare, started after the first picture, has its libraries loaded and waits, so that replacing
costs milliseconds; it has seen no picture. The process has a bare environment, no network, no files and no keys
(sandbox.py), and its answers are checked like any other input (report.py).
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from hardware.camera.decoder_line import (
    ANSWER,
    MAX_REQUEST_BYTES,
    REQUEST,
    Ask,
    LineClosed,
    Tell,
    receive_exactly,
    wait_at_most,
)
from hardware.camera.guidance import GreyPicture
from hardware.camera.report import MAX_REPORT_BYTES, PictureReport, ReportMalformed, from_line
from hardware.errors import DecoderCrashed, DecoderHung, DecoderUnavailable, ImageTooLarge, ImageUnreadable

CASCADE = "hardware.camera.decode:decode_frame"


@dataclass(frozen=True, slots=True)
class DecoderLimits:
    """Wall-clock limits.

    Attributes:
        start_seconds: loading the libraries, on a slow and busy machine.
        first_frame_seconds: tables and caches are built with the first picture.
        frame_seconds: a frame of a stream; the cascade stops by itself at half of it.
        image_seconds: an image file, on which everything is tried.
    """

    start_seconds: float = 30.0
    first_frame_seconds: float = 3.0
    frame_seconds: float = 0.5
    image_seconds: float = 10.0


class PictureDecoder(Protocol):
    """Whoever makes reports of pictures."""

    def decode_frame(self, grey: GreyPicture, source: str) -> PictureReport:
        """Looks at one frame of a stream.

        Raises:
            DecoderFailure: nothing is known about this frame; the next one can be tried.
        """
        ...

    def decode_image(self, packed: bytes, source: str) -> PictureReport:
        """Looks at one image file.

        Raises:
            ImageUnreadable: no image, or a damaged one.
            ImageTooLarge: over the limit of pixels or bytes.
            DecoderFailure: nothing is known about it.
        """
        ...


@dataclass(slots=True)
class _Child:
    """A decoding process with our end of its line."""

    process: subprocess.Popen[bytes]
    line: socket.socket
    ready: bool = False

    def end(self) -> None:
        self.line.close()
        self.process.kill()
        self.process.wait()


class DecoderProcess(PictureDecoder):
    """One decoding process, started with the first picture, and its spare. Threads that share it take turns."""

    def __init__(
        self,
        *,
        limits: DecoderLimits | None = None,
        frame_function: str = CASCADE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts nothing yet.

        Args:
            limits: wall-clock limits.
            frame_function: "module:function" that decodes frames in the process.
            monotonic: the clock of the limits.
        """
        self._limits = limits or DecoderLimits()
        self._frame_function = frame_function
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._child: _Child | None = None
        self._spare: _Child | None = None
        self._frame_seconds = self._limits.first_frame_seconds
        self.given_up: tuple[str, ...] = ()
        """What the process says it can no longer do ("no network", …); empty before the first picture."""

    @property
    def process_id(self) -> int | None:
        """The running process, for diagnosis."""
        return self._child.process.pid if self._child else None

    @property
    def spare_id(self) -> int | None:
        """The process that waits to take its place, for diagnosis."""
        return self._spare.process.pid if self._spare else None

    def decode_frame(self, grey: GreyPicture, source: str) -> PictureReport:
        height, width = grey.shape
        if grey.size > MAX_REQUEST_BYTES:
            raise ImageTooLarge(source, f"{width} x {height}")
        with self._turn:
            line = self._started(source)
            report = self._exchange(line, (Ask.FRAME, width, height), grey.tobytes(), self._frame_seconds, source)
            self._frame_seconds = self._limits.frame_seconds
            self._keep_a_spare(source)
            return report

    def decode_image(self, packed: bytes, source: str) -> PictureReport:
        if len(packed) > MAX_REQUEST_BYTES:
            raise ImageTooLarge(source, f"{len(packed)} bytes")
        with self._turn:
            line = self._started(source)
            return self._exchange(line, (Ask.IMAGE, 0, 0), packed, self._limits.image_seconds, source)

    def close(self) -> None:
        """Ends the process."""
        with self._turn:
            self._end()
            if self._spare is not None:
                self._spare.end()
                self._spare = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _launch(self, source: str) -> _Child:
        ours, theirs = socket.socketpair()
        search_path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100  # "" means here
        try:
            with theirs:
                process = subprocess.Popen(  # noqa: S603  # our own interpreter, our own module
                    [sys.executable, "-P", "-m", "hardware.camera.decoder_child", self._frame_function],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    # Nothing of the terminal's environment: it may hold secrets.
                    env={"PYTHONPATH": search_path, "OPENBLAS_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
                )
        except OSError as failure:
            ours.close()
            raise DecoderUnavailable(source, str(failure)) from failure
        return _Child(process, ours)

    def _keep_a_spare(self, source: str) -> None:
        if self._spare is None:
            try:
                self._spare = self._launch(source)
            except DecoderUnavailable:
                # The process at work needs no spare; one is tried again with the next picture.
                return

    def _started(self, source: str) -> socket.socket:
        """The line to a process that has said it is ready."""
        child = self._child
        if child is None:
            child = self._child = self._launch(source)
            self._frame_seconds = self._limits.first_frame_seconds
        if child.ready:
            return child.line
        seconds_left = self._countdown(self._limits.start_seconds)
        try:
            kind, byte_count = ANSWER.unpack(receive_exactly(child.line, ANSWER.size, seconds_left))
            if kind != Tell.READY or byte_count > MAX_REPORT_BYTES:
                raise LineClosed
            said = receive_exactly(child.line, byte_count, seconds_left).decode("ascii", "replace")
        except OSError as failure:
            self._end()
            raise DecoderUnavailable(source, type(failure).__name__) from failure
        self.given_up = tuple(said.split(", "))
        child.ready = True
        return child.line

    def _exchange(
        self, line: socket.socket, head: tuple[Ask, int, int], picture: bytes, seconds: float, source: str
    ) -> PictureReport:
        seconds_left = self._countdown(seconds)
        try:
            wait_at_most(line, seconds_left())
            line.sendall(REQUEST.pack(*head, len(picture)))
            wait_at_most(line, seconds_left())
            line.sendall(picture)
            kind, byte_count = ANSWER.unpack(receive_exactly(line, ANSWER.size, seconds_left))
            if byte_count > MAX_REPORT_BYTES:
                raise ReportMalformed("length")
            body = bytes(receive_exactly(line, byte_count, seconds_left))
            if kind == Tell.REPORT:
                return from_line(body)
        except TimeoutError as slow:
            self._replace(source)
            raise DecoderHung(source) from slow
        except (OSError, ReportMalformed) as broken:
            self._replace(source)
            raise DecoderCrashed(source, str(broken)) from broken
        if kind == Tell.NOT_AN_IMAGE:
            raise ImageUnreadable(source)
        if kind == Tell.IMAGE_OVER_LIMIT:
            raise ImageTooLarge(source)
        self._replace(source)
        raise DecoderCrashed(source, "unknown answer")

    def _countdown(self, seconds: float) -> Callable[[], float]:
        until = self._monotonic() + seconds
        return lambda: until - self._monotonic()

    def _replace(self, source: str) -> None:
        """Ends the process and puts the spare in its place, or starts another while the next picture is taken."""
        self._end()
        spare, self._spare = self._spare, None
        if spare is not None and spare.process.poll() is not None:
            spare.end()
            spare = None
        self._child = spare or self._launch(source)
        self._frame_seconds = self._limits.first_frame_seconds

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None
