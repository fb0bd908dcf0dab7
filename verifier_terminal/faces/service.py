"""Whether staff have taken a kiosk out of service: one small file that a restart does not forget.

It is written by a command of whoever may log in to the machine, never by the way of a code or of the screen. A file
that cannot be read counts as out of service: what somebody once forbade is not allowed because a disk is bad.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from protocol.unixtime import UnixTime
from verifier_terminal.errors import NotATerminal, ServiceNoticeRefused
from verifier_terminal.replacing import replace_file, sync_folder

FILE: Final = "out-of-service.json"
MAX_REASON_CHARACTERS: Final = 200
_MAX_FILE_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class ServiceNotice:
    """Why the kiosk stands still, since when, and who said so; for staff, not for the screen."""

    reason: str
    since: UnixTime
    by: str


UNREADABLE: Final = ServiceNotice("the notice cannot be read", UnixTime(0), "")


def read(directory: Path) -> ServiceNotice | None:
    """The notice; None while the kiosk is in service."""
    path = directory / FILE
    try:
        with path.open("rb") as opened:
            content = json.loads(opened.read(_MAX_FILE_BYTES))
        return ServiceNotice(str(content["reason"]), UnixTime(int(content["since"])), str(content["by"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return UNREADABLE


def take_out(directory: Path, notice: ServiceNotice) -> None:
    """Writes the notice; durable on return.

    Raises:
        ServiceNoticeRefused: It gives no reason, or one that cannot be shown.
        NotATerminal: It cannot be written.
    """
    if not 0 < len(notice.reason.strip()) <= MAX_REASON_CHARACTERS or not notice.reason.isprintable():
        raise ServiceNoticeRefused(f"a reason of 1 to {MAX_REASON_CHARACTERS} printable characters")
    try:
        replace_file(directory / FILE, json.dumps(asdict(notice), ensure_ascii=False).encode() + b"\n")
    except OSError as failure:
        raise NotATerminal(f"{directory}: {failure.strerror}") from failure


def put_back(directory: Path) -> None:
    """Removes the notice; durable on return, and twice does no harm.

    Raises:
        NotATerminal: It cannot be removed.
    """
    try:
        (directory / FILE).unlink(missing_ok=True)
        sync_folder(directory)
    except OSError as failure:
        raise NotATerminal(f"{directory}: {failure.strerror}") from failure
