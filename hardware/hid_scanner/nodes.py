"""What the system says about HID devices and keyboards, read from its small files; nothing is opened.

Not handled here: what to make of it.
"""

from dataclasses import dataclass, field
from pathlib import Path

from hardware.roots import Roots, entries_of, text_of

# linux/input-event-codes.h: the letters in three rows, and Enter.
_LETTER_CODES = (*range(16, 26), *range(30, 39), *range(44, 51))
_ENTER_CODE = 28
_KEY_EVENTS = 1
_LONG_BITS = 64


@dataclass(frozen=True, slots=True)
class HidNode:
    """One /dev/hidraw device.

    Attributes:
        path: its node.
        vid: maker's number, four small hexadecimal digits.
        pid: product's number.
        product: name of the device.
        serial_number: empty if it has none.
        physical: the port that it is plugged into.
        descriptor: its HID report descriptor.
    """

    path: str
    vid: str
    pid: str
    product: str
    serial_number: str
    physical: str
    descriptor: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class InputNode:
    """One /dev/input/event device.

    Attributes:
        path: its node.
        vid: maker's number.
        pid: product's number.
        bus: 3 is USB, 5 Bluetooth, 17 (0x11) the keyboard port of the machine itself, 24 (0x18) I2C.
        product: name of the device.
        physical: the port that it is plugged into.
        types_letters: it has all letters and Enter.
    """

    path: str
    vid: str
    pid: str
    bus: int
    product: str
    physical: str
    types_letters: bool


def hid_nodes(roots: Roots) -> tuple[HidNode, ...]:
    """All HID devices with a raw node."""
    return tuple(_hid_node(roots, entry) for entry in entries_of(roots.sys / "class" / "hidraw"))


def input_nodes(roots: Roots) -> tuple[InputNode, ...]:
    """All event devices."""
    folder = roots.sys / "class" / "input"
    return tuple(_input_node(roots, entry) for entry in entries_of(folder) if entry.name.startswith("event"))


def _hid_node(roots: Roots, entry: Path) -> HidNode:
    said = dict(line.split("=", 1) for line in text_of(entry / "device" / "uevent").splitlines() if "=" in line)
    numbers = said.get("HID_ID", "").split(":")
    try:
        descriptor = (entry / "device" / "report_descriptor").read_bytes()
    except OSError:
        descriptor = b""
    return HidNode(
        path=str(roots.dev / entry.name),
        vid=numbers[1][-4:].lower() if len(numbers) == 3 else "",
        pid=numbers[2][-4:].lower() if len(numbers) == 3 else "",
        product=said.get("HID_NAME", ""),
        serial_number=said.get("HID_UNIQ", ""),
        physical=said.get("HID_PHYS", ""),
        descriptor=descriptor,
    )


def _input_node(roots: Roots, entry: Path) -> InputNode:
    device = entry / "device"
    keys = _bits(text_of(device / "capabilities" / "key"))
    has_keys = _bits(text_of(device / "capabilities" / "ev")) >> _KEY_EVENTS & 1
    bus = text_of(device / "id" / "bustype")
    return InputNode(
        path=str(roots.dev / "input" / entry.name),
        vid=text_of(device / "id" / "vendor").lower(),
        pid=text_of(device / "id" / "product").lower(),
        bus=int(bus, 16) if bus and set(bus.lower()) <= set("0123456789abcdef") else 0,
        product=text_of(device / "name"),
        physical=text_of(device / "phys"),
        types_letters=bool(has_keys) and all(keys >> code & 1 for code in (*_LETTER_CODES, _ENTER_CODE)),
    )


def _bits(words: str) -> int:
    """A bit map as the kernel prints it: words of 64 bits in hexadecimal, the highest first."""
    value = 0
    for word in words.split():
        try:
            value = value << _LONG_BITS | int(word, 16)
        except ValueError:
            return 0
    return value
