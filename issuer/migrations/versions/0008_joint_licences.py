"""Licences that several persons hold together: which belong to which."""

from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, String

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table, empty: until now every licence had one holder."""
    op.create_table(
        "joint_licence",
        Column("licence_id", String(32), ForeignKey("licence.id"), primary_key=True),
        Column("joint_id", String(32), nullable=False),
        Column("place", Integer, nullable=False),
    )
    op.create_index("ix_joint_licence_joint_id", "joint_licence", ["joint_id"])
