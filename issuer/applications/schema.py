"""The register's table of applications. What was asked for is wiped once it was issued or refused."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from issuer.register_schema import metadata

application = Table(
    "application",
    metadata,
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
    Column("department", String(32)),
    Column("evidence", String(800)),
    Index("application_by_state", "state", "filed_at"),
)
"""`said`: what the reviewer has asked for, or why it was refused. `evidence`: what was presented with it, in the words
of whoever filed it; wiped with the subject. `department`: whose key will sign, where several issue the kind."""
