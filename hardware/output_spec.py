"""The operator's words for output devices, taken apart: `kind:how:where?option=value&…`.

    lamp:busylight                          lamp:busylight:/dev/hidraw3
    lamp:gpio:/dev/gpiochip0/17,27,22       lamp:gpio:gpiochip0/17,27,22?active=low     (red, yellow, green)
    buzzer:gpio:gpiochip0/5                 lock:gpio:gpiochip0/6?seconds=5
    escpos:/dev/usb/lp0?paper=80            escpos:socket://192.0.2.7:9100?status=none&font=/…/font.ttc
    display:/dev/ttyUSB1?charset=gbk        lamp:simulated, buzzer:simulated, lock:simulated, …

Options are known words only, so that a misspelt one is an error and not a setting without effect.

Not handled here: opening anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from hardware.display import Glass
from hardware.lock import MAX_RELEASE_SECONDS
from hardware.output_errors import UnsupportedOutput
from hardware.printer.composing import Paper

GPIO = "gpio:"
BUSYLIGHT = "busylight"
SIMULATED = "simulated"
_DOTS = {"58": 384, "80": 576}
_USUAL_RELEASE_SECONDS = 5.0
_USUAL_BAUD_RATE = 9_600


@dataclass(frozen=True, slots=True)
class GpioSpec:
    """Lines of one chip."""

    chip: str
    lines: tuple[str, ...]
    active_low: bool


@dataclass(frozen=True, slots=True)
class LampSpec:
    """Exactly one of: lines, a beacon (at a path, or any), a simulated one."""

    gpio: GpioSpec | None = None
    beacon: bool = False
    path: str | None = None


@dataclass(frozen=True, slots=True)
class LockSpec:
    """A relay; without lines a simulated one."""

    gpio: GpioSpec | None
    seconds: float


@dataclass(frozen=True, slots=True)
class PrinterSpec:
    """A printer; `folder` instead of a target: a simulated one that draws its slips there."""

    target: str
    baud_rate: int
    answers: bool
    paper: Paper
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class DisplaySpec:
    """A customer display; without a target a simulated one."""

    target: str
    baud_rate: int
    glass: Glass


def parse_lamp(spec: str, *, kind: str = "lamp", lamps: int = 3) -> LampSpec:
    """A lamp, or with one line a buzzer.

    Raises:
        UnsupportedOutput: it is none.
    """
    where, options = _taken_apart(spec, kind, ("active",))
    if where == SIMULATED:
        _none_of(spec, options)
        return LampSpec()
    if where.startswith(GPIO):
        return LampSpec(gpio=_gpio(spec, where, options, lines=lamps))
    name, _, path = where.partition(":")
    if kind != "lamp" or name != BUSYLIGHT:
        raise UnsupportedOutput(spec)
    _none_of(spec, options)
    return LampSpec(beacon=True, path=path or None)


def parse_lock(spec: str) -> LockSpec:
    """A relay that opens something.

    Raises:
        UnsupportedOutput: it is none.
    """
    where, options = _taken_apart(spec, "lock", ("active", "seconds"))
    seconds = _seconds(spec, options)
    if where == SIMULATED:
        return LockSpec(None, seconds)
    if not where.startswith(GPIO):
        raise UnsupportedOutput(spec)
    return LockSpec(_gpio(spec, where, options, lines=1), seconds)


def parse_printer(spec: str) -> PrinterSpec:
    """A receipt printer.

    Raises:
        UnsupportedOutput: it is none.
    """
    where, options = _taken_apart(spec, "escpos", ("paper", "baud", "status", "font", "codes", "cutter", "charset"))
    paper = Paper(
        dots=_DOTS[_one_of(spec, options, "paper", "58", "80")],
        four_bytes=_one_of(spec, options, "charset", "gbk", "gb18030") == "gb18030",
        font=Path(options["font"]) if options.get("font") else None,
        drawn_codes=_one_of(spec, options, "codes", "native", "drawn") == "drawn",
        cuts=_one_of(spec, options, "cutter", "yes", "no") == "yes",
    )
    answers = _one_of(spec, options, "status", "asked", "none") == "asked"
    kind, _, folder = where.partition(":")
    if kind == SIMULATED:
        return PrinterSpec("", _USUAL_BAUD_RATE, answers, paper, Path(folder or "."))
    return PrinterSpec(where, _baud(spec, options), answers, paper)


def parse_display(spec: str) -> DisplaySpec:
    """A customer display.

    Raises:
        UnsupportedOutput: it is none.
    """
    where, options = _taken_apart(spec, "display", ("baud", "charset", "columns", "rows"))
    glass = Glass(
        _number(spec, options, "columns", 20, range(8, 81)),
        _number(spec, options, "rows", 2, range(1, 9)),
        _one_of(spec, options, "charset", "ascii", "gbk"),
    )
    return DisplaySpec("" if where == SIMULATED else where, _baud(spec, options), glass)


def _taken_apart(spec: str, kind: str, known: Sequence[str]) -> tuple[str, dict[str, str]]:
    if not spec.startswith(f"{kind}:") or not spec.isprintable():
        raise UnsupportedOutput(spec, f"it does not begin with {kind}:")
    where, _, query = spec.removeprefix(f"{kind}:").partition("?")
    if not where:
        raise UnsupportedOutput(spec, "no device is named")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(options.keys() - set(known)):
        raise UnsupportedOutput(spec, f"the option {unknown[0]} is not known; there are {', '.join(known)}")
    return where, options


def _gpio(spec: str, where: str, options: Mapping[str, str], *, lines: int) -> GpioSpec:
    chip, _, named = where.removeprefix(GPIO).rpartition("/")
    offsets = tuple(named.split(","))
    if not chip or len(offsets) != lines or not all(offsets) or len(set(offsets)) != lines:
        raise UnsupportedOutput(spec, f"a chip and {lines} different line{'s' if lines > 1 else ''} are wanted")
    return GpioSpec(chip, offsets, _one_of(spec, options, "active", "high", "low") == "low")


def _one_of(spec: str, options: Mapping[str, str], name: str, usual: str, other: str) -> str:
    value = options.get(name, usual)
    if value not in (usual, other):
        raise UnsupportedOutput(spec, f"{name} is {usual} or {other}")
    return value


def _none_of(spec: str, options: Mapping[str, str]) -> None:
    if options:
        raise UnsupportedOutput(spec, "this kind has no options")


def _number(spec: str, options: Mapping[str, str], name: str, usual: int, bounds: range) -> int:
    value = options.get(name, str(usual))
    if not (value.isascii() and value.isdigit() and int(value) in bounds):
        raise UnsupportedOutput(spec, f"{name} is a number from {bounds[0]} to {bounds[-1]}")
    return int(value)


def _baud(spec: str, options: Mapping[str, str]) -> int:
    return _number(spec, options, "baud", _USUAL_BAUD_RATE, range(300, 4_000_001))


def _seconds(spec: str, options: Mapping[str, str]) -> float:
    return float(_number(spec, options, "seconds", int(_USUAL_RELEASE_SECONDS), range(1, int(MAX_RELEASE_SECONDS) + 1)))
