"""The register's table of renewals: which licence takes the place of which. Each is followed once."""

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from issuer.register_schema import metadata

renewal = Table(
    "renewal",
    metadata,
    Column("previous", ForeignKey("licence.id"), primary_key=True),
    Column("next", ForeignKey("licence.id"), nullable=False, unique=True),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger),
)
"""A row without `superseded_at`: the new licence was begun, and the old one is in force until it is handed out."""
