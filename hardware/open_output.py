"""From the operator's words to lamps, buzzers, locks, printers and displays: the one place that chooses drivers."""

import functools
from collections.abc import Callable

from hardware import output_spec
from hardware.devices import Connected, CustomerDisplay, DoorLock, Indicator, Lost, SlipPrinter
from hardware.display import VfdDisplay
from hardware.gpio import ChipLines, OutputLines
from hardware.indicator import rhythm
from hardware.indicator.faces import Buzzer, TrafficLight, open_beacon
from hardware.indicator.showing import Face, Showing
from hardware.lock import RelayLock
from hardware.output_spec import GpioSpec
from hardware.printer.driver import EscPosPrinter
from hardware.printer.line import open_line

Tell = Callable[[Connected | Lost], None]


def open_lamp(spec: str, *, tell: Tell) -> Indicator:
    """`lamp:busylight`, `lamp:gpio:CHIP/RED,YELLOW,GREEN` or `lamp:simulated`.

    Args:
        spec: as above.
        tell: hears that the device is there or gone, from a thread of its own.

    Raises:
        UnsupportedOutput: none of these forms.
    """
    named = output_spec.parse_lamp(spec)
    face: Callable[[], Face]
    if named.beacon:
        face = functools.partial(open_beacon, spec, path=named.path)
    else:
        face = _then(_lines(named.gpio, 3), TrafficLight)
    return Showing(spec, face, rhythms=rhythm.LAMP, tell=tell)


def open_buzzer(spec: str, *, tell: Tell) -> Indicator:
    """`buzzer:gpio:CHIP/LINE` or `buzzer:simulated`. Raises: UnsupportedOutput."""
    named = output_spec.parse_lamp(spec, kind="buzzer", lamps=1)
    return Showing(spec, _then(_lines(named.gpio, 1), Buzzer), rhythms=rhythm.BUZZER, tell=tell)


def open_lock(spec: str, *, tell: Tell) -> tuple[DoorLock, float]:
    """`lock:gpio:CHIP/LINE` or `lock:simulated`, and for how many seconds it is meant to be released.

    Raises:
        UnsupportedOutput: none of these forms.
    """
    named = output_spec.parse_lock(spec)
    return RelayLock(spec, _lines(named.gpio, 1), tell=tell), named.seconds


def open_printer(spec: str) -> SlipPrinter:
    """`escpos:PATH`, `escpos:PORT`, `escpos:socket://HOST:9100` or `escpos:simulated:FOLDER`.

    Raises:
        UnsupportedOutput: none of these forms.
    """
    named = output_spec.parse_printer(spec)
    if named.folder is not None:
        from hardware.simulated.printer import DrawingPrinter  # noqa: PLC0415 — a server of its own, for demonstrations

        return DrawingPrinter(spec, named.folder, named.paper)
    line = functools.partial(open_line, spec, named.target, baud_rate=named.baud_rate)
    return EscPosPrinter(spec, line, named.paper, answers=named.answers)


def open_display(spec: str) -> CustomerDisplay:
    """`display:PORT` or `display:simulated`. Raises: UnsupportedOutput."""
    named = output_spec.parse_display(spec)
    if not named.target:
        from hardware.simulated.display import VirtualGlass  # noqa: PLC0415 — for demonstrations

        return VfdDisplay(spec, VirtualGlass, named.glass)
    return VfdDisplay(spec, functools.partial(open_line, spec, named.target, baud_rate=named.baud_rate), named.glass)


def _lines(gpio: GpioSpec | None, count: int) -> Callable[[], OutputLines]:
    if gpio is None:
        from hardware.simulated.chip import VirtualChip  # noqa: PLC0415 — for demonstrations

        return functools.partial(VirtualChip().take, tuple(str(each) for each in range(count)))
    return functools.partial(ChipLines, gpio.chip, gpio.lines, active_low=gpio.active_low)


def _then(lines: Callable[[], OutputLines], face: Callable[[OutputLines], Face]) -> Callable[[], Face]:
    return lambda: face(lines())
