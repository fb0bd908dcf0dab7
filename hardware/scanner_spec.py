"""From the operator's words to a scanner: `serial:PATH?profile=newland&baud=115200`, `hid:…`, `wedge:…`, or a port.

A port path or a pyserial URL without `serial:` in front is a serial scanner too. Options are known words only, so that
a misspelt one is an error and not a setting without effect.

Not handled here: cameras (camera/capture.py).
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from hardware.devices import AnsweringSource
from hardware.errors import UnsupportedSource
from hardware.hid_scanner.driver import HidScanner
from hardware.hid_scanner.wedge import WedgeScanner
from hardware.serial_scanner.driver import SerialScanner
from hardware.serial_scanner.scanner_profile import GENERIC, profile_named

_SERIAL = "serial:"
_HID = "hid:"
_WEDGE = "wedge:"
_MAX_BAUD_RATE = 4_000_000


@dataclass(frozen=True, slots=True)
class SerialSpec:
    """A serial scanner in the operator's words.

    Attributes:
        url: device path or pyserial URL.
        profile: name of its profile; None if nothing was said.
        baud_rate: None if nothing was said.
    """

    url: str
    profile: str | None = None
    baud_rate: int | None = None


def parse_serial_spec(spec: str) -> SerialSpec:
    """Takes a specification apart.

    Raises:
        UnsupportedSource: an option is unknown or wrong, or no port is named.
    """
    if not spec.startswith(_SERIAL):
        return SerialSpec(spec)
    url, _, query = spec.removeprefix(_SERIAL).partition("?")
    if not url:
        raise UnsupportedSource(spec, "no port is named")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(options.keys() - {"profile", "baud"}):
        raise UnsupportedSource(spec, f"the option {unknown[0]} is not known; there are profile and baud")
    baud = options.get("baud")
    if baud is not None and not (baud.isascii() and baud.isdigit() and 0 < int(baud) <= _MAX_BAUD_RATE):
        raise UnsupportedSource(spec, f"baud={baud} is no speed")
    return SerialSpec(url, options.get("profile"), int(baud) if baud is not None else None)


def open_scanner(
    spec: str, *, profile: str = GENERIC, baud_rate: int | None = None, wait_for_device: bool = True
) -> AnsweringSource:
    """The driver for it; nothing is opened yet.

    Args:
        spec: as above.
        profile: of a serial scanner, unless the specification names one.
        baud_rate: of a serial line, unless the specification names one; else the profile's.
        wait_for_device: if false, `readings` raises when the device is absent at first.

    Raises:
        HardwareError: an option or a profile is not known.
    """
    if spec.startswith(_HID):
        return HidScanner(spec.removeprefix(_HID), wait_for_device=wait_for_device)
    if spec.startswith(_WEDGE):
        return WedgeScanner(spec.removeprefix(_WEDGE), wait_for_device=wait_for_device)
    named = parse_serial_spec(spec)
    chosen = profile_named(named.profile or profile)
    return SerialScanner(
        named.url,
        baud_rate=named.baud_rate or baud_rate or chosen.baud_rate,
        profile=chosen,
        wait_for_device=wait_for_device,
    )
