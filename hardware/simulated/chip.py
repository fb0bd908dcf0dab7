"""A GPIO chip that can be pulled out, and whose lines can be looked at; a beacon of the same kind."""

import threading
from collections.abc import Callable, Sequence

from hardware.errors import DeviceNotFound, DeviceUnusable


class VirtualChip:
    """Some lines, all low. Everything that was ever set is remembered, in order."""

    def __init__(self) -> None:
        """A chip that is there."""
        self.is_there = True
        self.high: dict[str, bool] = {}
        self.history: list[tuple[bool, ...]] = []
        self.changed = threading.Condition()
        self.opened = 0

    def take(self, lines: Sequence[str]) -> "VirtualLines":
        """Takes lines, inactive. Raises: DeviceNotFound."""
        if not self.is_there:
            raise DeviceNotFound("simulated chip")
        self.opened += 1
        taken = VirtualLines(self, tuple(lines))
        taken.set((False,) * len(lines))
        return taken

    def unplug(self) -> None:
        """The chip is gone; what a relay does then is its wiring's: without current it falls back."""
        with self.changed:
            self.is_there = False
            self.high = dict.fromkeys(self.high, False)
            self.changed.notify_all()

    def replug(self) -> None:
        """The chip is back."""
        self.is_there = True

    def wait_for(self, is_so: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Waits until something is so; whether it became so."""
        with self.changed:
            return self.changed.wait_for(is_so, seconds)


class VirtualLines:
    """Lines that are held. Implements OutputLines."""

    def __init__(self, chip: VirtualChip, lines: tuple[str, ...]) -> None:
        """Made by the chip."""
        self._chip = chip
        self._lines = lines
        self.closed = False

    def set(self, active: Sequence[bool]) -> None:
        if not self._chip.is_there or self.closed:
            raise DeviceUnusable("simulated chip", "unplugged")
        with self._chip.changed:
            self._chip.high.update(zip(self._lines, active, strict=True))
            self._chip.history.append(tuple(active))
            self._chip.changed.notify_all()

    def close(self) -> None:
        if self._chip.is_there and not self.closed:
            self.set((False,) * len(self._lines))
        self.closed = True


class VirtualLights:
    """Stands for the library's class `Light`: finds one beacon, or none."""

    def __init__(self, none_found: type[Exception]) -> None:
        """A beacon that is there.

        Args:
            none_found: the library's error for "no beacon".
        """
        self._none_found = none_found
        self.is_there = True
        self.is_forbidden = False
        self.colours: list[tuple[int, int, int]] = []
        self.changed = threading.Condition()

    def first_light(self) -> "VirtualLights":
        """The beacon."""
        if not self.is_there:
            raise self._none_found("no light")
        if self.is_forbidden:
            raise OSError("open failed")
        return self

    def at_path(self, path: str) -> "VirtualLights":
        """The beacon at this path, which is any."""
        del path
        return self.first_light()

    def on(self, colour: tuple[int, int, int]) -> None:
        """Lit."""
        if not self.is_there:
            raise RuntimeError("write failed")
        with self.changed:
            self.colours.append(colour)
            self.changed.notify_all()

    def off(self) -> None:
        """Dark."""
        self.on((0, 0, 0))

    def release(self) -> None:
        """Given back."""
