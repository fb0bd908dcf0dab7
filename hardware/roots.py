"""Where the system shows its devices; a test puts a tree of its own there."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Roots:
    """Three folders of a Linux system."""

    dev: Path = Path("/dev")
    sys: Path = Path("/sys")
    proc: Path = Path("/proc")


REAL = Roots()


def text_of(path: Path) -> str:
    """The content of one of the system's small files without its line end; empty if there is none or it is refused."""
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""


def entries_of(folder: Path) -> tuple[Path, ...]:
    """What is in a folder, in the order of names; nothing if there is no such folder."""
    try:
        return tuple(sorted(folder.iterdir()))
    except OSError:
        return ()
