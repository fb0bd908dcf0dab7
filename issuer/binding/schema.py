"""The register's tables of bindings: by which evidence a device's key was bound to a holder, and who may give it."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table

from issuer.register_schema import metadata

device_binding = Table(
    "device_binding",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("licence_id", ForeignKey("licence.id"), nullable=False, index=True),
    Column("key_thumbprint", LargeBinary(32), nullable=False, index=True),
    Column("evidence", String(16), nullable=False),
    Column("reference_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("assurance", Integer, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Append-only. `reference_sha256` is the digest of the statement or the case number: each counts once. `assurance` is
what follows from it once the waiting time is over."""

authenticator = Table(
    "authenticator",
    metadata,
    Column("key_thumbprint", LargeBinary(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
)
"""Services whose word about a person's identity counts: an eID, an authentication by real name."""
