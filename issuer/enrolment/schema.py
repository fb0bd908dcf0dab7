"""The register's table of enrolments: a row for each code that was made. The token itself is nowhere in it."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from issuer.register_schema import metadata

enrolment = Table(
    "enrolment",
    metadata,
    Column("id", LargeBinary(8), primary_key=True),
    Column("token_key", LargeBinary(32), nullable=False),
    Column("terminal", String(24), nullable=False, index=True),
    Column("place", String(64), nullable=False),
    Column("relying_party", String(64), nullable=False),
    Column("profile", Integer, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("site", String(4), nullable=False),
    Column("is_replacement", Integer, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("key_thumbprint", LargeBinary(32)),
    Column("used_at", BigInteger),
    Column("certificate", LargeBinary),
)
"""`kinds`: slugs with commas between; empty: every kind that the policy has a row for."""
