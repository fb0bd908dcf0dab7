"""Reads codes from a scanner that types like a keyboard, after taking it away from all other programs.

Named by its node, best by a link that survives replugging: `/dev/input/by-id/usb-…-event-kbd`.

Guaranteed: it is listened to exclusively or not at all (EVIOCGRAB, which the kernel undoes by itself when this program
ends in whatever way); an unsafe one is refused with an explanation (wedge_safety.py); the machine's keyboard layout
plays no part (wedge_keys.py). Such a scanner cannot be told anything.

Not handled here: where a code ends; what was typed goes through the framer of serial lines, and the scanner must be
set to press Enter after each code.
"""

import contextlib
import os
import select
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from hardware.devices import AnsweringSource, DeviceEvent, Reading, Signal
from hardware.errors import DeviceNotFound, DriverMissing, WedgeNotExclusive
from hardware.hid_scanner.nodes import input_nodes
from hardware.hid_scanner.wedge_keys import KeyReader
from hardware.hid_scanner.wedge_safety import why_unsafe
from hardware.roots import REAL, Roots
from hardware.scanned import Frame, Garbage, Reply, TextRules
from hardware.scanner_line import Pause, listening, named_error, path_is_there, watching
from hardware.serial_scanner.framing import Framer, FramingRules
from hardware.serial_scanner.scanner_profile import known_profiles

# linux/input.h: struct input_event as this machine lays it out.
INPUT_EVENT = struct.Struct("@llHHi")
_LISTEN_SECONDS = 0.02
_EVENTS_AT_ONCE = 256
# Typing is slower than printing: the key goes down and up, with a report of the bus each, over Bluetooth more.
WEDGE_RULES = FramingRules(idle_gap_seconds=0.250, needs_end=True, text=TextRules(character_sets=("utf-8", "gb18030")))


class EventPort(Protocol):
    """One keyboard that is ours alone."""

    def read(self, seconds: float) -> bytes:
        """Whole events, or nothing within the time.

        Raises:
            OSError: the device is gone.
        """
        ...

    def close(self) -> None:
        """Gives it back to the others."""
        ...


class DescriptorPort:
    """Events from a file descriptor: an event node, or a pipe in its place."""

    def __init__(self, number: int, release: Callable[[], None]) -> None:
        """Args: the descriptor, and what gives the device back and closes it."""
        self._number = number
        self._release = release

    def read(self, seconds: float) -> bytes:
        readable, _, _ = select.select([self._number], [], [], seconds)
        if not readable:
            return b""
        raw = os.read(self._number, INPUT_EVENT.size * _EVENTS_AT_ONCE)
        if not raw:
            raise OSError("the device has closed the connection")
        return raw

    def close(self) -> None:
        self._release()


def open_wedge(path: str, roots: Roots = REAL) -> EventPort:
    """Opens a keyboard scanner and takes it for this program alone.

    Raises:
        HardwareError: the leaf that says why not.
    """
    try:
        import evdev  # noqa: PLC0415 — exists on Linux only
    except ImportError as absent:
        raise DriverMissing(path, "evdev-binary") from absent
    nodes = input_nodes(roots)
    resolved = str(Path(path).resolve())
    node = next((each for each in nodes if each.path == resolved), None)
    if node is None:
        raise DeviceNotFound(path)
    makers = [vendor for profile in known_profiles() for vendor in profile.usb_vendor_ids]
    if (unsafe := why_unsafe(node, nodes, makers)) is not None:
        raise unsafe
    try:
        device = evdev.InputDevice(resolved)
    except OSError as failure:
        raise named_error(path, failure) from failure
    try:
        device.grab()
    except OSError as failure:
        device.close()
        raise WedgeNotExclusive(path, str(failure)) from failure
    with contextlib.suppress(OSError):
        # Some scanners turn capitals around when they see caps lock on.
        device.set_led(evdev.ecodes.LED_CAPSL, 0)

    def release() -> None:
        with contextlib.suppress(OSError):
            device.ungrab()
        device.close()

    return DescriptorPort(device.fd, release)


class WedgeScanner(AnsweringSource):
    """A scanner that types."""

    def __init__(
        self,
        path: str,
        *,
        rules: FramingRules = WEDGE_RULES,
        wait_for_device: bool = True,
        open_device: Callable[[str], EventPort] = open_wedge,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Pause | None = None,
    ) -> None:
        """Names the device; nothing is opened before `readings`.

        Args:
            path: of its event node.
            rules: timing, size and character sets.
            wait_for_device: if false, a device that cannot be opened at first is an error instead of an event.
            open_device: opens it.
            monotonic: seconds.
            pause: waits between two attempts; watches the path if not given.
        """
        self._path = path
        self._rules = rules
        self._wait_for_device = wait_for_device
        self._open_device = open_device
        self._monotonic = monotonic
        self._pause = pause or watching(path_is_there(path))

    @property
    def name(self) -> str:
        return self._path

    def readings(self, stop: threading.Event) -> Iterator[Reading | DeviceEvent]:
        return listening(
            self.name,
            lambda: _Line(self._open_device(self._path), self._rules, self._monotonic),
            stop,
            wait_for_device=self._wait_for_device,
            monotonic=self._monotonic,
            pause=self._pause,
            variant="keys",
        )

    def answer(self, signal: Signal) -> None:
        """A keyboard is not spoken to."""

    def trigger(self, *, on: bool) -> None:
        """A keyboard is not spoken to."""


class _Line:
    """One open keyboard."""

    def __init__(self, port: EventPort, rules: FramingRules, monotonic: Callable[[], float]) -> None:
        self._port = port
        self._monotonic = monotonic
        self._keys = KeyReader()
        self._framer = Framer(rules)

    def listen(self, stop: threading.Event) -> Iterator[Frame | Garbage]:
        while not stop.is_set():
            started = self._monotonic()
            try:
                raw = self._port.read(_LISTEN_SECONDS)
            except (OSError, ValueError):
                break
            if not raw:
                waited = self._monotonic() - started
                self._keys.silence(waited)
                yield from _codes(self._framer.silence(waited))
                continue
            whole = len(raw) - len(raw) % INPUT_EVENT.size
            typed = b"".join(
                self._keys.event(kind, code, value) for _, _, kind, code, value in INPUT_EVENT.iter_unpack(raw[:whole])
            )
            yield from _codes(self._framer.feed(typed))
        yield from _codes(self._framer.unplugged())

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._port.close()


def _codes(found: list[Frame | Garbage | Reply]) -> Iterator[Frame | Garbage]:
    return (item for item in found if not isinstance(item, Reply))
