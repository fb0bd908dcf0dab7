"""Many rows at once into one table: COPY on PostgreSQL, one INSERT on SQLite. Within the caller's transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Table, text
from sqlalchemy.exc import IntegrityError

Values = Sequence[Any]
"""The values of one row, in the order of the named columns."""


def is_postgresql(connection: Connection) -> bool:
    """Whether this is a PostgreSQL database; else it is SQLite."""
    return connection.dialect.name == "postgresql"


def add(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values]) -> None:
    """Add these rows. Raises: sqlalchemy.exc.IntegrityError: one of them is there already."""
    if not rows:
        return
    preparer = connection.dialect.identifier_preparer
    name, named = preparer.format_table(table), ", ".join(preparer.quote(column) for column in columns)
    if not is_postgresql(connection):
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {name} ({named}) VALUES ({places})", list(map(tuple, rows)))  # noqa: S608
        return
    import psycopg  # noqa: PLC0415 - only who has such a register loads its driver

    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({named}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.errors.UniqueViolation as error:
        # PostgreSQL's details would repeat the values.
        raise IntegrityError("COPY", None, Exception(type(error).__name__)) from None


def new_group_ids(connection: Connection, count: int) -> range | list[int]:
    """So many numbers of `credential_group` that nobody else has.

    On SQLite the transaction holds the write lock, and the next number is the greatest one's successor there anyway.
    """
    if is_postgresql(connection):
        statement = text(
            "SELECT nextval(pg_get_serial_sequence('credential_group', 'id')) FROM generate_series(1, :count)"
        )
        return list(connection.execute(statement, {"count": count}).scalars())
    greatest: int = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM credential_group").scalar_one()
    return range(greatest + 1, greatest + 1 + count)


def chunks(values: Iterable[Any], size: int) -> Iterable[list[Any]]:
    """The values in lists of at most this many: a statement has a bound of parameters."""
    held: list[Any] = []
    for value in values:
        held.append(value)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held
