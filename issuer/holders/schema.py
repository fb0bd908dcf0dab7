"""The register's table of what was erased: ids of licences, applications and offers, which name nobody."""

from sqlalchemy import BigInteger, Column, String, Table

from issuer.register_schema import metadata

erasure = Table(
    "erasure",
    metadata,
    Column("object_kind", String(16), primary_key=True),
    Column("object_id", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
)
"""A row without `done_at`: it was erased, came back with a backup, and is in force there; it is erased once it ends."""
