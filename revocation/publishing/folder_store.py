"""A store in a folder that a web server serves: files that are wholly there or not at all, also after a power cut.

A file is written beside its place, flushed, and then linked (only if nothing is there) or renamed (in place of what is
there), and the folder is flushed. Web servers and caches are told how long to keep a file by their own configuration
(docs/operations.md); a file system has no place for it.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from protocol import feed_names
from revocation.publishing.errors import ObjectDiffers, StoreFailed

_PUBLIC: Final = 0o644
_FOLDER: Final = 0o755


class FolderStore:
    """Files below one folder; the folders of names with a slash are made where they are missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        return str(self._folder)

    def put_if_absent(self, name: str, content: bytes) -> bool:
        """As `ObjectStore.put_if_absent`."""
        path = self._folder / name
        try:
            if not path.exists():
                temporary = self._written(path, content)
                try:
                    # A link never takes a place that is taken, whoever was faster.
                    os.link(temporary, path)
                finally:
                    temporary.unlink()
                _flush_folder(path.parent)
                return True
        except FileExistsError:
            pass
        except OSError as error:
            raise _failed("write", name, error) from None
        if self._read(name, len(content) + 1) != content:
            raise ObjectDiffers(f"{name} is there with other bytes")
        # Whoever put it may have died before this.
        _flush_folder(path.parent)
        return False

    def put(self, name: str, content: bytes) -> None:
        """As `ObjectStore.put`."""
        path = self._folder / name
        try:
            temporary = self._written(path, content)
            try:
                temporary.replace(path)
            except BaseException:
                with suppress(OSError):
                    temporary.unlink()
                raise
            _flush_folder(path.parent)
        except OSError as error:
            raise _failed("write", name, error) from None

    def get(self, name: str, *, max_bytes: int) -> bytes | None:
        """As `ObjectStore.get`."""
        content = self._read(name, max_bytes + 1)
        if content is not None and len(content) > max_bytes:
            raise StoreFailed(f"{name} has more than {max_bytes} bytes")
        return content

    def _read(self, name: str, most: int) -> bytes | None:
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(most)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed("read", name, error) from None

    def remove(self, name: str) -> None:
        """As `ObjectStore.remove`."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise _failed("remove", name, error) from None

    def tidy(self) -> None:
        """As `ObjectStore.tidy`."""
        for left in (self._folder / feed_names.FOLDER).glob(".*.tmp"):
            self.remove(f"{feed_names.FOLDER}/{left.name}")

    def _written(self, path: Path, content: bytes) -> Path:
        """A flushed file with this content beside the place where it is to be."""
        path.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(_PUBLIC)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        return temporary


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no handle of a folder to flush; the rename is journalled there.
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _failed("flush", folder.name, error) from None


def _failed(what: str, name: str, error: OSError) -> StoreFailed:
    return StoreFailed(f"cannot {what} {name}: {error.strerror}")
