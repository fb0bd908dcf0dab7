"""What the doctor says about a terminal's devices: drivers, rights, and programs that take a line away.

Nothing is opened. Devices are those of `hardware.discovery`; the words to name each are `liangzheng hardware list`'s.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import Final

from liangzheng.findings import Finding, Grade

DRIVERS: Final = (
    ("busylight-core", "busylight_core", "USB beacons", True),
    ("evdev-binary", "evdev", "keyboard scanners", True),
    ("gpiod", "gpiod", "lamps, buzzers and locks on the lines of a board", True),
    ("python-escpos", "escpos", "receipt printers", False),
    ("reportlab", "reportlab", "the test sheet as PDF", False),
)
"""Distribution, module, what it serves, and whether it exists on Linux only."""
_RULES: Final = "60-liangzheng-scanners.rules"
_RULE_FOLDERS: Final = (Path("/etc/udev/rules.d"), Path("/usr/lib/udev/rules.d"), Path("/lib/udev/rules.d"))


def drivers(wanted: Sequence[tuple[str, str, str, bool]] = DRIVERS, platform: str = sys.platform) -> Iterator[Finding]:
    """Each is needed only by who has such a device, so its absence is a notice."""
    absent = []
    served = []
    for name, module, purpose, only_linux in wanted:
        if only_linux and not platform.startswith("linux"):
            continue
        try:
            metadata.version(name)
            import_module(module)
        except (metadata.PackageNotFoundError, ImportError, OSError):
            absent.append(f"{name} ({purpose})")
        else:
            served.append(purpose)
    if absent:
        yield Finding("device drivers", Grade.NOTICE, f"Not usable: {', '.join(absent)}.", "Run ./run setup.")
    if served:
        yield Finding("device drivers", Grade.OK, f"There for {', '.join(served)}.")


def rights(look: Callable[[], Sequence[tuple[str, str | None, bool]]] | None = None) -> Iterator[Finding]:
    """Devices that are there and may not be used, with the groups that would help.

    Args:
        look: gives path, missing group and whether it may be used; the system's devices if not given.
    """
    seen = (look or _devices)()
    closed = [(path, group) for path, group, accessible in seen if not accessible]
    if not closed:
        return
    paths = ", ".join(path for path, _ in closed)
    groups = sorted({group for _, group in closed if group})
    remedy = (
        f"sudo usermod -aG {','.join(groups)} USER, then log in again."
        if groups
        else "See `liangzheng hardware list` and docs/hardware.md; scanners of USB need deploy/udev."
    )
    yield Finding("device rights", Grade.NOTICE, f"There, and not usable by this user: {paths}.", remedy)


def modem_manager(proc: Path = Path("/proc"), rule_folders: Sequence[Path] = _RULE_FOLDERS) -> Iterator[Finding]:
    """It writes to every new line that may be a modem and holds it for up to half a minute."""
    from hardware.roots import entries_of, text_of  # noqa: PLC0415 — the doctor starts without the other floors

    names = (text_of(each / "comm") for each in entries_of(proc) if each.name.isdigit())
    if "ModemManager" not in names:
        return
    if any((folder / _RULES).is_file() for folder in rule_folders):
        yield Finding("ModemManager", Grade.OK, "It runs, and the rules that keep it away from scanners are installed.")
    else:
        meaning = "It runs and tries new serial lines: a scanner may be busy or swallow codes for half a minute."
        yield Finding("ModemManager", Grade.NOTICE, meaning, f"Install deploy/udev/{_RULES}; its top says how.")


def _devices() -> Sequence[tuple[str, str | None, bool]]:
    from hardware import discovery  # noqa: PLC0415 — the doctor starts without the other floors

    found = discovery.find()
    paths = [(serial.path, serial.access) for serial in found.serial]
    paths += [(scanner.path, scanner.access) for scanner in found.hid]
    paths += [(keyboard.path, keyboard.access) for keyboard in found.wedges]
    paths += [(camera.node, camera.access) for camera in found.cameras]
    paths += [(printer.path, printer.access) for printer in found.printers]
    paths += [(beacon.path, beacon.access) for beacon in found.indicators]
    paths += [(chip.path, chip.access) for chip in found.gpio_chips]
    return [(path, access.missing_group, access.accessible) for path, access in paths]
