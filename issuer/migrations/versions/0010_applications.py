"""Applications for licences."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Text

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "application",
        Column("id", String(32), primary_key=True),
        Column("vct", Integer, nullable=False),
        Column("subject", Text),
        Column("portrait", LargeBinary),
        Column("state", String(16), nullable=False),
        Column("filed_by", String(64), nullable=False),
        Column("filed_at", BigInteger, nullable=False),
        Column("reviewer", String(64)),
        Column("said", String(800)),
        Column("changed_at", BigInteger, nullable=False),
        Column("licence_id", String(32), ForeignKey("licence.id"), unique=True),
    )
    op.create_index("application_by_state", "application", ["state", "filed_at"])
