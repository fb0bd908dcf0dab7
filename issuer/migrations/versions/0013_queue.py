"""What the queue of applications needs: whose they are, what was presented, and which offer answers one."""

from alembic import op
from sqlalchemy import Column, String

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the columns, empty: what was filed before is whoever's kind it is."""
    op.add_column("application", Column("department", String(32)))
    op.add_column("application", Column("evidence", String(800)))
    op.add_column("issuing_offer", Column("application_id", String(32)))
    op.create_index("ix_issuing_offer_application_id", "issuing_offer", ["application_id"])
