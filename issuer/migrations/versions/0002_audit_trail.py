"""The audit trail: what was done, and the chain that seals it (ADR 0033)."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the two tables, empty: what was done before stands in the tables of each branch."""
    op.create_table(
        "audit_act",
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("at", BigInteger, nullable=False),
        Column("actor", String(64), nullable=False),
        Column("act", String(32), nullable=False),
        Column("object_kind", String(32), nullable=False),
        Column("object_id", String(64), nullable=False),
        Column("reason", String(800), nullable=False),
        Column("details_sha256", LargeBinary(32), nullable=False),
    )
    op.create_index("audit_act_by_object", "audit_act", ["object_id"])
    op.create_table(
        "audit_seal",
        Column("position", Integer, primary_key=True, autoincrement=False),
        Column("act", Integer, ForeignKey("audit_act.id"), nullable=False, unique=True),
        Column("hash", LargeBinary(32), nullable=False),
    )
