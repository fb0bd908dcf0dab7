"""What is wrong with the rows of imports: written down with the block, read row by row. Nothing of it is from a row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select

from issuer.bulk.schema import bulk_problem
from issuer.register import Register

_PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row. Nothing here is from the row itself."""

    row: int
    column: str
    item: str
    what: str
    expected: str


def record(connection: Connection, import_id: str, block: int, problems: Sequence[RowProblem]) -> None:
    """Write down what is wrong with rows of this block."""
    if problems:
        connection.execute(
            insert(bulk_problem),
            [
                {
                    "import_id": import_id,
                    "block": block,
                    "row": each.row,
                    "column": each.column,
                    "item": each.item,
                    "what": each.what,
                    "expected": each.expected,
                }
                for each in problems
            ],
        )


def of_import(register: Register, import_id: str) -> Iterator[RowProblem]:
    """Everything that is wrong with rows of this import, row by row; a page of the register at a time."""
    after = (0, 0)
    while True:
        statement = (
            select(bulk_problem)
            .where(
                bulk_problem.c.import_id == import_id,
                (bulk_problem.c.row > after[0]) | ((bulk_problem.c.row == after[0]) & (bulk_problem.c.seq > after[1])),
            )
            .order_by(bulk_problem.c.row, bulk_problem.c.seq)
            .limit(_PAGE)
        )
        with register.reading() as connection:
            rows = connection.execute(statement).all()
        yield from (RowProblem(row.row, row.column, row.item, row.what, row.expected) for row in rows)
        if len(rows) < _PAGE:
            return
        after = (rows[-1].row, rows[-1].seq)
