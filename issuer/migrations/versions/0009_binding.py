"""By which evidence devices were bound to their holders, and whose word counts for that."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables, empty: devices that hold something already keep the assurance that they have."""
    op.create_table(
        "device_binding",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("licence_id", String(32), ForeignKey("licence.id"), nullable=False, index=True),
        Column("key_thumbprint", LargeBinary(32), nullable=False, index=True),
        Column("evidence", String(16), nullable=False),
        Column("reference_sha256", LargeBinary(32), nullable=False, unique=True),
        Column("assurance", Integer, nullable=False),
        Column("actor", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_table(
        "authenticator",
        Column("key_thumbprint", LargeBinary(32), primary_key=True),
        Column("name", String(64), nullable=False),
        Column("actor", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("retired_at", BigInteger),
    )
