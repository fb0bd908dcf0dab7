"""Imports and look-ups: their tables, the numbers of each licence, and indices over what licences are found by.

Every licence that the register has already becomes findable by its numbers.
"""

import json
from collections.abc import Iterator
from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Integer, LargeBinary, String, Text, text

revision = "0003"
down_revision = "0002"

_BATCH = 10_000
_NUMBERS = ("citizen_id", "uscc", "licence_no", "identifier")


def upgrade() -> None:
    """Make the tables and indices, and fill in the numbers."""
    numbers = op.create_table(
        "licence_number",
        Column("number", String(255), primary_key=True),
        Column("licence_id", String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    for batch in _licences(op.get_bind()):
        op.bulk_insert(numbers, batch)
    op.create_index(
        "licence_by_holder", "licence", ["holder_number"], postgresql_ops={"holder_number": "varchar_pattern_ops"}
    )
    op.create_index(
        "licence_by_name", "licence", ["holder_name"], postgresql_ops={"holder_name": "varchar_pattern_ops"}
    )
    op.create_index("licence_by_moment", "licence", ["recorded_at", "id"])
    op.create_table(
        "bulk_import",
        Column("id", String(22), primary_key=True),
        Column("kind", String(64), nullable=False),
        Column("name", String(120), nullable=False),
        Column("department", String(64)),
        Column("sha256", LargeBinary(32), nullable=False, index=True),
        Column("mapping", Text, nullable=False),
        Column("headings", Text, nullable=False),
        Column("rows", Integer, nullable=False),
        Column("state", Integer, nullable=False),
        Column("runner", String(22)),
        Column("actor", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("ended_at", BigInteger),
    )
    op.create_table(
        "bulk_block",
        Column("import_id", String(22), ForeignKey("bulk_import.id"), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("offset", BigInteger, nullable=False),
        Column("length", Integer, nullable=False),
        Column("rows", Integer, nullable=False),
        Column("state", Integer, nullable=False),
        Column("runner", String(22)),
        Column("intent", Text),
        Column("recorded", Integer, nullable=False),
        Column("issued", Integer, nullable=False),
        Column("repeated", Integer, nullable=False),
        Column("refused", Integer, nullable=False),
    )
    op.create_table(
        "bulk_problem",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("import_id", String(22), ForeignKey("bulk_import.id"), nullable=False),
        Column("block", Integer, nullable=False),
        Column("row", Integer, nullable=False),
        Column("column", Text, nullable=False),
        Column("item", String(64), nullable=False),
        Column("what", Text, nullable=False),
        Column("expected", Text, nullable=False),
    )
    op.create_index("bulk_problem_by_row", "bulk_problem", ["import_id", "row"])
    op.create_table(
        "imported_licence",
        Column("key", LargeBinary(16), primary_key=True),
        Column("licence_id", String(32), nullable=False),
        Column("content", LargeBinary(16), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pull_watermark",
        Column("name", String(32), primary_key=True),
        Column("watermark", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )


def _licences(connection: Connection) -> Iterator[list[dict[str, Any]]]:
    statement = text("SELECT id, subject, holder_number FROM licence WHERE id > :after ORDER BY id LIMIT :batch")
    after = ""
    while found := connection.execute(statement, {"after": after, "batch": _BATCH}).all():
        after = found[-1].id
        yield [
            {"number": number, "licence_id": row.id}
            for row in found
            for number in sorted({json.loads(row.subject).get(name) for name in _NUMBERS} - {None, row.holder_number})
        ]
