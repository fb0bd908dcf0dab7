"""Reads codes from a scanner on a serial port, for ever: opens, listens, says what was lost, opens again.

The port is whatever pyserial opens: a device path, a pty, `loop://`, `socket://host:port`, `rfc2217://host:port`.
Not handled here: what a code is (framing.py), and talking back to the scanner.
"""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import serial

from hardware.backoff import delays
from hardware.devices import (
    CodeSource,
    Connected,
    Decoder,
    DeviceEvent,
    Discarded,
    Lost,
    LostReason,
    Quality,
    Reading,
    Reconnecting,
)
from hardware.errors import (
    DeviceBusy,
    DeviceForbidden,
    DeviceNotFound,
    DeviceUnusable,
    HardwareError,
    UnsupportedSource,
)
from hardware.serial_scanner.framing import Frame, Framer, FramingRules, Garbage

try:
    from termios import error as terminal_error
except ImportError:  # Windows has no termios; pyserial raises its own errors there.
    terminal_error = OSError  # type: ignore[misc, assignment]  # a stand-in to catch, nothing is called on it

# Short enough to measure the silence between two codes and to stop promptly.
_LISTEN_SECONDS = 0.02
_CHUNK_BYTES = 4_096
# What pyserial lets through when a device is unplugged during a call: its own error, the system's, the terminal
# layer's, and TypeError because another thread or the unplugging itself has set the file descriptor to None.
_UNPLUGGED = (serial.SerialException, OSError, terminal_error, TypeError)


class SerialPort(Protocol):
    """The part of pyserial's interface that is used."""

    @property
    def in_waiting(self) -> int:
        """Bytes that have arrived and can be read without waiting."""
        ...

    def read(self, size: int = 1, /) -> bytes:
        """Up to `size` bytes; fewer, or none, when the time-out passes first."""
        ...

    def close(self) -> None:
        """Gives the device back."""
        ...


OpenPort = Callable[[str, int], SerialPort]


def open_port(url: str, baud_rate: int) -> SerialPort:
    """Opens a port as 8N1, exclusively where the system can.

    Raises:
        HardwareError: the leaf that says why not.
    """
    try:
        port = serial.serial_for_url(url, baud_rate, timeout=_LISTEN_SECONDS, do_not_open=True)
    except ValueError as wrong:
        raise UnsupportedSource(url, str(wrong)) from wrong
    if "://" not in url:
        port.exclusive = True
    try:
        port.open()
    except _UNPLUGGED as failure:
        raise _named(url, failure) from failure
    except ValueError as wrong:
        raise UnsupportedSource(url, str(wrong)) from wrong
    opened: SerialPort = port
    return opened


def _named(url: str, failure: BaseException) -> HardwareError:
    number = getattr(failure, "errno", None)
    detail = str(failure)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return DeviceNotFound(url, detail)
    if number in (errno.EBUSY, errno.EAGAIN):
        return DeviceBusy(url, detail)
    if number in (errno.EACCES, errno.EPERM):
        return DeviceForbidden(url, detail)
    return DeviceUnusable(url, detail)


def lost_reason(failure: HardwareError) -> LostReason:
    """The same reason as an event says it."""
    match failure:
        case DeviceNotFound():
            return LostReason.NOT_FOUND
        case DeviceBusy():
            return LostReason.BUSY
        case DeviceForbidden():
            return LostReason.FORBIDDEN
        case _:
            return LostReason.UNUSABLE


class SerialScanner(CodeSource):
    """A scanner that prints what it reads."""

    def __init__(
        self,
        url: str,
        *,
        baud_rate: int = 9600,
        rules: FramingRules | None = None,
        wait_for_device: bool = True,
        open_port: OpenPort = open_port,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        """Names the port; nothing is opened before `readings`.

        Args:
            url: device path or pyserial URL; paths under /dev/serial survive replugging into another number.
            baud_rate: only lines with a real UART care.
            rules: framing of this kind of scanner.
            wait_for_device: if false, a device that cannot be opened at first is an error instead of an event.
            open_port: opens the port.
            monotonic: seconds, for stamping readings and measuring silence.
            pause: waits between two attempts, ended early by the event.
        """
        self._url = url
        self._baud_rate = baud_rate
        self._rules = rules or FramingRules()
        self._wait_for_device = wait_for_device
        self._open_port = open_port
        self._monotonic = monotonic
        self._pause = pause

    @property
    def name(self) -> str:
        return self._url

    def readings(self, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        waiting = delays()
        attempt = 0
        reported: LostReason | None = None
        while not stop.is_set():
            try:
                port = self._open_port(self._url, self._baud_rate)
            except UnsupportedSource:
                raise
            except HardwareError as failure:
                if not self._wait_for_device and attempt == 0:
                    raise
                # A device that stays away is one piece of news, not one every five seconds.
                if reported is not (reason := lost_reason(failure)):
                    reported = reason
                    yield Lost(self.name, reason)
            else:
                reported = None
                waiting = delays()
                attempt = 0
                try:
                    yield Connected(self.name)
                    yield from self._listen(port, stop)
                finally:
                    _close(port)
                if stop.is_set():
                    return
                yield Lost(self.name, LostReason.UNPLUGGED)
            attempt += 1
            after = next(waiting)
            yield Reconnecting(self.name, attempt, after)
            self._pause(stop, after)

    def _listen(self, port: SerialPort, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        """Reads until told to stop or until the device goes away."""
        framer = Framer(self._rules)
        while not stop.is_set():
            started = self._monotonic()
            try:
                received = port.read(1)
                if received:
                    received += port.read(min(port.in_waiting, _CHUNK_BYTES))
            except _UNPLUGGED:
                break
            found = framer.feed(received) if received else framer.silence(self._monotonic() - started)
            yield from self._told(found)
        yield from self._told(framer.unplugged())

    def _told(self, found: list[Frame | Garbage]) -> Iterator[Reading | DeviceEvent]:
        for item in found:
            match item:
                case Frame(text=text, aim=aim):
                    yield Reading(text, self.name, aim, self._monotonic(), Quality(Decoder.SCANNER, "line"))
                case Garbage(reason=reason, byte_count=byte_count):
                    yield Discarded(self.name, reason, byte_count)


def _close(port: SerialPort) -> None:
    """Closing a device that is no longer there fails, and nothing is left to do about it."""
    try:
        port.close()
    except _UNPLUGGED:
        return
