"""What serial lines, HID scanners and keyboard scanners have in common: open, listen, say what was lost, open again.

Guaranteed: a device that was pulled out is opened again as soon as its path is back, not only when the back-off is
over; a device that stays away is one piece of news; closing the iterator gives the device back.

The path is looked at ten times a second while it is absent: one system call each, where a watch on /dev would need
another library and does not see the links under /dev/serial that udev makes later.

Not handled here: what a device sends, and answering it.
"""

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from hardware.backoff import delays
from hardware.devices import (
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
    DriverMissing,
    HardwareError,
    NotABarCodeScanner,
    UnsupportedSource,
    WedgeBuiltInKeyboard,
    WedgeNotAKeyboard,
    WedgeNotExclusive,
    WedgeOnlyKeyboard,
)
from hardware.scanned import Frame, Garbage

LOOK_SECONDS = 0.1
# Trying again cannot help: the operator named something that is not, or must not be, listened to.
_NEVER_RETRIED = (
    UnsupportedSource,
    DriverMissing,
    NotABarCodeScanner,
    WedgeBuiltInKeyboard,
    WedgeNotAKeyboard,
    WedgeOnlyKeyboard,
)


class OpenLine(Protocol):
    """One device that is open."""

    def listen(self, stop: threading.Event) -> Iterator[Frame | Garbage]:
        """What it gives, until told to stop or until it goes away; then what was under way is given up."""
        ...

    def close(self) -> None:
        """Gives it back; a device that is no longer there is no error."""
        ...


Pause = Callable[[threading.Event, float], object]


def named_error(name: str, failure: BaseException) -> HardwareError:
    """What the system refused, as the leaf that says why."""
    number = getattr(failure, "errno", None)
    detail = str(failure)
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        return DeviceNotFound(name, detail)
    if number in (errno.EBUSY, errno.EAGAIN):
        return DeviceBusy(name, detail)
    if number in (errno.EACCES, errno.EPERM):
        return DeviceForbidden(name, detail)
    return DeviceUnusable(name, detail)


def lost_reason(failure: HardwareError) -> LostReason:
    """The same reason as an event says it."""
    match failure:
        case DeviceNotFound():
            return LostReason.NOT_FOUND
        case DeviceBusy() | WedgeNotExclusive():
            return LostReason.BUSY
        case DeviceForbidden():
            return LostReason.FORBIDDEN
        case _:
            return LostReason.UNUSABLE


def watching(is_there: Callable[[], bool]) -> Pause:
    """A pause that ends early when the device comes back; true if it did."""

    def pause(stop: threading.Event, seconds: float) -> bool:
        was_there = is_there()
        for _ in range(max(1, round(seconds / LOOK_SECONDS))):
            if stop.wait(LOOK_SECONDS):
                return False
            is_now = is_there()
            if is_now and not was_there:
                return True
            was_there = is_now
        return False

    return pause


def path_is_there(path: str) -> Callable[[], bool]:
    """Looks whether a device node or a link to one exists."""
    return Path(path).exists


def listening(
    name: str,
    open_line: Callable[[], OpenLine],
    stop: threading.Event,
    *,
    wait_for_device: bool,
    monotonic: Callable[[], float],
    pause: Pause,
    variant: str,
) -> Iterator[Reading | DeviceEvent]:
    """Reads for ever.

    Args:
        name: of the source.
        open_line: opens the device anew.
        stop: ends it.
        wait_for_device: if false, a device that cannot be opened at first is an error instead of an event.
        monotonic: stamps readings.
        pause: waits between two attempts, ended early by the event; true if the device has come back meanwhile.
        variant: what the quality of a reading says.

    Raises:
        HardwareError: the device is missing and nobody waits, or it must not be used at all.
    """
    waiting = delays()
    attempt = 0
    was_open = False
    reported: LostReason | None = None
    while not stop.is_set():
        try:
            line = open_line()
        except HardwareError as failure:
            if (isinstance(failure, _NEVER_RETRIED) and not was_open) or (not wait_for_device and attempt == 0):
                raise
            # A device that stays away is one piece of news, not one every five seconds.
            if reported is not (reason := lost_reason(failure)):
                reported = reason
                yield Lost(name, reason)
        else:
            reported = None
            waiting = delays()
            attempt = 0
            was_open = True
            try:
                yield Connected(name)
                for item in line.listen(stop):
                    match item:
                        case Frame(text=text, aim=aim):
                            yield Reading(text, name, aim, monotonic(), Quality(Decoder.SCANNER, variant))
                        case Garbage(reason=discarded, byte_count=byte_count):
                            yield Discarded(name, discarded, byte_count)
            finally:
                line.close()
            if stop.is_set():
                return
            yield Lost(name, LostReason.UNPLUGGED)
        attempt += 1
        after = next(waiting)
        yield Reconnecting(name, attempt, after)
        if pause(stop, after) is True:
            # It is back, but its permissions may come a moment later than its name: begin with short pauses again.
            waiting = delays()
