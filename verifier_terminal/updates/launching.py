"""Which version of the program runs: what was switched to, and whether it came up.

The software's folder (`/var/lib/liangzheng/software`) is written by the updating service alone:
    releases/VERSION/           each version that was installed
    current.json                the version that was switched to, and the one before
The version that was set up by hand lies elsewhere (`/opt/liangzheng`); it starts the others, and no update touches it.
The terminal's folder has `software-start.json`: how often the version was started, and whether its page came up.

Guaranteed: both files are replaced whole; from the same files everybody concludes the same. Until a version has come up
once, it is started `TRIES` times at most, and then the one before runs, for good. Not handled here: why (`working`).
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from revocation.repository.errors import MalformedMetadata
from revocation.repository.releases import Version
from verifier_terminal.replacing import replace_file, sync_folder

CURRENT: Final = "current.json"
START: Final = "software-start.json"
RELEASES: Final = "releases"
TRIES: Final = 3
PATIENCE_SECONDS: Final = 90
"""For the page of a version that has never come up here. A slow machine with the statuses of all regions takes ten."""
_MAX_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Current:
    """What was switched to.

    Attributes:
        version: The version that is to run.
        previous: The one before; None: the one set up by hand.
        way_back: Whether the one before can use the database that this one leaves.
    """

    version: str
    previous: str | None
    way_back: bool


@dataclass(frozen=True, slots=True)
class Start:
    """How a version came up."""

    version: str
    tries: int = 0
    healthy: bool = False


def current(program: Path) -> Current | None:
    """What was switched to; None: nothing ever was, or it cannot be read."""
    read = _read(program / CURRENT)
    try:
        found = Current(**read)
        for each in (found.version, found.previous or found.version):
            # It becomes part of a path.
            Version.parse(each)
    except (TypeError, AttributeError, MalformedMetadata):
        return None
    return found


def switch(program: Path, to: Current | None) -> None:
    """The switch: one file that is replaced; None: to the version that was set up by hand. Raises: OSError."""
    if to is None:
        (program / CURRENT).unlink(missing_ok=True)
        sync_folder(program)
    else:
        replace_file(program / CURRENT, json.dumps(asdict(to)).encode())


def start_of(directory: Path, version: str) -> Start:
    """How this version came up on this terminal so far."""
    found = last_start(directory)
    return found if found is not None and found.version == version else Start(version)


def last_start(directory: Path) -> Start | None:
    """What was switched to last, and how it came up; None: nothing ever was."""
    try:
        return Start(**_read(directory / START))
    except TypeError:
        return None


def note_start(directory: Path, start: Start) -> None:
    """Raises: OSError."""
    replace_file(directory / START, json.dumps(asdict(start)).encode())


def note_healthy(directory: Path, version: str) -> None:
    """The page of this version is up; one that was not just switched to has nothing to prove. Raises: OSError."""
    start = last_start(directory)
    if start is not None and start.version == version and not start.healthy:
        note_start(directory, Start(version, start.tries, healthy=True))


def has_failed(directory: Path, switched: Current) -> bool:
    """Whether the version that was switched to has had its tries and never came up."""
    return switched.way_back and never_came_up(start_of(directory, switched.version))


def never_came_up(start: Start) -> bool:
    """Whether a version has had its tries."""
    return not start.healthy and start.tries >= TRIES


def interpreter(program: Path, version: str | None) -> Path:
    """The Python of one version; None: of the one that was set up by hand, which is this one."""
    if version is None:
        return Path(sys.executable)
    return program / RELEASES / version / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


class Child(Protocol):
    """A running program."""

    def wait(self, seconds: float) -> int | None:
        """Its exit code; None: it still runs."""
        ...

    def end(self) -> None:
        """Ends it, whatever it does."""
        ...


def version_to_run(program: Path, directory: Path) -> str | None:
    """The version that runs, or would; None: the one that was set up by hand."""
    switched = current(program)
    if switched is None:
        return None
    version = switched.previous if has_failed(directory, switched) else switched.version
    return version if version is not None and interpreter(program, version).exists() else None


def launch(program: Path, directory: Path, *, start: Callable[[Path], Child], shows_page: bool = True) -> int:
    """Runs the version that is to run, and ends one that does not come up the first time. Gives its exit code.

    Args:
        program: The software's folder.
        directory: The terminal's.
        start: Starts the program with one interpreter.
        shows_page: It is `terminal serve`; no other command of a version can show whether it comes up.

    Raises:
        OSError: It cannot be started, or the try not be counted.
    """
    version = version_to_run(program, directory)
    began = Start("") if version is None else start_of(directory, version)
    if shows_page and version is not None and not began.healthy and last_start(directory) == began:
        # Counted before anything is started: whatever happens then, it was a try.
        note_start(directory, Start(version, began.tries + 1))
        return _watch(start(interpreter(program, version)), lambda: start_of(directory, version).healthy)
    return _watch(start(interpreter(program, version)), lambda: True)


def _watch(child: Child, is_healthy: Callable[[], bool]) -> int:
    for _ in range(PATIENCE_SECONDS):
        code = child.wait(1.0)
        if code is not None:
            return code
        if is_healthy():
            break
    else:
        child.end()
        return 1
    while (code := child.wait(3_600.0)) is None:
        pass
    return code


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as opened:
            found = json.loads(opened.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
