"""Reads codes from a scanner in the mode HID-POS and lets it beep for what they were worth.

Such a scanner is named by its node (`/dev/hidraw3`, or a link to one) or, because nodes change their numbers when
devices are plugged in, by maker, product and perhaps serial number (`0c2e:0b81`, `0c2e:0b81:15117B0A2D`).

Guaranteed: a device that does not describe itself as a bar code scanner is never listened to, so that a number taken
over by a keyboard or a security key is not; reading never waits for writing.

Not handled here: keyboard scanners (wedge.py), and opening again (scanner_line.py).
"""

import contextlib
import os
import re
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from hardware.devices import AnsweringSource, DeviceEvent, Reading, Signal
from hardware.errors import DeviceNotFound, NotABarCodeScanner
from hardware.hid_scanner.nodes import HidNode, hid_nodes
from hardware.hid_scanner.report_descriptor import scanner_reports
from hardware.hid_scanner.reports import ReportReceiver
from hardware.roots import REAL, Roots
from hardware.scanned import Frame, Garbage, Reply, TextRules
from hardware.scanner_line import Pause, listening, named_error, watching
from hardware.scanner_writing import LineWriter

_LISTEN_SECONDS = 0.02
_MAX_REPORT_BYTES = 4_096
_NUMBERS = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?", re.IGNORECASE)
_TEXT_RULES = TextRules(character_sets=("utf-8", "gb18030"))


class HidPort(Protocol):
    """One open HID device."""

    @property
    def descriptor(self) -> bytes:
        """Its report descriptor."""
        ...

    def read(self, seconds: float) -> bytes:
        """One report, or nothing within the time.

        Raises:
            OSError: the device is gone.
        """
        ...

    def write(self, report: bytes, /) -> int:
        """Sends one report.

        Raises:
            OSError: the device is gone or does not take it.
        """
        ...

    def reset_output_buffer(self) -> None:
        """Forgets what has not been sent; nothing is kept back here."""
        ...

    def close(self) -> None:
        """Gives it back."""
        ...


class RawPort:
    """A file descriptor that gives one report for each read: a hidraw node, or a socket pair in its place."""

    def __init__(self, descriptor_number: int, report_descriptor: bytes) -> None:
        self._number = descriptor_number
        self._report_descriptor = report_descriptor

    @property
    def descriptor(self) -> bytes:
        return self._report_descriptor

    def read(self, seconds: float) -> bytes:
        readable, _, _ = select.select([self._number], [], [], seconds)
        if not readable:
            return b""
        report = os.read(self._number, _MAX_REPORT_BYTES)
        if not report:
            raise OSError("the device has closed the connection")
        return report

    def write(self, report: bytes, /) -> int:
        return os.write(self._number, report)

    def reset_output_buffer(self) -> None:
        """A report is sent whole or not at all."""

    def close(self) -> None:
        os.close(self._number)


def open_hidraw(address: str, roots: Roots = REAL) -> HidPort:
    """Finds and opens a device.

    Raises:
        HardwareError: the leaf that says why not.
    """
    node = found_node(address, roots)
    if node is None:
        raise DeviceNotFound(address)
    if scanner_reports(node.descriptor) is None:
        raise NotABarCodeScanner(address, node.product)
    try:
        number = os.open(node.path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as failure:
        raise named_error(address, failure) from failure
    return RawPort(number, node.descriptor)


def found_node(address: str, roots: Roots = REAL) -> HidNode | None:
    """The device of this address, if it is plugged in."""
    nodes = hid_nodes(roots)
    if numbers := _NUMBERS.fullmatch(address):
        vid, pid, serial_number = numbers[1].lower(), numbers[2].lower(), numbers[3]
        return next(
            (
                each
                for each in nodes
                if (each.vid, each.pid) == (vid, pid)
                and serial_number in (None, each.serial_number)
                # One scanner may have several HID interfaces.
                and scanner_reports(each.descriptor) is not None
            ),
            None,
        )
    resolved = str(Path(address).resolve())
    return next((each for each in nodes if resolved in (each.path, str(Path(each.path).resolve()))), None)


class HidScanner(AnsweringSource):
    """A HID-POS scanner."""

    def __init__(
        self,
        address: str,
        *,
        rules: TextRules = _TEXT_RULES,
        wait_for_device: bool = True,
        open_device: Callable[[str], HidPort] = open_hidraw,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        """Names the device; nothing is opened before `readings`.

        Args:
            address: node or numbers, see above.
            rules: what may stand in a code.
            wait_for_device: if false, a device that cannot be opened at first is an error instead of an event.
            open_device: opens it.
            monotonic: seconds.
            pause: waits between two attempts; watches the device if not given.
        """
        self._address = address
        self._rules = rules
        self._wait_for_device = wait_for_device
        self._open_device = open_device
        self._monotonic = monotonic
        self._pause = pause or watching(lambda: found_node(address) is not None)
        self._line: _Line | None = None

    @property
    def name(self) -> str:
        return self._address

    def readings(self, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        return listening(
            self.name,
            self._opened,
            stop,
            wait_for_device=self._wait_for_device,
            monotonic=self._monotonic,
            pause=self._pause,
            variant="report",
        )

    def answer(self, signal: Signal) -> None:
        line = self._line
        if line is not None:
            match signal:
                case Signal.SUCCESS:
                    line.tell(line.layout.good_beep)
                case Signal.ERROR:
                    line.tell(line.layout.error_beep)
                case Signal.ATTENTION | Signal.PROGRESS:
                    # There are two beeps, and neither of them says this.
                    return

    def trigger(self, *, on: bool) -> None:
        line = self._line
        if line is not None:
            line.tell(line.layout.start_reading if on else line.layout.stop_reading)

    def _opened(self) -> "_Line":
        self._line = _Line(self._address, self._open_device(self._address), self._rules, self._monotonic)
        return self._line


class _Line:
    """One open device."""

    def __init__(self, address: str, port: HidPort, rules: TextRules, monotonic: Callable[[], float]) -> None:
        layout = scanner_reports(port.descriptor)
        if layout is None:
            port.close()
            raise NotABarCodeScanner(address)
        self.layout = layout
        self._port = port
        self._monotonic = monotonic
        self._receiver = ReportReceiver(layout, rules)
        self._writer = LineWriter(port, failures=(OSError,), monotonic=monotonic)

    def tell(self, report: bytes) -> None:
        """Sends a report, if the scanner has one for it."""
        if report:
            self._writer.send(report)

    def listen(self, stop: threading.Event) -> Iterator[Frame | Garbage]:
        while not stop.is_set():
            started = self._monotonic()
            try:
                report = self._port.read(_LISTEN_SECONDS)
            except (OSError, ValueError):
                break
            yield from _codes(
                self._receiver.feed(report) if report else self._receiver.silence(self._monotonic() - started)
            )
        yield from _codes(self._receiver.unplugged())

    def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            self._port.close()


def _codes(found: list[Frame | Garbage | Reply]) -> Iterator[Frame | Garbage]:
    """HID-POS has no acknowledgements, so there are no replies."""
    return (item for item in found if not isinstance(item, Reply))
