"""Fetches a release's archive piece by piece into a file, and goes on where it ended: killed, or without a network.

Guaranteed: never more bytes than were signed; a file under its own name has the signed hash. Pieces are short, so that
each has a deadline of its own on a slow line, and memory holds one of them.
"""

import os
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path
from typing import Final, Protocol

from revocation.repository.releases import Release
from verifier_terminal.replacing import sync_folder
from verifier_terminal.updates.errors import InstallFailed, ReleaseDamaged

PIECE_BYTES: Final = 1_048_576
_ROOM: Final = 5
"""Times the archive's size: itself, unpacked, and installed."""


class PartMirror(Protocol):
    """Where parts of published files come from."""

    def fetch_part(self, name: str, *, start: int, length: int) -> bytes:
        """So many bytes from there on, fewer only at the end of the file. Raises: FetchError."""
        ...


def held(folder: Path, release_sha256: bytes) -> Path | None:
    """The archive with this hash, if it was fetched; its bytes are compared once more before they are used."""
    path = _path(folder, release_sha256)
    return path if path.is_file() else None


def download(mirror: PartMirror, release: Release, folder: Path, *, free_bytes: Callable[[Path], int]) -> Path:
    """The whole archive.

    Raises:
        FetchError: It could not be fetched; what has come stays for the next time.
        ReleaseDamaged: Other bytes than the signed ones; nothing stays.
        InstallFailed: The disk refused, or has too little room.
    """
    path = _path(folder, release.sha256)
    part = path.with_suffix(".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_others(folder, keep=path.stem)
        if path.is_file():
            return path
        if part.exists() and part.stat().st_size > release.size:
            part.unlink()
        with part.open("ab") as opened:
            if free_bytes(folder) < _ROOM * release.size - opened.tell():
                raise InstallFailed(f"{_ROOM * release.size >> 20} MiB of room are needed")
            while (left := release.size - opened.tell()) > 0:
                piece = mirror.fetch_part(release.file, start=opened.tell(), length=min(PIECE_BYTES, left))
                if not piece or len(piece) > left:
                    break
                opened.write(piece)
                opened.flush()
                os.fsync(opened.fileno())
        if part.stat().st_size != release.size or digest(part) != release.sha256:
            part.unlink()
            raise ReleaseDamaged(f"{release.version}")
        part.replace(path)
        sync_folder(folder)
    except OSError as failure:
        raise InstallFailed(failure.strerror or type(failure).__name__) from failure
    return path


def digest(path: Path) -> bytes:
    """SHA-256 of a file. Raises: OSError."""
    with path.open("rb") as opened:
        return file_digest(opened, "sha256").digest()


def _path(folder: Path, release_sha256: bytes) -> Path:
    return folder / f"{release_sha256.hex()}.tar"


def _forget_others(folder: Path, *, keep: str) -> None:
    for path in folder.iterdir():
        if path.stem != keep and path.suffix in (".tar", ".part"):
            path.unlink()
