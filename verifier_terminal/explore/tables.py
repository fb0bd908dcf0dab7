"""The tables of a terminal's database as people read them: moments as moments, digests short, secrets not at all.

Guaranteed: whatever stands in a field comes out as harmless text of bounded length; names of tables come from the
database itself and never from a request. Not handled here: drawing, and the journal's rows (`pages`).
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

from protocol import unixtime
from protocol.limits import MAX_TIME
from protocol.unixtime import UnixTime
from verifier_terminal.web.harmless import shown

PAGE_ROWS: Final = 100
_MAX_CELL_CHARACTERS: Final = 160
_SHOWN_BYTES: Final = 16
_MOMENTS: Final = frozenset(
    {
        "at", "iat", "since", "until", "as_of", "used_at", "burn_until", "erase_after", "created", "next_at",
        "found_at", "valid_at", "accepted_at", "other_at", "signed_at", "last_at",
    }
)  # fmt: skip
SECRETS: Final = frozenset({("daily_key", "key"), ("local_secret", "hash")})
"""Fields that are shown to nobody: what they protect is worth as much as they are."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more: bool


def names(database: sqlite3.Connection) -> tuple[tuple[str, int], ...]:
    """Every table with the number of its rows."""
    found = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    return tuple((name, database.execute(f"SELECT count(*) FROM {_quoted(name)}").fetchone()[0]) for (name,) in found)  # noqa: S608


def page(database: sqlite3.Connection, table: str, number: int) -> Rows | None:
    """One page of a table, counted from 0; None when there is no such table."""
    if table not in {name for name, _ in names(database)}:
        return None
    found = database.execute(
        f"SELECT * FROM {_quoted(table)} LIMIT ? OFFSET ?",  # noqa: S608 — a name that the database gave
        (PAGE_ROWS + 1, number * PAGE_ROWS),
    )
    columns = tuple(each[0] for each in found.description)
    rows = found.fetchall()
    return Rows(
        tuple(shown(each) for each in columns),
        tuple(
            tuple(_cell(table, column, value) for column, value in zip(columns, row, strict=True))
            for row in rows[:PAGE_ROWS]
        ),
        len(rows) > PAGE_ROWS,
    )


def _cell(table: str, column: str, value: object) -> str:
    if value is None:
        return "—"
    if (table, column) in SECRETS:
        return "•••"
    if isinstance(value, bytes):
        head = value[:_SHOWN_BYTES].hex()
        return head if len(value) <= _SHOWN_BYTES else f"{head}… ({len(value):,} B)"
    if column in _MOMENTS and isinstance(value, int) and 0 < value <= MAX_TIME:
        return f"{unixtime.iso_local(UnixTime(value))} ({value})"
    return shown(str(value), max_characters=_MAX_CELL_CHARACTERS)


def _quoted(name: str) -> str:
    """An identifier in SQL: whoever made the database chose it."""
    return '"' + name.replace('"', '""') + '"'
