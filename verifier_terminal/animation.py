"""Frames of animated codes (`LP1`) put together for each device that reads them, with bounds on memory and time.

Guaranteed: at most four devices with four senders each (`protocol.qr.animated.Assembler`); frames of two devices never
mix; what was assembled is handed over once and not kept here, since it may be a portrait; of a whole that is complete
only the digest is remembered, so that its further frames show that its phone is still there. Not handled here: what a
whole is worth; nobody vouches for a frame.
"""

from dataclasses import dataclass, field
from typing import Final

from protocol import labels
from protocol.errors import ProtocolError
from protocol.labels import AnimatedKind
from protocol.qr import animated
from protocol.qr.animated import Assembled, Assembler, Whole

KEPT_SECONDS: Final = 30.0
"""How long a sender counts as known without a frame, and how long a portrait may wait for its verdict."""
_MAX_DEVICES: Final = 4
_MAX_COMPLETE: Final = 4


@dataclass(frozen=True, slots=True)
class Step:
    """What one frame brought: the whole that it belongs to, and where that stands."""

    whole: Whole
    received: int
    """Symbols so far; all of them once it is complete."""
    sha256: bytes | None
    """Of a whole that is complete."""
    assembled: Assembled | None
    """Set once, with the frame that completed it."""
    is_news: bool
    """Something was added; else this frame only shows that its sender is still there."""


@dataclass(slots=True)
class _Complete:
    sha256: bytes
    since: float
    last: float

    def is_known(self, whole: Whole, now: float) -> bool:
        """A portrait is put together anew after a while: the first copy may have waited for its verdict in vain."""
        start = self.since if whole.kind is AnimatedKind.PORTRAIT else self.last
        return 0 <= now - start < KEPT_SECONDS


@dataclass(slots=True)
class _Device:
    last: float
    assembler: Assembler = field(default_factory=Assembler)
    complete: dict[Whole, _Complete] = field(default_factory=dict)
    received: dict[Whole, int] = field(default_factory=dict)


class Animations:
    """The animations that are coming in. `now` is the clock that only counts."""

    def __init__(self) -> None:
        self._devices: dict[str, _Device] = {}

    def add(self, text: str, source: str, now: float) -> Step | None:
        """One frame; None when it is none, which changes nothing."""
        self.forget_idle(now)
        try:
            frame = animated.read(text)
        except ProtocolError:
            return None
        device, whole = self._device(source, now), frame.whole
        complete = device.complete.get(whole)
        if complete is not None and complete.is_known(whole, now):
            complete.last = now
            return Step(whole, whole.count, complete.sha256, None, is_news=False)
        standing = device.assembler.add(frame)
        if isinstance(standing, Assembled):
            device.assembler.forget(whole)
            device.received.pop(whole, None)
            device.complete.pop(whole, None)
            if len(device.complete) >= _MAX_COMPLETE:
                del device.complete[min(device.complete, key=lambda each: device.complete[each].last)]
            device.complete[whole] = _Complete(standing.sha256, now, now)
            return Step(whole, whole.count, standing.sha256, standing, is_news=True)
        is_news = device.received.get(whole) != standing.received
        if whole not in device.received and len(device.received) >= _MAX_COMPLETE:
            # Only decides what is told twice; the assembler has bounds of its own.
            device.received.clear()
        device.received[whole] = standing.received
        return Step(whole, standing.received, None, None, is_news)

    def forget_idle(self, now: float) -> None:
        """Lets go of devices that gave no frame since 30 seconds."""
        self._devices = {
            source: device for source, device in self._devices.items() if 0 <= now - device.last < KEPT_SECONDS
        }

    def forget(self, whole: Whole, source: str) -> None:
        """This whole is to be put together anew."""
        device = self._devices.get(source)
        if device is not None:
            device.complete.pop(whole, None)

    def _device(self, source: str, now: float) -> _Device:
        device = self._devices.get(source)
        if device is None:
            if len(self._devices) >= _MAX_DEVICES:
                del self._devices[min(self._devices, key=lambda each: self._devices[each].last)]
            device = self._devices.setdefault(source, _Device(now))
        device.last = now
        return device


def is_frame(text: str) -> bool:
    """Whether this text says of itself that it is a frame."""
    return text.startswith(labels.PREFIX_ANIMATED)
