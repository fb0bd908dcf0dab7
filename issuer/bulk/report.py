"""What was wrong with rows, as CSV for a spreadsheet: no cell of it begins as a formula does."""

import csv
import io
from collections.abc import Iterable, Iterator

from issuer.bulk.row_problems import RowProblem

HEADINGS = ("row", "column", "item", "what", "expected")
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""OWASP, "CSV Injection": what a spreadsheet calculates instead of showing it; the wide forms are taken for it, too."""


def as_csv(problems: Iterable[RowProblem]) -> Iterator[str]:
    """The lines of the report. With a byte order mark, or a spreadsheet takes Chinese for another encoding."""
    yield _BYTE_ORDER_MARK + _line(HEADINGS)
    for each in problems:
        yield _line((str(each.row), each.column, each.item, each.what, each.expected))


def harmless(cell: str) -> str:
    """The text of a cell, which nothing calculates."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(cell) for cell in cells])
    return out.getvalue()
