"""The rows of a foreign file, one after the other: a number as its owner counts, and texts, or what is wrong with it.

Guaranteed: nothing is held but one row; a row that cannot be read is named and does not end the reading; what is wrong
with the file as a whole is raised. Not handled here: what the cells mean (`mapping`), workbooks (`workbook`).
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from issuer.bulk import bounds
from issuer.bulk.errors import HeadingsRefused, ImportFileRefused, TooManyRows
from issuer.bulk.mapping import Form
from issuer.errors import Problem

_WHOLE_ROW = "(row)"


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number` counts from 1 with the headings, as a spreadsheet does; of JSON, lines. No cells if wrong."""

    number: int
    cells: tuple[str, ...]
    wrong: Problem | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """A file's headings and what follows them."""

    headings: tuple[str, ...]
    following: Iterator[Row]


def wrong(number: int, what: str, expected: str, example: str = "") -> Row:
    """A row that cannot be read."""
    return Row(number, (), Problem(_WHOLE_ROW, what, expected, example))


def opened(path: Path, file: BinaryIO, form: Form, wanted: Sequence[str]) -> Rows:
    """The rows of an opened file, by the ending of its name.

    Args:
        path: Its name.
        file: Its content from the beginning; it can be read again.
        form: How it is to be read.
        wanted: The columns that the mapping asks for; JSON names its members in every row.

    Raises:
        ImportFileRefused: Or one of its subclasses, here or while rows are read.
    """
    match path.suffix.lower():
        case ".csv" | ".txt" | ".tsv":
            return _csv(file, form)
        case ".jsonl" | ".ndjson":
            return Rows(tuple(wanted), _json_lines(file, wanted))
        case ".xlsx":
            # Only who reads a workbook loads its library.
            from issuer.bulk import workbook  # noqa: PLC0415

            return workbook.rows(file, form)
        case _:
            raise ImportFileRefused("the name of the file ends in none of: .csv, .tsv, .txt, .jsonl, .ndjson, .xlsx")


def headings(cells: Iterable[str]) -> tuple[str, ...]:
    """The headings in the first row. Raises: HeadingsRefused, TooManyRows."""
    named = tuple(cell.strip() for cell in cells)
    while named and not named[-1]:
        named = named[:-1]
    if not named:
        raise HeadingsRefused("the first row is empty")
    if len(named) > bounds.MAX_COLUMNS:
        raise TooManyRows(f"more than {bounds.MAX_COLUMNS} columns")
    return named


def bounded(number: int, cells: Sequence[str]) -> Row:
    """The row of these cells, unless there are too many of them or one is too long."""
    if len(cells) > bounds.MAX_COLUMNS:
        return wrong(number, "more cells than columns", f"at most {bounds.MAX_COLUMNS} cells")
    if any(len(cell) > bounds.MAX_CELL_CHARACTERS for cell in cells):
        return wrong(number, "a cell is too long", f"at most {bounds.MAX_CELL_CHARACTERS} characters")
    return Row(number, tuple(cells))


class _Lines:
    """The lines of a file as text; whether one of those read since `begin` was not in its encoding."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file, self._encoding = file, encoding
        self.broken = self.too_long = False

    def begin(self) -> None:
        self.broken = self.too_long = False

    def __iter__(self) -> Iterator[str]:
        encoding = self._encoding
        while line := self._file.readline(bounds.MAX_LINE_BYTES):
            if len(line) == bounds.MAX_LINE_BYTES:
                # What follows would be taken for a line of its own, with other columns.
                raise ImportFileRefused(f"a line of more than {bounds.MAX_LINE_BYTES:,} bytes")
            try:
                yield line.decode(encoding)
            except UnicodeDecodeError:
                self.broken = True
                yield line.decode(encoding, "replace")
            # Only a file begins with a byte order mark.
            encoding = encoding.removesuffix("-sig")


def _csv(file: BinaryIO, form: Form) -> Rows:
    lines = _Lines(file, form.encoding)
    reader = csv.reader(iter(lines), delimiter=form.delimiter, strict=True)
    csv.field_size_limit(bounds.MAX_LINE_BYTES)
    try:
        first = next(reader, [])
    except csv.Error:
        raise HeadingsRefused("the first line is not CSV") from None
    if lines.broken:
        raise HeadingsRefused(f"the first line is not in {form.encoding.removesuffix('-sig')}")
    return Rows(headings(first), _csv_rows(reader, lines, form.encoding.removesuffix("-sig")))


def _csv_rows(reader: Iterator[list[str]], lines: _Lines, encoding: str) -> Iterator[Row]:
    number = 1
    while True:
        number += 1
        lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield wrong(number, "not CSV", "a quotation mark inside of a cell written twice", '"a ""b"" c"')
            continue
        if lines.broken:
            yield wrong(number, f"not text in {encoding}", "the same encoding in the whole file")
        elif any(cells):
            yield bounded(number, cells)


def _json_lines(file: BinaryIO, wanted: Sequence[str]) -> Iterator[Row]:
    lines = _Lines(file, "utf-8-sig")
    for number, line in enumerate(lines, 1):
        if lines.broken:
            lines.begin()
            yield wrong(number, "not text in utf-8", "the same encoding in the whole file")
        elif line.strip():
            yield _json_row(number, line, wanted)


def _json_row(number: int, line: str, wanted: Sequence[str]) -> Row:
    try:
        members = json.loads(line, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        return wrong(number, "not a JSON object without a name twice", "one object on each line", '{"name": "…"}')
    if len(members) > bounds.MAX_COLUMNS:
        return bounded(number, ("",) * len(members))
    cells = [members.get(heading) for heading in wanted]
    if not all(each is None or type(each) in (str, int) for each in cells):
        return wrong(number, "a member is neither a text nor a whole number", "texts and whole numbers")
    return bounded(number, ["" if each is None else str(each) for each in cells])


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members
