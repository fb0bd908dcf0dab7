"""The register's table of what a holder's devices are told of one another."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from issuer.register_schema import metadata

device_notice = Table(
    "device_notice",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("recipient", LargeBinary(32), nullable=False),
    Column("event", String(16), nullable=False),
    Column("licence_id", ForeignKey("licence.id"), nullable=False, index=True),
    Column("device", LargeBinary(32), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Index("device_notice_by_recipient", "recipient", "seq"),
    # A number that was taken is never given again, or a wallet's cursor would stand behind what it has not seen.
    sqlite_autoincrement=True,
)
"""`recipient` and `device` are SHA-256 of device keys of one holder: the one that is told, and the one it is about."""
