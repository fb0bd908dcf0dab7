"""The register's tables of keys and departments. The private halves lie in `keys.box` or in a token."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from issuer.register_schema import metadata

issuer_key = Table(
    "issuer_key",
    metadata,
    Column("kid", LargeBinary(8), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("use", Integer, nullable=False),
    Column("department", String(32), nullable=False),
    Column("kinds", Text, nullable=False),
    Column("cose_key", LargeBinary, nullable=False),
    Column("published_at", BigInteger, nullable=False),
    Column("sign_from", BigInteger, nullable=False),
    Column("sign_until", BigInteger, nullable=False),
    Column("given", BigInteger, nullable=False),
    Column("banned_since", BigInteger),
    Column("dropped_at", BigInteger),
    Column("actor", String(64), nullable=False),
)
"""`number` is their order. `kinds`: numbers with commas, a minus in front: all but these.

`given`: how many licences the key was given for. Rows are never deleted."""

department = Table(
    "department",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("kinds", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("retired_by", String(64)),
    Column("retired_at", BigInteger),
)
