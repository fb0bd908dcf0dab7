"""The register's table of proposals: what somebody wants done, what it was to reach, and what another person said."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table

from issuer.register_schema import metadata

proposal = Table(
    "proposal",
    metadata,
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
    Index("proposal_by_state", "state", "at"),
)
"""`content` is what is to be done, in CBOR; `shown_sha256` the digest of what that would have reached when it was
proposed: if it is another one when it is approved, nothing is done."""
