"""What is plugged in: scanners, cameras, printers, indicators, and whether this program may use each of them.

Everything is read from the system's small files; nothing is opened, so looking disturbs no device and needs no special
rights. The folders are arguments, so that a test makes a tree of its own. On systems without these folders nothing is
found, and that is no error.

By maker's number a profile is suggested for a scanner; a number of an adapter (CH340, CP210x, FTDI, Prolific) says
nothing of what hangs behind it. Bind a scanner by its `by_path` name: it says which socket, survives replugging, and
two equal scanners keep their places. `by_id` follows a device to another socket and is not unique without a serial
number.

Not handled here: opening and trying devices; printers and displays on a serial line look like any other line.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hardware.found_devices import (
    Access,
    CameraDevice,
    Found,
    GpioChip,
    HidDevice,
    SerialDevice,
    UsbDevice,
    WedgeDevice,
)
from hardware.hid_scanner.nodes import HidNode, InputNode, hid_nodes, input_nodes
from hardware.hid_scanner.report_descriptor import scanner_reports
from hardware.hid_scanner.wedge_safety import looks_like_a_scanner, why_unsafe
from hardware.roots import REAL, Roots, entries_of, text_of
from hardware.serial_scanner.scanner_profile import known_profiles

_SERIAL_NAMES = ("ttyACM", "ttyUSB", "ttyS", "ttyAMA", "ttymxc", "ttySC", "rfcomm")
# A UART that the board has room for and does not have is of type 0 (linux/serial_core.h PORT_UNKNOWN).
_NO_UART = "0"
_ADAPTERS = frozenset(["1a86", "10c4", "0403", "067b"])
# A USB interface lies at most so far below the device that has the numbers.
_MAX_PARENTS = 6


@dataclass(frozen=True, slots=True)
class _Looker:
    """The folders and what is asked of the system about a node."""

    roots: Roots
    may_use: Callable[[Path], bool]
    missing_group: Callable[[Path], str | None]
    holders: Mapping[str, str] = field(default_factory=dict)

    def access(self, path: str) -> Access:
        node = Path(path)
        accessible = self.may_use(node)
        return Access(accessible, None if accessible else self.missing_group(node), self.holders.get(path))


def find(
    roots: Roots = REAL,
    *,
    may_use: Callable[[Path], bool] = lambda node: os.access(node, os.R_OK | os.W_OK),
    missing_group: Callable[[Path], str | None] | None = None,
    probe_formats: Callable[[str], tuple[str, ...]] | None = None,
    indicator_numbers: Iterable[tuple[str, str]] = (),
) -> Found:
    """Looks around.

    Args:
        roots: where the system shows its devices.
        may_use: whether a node may be read and written by this program.
        missing_group: the group whose members may, if this user is none of them; asks the system if not given.
        probe_formats: asks a camera for its formats, which needs opening it.
        indicator_numbers: maker's and product's numbers of beacons, from the library that drives them.
    """
    looker = _Looker(roots, may_use, missing_group or group_that_is_missing, _holders(roots))
    raw, inputs = hid_nodes(roots), input_nodes(roots)
    return Found(
        serial=_serial(looker),
        hid=_hid(looker, raw),
        wedges=_wedges(looker, inputs),
        cameras=_cameras(looker, probe_formats),
        printers=_printers(looker),
        indicators=_indicators(looker, raw, frozenset(indicator_numbers)),
        gpio_chips=_gpio_chips(looker),
    )


def group_that_is_missing(node: Path) -> str | None:
    """The group that owns a node, if its members may use it and this user is none of them."""
    import grp  # noqa: PLC0415 — exists on Unix only

    try:
        status = node.stat()
    except OSError:
        return None
    may_read_and_write = 0o060
    if status.st_mode & may_read_and_write != may_read_and_write or status.st_gid in (os.getegid(), *os.getgroups()):
        return None
    try:
        return grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        return str(status.st_gid)


def _holders(roots: Roots) -> dict[str, str]:
    """Which program has which node open, as far as this user may look: his own, or all for the administrator."""
    found: dict[str, str] = {}
    for process in entries_of(roots.proc):
        if not process.name.isdigit():
            continue
        for descriptor in entries_of(process / "fd"):
            try:
                target = str(descriptor.readlink())
            except OSError:
                continue
            if target.startswith(f"{roots.dev}/"):
                found.setdefault(target, f"{text_of(process / 'comm') or 'a program'} ({process.name})")
    return found


def _links(folder: Path) -> dict[str, str]:
    """Where the links of a folder lead to → the link; of two, the first by name."""
    found: dict[str, str] = {}
    for link in entries_of(folder):
        found.setdefault(str(link.resolve()), str(link))
    return found


def _usb_folder(device: Path) -> Path | None:
    """The folder of the USB device that something belongs to."""
    folder = device.resolve()
    for parent in (folder, *folder.parents)[:_MAX_PARENTS]:
        if (parent / "idVendor").is_file():
            return parent
    return None


def _serial(looker: _Looker) -> tuple[SerialDevice, ...]:
    roots = looker.roots
    by_path, by_id = _links(roots.dev / "serial" / "by-path"), _links(roots.dev / "serial" / "by-id")
    makers = {vendor: profile.name for profile in reversed(known_profiles()) for vendor in profile.usb_vendor_ids}
    found = []
    for entry in entries_of(roots.sys / "class" / "tty"):
        if not entry.name.startswith(_SERIAL_NAMES) or not (entry / "device").exists():
            continue
        if text_of(entry / "type") == _NO_UART:
            continue
        path = str(roots.dev / entry.name)
        usb = _usb_folder(entry / "device")
        vid = text_of(usb / "idVendor") if usb else ""
        found.append(
            SerialDevice(
                path=path,
                by_path=by_path.get(str(Path(path).resolve())),
                by_id=by_id.get(str(Path(path).resolve())),
                vid=vid,
                pid=text_of(usb / "idProduct") if usb else "",
                serial_number=text_of(usb / "serial") if usb else "",
                product=_product(usb) if usb else "",
                is_adapter=vid in _ADAPTERS,
                profile=makers.get(vid),
                access=looker.access(path),
            )
        )
    return tuple(found)


def _product(usb: Path) -> str:
    maker, product = text_of(usb / "manufacturer"), text_of(usb / "product")
    return product if product.startswith(maker) else f"{maker} {product}".strip()


def _hid(looker: _Looker, nodes: tuple[HidNode, ...]) -> tuple[HidDevice, ...]:
    found = []
    for node in nodes:
        layout = scanner_reports(node.descriptor)
        if layout is not None:
            can_beep = bool(layout.good_beep and layout.error_beep)
            access = looker.access(node.path)
            found.append(HidDevice(node.path, node.vid, node.pid, node.serial_number, node.product, can_beep, access))
    return tuple(found)


def _wedges(looker: _Looker, nodes: tuple[InputNode, ...]) -> tuple[WedgeDevice, ...]:
    by_id = _links(looker.roots.dev / "input" / "by-id")
    makers = [vendor for profile in known_profiles() for vendor in profile.usb_vendor_ids]
    found = []
    for node in nodes:
        if looks_like_a_scanner(node, makers):
            refusal = why_unsafe(node, nodes, makers)
            found.append(
                WedgeDevice(
                    path=node.path,
                    by_id=by_id.get(str(Path(node.path).resolve())),
                    vid=node.vid,
                    pid=node.pid,
                    product=node.product,
                    why_unsafe=refusal.meaning if refusal is not None else "",
                    access=looker.access(node.path),
                )
            )
    return tuple(found)


def _cameras(looker: _Looker, probe_formats: Callable[[str], tuple[str, ...]] | None) -> tuple[CameraDevice, ...]:
    roots = looker.roots
    by_path, by_id = _links(roots.dev / "v4l" / "by-path"), _links(roots.dev / "v4l" / "by-id")
    found = []
    for entry in entries_of(roots.sys / "class" / "video4linux"):
        # A camera has several nodes; the first one gives pictures, the others data about them.
        if not entry.name.startswith("video") or text_of(entry / "index") not in ("", "0"):
            continue
        node = str(roots.dev / entry.name)
        access = looker.access(node)
        found.append(
            CameraDevice(
                node=node,
                by_id=by_id.get(str(Path(node).resolve())),
                by_path=by_path.get(str(Path(node).resolve())),
                name=text_of(entry / "name"),
                formats=probe_formats(node) if probe_formats is not None and access.accessible else (),
                access=access,
            )
        )
    return tuple(found)


def _printers(looker: _Looker) -> tuple[UsbDevice, ...]:
    found = []
    for entry in entries_of(looker.roots.sys / "class" / "usbmisc"):
        if entry.name.startswith("lp"):
            path = str(looker.roots.dev / "usb" / entry.name)
            usb = _usb_folder(entry / "device")
            vid, pid = (text_of(usb / "idVendor"), text_of(usb / "idProduct")) if usb else ("", "")
            found.append(UsbDevice(path, vid, pid, _product(usb) if usb else "", looker.access(path)))
    return tuple(found)


def _indicators(
    looker: _Looker, nodes: tuple[HidNode, ...], numbers: frozenset[tuple[str, str]]
) -> tuple[UsbDevice, ...]:
    return tuple(
        UsbDevice(node.path, node.vid, node.pid, node.product, looker.access(node.path))
        for node in nodes
        if (node.vid, node.pid) in numbers
    )


def _gpio_chips(looker: _Looker) -> tuple[GpioChip, ...]:
    found = []
    for entry in entries_of(looker.roots.sys / "bus" / "gpio" / "devices"):
        if entry.name.startswith("gpiochip"):
            path = str(looker.roots.dev / entry.name)
            lines = text_of(entry / "ngpio")
            found.append(
                GpioChip(path, text_of(entry / "label"), int(lines) if lines.isdigit() else 0, looker.access(path))
            )
    return tuple(found)
