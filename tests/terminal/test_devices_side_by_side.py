"""Several cameras and a scanner at one terminal: one that is stuck in its driver holds up no other."""

import threading
from dataclasses import dataclass, field
from itertools import count
from queue import SimpleQueue
from typing import cast

import numpy as np

from hardware.camera.frames import LiveFrames
from hardware.camera.guidance import GreyPicture
from hardware.camera.picture_device import ColourPicture, PictureDevice
from hardware.camera.report import DecodedCode, PictureReport
from hardware.camera.source import CameraSource
from hardware.devices import Connected, Decoder, DeviceEvent, Lost, LostReason
from hardware.serial_scanner.driver import SerialScanner
from hardware.simulated.camera import FailingCamera
from hardware.simulated.scanner import VirtualScanner
from hardware.simulated.troubles import CameraTrouble, TroubledCamera
from verifier_terminal import capture
from verifier_terminal.session import Session

CODES = 3
SECONDS = 20.0
"""For a machine with other work; everything here takes a fraction of a second."""


@dataclass
class Listener:
    """Hears what a session would."""

    read_texts: SimpleQueue[tuple[str, str]] = field(default_factory=SimpleQueue)
    heard: SimpleQueue[DeviceEvent] = field(default_factory=SimpleQueue)

    def read(self, text: str, *, source: str) -> None:
        self.read_texts.put((source, text))

    def still_there(self, source: str, text_sha256: bytes) -> None:
        """No news here."""

    def hear(self, event: DeviceEvent) -> None:
        self.heard.put(event)


class Numbers:
    """Reads from each picture the number in its first pixel, and gets stuck over none."""

    def decode_frame(self, grey: GreyPicture, source: str) -> PictureReport:
        text = f"{source} {grey[0, 0]}"
        return PictureReport((DecodedCode(text, None, Decoder.ZXING, "whole", 1, 4.0),), False, None, False)

    def decode_image(self, packed: bytes, source: str) -> PictureReport:
        raise NotImplementedError


def numbered() -> FailingCamera:
    def picture(number: int) -> ColourPicture:
        threading.Event().wait(0.01)
        return np.full((16, 16, 3), number % 256, np.uint8)

    return FailingCamera(picture)


def stuck(let_go: threading.Event) -> PictureDevice:
    let_go.wait()
    return numbered()


def camera(name: str, live: LiveFrames) -> CameraSource:
    return CameraSource(name, live, Numbers(), ends=False)


def test_a_device_that_is_stuck_for_ever_holds_up_no_other() -> None:
    let_go, stop, listener = threading.Event(), threading.Event(), Listener()
    ticks = count()
    reading: list[TroubledCamera] = []

    def stuck_in_reading() -> PictureDevice:
        reading.append(TroubledCamera(numbered(), CameraTrouble.BLOCKS, good=1, wait=lambda seconds: None))
        return reading[-1]

    with VirtualScanner() as scanner:
        sources = (
            camera("opening", LiveFrames("opening", lambda: stuck(let_go), monotonic=lambda: next(ticks) / 2)),
            camera("reading", LiveFrames("reading", stuck_in_reading, monotonic=lambda: next(ticks) / 2)),
            camera("good", LiveFrames("good", numbered)),
            SerialScanner(str(scanner.port_path)),
        )
        threads = capture.start_feeding(cast("Session", listener), sources, stop)
        port = str(scanner.port_path)
        waiting: set[DeviceEvent] = {Lost(each, LostReason.SILENT) for each in ("opening", "reading")}
        waiting.add(Connected(port))
        while waiting:
            waiting.discard(listener.heard.get(timeout=SECONDS))
        # Both are stuck from here on; whatever was read before does not count.
        while not listener.read_texts.empty():
            listener.read_texts.get()
        counts = {"good": 0, port: 0, "reading": 0}
        for number in range(CODES):
            scanner.scan(f"SCAN {number}")
        while min(counts["good"], counts[port]) < CODES:
            source, _ = listener.read_texts.get(timeout=SECONDS)
            counts[source] += 1
        stop.set()
        for thread in threads[2:]:
            thread.join(SECONDS)
            assert not thread.is_alive()
    let_go.set()
    for each in reading:
        each.let_go()
    for thread in threads[:2]:
        thread.join(SECONDS)
        assert not thread.is_alive()
