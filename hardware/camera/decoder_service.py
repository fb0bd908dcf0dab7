"""What the decoding process does once it is set up: one picture in, one report out.

It never outlives the terminal: while it waits it sees the socket close; while it works a kernel timer ends it, even
inside C++ code that never returns. (PR_SET_PDEATHSIG is not used: it fires when the *thread* that started the process
ends, and terminals start sources from threads that come and go.)
"""

import importlib
import io
import signal
import socket
from collections.abc import Callable, Sequence
from typing import cast

import cv2
import numpy as np
from PIL import Image

from hardware.camera.decode import CascadeState, decode_frame
from hardware.camera.decoder_line import ANSWER, MAX_REQUEST_BYTES, REQUEST, Ask, LineClosed, Tell, receive_exactly
from hardware.camera.guidance import GreyPicture, hint_for
from hardware.camera.report import PictureReport, to_line
from hardware.camera.still import ImageOverLimit, NotAnImage, decode_image

DecodeFrame = Callable[[GreyPicture, CascadeState], tuple[PictureReport, CascadeState]]

# Far above the limits that the terminal keeps: these matter only when the terminal is no longer there.
_LAST_RESORT_SECONDS = {Ask.FRAME: 5.0, Ask.IMAGE: 30.0}


def load(function_path: str) -> DecodeFrame:
    """Loads the decoding function ("module:name") and whatever would otherwise be loaded with the first picture."""
    module, _, name = function_path.partition(":")
    # One core is left to the terminal, and OpenCL would look for drivers in files.
    cv2.setNumThreads(1)
    cv2.ocl.setUseOpenCL(False)
    Image.init()
    _warm_up()
    return cast(DecodeFrame, getattr(importlib.import_module(module), name))


def _warm_up() -> None:
    """Goes every way once, because libraries load parts of themselves at first use, and soon no file can be opened."""
    grey = np.tile(np.arange(256, dtype=np.uint8), (192, 1))
    for picture in (grey, _found_and_not_read()):
        for turn in range(4):
            for place in (None, (40, 40, 80, 80)):
                decode_frame(picture, CascadeState(place=place, turn=turn))
        packed = io.BytesIO()
        Image.fromarray(picture).save(packed, "PNG")
        decode_image(packed.getvalue())
    hint_for(grey, (40, 40, 80, 80), None)
    for file_format in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
        packed = io.BytesIO()
        Image.fromarray(grey).save(packed, file_format)
        decode_image(packed.getvalue())


def _found_and_not_read() -> GreyPicture:
    """A code with its middle gone: what is done about such a one is most of the ways there are."""
    code = cv2.copyMakeBorder(
        cv2.QRCodeEncoder.create().encode("WARM " * 12), 4, 4, 4, 4, cv2.BORDER_CONSTANT, value=255
    )
    picture = cv2.resize(code, None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    height, width = picture.shape
    picture[height * 2 // 5 : height * 3 // 5, width * 2 // 5 : width * 3 // 5] = 255
    return picture


def serve(decode: DecodeFrame, taken: Sequence[str]) -> None:
    """Answers until the terminal closes the socket or asks for something impossible."""
    with socket.socket(fileno=0) as line:
        try:
            _answer(line, Tell.READY, ", ".join(taken).encode("ascii"))
            state = CascadeState()
            while True:
                kind, width, height, byte_count = REQUEST.unpack(receive_exactly(line, REQUEST.size))
                if byte_count > MAX_REQUEST_BYTES:
                    return
                picture = receive_exactly(line, byte_count)
                _end_after(_LAST_RESORT_SECONDS[Ask(kind)])
                if kind == Ask.FRAME:
                    grey = np.frombuffer(picture, dtype=np.uint8).reshape(height, width)
                    report, state = decode(grey, state)
                    _answer(line, Tell.REPORT, to_line(report))
                else:
                    _answer_image(line, bytes(picture))
                _end_after(0.0)
        except (LineClosed, ConnectionError):
            return


def _answer_image(line: socket.socket, packed: bytes) -> None:
    try:
        report = decode_image(packed)
    except NotAnImage:
        _answer(line, Tell.NOT_AN_IMAGE, b"")
    except ImageOverLimit:
        _answer(line, Tell.IMAGE_OVER_LIMIT, b"")
    else:
        _answer(line, Tell.REPORT, to_line(report))


def _answer(line: socket.socket, kind: Tell, body: bytes) -> None:
    line.sendall(ANSWER.pack(kind, len(body)) + body)


def _end_after(seconds: float) -> None:
    """Lets the kernel end this process after that time; 0 takes it back. Windows has no such timer."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
