"""The line to a printer or display: a serial port, a USB printer's node or a TCP connection, each with time-outs.

Not handled here: what is said on it.
"""

import contextlib
import os
import select
import socket
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import serial

from hardware.errors import HardwareError
from hardware.output_errors import PrinterDied, PrinterSilent, UnsupportedOutput
from hardware.scanner_line import named_error

CONNECT_SECONDS: Final = 1.0
_CHUNK_BYTES: Final = 4_096
# What pyserial lets through when a device is unplugged during a call (hardware/serial_scanner/driver.py).
_UNPLUGGED: Final = (serial.SerialException, OSError, TypeError)


class PrinterLine(Protocol):
    """One open line."""

    def write(self, content: bytes, seconds: float) -> None:
        """Sends all of it.

        Raises:
            PrinterSilent: nothing was taken for so long.
            PrinterDied: the line broke.
        """
        ...

    def read(self, seconds: float) -> bytes:
        """What arrives within so many seconds, as soon as anything does; nothing after them.

        Raises:
            PrinterDied: the line broke.
        """
        ...

    def close(self) -> None:
        """Gives it back; a line that is broken is no error."""
        ...


class _FileLine:
    """A file descriptor that can be waited for: a socket or a USB printer's node."""

    def __init__(self, name: str, descriptor: int, close: Callable[[], object]) -> None:
        self._name = name
        self._descriptor = descriptor
        self._close = close

    def write(self, content: bytes, seconds: float) -> None:
        left = memoryview(content)
        while left:
            _, ready, _ = select.select((), (self._descriptor,), (), seconds)
            if not ready:
                raise PrinterSilent(self._name, f"took nothing for {seconds:g} s")
            try:
                left = left[os.write(self._descriptor, left[:_CHUNK_BYTES]) :]
            except BlockingIOError:
                continue
            except OSError as failure:
                raise PrinterDied(self._name, failure.strerror or "") from failure

    def read(self, seconds: float) -> bytes:
        ready, _, _ = select.select((self._descriptor,), (), (), seconds)
        if not ready:
            return b""
        try:
            received = os.read(self._descriptor, _CHUNK_BYTES)
        except BlockingIOError:
            return b""
        except OSError as failure:
            raise PrinterDied(self._name, failure.strerror or "") from failure
        if not received:
            raise PrinterDied(self._name, "it closed the connection")
        return received

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._close()


class _SerialLine:
    """A serial port by pyserial."""

    def __init__(self, name: str, port: Any) -> None:
        self._name = name
        self._port = port

    def write(self, content: bytes, seconds: float) -> None:
        self._port.write_timeout = seconds
        for start in range(0, len(content), _CHUNK_BYTES):
            try:
                self._port.write(content[start : start + _CHUNK_BYTES])
            except serial.SerialTimeoutException as failure:
                raise PrinterSilent(self._name, f"took nothing for {seconds:g} s") from failure
            except _UNPLUGGED as failure:
                raise PrinterDied(self._name, str(failure)) from failure

    def read(self, seconds: float) -> bytes:
        try:
            self._port.timeout = seconds
            received: bytes = self._port.read(1)
            return received + self._port.read(self._port.in_waiting) if received else b""
        except _UNPLUGGED as failure:
            raise PrinterDied(self._name, str(failure)) from failure

    def close(self) -> None:
        with contextlib.suppress(*_UNPLUGGED):
            self._port.close()


def open_line(name: str, target: str, *, baud_rate: int) -> PrinterLine:
    """Opens it.

    Args:
        name: on pages and in errors.
        target: `socket://host:port`, a device path, or a port's name as pyserial knows it (`COM3`).
        baud_rate: of a serial line.

    Raises:
        HardwareError: it cannot be opened, and why.
    """
    if target.startswith("socket://"):
        return _open_socket(name, target)
    try:
        if _is_character_device_without_speed(target):
            descriptor = os.open(target, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
            return _FileLine(name, descriptor, lambda: os.close(descriptor))
        return _SerialLine(name, serial.serial_for_url(target, baudrate=baud_rate, exclusive=_exclusive(target)))
    except (OSError, ValueError) as failure:
        raise named_error(name, failure) from failure


def emptied(line: PrinterLine, *, monotonic: Callable[[], float] = time.monotonic) -> None:
    """Forgets what a printer has said unasked; for a tenth of a second at most."""
    until = monotonic() + 0.1
    while monotonic() < until and line.read(0):
        pass


def _open_socket(name: str, target: str) -> PrinterLine:
    try:
        address = urlsplit(target)
        host, port = address.hostname, address.port or 9100
    except ValueError as failure:
        raise UnsupportedOutput(name, str(failure)) from failure
    if not host:
        raise UnsupportedOutput(name, "no host is named")
    try:
        connection = socket.create_connection((host, port), timeout=CONNECT_SECONDS)
    except OSError as failure:
        raise _refused(name, failure) from failure
    connection.setblocking(False)
    return _FileLine(name, connection.fileno(), connection.close)


def _refused(name: str, failure: OSError) -> HardwareError:
    if isinstance(failure, TimeoutError | ConnectionError):
        return PrinterSilent(name, failure.strerror or "no connection")
    return named_error(name, failure)


def _is_character_device_without_speed(target: str) -> bool:
    """Such as /dev/usb/lp0: no terminal, so pyserial cannot set its speed."""
    path = Path(target)
    if not path.exists() or not stat.S_ISCHR(path.stat().st_mode):
        return False
    descriptor = os.open(target, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        return not os.isatty(descriptor)
    finally:
        os.close(descriptor)


def _exclusive(target: str) -> bool | None:
    """Two programs on one printer would mix their slips; only device paths can be locked."""
    return True if target.startswith("/") else None
