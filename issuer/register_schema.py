"""The tables of the register in SQLAlchemy Core: SQLite today, PostgreSQL by URL later, nothing of one dialect only.

licence 1—n credential_group 1—n credential. A group is the credentials that one device key holds from one issuance; it
has the one status index, unique for ever: rows are never deleted. `credential` doubles as the list of intents: a row
without `signed_at` says that the key may have signed and nobody recorded the result. `status_event` is append-only.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

licence = Table(
    "licence",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("vct", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("holder_name", String(255), nullable=False),
    Column("holder_number", String(64), nullable=False),
    Column("valid_from", Integer),
    Column("valid_to", Integer),
    Column("status", Integer, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)

credential_group = Table(
    "credential_group",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("licence_id", ForeignKey("licence.id"), nullable=False, index=True),
    Column("list_number", ForeignKey("status_list.number"), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("holder_key_thumbprint", LargeBinary(32), nullable=False),
    Column("exp", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("package", LargeBinary),
    Column("secret_sha256", LargeBinary(32)),
    UniqueConstraint("list_number", "idx"),
)

credential = Table(
    "credential",
    metadata,
    Column("sub", String(10), primary_key=True),
    Column("group_id", ForeignKey("credential_group.id"), nullable=False, index=True),
    Column("layout", String(16), nullable=False),
    Column("intended_at", BigInteger, nullable=False),
    Column("signed_at", BigInteger),
    Column("sha256", LargeBinary(32)),
)

status_event = Table(
    "status_event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("licence_id", ForeignKey("licence.id"), nullable=False, index=True),
    Column("list_number", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("old", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

status_list = Table(
    "status_list",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("content_sha256", LargeBinary(32)),
    Column("iat", BigInteger),
    Column("encoded", LargeBinary),
)
