"""Where each office is, so that a wallet finds the nearest one."""

from alembic import op
from sqlalchemy import Column, String

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the column, empty: nobody has said where the offices are that were listed before."""
    op.add_column("office", Column("place", String(32)))
