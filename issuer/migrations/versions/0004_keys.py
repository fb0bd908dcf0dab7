"""Keys and departments: their two tables. The rows of keys that the issuer has are made when it is opened."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "issuer_key",
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
    op.create_table(
        "department",
        Column("name", String(32), primary_key=True),
        Column("kinds", Text, nullable=False),
        Column("actor", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("retired_by", String(64)),
        Column("retired_at", BigInteger),
    )
