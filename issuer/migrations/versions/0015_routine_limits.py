"""How many licences one person may renew, or suspend by officers' acts, alone."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the columns, empty: where nobody has decided about it, what ships holds."""
    op.add_column("lone_limit", Column("routine_person", Integer))
    op.add_column("lone_limit", Column("routine_department", Integer))
