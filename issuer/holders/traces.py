"""Where a person's values lie in an issuer's folder outside the register: rows of imports, uploaded lists, packages.

Guaranteed: a row is blanked in its place, so that an import that was interrupted goes on around it; an uploaded list
that names the person, or that cannot be read, goes as a whole, for nobody has begun to import it yet.
"""

import re
import shutil
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from issuer import durable_files
from issuer.bulk import spool
from issuer.errors import StorageFailed

_MAX_MEMBER_BYTES: Final = 1 << 28
"""Of one part of a workbook, unpacked: more is taken for one that cannot be read."""
_PART: Final = 1 << 20


Columns = Callable[[str], Collection[int] | None]
"""In which columns of an import the holder's own number stands; None: in any, where nobody can say."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What was found of a person: rows (import, number of the row), and uploaded lists."""

    rows: tuple[tuple[str, int], ...] = ()
    uploads: tuple[Path, ...] = ()


def find(imports: Path, number: str, columns: Columns) -> Traces:
    """Where the person with this number is named. Raises: StorageFailed."""
    return Traces(
        tuple(
            (path.stem, row) for path in _spools(imports) for row, _ in spool.naming(path, number, columns(path.stem))
        ),
        tuple(folder for folder in _uploads(imports) if any(_names(each, number) for each in folder.iterdir())),
    )


def rows_of(imports: Path, number: str, columns: Columns) -> list[dict[str, object]]:
    """The rows that name the person, as the person may have them. Raises: StorageFailed."""
    return [
        {"import": path.stem, "row": row, "cells": list(cells)}
        for path in _spools(imports)
        for row, cells in spool.naming(path, number, columns(path.stem))
    ]


def erase(imports: Path, number: str, columns: Columns, *, packages: Path, ids: list[str]) -> None:
    """Blank the rows, remove the lists and the packages of these licences and mandates; no number, no rows and lists.

    Raises: StorageFailed.
    """
    found = find(imports, number, columns) if number else Traces()
    for path in _spools(imports):
        if path.stem in {name for name, _ in found.rows}:
            spool.blank(path, number, columns(path.stem))
    for folder in found.uploads:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            raise StorageFailed("an uploaded list cannot be removed")
    for each in ids:
        durable_files.remove(packages / f"{each}.cbor")


def _spools(imports: Path) -> Iterator[Path]:
    yield from sorted(imports.glob(f"*{spool.SUFFIX}"))


def _uploads(imports: Path) -> Iterator[Path]:
    """A folder for each list that somebody has put into the console."""
    yield from (each for each in sorted(imports.glob("uploads/*/*")) if each.is_dir())


def _names(path: Path, number: str) -> bool:
    """Whether this list names the number; one that cannot be read, or not in full, is taken for one that does."""
    if path.suffix.lower() != ".xlsx":
        return _contains(path.open("rb"), number)
    try:
        with zipfile.ZipFile(path) as workbook:
            members = workbook.infolist()
            if any(each.file_size > _MAX_MEMBER_BYTES for each in members):
                return True
            return any(_contains(workbook.open(each), number) for each in members)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        # No workbook, an encrypted one, or packed in a way that zipfile does not know.
        return True


def _contains(file: IO[bytes], number: str) -> bool:
    """Whether the number stands there by itself; a longer one that has it in it is another one."""
    wanted, held = re.compile(rb"(?<![0-9A-Za-z])" + number.encode() + rb"(?![0-9A-Za-z])", re.IGNORECASE), b""
    with file:
        while part := file.read(_PART):
            if wanted.search(held + part):
                return True
            held = part[-len(number) - 1 :]
    return False
