"""Where people's key files lie: in the terminal's own folder `staff`, and on sticks. One file for each staff number.

Guaranteed: the terminal's own file counts before one on a stick; a new file is for its owner alone and replaces
nothing; a stick that is gone, full of other things, or holds a damaged file keeps nobody else from signing on.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from protocol.staff_certificate import NUMBER_PATTERN
from verifier_terminal.replacing import sync_folder
from verifier_terminal.staff import key_file
from verifier_terminal.staff import settings as settings_file
from verifier_terminal.staff.errors import StaffKeyDamaged, StaffTaken, StaffUnknown
from verifier_terminal.staff.key_file import KeyFile
from verifier_terminal.staff.settings import StaffSettings

FOLDER: Final = "staff"
SUFFIX: Final = ".staff"
MAX_PEOPLE: Final = 200
"""Key files that are looked at in one folder: more than any window has staff."""


class StaffFiles:
    """The key files that this terminal can reach. Read when asked for: sticks come and go."""

    def __init__(self, directory: Path, settings: StaffSettings) -> None:
        """No key is read yet.

        Args:
            directory: The terminal's.
            settings: How staff sign on here; they name the folders on sticks.
        """
        self.settings = settings
        self._directory = directory
        self._own = directory / FOLDER
        self._folders = (self._own, *(Path(each) for each in settings.sticks))

    def save_settings(self, settings: StaffSettings) -> None:
        """Puts other settings in their place, for whoever opens the terminal next. Raises: StaffSettingsUnusable."""
        settings_file.save(self._directory, settings)

    def numbers(self) -> tuple[str, ...]:
        """Everybody who has a file here, damaged or not."""
        return tuple(sorted({path.stem for folder in self._folders for path in _files_in(folder)}))

    def read(self, number: str) -> KeyFile:
        """This person's file.

        Raises:
            StaffUnknown: There is none.
            StaffKeyDamaged: It cannot be read.
        """
        path = self._find(number)
        try:
            with path.open("rb") as opened:
                content = opened.read(key_file.MAX_BYTES + 1)
        except OSError as failure:
            raise StaffKeyDamaged(f"{path.name}: {failure.strerror}") from failure
        found = key_file.parse(content)
        if found.number != number:
            raise StaffKeyDamaged(f"{path.name} belongs to another staff number")
        return found

    def add(self, content: KeyFile, *, to: Path | None = None) -> Path:
        """Writes a new file, on the terminal or into this folder, and says where it is.

        Raises:
            StaffTaken: This number has one there.
            StaffKeyDamaged: It cannot be written.
        """
        folder = to or self._own
        path = folder / f"{content.number}{SUFFIX}"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            temporary = _written(folder, content.encoded())
        except OSError as failure:
            raise StaffKeyDamaged(f"{path}: {failure.strerror}") from failure
        try:
            # Not a rename: a key that is there may be the only one of a person who is certified.
            os.link(temporary, path)
            sync_folder(folder)
        except FileExistsError:
            raise StaffTaken(content.number) from None
        except OSError:
            _claim(temporary, path)
        finally:
            with suppress(OSError):
                temporary.unlink()
        return path

    def install(self, content: KeyFile) -> None:
        """Puts a file with another certificate in the place of the one that is there. Raises: as `read`."""
        path = self._find(content.number)
        try:
            temporary = _written(path.parent, content.encoded())
            temporary.replace(path)
            sync_folder(path.parent)
        except OSError as failure:
            raise StaffKeyDamaged(f"{path.name}: {failure.strerror}") from failure

    def remove(self, number: str) -> Path:
        """Removes a person's file for good, and says where it was. Raises: StaffUnknown, StaffKeyDamaged."""
        path = self._find(number)
        try:
            path.unlink()
            sync_folder(path.parent)
        except OSError as failure:
            raise StaffKeyDamaged(f"{path.name}: {failure.strerror}") from failure
        return path

    def _find(self, number: str) -> Path:
        # The form keeps what was typed from being a path.
        if NUMBER_PATTERN.fullmatch(number):
            for folder in self._folders:
                path = folder / f"{number}{SUFFIX}"
                with suppress(OSError):
                    if path.is_file():
                        return path
        raise StaffUnknown


def _files_in(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        found = (path for path in folder.iterdir() if path.suffix == SUFFIX and NUMBER_PATTERN.fullmatch(path.stem))
        for _, path in zip(range(MAX_PEOPLE), found, strict=False):
            yield path


def _written(folder: Path, content: bytes) -> Path:
    """A file of this content beside its place, for its owner alone, durable."""
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".new.", suffix=".tmp")
    with os.fdopen(handle, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    return Path(temporary)


def _claim(temporary: Path, path: Path) -> None:
    """For sticks whose file system knows no links (FAT): the name is taken first, then the content put under it."""
    try:
        with path.open("xb"):
            pass
        temporary.replace(path)
        sync_folder(path.parent)
    except FileExistsError:
        raise StaffTaken(path.stem) from None
    except OSError as failure:
        raise StaffKeyDamaged(f"{path.name}: {failure.strerror}") from failure
