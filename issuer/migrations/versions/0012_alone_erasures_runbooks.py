"""What one person did alone and how much of that is let through, what was erased, and runbooks that were begun."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables, empty: what one person did before is not counted, and what was erased is gone."""
    op.create_table(
        "lone_change",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("actor", String(64), nullable=False),
        Column("licence_id", String(32), ForeignKey("licence.id"), nullable=False),
        Column("vct", Integer, nullable=False),
        Column("act", String(32), nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_index("lone_change_by_moment", "lone_change", ["at"])
    op.create_table(
        "lone_limit",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("person", Integer, nullable=False),
        Column("department", Integer, nullable=False),
        Column("seconds", Integer, nullable=False),
        Column("actor", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_table(
        "erasure",
        Column("object_kind", String(16), primary_key=True),
        Column("object_id", String(32), primary_key=True),
        Column("at", BigInteger, nullable=False),
        Column("done_at", BigInteger),
    )
    op.create_table(
        "runbook_run",
        Column("id", String(32), primary_key=True),
        Column("name", String(32), nullable=False),
        Column("answers_mac", LargeBinary(32), nullable=False),
        Column("proposal", String(32)),
        Column("state", String(16), nullable=False),
        Column("step", String(32), nullable=False),
        Column("actor", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("changed_at", BigInteger, nullable=False),
    )
    op.create_index("runbook_run_by_state", "runbook_run", ["state", "at"])
