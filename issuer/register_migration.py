"""Brings the register of an older version up to date: adds what it lacks, loses and changes nothing that it has.

Guaranteed: one transaction under the write lock, so that it is done once or not at all. Lists whose indices were drawn
at random (before ADR 0010) take no new entries, and are retired when the last of theirs has ended.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, func, insert, inspect, literal, select, text, update

from issuer.register_schema import (
    FIRST_TABLES,
    allocation_list,
    credential_group,
    metadata,
    status_event,
    status_list,
)

ADDED_COLUMNS: Final[Sequence[tuple[Table, Column[Any]]]] = ((credential_group, credential_group.c.kid),)
"""Columns that a table got later, empty in the rows that it had: (table, column)."""


class Found(Enum):
    """What a database holds."""

    NO_REGISTER = auto()
    OLDER = auto()
    CURRENT = auto()


def found_tables(connection: Connection) -> frozenset[str]:
    """The tables of a register that are there."""
    return frozenset(inspect(connection).get_table_names()) & metadata.tables.keys()


def state_of(connection: Connection) -> Found:
    """Whether this database holds a register, and whether it has everything."""
    found = found_tables(connection)
    if not found >= FIRST_TABLES:
        return Found.NO_REGISTER
    if not found >= metadata.tables.keys() or not _has_due(connection) or _lacking(connection):
        return Found.OLDER
    return Found.CURRENT


def upgrade(connection: Connection) -> None:
    """Add what is missing."""
    metadata.create_all(connection)
    if not _has_due(connection):
        # Until now every change was published at once.
        connection.execute(text("ALTER TABLE status_event ADD COLUMN due BIGINT NOT NULL DEFAULT 0"))
        connection.execute(text("ALTER TABLE status_event ADD COLUMN urgent INTEGER NOT NULL DEFAULT 1"))
        connection.execute(update(status_event).values(due=status_event.c.at))
    for table, column in _lacking(connection):
        kind = column.type.compile(connection.dialect)
        connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column.name} {kind}"))
    for table in (status_event, credential_group):
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    last_end = (
        select(func.coalesce(func.max(credential_group.c.exp), 0))
        .where(credential_group.c.list_number == status_list.c.number)
        .scalar_subquery()
    )
    drawn_at_random = select(status_list.c.number, last_end, literal(0), literal(0)).where(
        status_list.c.number.not_in(select(allocation_list.c.number))
    )
    connection.execute(insert(allocation_list).from_select(["number", "ends", "given", "is_open"], drawn_at_random))


def _has_due(connection: Connection) -> bool:
    return "due" in {column["name"] for column in inspect(connection).get_columns(status_event.name)}


def _lacking(connection: Connection) -> list[tuple[Table, Column[Any]]]:
    found = inspect(connection)
    return [
        (table, column)
        for table, column in ADDED_COLUMNS
        if column.name not in {each["name"] for each in found.get_columns(table.name)}
    ]
