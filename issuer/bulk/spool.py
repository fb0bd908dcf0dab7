"""The rows of one import as they wait for their turn: a file beside the register, private, gone when it is finished.

Whatever the format was, it is read and taken apart once; the spool is what an interrupted import goes on from, on the
same rows, even if the original is gone or was changed. It is as personal as the register, and lies in the same folder.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from issuer import durable_files
from issuer.bulk import bounds
from issuer.bulk.errors import TooManyRows
from issuer.bulk.rows import Row
from issuer.errors import Problem, StorageFailed

SUFFIX: Final = ".rows"
_ERASED: Final = ("erased at the holder's request", "erased", "")


@dataclass(frozen=True, slots=True)
class Block:
    """Where some rows lie in the spool."""

    number: int
    offset: int
    length: int
    rows: int


def place(folder: Path, import_id: str) -> Path:
    """The spool of this import."""
    return folder / f"{import_id}{SUFFIX}"


def write(path: Path, rows: Iterable[Row], *, block_rows: int) -> tuple[Block, ...]:
    """Put rows into a new spool, durably, and say where the blocks are. Raises: StorageFailed, and as the rows do."""
    durable_files.make_folder(path.parent, mode=0o700)
    blocks: list[Block] = []
    lines: list[str] = []
    offset = count = 0
    try:
        # Not over an older one, and readable for nobody else from the first moment on.
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, durable_files.PRIVATE), "wb") as file:

            def flush() -> None:
                nonlocal offset
                content = "".join(lines).encode()
                file.write(content)
                blocks.append(Block(len(blocks), offset, len(content), len(lines)))
                offset += len(content)
                lines.clear()

            for row in rows:
                count += 1
                if count > bounds.MAX_ROWS:
                    raise TooManyRows(f"more than {bounds.MAX_ROWS:,} rows")
                lines.append(_line(row))
                if len(lines) == block_rows:
                    flush()
            if lines:
                flush()
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StorageFailed(f"cannot write the rows of the import: {error.strerror}") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return tuple(blocks)


def read(path: Path, block: Block) -> tuple[Row, ...]:
    """The rows of one block. Raises: StorageFailed."""
    try:
        with path.open("rb") as file:
            file.seek(block.offset)
            content = file.read(block.length)
    except OSError as error:
        raise StorageFailed(f"cannot read the rows of the import: {error.strerror}") from None
    try:
        found = tuple(_row(*json.loads(line)) for line in content.decode().split("\n")[:-1])
    except (ValueError, TypeError):
        found = ()
    if len(found) != block.rows:
        raise StorageFailed("the rows of the import are damaged", hint="Cancel it, and import the file again.")
    return found


def naming(path: Path, number: str, columns: Collection[int] | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows with this number in one of these columns, or any: (number of the row, cells). Raises: StorageFailed."""
    for _, row in _naming(path, number, columns):
        yield row.number, row.cells


def blank(path: Path, number: str, columns: Collection[int] | None) -> None:
    """Blank the rows with this number, in their places, durably: they are refused when their turn comes.

    Raises: StorageFailed.
    """
    try:
        with path.open("r+b") as file:
            for (offset, length), row in list(_naming(path, number, columns)):
                file.seek(offset)
                file.write(_blank(row.number, length))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return  # Its import has come to its end meanwhile.
    except OSError as error:
        raise StorageFailed(f"cannot blank rows of an import: {error.strerror}") from None


def remove(path: Path) -> None:
    """See to it that the spool is gone. Raises: StorageFailed."""
    durable_files.remove(path)


def digest(path: Path) -> bytes:
    """SHA-256 of a file: by it an import that was begun is found again. Raises: StorageFailed."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise StorageFailed(f"cannot read {path.name}: {error.strerror}") from None


def _naming(path: Path, number: str, columns: Collection[int] | None) -> Iterator[tuple[tuple[int, int], Row]]:
    # Some write the last character of a citizen's number small.
    wanted, offset = number.upper().encode(), 0
    try:
        with path.open("rb") as file:
            for line in file:
                # A number of a person is plain ASCII, which JSON writes as it is.
                if wanted in line.upper():
                    row = _row(*json.loads(line))
                    among = [each for at, each in enumerate(row.cells) if columns is None or at in columns]
                    if any(number.upper() == cell.strip().upper() for cell in among):
                        yield (offset, len(line)), row
                offset += len(line)
    except FileNotFoundError:
        return
    except (ValueError, TypeError):
        raise StorageFailed("the rows of an import are damaged", hint="Cancel it; then erase again.") from None
    except OSError as error:
        raise StorageFailed(f"cannot read the rows of an import: {error.strerror}") from None


def _blank(number: int, length: int) -> bytes:
    """A line of this length that says that the row was erased, as plainly as there is room for."""
    for what in _ERASED:
        line = json.dumps((number, (), ("(row)" if what else "", what, "", "")), separators=(",", ":")).encode()
        if len(line) < length:
            return line.ljust(length - 1) + b"\n"
    raise AssertionError("a row with a number of a person has room for this")


def _line(row: Row) -> str:
    # ASCII: half a surrogate pair from a JSON file stays what it is, and is refused with its row.
    if row.wrong is None:
        return json.dumps((row.number, row.cells), separators=(",", ":")) + "\n"
    wrong = row.wrong
    return json.dumps((row.number, (), (wrong.item, wrong.what, wrong.expected, wrong.example))) + "\n"


def _row(number: int, cells: list[str], wrong: list[str] | None = None) -> Row:
    return Row(number, tuple(cells), None if wrong is None else Problem(*wrong))
