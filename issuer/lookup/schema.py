"""What a licence is found by: its own numbers in a table of their own, and indices over `licence`.

A table of its own, since a licence has several numbers, and so that it can be spread by number where licences are
spread by their ids (ADR 0034): a number is then looked for in one place and not in all.
"""

from sqlalchemy import Column, Index, String, Table

from issuer.register_schema import licence, metadata

licence_number = Table(
    "licence_number",
    metadata,
    Column("number", String(255), primary_key=True),
    Column("licence_id", String(32), primary_key=True),
    sqlite_with_rowid=False,
)
Index("licence_by_holder", licence.c.holder_number, postgresql_ops={"holder_number": "varchar_pattern_ops"})
Index("licence_by_name", licence.c.holder_name, postgresql_ops={"holder_name": "varchar_pattern_ops"})
Index("licence_by_moment", licence.c.recorded_at, licence.c.id)
