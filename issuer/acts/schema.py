"""The register's table of officers' acts: each as it was signed, and what was decided about it."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from issuer.register_schema import metadata

officers_act = Table(
    "officers_act",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("row_seq", Integer, nullable=False, unique=True),
    Column("terminal", String(24), nullable=False),
    Column("encoded", LargeBinary, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("problem", Text),
    Column("decided_by", String(64)),
    Column("why", String(800)),
    Column("decided_at", BigInteger),
    Index("officers_act_by_state", "state", "row_seq"),
)
"""`row_seq` is the number of the terminal's row that brought it. `problem`: why nobody can act upon it."""
