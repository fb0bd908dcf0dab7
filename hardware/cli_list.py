"""`liangzheng hardware list`: what is plugged in, whether it may be used, and how to name it to the terminal."""

from dataclasses import asdict
from typing import Any

import click

from hardware.cli_parts import named_failures, print_json
from hardware.found_devices import Access, Found

_WORDS = {
    "serial": "serial lines (scanners, printers, displays)",
    "hid": "HID-POS scanners",
    "wedges": "keyboards that look like scanners",
    "cameras": "cameras",
    "printers": "printers",
    "indicators": "beacons",
    "gpio_chips": "lines of the board",
}


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.option("--search", default="", metavar="TEXT", help="Only what has this in its name, path or product.")
@named_failures
def list_devices(as_json: bool, search: str) -> None:
    """List what is plugged in. Nothing is opened, so no device is disturbed.

    Each line ends with the words by which the terminal takes it (--serial, --camera …): prefer those, which survive
    replugging. A device that this user may not use is named with the group that is missing.
    """
    from hardware import discovery

    found = discovery.find()
    shown = {
        name: [each for each in _described(found, name) if search.casefold() in str(each).casefold()] for name in _WORDS
    }
    if as_json:
        print_json(shown)
        return
    for name, devices in shown.items():
        if devices:
            click.echo(f"{_WORDS[name]}:")
        for each in devices:
            click.echo(f"  {_line(each)}")
    if not any(shown.values()):
        click.echo("Nothing was found. Is it plugged in, and does the system see it (`dmesg`, `lsusb`)?")


def _described(found: Found, name: str) -> list[dict[str, Any]]:
    devices = getattr(found, name)
    return [{**asdict(each), "spec": getattr(each, "spec", None)} for each in devices]


def _line(device: dict[str, Any]) -> str:
    path = device.get("path") or device.get("node")
    product = device.get("product") or device.get("name") or device.get("label") or "without a name"
    words = [f"{path}  {product}", _access(Access(**device["access"]))]
    if device.get("why_unsafe"):
        words.append(f"not taken: {device['why_unsafe']}")
    elif device["spec"]:
        words.append(f"→ {device['spec']}")
    return "  ".join(each for each in words if each)


def _access(access: Access) -> str:
    if access.in_use_by is not None:
        return f"in use by {access.in_use_by}"
    if access.accessible:
        return ""
    group = f": this user must be in the group {access.missing_group}" if access.missing_group else ""
    return f"not accessible{group}"
