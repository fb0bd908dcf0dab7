"""Proposals that take two people, and licences that take the place of others."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "proposal",
        Column("id", String(32), primary_key=True),
        Column("what", String(32), nullable=False),
        Column("content", LargeBinary, nullable=False),
        Column("shown_sha256", LargeBinary(32), nullable=False),
        Column("reason", String(800), nullable=False),
        Column("proposed_by", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("until", BigInteger, nullable=False),
        Column("state", String(16), nullable=False),
        Column("decided_by", String(64)),
        Column("decided_at", BigInteger),
        Column("why", String(800)),
    )
    op.create_index("proposal_by_state", "proposal", ["state", "at"])
    op.create_table(
        "renewal",
        Column("previous", String(32), ForeignKey("licence.id"), primary_key=True),
        Column("next", String(32), ForeignKey("licence.id"), nullable=False, unique=True),
        Column("reason", String(800), nullable=False),
        Column("actor", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("superseded_at", BigInteger),
    )
    op.create_index("licence_by_end", "licence", ["valid_to"])
