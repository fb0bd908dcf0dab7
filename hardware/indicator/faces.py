"""What the four words look like: three lamps or a buzzer on GPIO lines, and USB beacons of many makers.

Beacons are driven by the library busylight-core, which knows the models. Not handled here: rhythm and opening again.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from hardware.devices import Signal
from hardware.errors import DeviceUnusable
from hardware.gpio import OutputLines
from hardware.output_errors import BeaconForbidden, BeaconNotFound, OutputLibraryMissing

LAMPS: Final = ("red", "yellow", "green")
_LIT: Final[Mapping[Signal | None, tuple[bool, bool, bool]]] = {
    Signal.SUCCESS: (False, False, True),
    Signal.ATTENTION: (False, True, False),
    Signal.ERROR: (True, False, False),
    Signal.PROGRESS: (False, True, True),
    None: (False, False, False),
}
COLOURS: Final[Mapping[Signal, tuple[int, int, int]]] = {
    Signal.SUCCESS: (0, 255, 90),
    Signal.ATTENTION: (255, 150, 0),
    Signal.ERROR: (255, 0, 0),
    Signal.PROGRESS: (0, 0, 255),
}


class TrafficLight:
    """Red, yellow and green lamps, in this order. Implements Face."""

    def __init__(self, lines: OutputLines) -> None:
        """Takes the three lines."""
        self._lines = lines

    def light(self, signal: Signal | None) -> None:
        self._lines.set(_LIT[signal])

    def close(self) -> None:
        self._lines.close()


class Buzzer:
    """A buzzer that sounds by itself while its line is active. Implements Face."""

    def __init__(self, line: OutputLines) -> None:
        """Takes the one line."""
        self._line = line

    def light(self, signal: Signal | None) -> None:
        self._line.set((signal is not None,))

    def close(self) -> None:
        self._line.close()


class Beacon:
    """A USB beacon. Implements Face."""

    def __init__(self, name: str, light: Any) -> None:
        """Takes an open `busylight_core.Light`."""
        self._name = name
        self._light = light

    def light(self, signal: Signal | None) -> None:
        try:
            if signal is None:
                self._light.off()
            else:
                self._light.on(COLOURS[signal])
        except Exception as failure:
            # The models' drivers raise what their maker's protocol suggests: the device is gone all the same.
            raise DeviceUnusable(self._name, type(failure).__name__) from failure

    def close(self) -> None:
        try:
            self._light.off()
            self._light.release()
        except Exception as failure:
            raise DeviceUnusable(self._name, type(failure).__name__) from failure


def open_beacon(name: str, *, path: str | None = None, find: Callable[[], Any] | None = None) -> Beacon:
    """The first beacon that is found, or the one at this path.

    Args:
        name: on pages.
        path: of its device node; None: any.
        find: gives the library's class `Light`; the real one if not given.

    Raises:
        HardwareError: there is none, it cannot be opened, or the library is missing.
    """
    lights = (find or _library)()
    try:
        return Beacon(name, lights.first_light() if path is None else lights.at_path(path))
    except Exception as failure:
        # The library has an error of its own for "none found"; everything else comes from a device that is there.
        if type(failure).__name__ == "NoLightsFoundError":
            raise BeaconNotFound(name) from failure
        raise BeaconForbidden(name, str(failure) or type(failure).__name__) from failure


def _library() -> Any:
    try:
        from busylight_core import Light  # noqa: PLC0415 — where its HID library is
    except ImportError as failure:
        raise OutputLibraryMissing("beacon", "busylight-core") from failure
    return Light
