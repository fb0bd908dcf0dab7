"""The register's tables of what terminals report: rows, the last sign of life of each, and who may look at them."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from issuer.register_schema import metadata

terminal_row = Table(
    "terminal_row",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("terminal", String(24), nullable=False),
    Column("key", LargeBinary(32), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("key_thumbprint", LargeBinary(32), nullable=False),
    Column("iat", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    UniqueConstraint("terminal", "key"),
    Index("terminal_row_by_kind", "kind", "seq"),
    Index("terminal_row_by_moment", "terminal", "received_at"),
)
"""Append-only. A key counts for its own terminal: nobody takes another one's."""

terminal_contact = Table(
    "terminal_contact",
    metadata,
    Column("terminal", String(24), primary_key=True),
    Column("key_thumbprint", LargeBinary(32)),
    Column("received_at", BigInteger),
    Column("offset", BigInteger),
    Column("heard", BigInteger),
    Column("beat", LargeBinary),
    Column("beat_key", LargeBinary(32)),
    Column("beat_at", BigInteger),
    Column("rows_before", Integer),
    Column("refused_at", BigInteger),
)
"""`heard`: when the held heartbeat was signed, and never ahead of this server. `refused_at`: when a withdrawn terminal
last tried. `rows_before`: how much waited at the heartbeat before the held one."""

fleet_token = Table(
    "fleet_token",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("name", String(64), nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)
