"""How staff sign on at one terminal: `staff.json` in its directory. Without the file nobody has to.

Guaranteed: the file is written whole or not at all; a misspelt entry is an error. Not handled here: the change's row in
the journal (whoever changes writes it), and who may change them: whoever may write the terminal's directory.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from protocol.unixtime import MINUTE, Seconds
from verifier_terminal.replacing import replace_file
from verifier_terminal.staff.errors import StaffSettingsUnusable

FILE: Final = "staff.json"
MAX_BYTES: Final = 16_384
IDLE_MINUTES: Final = range(1, 12 * 60 + 1)
MAX_STICKS: Final = 8


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """How staff sign on.

    Attributes:
        required: Whether no code is read before somebody is on duty. Places that nobody attends need nobody.
        idle_minutes: After how long without any use of the terminal the person on duty is signed off.
        keep_case: Whether the queue number stays for the next act; else an act uses it up.
        sticks: Folders, as they are mounted, where people's key files may lie beside the terminal's own.
    """

    required: bool = False
    idle_minutes: int = 15
    keep_case: bool = False
    sticks: tuple[str, ...] = ()

    @property
    def idle_limit(self) -> Seconds:
        """As seconds."""
        return Seconds(self.idle_minutes * MINUTE)


def load(directory: Path) -> StaffSettings:
    """What is set for the terminal here.

    Raises:
        StaffSettingsUnusable: The file is damaged, or says something that means nothing.
    """
    try:
        with (directory / FILE).open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return StaffSettings()
    except OSError as failure:
        raise StaffSettingsUnusable(f"{FILE}: {failure.strerror}") from failure
    try:
        entries = json.loads(content.decode("utf-8")) if len(content) <= MAX_BYTES else None
    except (ValueError, RecursionError) as wrong:
        raise StaffSettingsUnusable(f"{FILE} is not JSON") from wrong
    return _checked(entries)


def save(directory: Path, settings: StaffSettings) -> None:
    """Puts these in the place of those that were set.

    Raises:
        StaffSettingsUnusable: They mean nothing, or cannot be written; the old ones stay.
    """
    entries = {**asdict(settings), "sticks": list(settings.sticks)}
    _checked(entries)
    try:
        replace_file(directory / FILE, json.dumps(entries, ensure_ascii=False, indent=2).encode() + b"\n")
    except OSError as failure:
        raise StaffSettingsUnusable(f"{FILE}: {failure.strerror}") from failure


def _checked(entries: object) -> StaffSettings:
    match entries:
        case {
            "required": bool() as required,
            "idle_minutes": int() as idle,
            "keep_case": bool() as keep,
            "sticks": list() as sticks,
            **others,
        } if not others and type(idle) is int:
            pass
        case _:
            raise StaffSettingsUnusable(f"{FILE} has not exactly required, idle_minutes, keep_case and sticks")
    if idle not in IDLE_MINUTES:
        raise StaffSettingsUnusable(f"idle_minutes: {IDLE_MINUTES.start} to {IDLE_MINUTES.stop - 1}")
    if len(sticks) > MAX_STICKS or not all(
        isinstance(each, str) and each.isprintable() and Path(each).is_absolute() for each in sticks
    ):
        raise StaffSettingsUnusable(f"sticks: at most {MAX_STICKS} folders by their full path")
    return StaffSettings(required, idle, keep, tuple(sticks))
