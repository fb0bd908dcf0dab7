"""The devices of one terminal: `devices.toml` in its directory, so that a restart needs no options.

    cameras = ["v4l2:/dev/v4l/by-id/…"]     scanners = ["serial:/dev/serial/by-path/…?profile=newland"]
    lamps = ["lamp:busylight"]              buzzers = ["buzzer:gpio:gpiochip0/5"]
    lock = "lock:gpio:gpiochip0/6"          printer = "escpos:socket://192.0.2.7:9100?paper=80"
    display = "display:/dev/ttyUSB1"

Guaranteed: the file is written whole or not at all; a misspelt entry is an error. Not handled here: what the words mean
(hardware/output_spec.py and hardware/open_source.py).
"""

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from verifier_terminal.errors import DeviceSettingsUnusable
from verifier_terminal.replacing import replace_file

FILE: Final = "devices.toml"
MAX_BYTES: Final = 16_384
MOST_OF_A_KIND: Final = 16
_SINGLE: Final = ("lock", "printer", "display")


@dataclass(frozen=True, slots=True)
class DeviceSettings:
    """In the operator's words; nothing where nothing is connected."""

    cameras: tuple[str, ...] = ()
    scanners: tuple[str, ...] = ()
    lamps: tuple[str, ...] = ()
    buzzers: tuple[str, ...] = ()
    lock: str = ""
    printer: str = ""
    display: str = ""


KINDS: Final = tuple(each.name for each in fields(DeviceSettings))


def load(directory: Path) -> DeviceSettings:
    """What is set for the terminal here; nothing where there is no file.

    Raises:
        DeviceSettingsUnusable: The file is damaged, or says something that means nothing.
    """
    try:
        with (directory / FILE).open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return DeviceSettings()
    except OSError as failure:
        raise DeviceSettingsUnusable(f"{FILE}: {failure.strerror}") from failure
    if len(content) > MAX_BYTES:
        raise DeviceSettingsUnusable(f"{FILE} is longer than {MAX_BYTES} bytes")
    try:
        entries = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as wrong:
        raise DeviceSettingsUnusable(f"{FILE}: {wrong}") from wrong
    return _checked(entries)


def save(directory: Path, settings: DeviceSettings) -> None:
    """Puts these in the place of those that were set.

    Raises:
        DeviceSettingsUnusable: They mean nothing, or cannot be written; the old ones stay.
    """
    entries = {name: value for name, value in asdict(settings).items() if value}
    _checked(entries)
    lines = ["# Devices of this terminal; `liangzheng terminal devices` shows and sets them."]
    # Strings without control characters are written alike in JSON and in TOML, and so are lists of them.
    lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in entries.items()]
    try:
        replace_file(directory / FILE, "\n".join((*lines, "")).encode())
    except OSError as failure:
        raise DeviceSettingsUnusable(f"{FILE}: {failure.strerror}") from failure


def _checked(entries: dict[str, Any]) -> DeviceSettings:
    if unknown := sorted(entries.keys() - set(KINDS)):
        raise DeviceSettingsUnusable(f"{FILE}: there is no {unknown[0]}; there are {', '.join(KINDS)}")
    values: dict[str, Any] = {}
    for name, value in entries.items():
        words = [value] if name in _SINGLE else value
        if not isinstance(words, list | tuple) or len(words) > MOST_OF_A_KIND:
            raise DeviceSettingsUnusable(f"{FILE}: {name} is a list of at most {MOST_OF_A_KIND}")
        if not all(isinstance(each, str) and each and each.isprintable() for each in words):
            raise DeviceSettingsUnusable(f"{FILE}: {name} is no printable text")
        values[name] = value if name in _SINGLE else tuple(words)
    return DeviceSettings(**values)
