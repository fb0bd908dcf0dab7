"""The register's table of runbooks that were begun: how far each came is looked up in the register itself."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from issuer.register_schema import metadata

runbook_run = Table(
    "runbook_run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(32), nullable=False),
    Column("answers_mac", LargeBinary(32), nullable=False),
    Column("proposal", String(32)),
    Column("state", String(16), nullable=False),
    Column("step", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index("runbook_run_by_state", "state", "at"),
)
"""`answers_mac` recognises what was answered at the beginning and says nothing of it: it may be a holder's number."""
