"""What a holder's devices are told of one another."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table, empty: of what was bound before, devices learn by asking for the listing."""
    op.create_table(
        "device_notice",
        Column("seq", Integer, primary_key=True, autoincrement=True),
        Column("recipient", LargeBinary(32), nullable=False),
        Column("event", String(16), nullable=False),
        Column("licence_id", String(32), ForeignKey("licence.id"), nullable=False, index=True),
        Column("device", LargeBinary(32), nullable=False),
        Column("at", BigInteger, nullable=False, index=True),
        sqlite_autoincrement=True,
    )
    op.create_index("device_notice_by_recipient", "device_notice", ["recipient", "seq"])
