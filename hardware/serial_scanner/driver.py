"""Reads codes from a scanner on a serial port and lets it say what they were worth.

The port is whatever pyserial opens: a device path, a pty, `loop://`, `socket://host:port`, `rfc2217://host:port`. How
the scanner speaks stands in its profile.

Guaranteed: reading never waits for writing; a scanner that waits for a verdict (Host ACK) gets one, and "refuse" when
nobody has said anything in its profile's time.

Not handled here: what a code is (framing.py, ssi.py), and opening again (scanner_line.py).
"""

import collections
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import serial

from hardware.devices import AnsweringSource, DeviceEvent, DiscardReason, Reading, Signal
from hardware.errors import (
    UnsupportedSource,
)
from hardware.scanned import Frame, Garbage, Reply
from hardware.scanner_line import Pause, listening, named_error, path_is_there, watching
from hardware.scanner_writing import LineWriter
from hardware.serial_scanner.framing import Framer, FramingRules
from hardware.serial_scanner.scanner_profile import LineProtocol, ScannerProfile
from hardware.serial_scanner.ssi import SsiReceiver

try:
    from termios import error as terminal_error
except ImportError:  # Windows has no termios; pyserial raises its own errors there.
    terminal_error = OSError  # type: ignore[misc, assignment]  # a stand-in to catch, nothing is called on it

# Short enough to measure the silence between two codes and to stop promptly.
_LISTEN_SECONDS = 0.02
# A scanner takes a command of a few bytes at once or not at all.
_WRITE_SECONDS = 0.25
_CHUNK_BYTES = 4_096
# Orders that have piled up while nobody listened are no longer meant.
_MAX_ORDERS = 8
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

    def write(self, raw: bytes, /) -> int | None:
        """Writes within the port's time-out."""
        ...

    def reset_output_buffer(self) -> None:
        """Forgets what has been written and not yet been sent."""
        ...

    def close(self) -> None:
        """Gives the device back."""
        ...


class Receiver(Protocol):
    """The reading half of one line's protocol, without port and clock."""

    def feed(self, received: bytes) -> list[Frame | Garbage | Reply]:
        """Takes bytes from the line."""
        ...

    def silence(self, seconds: float) -> list[Frame | Garbage | Reply]:
        """Takes note that nothing came for so long."""
        ...

    def unplugged(self) -> list[Frame | Garbage | Reply]:
        """The device went away."""
        ...


OpenPort = Callable[[str, int], SerialPort]


def open_port(url: str, baud_rate: int) -> SerialPort:
    """Opens a port as 8N1, exclusively where the system can.

    Raises:
        HardwareError: the leaf that says why not.
    """
    try:
        port = serial.serial_for_url(
            url, baud_rate, timeout=_LISTEN_SECONDS, write_timeout=_WRITE_SECONDS, do_not_open=True
        )
    except ValueError as wrong:
        raise UnsupportedSource(url, str(wrong)) from wrong
    if "://" not in url:
        port.exclusive = True
    try:
        port.open()
    except _UNPLUGGED as failure:
        raise named_error(url, failure) from failure
    except ValueError as wrong:
        raise UnsupportedSource(url, str(wrong)) from wrong
    opened: SerialPort = port
    return opened


class SerialScanner(AnsweringSource):
    """A scanner on a line."""

    def __init__(
        self,
        url: str,
        *,
        baud_rate: int = 9600,
        rules: FramingRules | None = None,
        profile: ScannerProfile | None = None,
        wait_for_device: bool = True,
        open_port: OpenPort = open_port,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        """Names the port; nothing is opened before `readings`.

        Args:
            url: device path or pyserial URL; paths under /dev/serial survive replugging into another number.
            baud_rate: only lines with a real UART care.
            rules: framing, where it differs from the profile's.
            profile: how the scanner speaks; without one it prints and is told nothing.
            wait_for_device: if false, a device that cannot be opened at first is an error instead of an event.
            open_port: opens the port.
            monotonic: seconds, for stamping readings and measuring silence.
            pause: waits between two attempts, ended early by the event; watches the path if not given.
        """
        self._url = url
        self._baud_rate = baud_rate
        self._profile = profile
        self._rules = rules or (profile.rules if profile else FramingRules())
        self._wait_for_device = wait_for_device
        self._open_port = open_port
        self._monotonic = monotonic
        self._pause = pause or (threading.Event.wait if "://" in url else watching(path_is_there(url)))
        self._line: _Line | None = None

    @property
    def name(self) -> str:
        return self._url

    def readings(self, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        return listening(
            self.name,
            self._opened,
            stop,
            wait_for_device=self._wait_for_device,
            monotonic=self._monotonic,
            pause=self._pause,
            variant="line",
        )

    def answer(self, signal: Signal) -> None:
        # The line may be closed by the reading thread at any moment; a closed one ignores what it is told.
        line = self._line
        if line is not None and self._profile is not None and (raw := self._profile.signals.get(signal)):
            line.verdict(raw)

    def trigger(self, *, on: bool) -> None:
        line = self._line
        if line is not None and self._profile is not None:
            raw = self._profile.trigger_on if on else self._profile.trigger_off
            if raw:
                line.tell(raw)

    def _opened(self) -> "_Line":
        line = _Line(
            self._open_port(self._url, self._baud_rate),
            rules=self._rules,
            profile=self._profile,
            monotonic=self._monotonic,
        )
        self._line = line
        return line


class _Line:
    """One open port: the receiver of its protocol and the writer, if the scanner is ever told anything."""

    def __init__(
        self,
        port: SerialPort,
        *,
        rules: FramingRules,
        profile: ScannerProfile | None,
        monotonic: Callable[[], float],
    ) -> None:
        self._port = port
        self._monotonic = monotonic
        self._packets = SsiReceiver(rules) if profile and profile.protocol is LineProtocol.SSI else None
        self._receiver: Receiver = self._packets or Framer(rules)
        self._orders: collections.deque[bytes] = collections.deque(maxlen=_MAX_ORDERS)
        self._writer: LineWriter | None = None
        if profile is not None and profile.says_something:
            self._writer = LineWriter(
                port,
                wake=profile.wake,
                wake_seconds=profile.wake_seconds,
                refusal=profile.signals.get(Signal.ERROR, b""),
                verdict_seconds=profile.verdict_seconds,
                failures=_UNPLUGGED,
                monotonic=monotonic,
            )

    def tell(self, raw: bytes) -> None:
        """Has the scanner told this: at once, or as a packet when the line is free."""
        if self._packets is not None:
            self._orders.append(raw)
        elif self._writer is not None:
            self._writer.send(raw, wakes=True)

    def verdict(self, raw: bytes) -> None:
        """Has the scanner told what the latest code was worth."""
        if self._packets is not None:
            self._orders.append(raw)
        elif self._writer is not None:
            self._writer.verdict(raw)

    def listen(self, stop: threading.Event) -> Iterator[Frame | Garbage]:
        while not stop.is_set():
            if self._packets is not None:
                while self._orders:
                    self._packets.tell(self._orders.popleft())
            started = self._monotonic()
            try:
                received = self._port.read(1)
                if received:
                    received += self._port.read(min(self._port.in_waiting, _CHUNK_BYTES))
            except _UNPLUGGED:
                break
            yield from self._told(
                self._receiver.feed(received) if received else self._receiver.silence(self._monotonic() - started)
            )
        yield from self._told(self._receiver.unplugged())

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
        # Closing would otherwise wait for bytes that a deaf device does not take. Closing a device that is no longer
        # there fails, and nothing is left to do about it.
        with contextlib.suppress(*_UNPLUGGED, AttributeError):
            self._port.reset_output_buffer()
        with contextlib.suppress(*_UNPLUGGED):
            self._port.close()

    def _told(self, found: list[Frame | Garbage | Reply]) -> Iterator[Frame | Garbage]:
        if self._writer is not None:
            # First of all what the scanner waits for: whoever takes the code may need his time.
            for item in found:
                if isinstance(item, Reply):
                    self._writer.send(item.raw, wakes=item.wakes)
        for item in found:
            if isinstance(item, Reply):
                continue
            if self._writer is not None:
                if isinstance(item, Frame):
                    self._writer.expect_verdict()
                elif item.reason is not DiscardReason.UNPLUGGED:
                    self._writer.refuse_unread()
            yield item
