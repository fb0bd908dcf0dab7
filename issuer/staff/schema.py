"""The register's tables of staff: every certificate that was made, and the keys that were withdrawn for good."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from issuer.register_schema import metadata

certified_staff = Table(
    "certified_staff",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("number", String(24), nullable=False, index=True),
    Column("key_thumbprint", LargeBinary(32), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("relying_party", String(64), nullable=False),
    Column("nbf", BigInteger, nullable=False),
    Column("exp", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

withdrawn_staff = Table(
    "withdrawn_staff",
    metadata,
    Column("key_thumbprint", LargeBinary(32), primary_key=True),
    Column("number", String(24), nullable=False, index=True),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)
