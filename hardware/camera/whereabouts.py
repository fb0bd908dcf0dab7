"""Where a camera is now that was named by its node: `/dev/video0` may come back as `/dev/video2`, or be another one.

While it is there, the names by socket and by device that point to it are remembered; afterwards it is where the first
of them that exists points to. A camera named by such a name, or without any, stays under its own.

Not handled here: two equal cameras without serial numbers that change their sockets; nothing can tell them apart.
"""

from pathlib import Path

from hardware.roots import REAL, Roots, entries_of


class Whereabouts:
    """The place of one camera."""

    def __init__(self, named: Path, roots: Roots = REAL) -> None:
        """Looks nowhere yet."""
        self._named = named
        self._roots = roots
        self._names: tuple[Path, ...] = ()

    def now(self) -> Path:
        """What to open; it need not exist."""
        if not self._names and self._named.exists() and not self._named.is_symlink():
            folders = (self._roots.dev / "v4l" / "by-path", self._roots.dev / "v4l" / "by-id")
            node = self._named.resolve()
            self._names = tuple(each for folder in folders for each in entries_of(folder) if each.resolve() == node)
        return next((each for each in self._names if each.exists()), self._names[0] if self._names else self._named)
