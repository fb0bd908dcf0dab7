"""The register's tables of the audit trail: what was done, and in which order that is sealed. Both are append-only.

An act has no hash when it is written, so that additions need not wait for one another; its seal comes within a minute
(`issuer.audit.sealing`). Nothing here is a value about a person: objects are named by their ids.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from issuer.register_schema import metadata

audit_act = Table(
    "audit_act",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("act", String(32), nullable=False),
    Column("object_kind", String(32), nullable=False),
    Column("object_id", String(64), nullable=False),
    Column("reason", String(800), nullable=False),
    Column("details_sha256", LargeBinary(32), nullable=False),
    Index("audit_act_by_object", "object_id"),
)

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("act", ForeignKey("audit_act.id"), nullable=False, unique=True),
    Column("hash", LargeBinary(32), nullable=False),
)
"""`hash` is that of this position, of the act's content, and of the hash before: see `issuer.audit.chaining`."""
