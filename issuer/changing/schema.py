"""The register's tables of what one person did alone, and of how much of that is let through."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from issuer.register_schema import metadata

lone_change = Table(
    "lone_change",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("actor", String(64), nullable=False),
    Column("licence_id", ForeignKey("licence.id"), nullable=False),
    Column("vct", Integer, nullable=False),
    Column("act", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("lone_change_by_moment", "at"),
)
"""A row for each licence that an act of one person has reached; what two people decided has none. Append-only."""

lone_limit = Table(
    "lone_limit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("person", Integer, nullable=False),
    Column("department", Integer, nullable=False),
    Column("seconds", Integer, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("routine_person", Integer),
    Column("routine_department", Integer),
)
"""The last row holds; without any, and where it says nothing, what ships (`issuer.changing.alone`). Append-only."""
