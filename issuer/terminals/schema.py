"""The register's tables of withdrawn terminals and of offices. A withdrawal is for good: the machine gets a new key."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from issuer.register_schema import metadata

withdrawn_terminal = Table(
    "withdrawn_terminal",
    metadata,
    Column("key_thumbprint", LargeBinary(32), primary_key=True),
    Column("terminal", String(24), nullable=False, index=True),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

office = Table(
    "office",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("address", String(64), nullable=False),
    Column("phone", String(64), nullable=False),
    Column("kinds", String(256), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("place", String(32)),
)
"""`place`: as `protocol.place` writes it."""
