"""HID scanners without a bus: HID-POS reports through a socket pair, and keystrokes through a pipe.

Both go through the driver's own ports, which need nothing but a file descriptor that gives one report, or whole
events, for each read. Not available where the system has neither.
"""

import contextlib
import os
import socket
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from hardware.errors import DeviceNotFound, DeviceUnusable, WedgeNotExclusive
from hardware.hid_scanner.driver import HidPort, RawPort
from hardware.hid_scanner.report_descriptor import ScannerReports, scanner_reports
from hardware.hid_scanner.wedge import INPUT_EVENT, DescriptorPort, EventPort
from hardware.hid_scanner.wedge_keys import EV_KEY, EV_SYN, SYN_DROPPED, typed_keys

# "HID Point of Sale Usage Tables" chapter 3 as Honeywell and Access-IS lay it out: identifier 2, length, AIM
# identifier, 56 bytes, two of the maker, more follows; and the trigger report with identifier 4.
AIM_DESCRIPTOR = bytes.fromhex(
    "058c 0902 a101 0912 a102 8502 1500 26ff00 7508 9501 0501 093b 8102 9503 058c 09fb 09fc 09fd 8102 9538 09fe 820201"
    "0666ff 9502 0904 0900 8102 058c 2501 7501 9508 09ff 8102 c0 0914 a102 8504 1500 2501 7501 9508 0900 095f 0960"
    "0900 0900 0985 0986 9186 c0 c0"
)
# As Newland's manual describes it: length, then 56 bytes at once, four and one of the maker, more follows.
BARE_DESCRIPTOR = bytes.fromhex(
    "058c 0902 a101 0912 a102 8502 1500 26ff00 7508 9501 0501 093b 8102 058c 9538 09fe 820201 0666ff 9505 0904 8102"
    "058c 2501 7501 9501 09ff 8102 9507 8103 c0 c0"
)
# A boot keyboard, which a raw node of another device looks like.
KEYBOARD_DESCRIPTOR = bytes.fromhex(
    "0501 0906 a101 0507 19e0 29e7 1500 2501 7501 9508 8102 9501 7508 8101 9506 7508 1500 2565 0507 1900 2965 8100 c0"
)


def reports_of(printed: bytes, layout: ScannerReports, *, aim: bytes = b"]Q1") -> Iterator[bytes]:
    """A code as a scanner with this layout sends it."""
    parts = [printed[at : at + layout.data_bytes] for at in range(0, max(1, len(printed)), layout.data_bytes)]
    for number, part in enumerate(parts, start=1):
        report = bytearray(layout.size_bytes)
        if layout.report_id:
            report[0] = layout.report_id
        if layout.length_at is not None:
            report[layout.length_at] = len(part)
        for at, character in zip(layout.aim_at, aim, strict=False):
            report[at] = character
        report[layout.data_at : layout.data_at + len(part)] = part
        if layout.continued_at is not None and number < len(parts):
            at, mask = layout.continued_at
            report[at] |= mask
        yield bytes(report)


class VirtualHidScanner:
    """A HID-POS scanner that can be pulled out."""

    def __init__(self, descriptor: bytes = AIM_DESCRIPTOR) -> None:
        """Plugs it in.

        Raises:
            DeviceUnusable: the descriptor is not that of a scanner, so it cannot scan.
        """
        layout = scanner_reports(descriptor)
        if layout is None:
            raise DeviceUnusable("virtual HID scanner", "its descriptor is not that of a scanner")
        self.layout = layout
        self._descriptor = descriptor
        self._device: socket.socket | None = None
        self._host: socket.socket | None = None
        self.replug()

    def open(self, address: str) -> HidPort:
        """Instead of the driver's own way to open a device.

        Raises:
            DeviceNotFound: it is unplugged.
        """
        if self._host is None:
            raise DeviceNotFound(address)
        return RawPort(os.dup(self._host.fileno()), self._descriptor)

    def scan(self, printed: bytes, *, aim: bytes = b"]Q1", only: slice = slice(None)) -> None:
        """Reads one code; `only` leaves out reports of it."""
        for report in tuple(reports_of(printed, self.layout, aim=aim))[only]:
            self.send(report)

    def send(self, report: bytes) -> None:
        """Sends one report.

        Raises:
            DeviceUnusable: the device is unplugged.
        """
        if self._device is None:
            raise DeviceUnusable("virtual HID scanner", "unplugged")
        self._device.send(report)

    def hear(self, seconds: float) -> bytes:
        """The next report from the host; empty if there is none in time."""
        if self._device is None:
            return b""
        self._device.settimeout(seconds)
        try:
            return self._device.recv(4_096)
        except TimeoutError:
            return b""

    def unplug(self) -> None:
        """The device vanishes."""
        for end in (self._device, self._host):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self._device = self._host = None

    def replug(self) -> None:
        """It comes back."""
        self.unplug()
        self._device, self._host = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()


def key_events(text: str, *, ends_with: str = "\r") -> Iterator[bytes]:
    """The events of a keyboard that types this, press and release with a report's end after each."""
    for code, value in typed_keys(text + ends_with):
        yield INPUT_EVENT.pack(0, 0, EV_KEY, code, value) + INPUT_EVENT.pack(0, 0, EV_SYN, 0, 0)


class VirtualWedge:
    """A keyboard scanner that can be pulled out, or be held by another program."""

    def __init__(self) -> None:
        """Plugs it in."""
        self.is_held_by_another = False
        self._write_end: int | None = None
        self._read_end: int | None = None
        self.replug()

    def open(self, path: str) -> EventPort:
        """Instead of the driver's own way to open a device.

        Raises:
            DeviceNotFound: it is unplugged.
            WedgeNotExclusive: another program holds it.
        """
        if self._read_end is None:
            raise DeviceNotFound(path)
        if self.is_held_by_another:
            raise WedgeNotExclusive(path)
        number = os.dup(self._read_end)
        return DescriptorPort(number, lambda: os.close(number))

    def scan(self, text: str, *, ends_with: str = "\r") -> None:
        """Types one code."""
        self.send(key_events(text, ends_with=ends_with))

    def lose_events(self) -> None:
        """The kernel's buffer has overflown."""
        self.send([INPUT_EVENT.pack(0, 0, EV_SYN, SYN_DROPPED, 0)])

    def send(self, events: Iterable[bytes]) -> None:
        """Sends events.

        Raises:
            DeviceUnusable: the device is unplugged.
        """
        if self._write_end is None:
            raise DeviceUnusable("virtual wedge", "unplugged")
        for event in events:
            os.write(self._write_end, event)

    def unplug(self) -> None:
        """The device vanishes."""
        for end in (self._write_end, self._read_end):
            if end is not None:
                os.close(end)
        self._write_end = self._read_end = None

    def replug(self) -> None:
        """It comes back."""
        self.unplug()
        self._read_end, self._write_end = os.pipe()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()
