"""The licences' tables as they were when revisions began: frozen, whatever becomes of them in `register_schema`."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

Table(
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

Table(
    "credential_group",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("licence_id", String(32), ForeignKey("licence.id"), nullable=False, index=True),
    Column("list_number", Integer, ForeignKey("status_list.number"), nullable=False),
    Column("idx", Integer, nullable=False),
    Column("holder_key_thumbprint", LargeBinary(32), nullable=False),
    Column("exp", BigInteger, nullable=False),
    Column("status", Integer, nullable=False),
    Column("package", LargeBinary),
    Column("secret_sha256", LargeBinary(32)),
    Column("kid", LargeBinary(8), index=True),
    UniqueConstraint("list_number", "idx"),
    Index(
        "credential_group_not_valid",
        "list_number",
        sqlite_where=text("status != 0"),
        postgresql_where=text("status != 0"),
    ),
)

Table(
    "credential",
    metadata,
    Column("sub", String(10), primary_key=True),
    Column("group_id", Integer, ForeignKey("credential_group.id"), nullable=False, index=True),
    Column("layout", String(16), nullable=False),
    Column("intended_at", BigInteger, nullable=False),
    Column("signed_at", BigInteger),
    Column("sha256", LargeBinary(32)),
)

Table(
    "status_event",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("licence_id", String(32), ForeignKey("licence.id"), nullable=False, index=True),
    Column("list_number", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("old", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("urgent", Integer, nullable=False),
    Index("status_event_by_due", "due"),
)

Table(
    "status_list",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
)

Table(
    "document",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("content_sha256", LargeBinary(32)),
    Column("iat", BigInteger),
    Column("encoded", LargeBinary),
)

Table(
    "certified_terminal",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("terminal", String(24), nullable=False, index=True),
    Column("key_thumbprint", LargeBinary(32), nullable=False),
    Column("place", String(64), nullable=False),
    Column("relying_party", String(64), nullable=False),
    Column("purposes", String(16), nullable=False),
    Column("iat", BigInteger, nullable=False),
    Column("exp", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

Table(
    "site",
    metadata,
    Column("code", String(4), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("relying_party", String(64), nullable=False),
    Column("added_by", String(64), nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("removed_by", String(64)),
    Column("removed_at", BigInteger),
)

Table(
    "mandate",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("group_id", Integer, ForeignKey("credential_group.id"), nullable=False, unique=True),
    Column("parent_id", String(32), ForeignKey("mandate.id"), index=True),
    Column("level", Integer, nullable=False),
    Column("capacity", String(16), nullable=False),
    Column("kinds", String(128), nullable=False),
    Column("purposes", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

Table(
    "paper",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("group_id", Integer, ForeignKey("credential_group.id"), nullable=False, unique=True),
    Column("actor", String(64), nullable=False),
    Column("intended_at", BigInteger, nullable=False),
    Column("signed_at", BigInteger),
    Column("sha256", LargeBinary(32)),
)

Table(
    "portrait",
    metadata,
    Column("licence_id", String(32), ForeignKey("licence.id"), primary_key=True),
    Column("picture", LargeBinary, nullable=False),
)

Table(
    "allocation_list",
    metadata,
    Column("number", Integer, ForeignKey("status_list.number"), primary_key=True, autoincrement=False),
    Column("ends", BigInteger, nullable=False, index=True),
    Column("given", Integer, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("retired_at", BigInteger),
)

Table(
    "status_token",
    metadata,
    Column("number", Integer, ForeignKey("status_list.number"), primary_key=True, autoincrement=False),
    Column("iat", BigInteger, nullable=False),
    Column("newest_event", Integer, nullable=False),
    Column("shown_until", BigInteger, nullable=False),
    Column("squeezed", Integer, nullable=False),
    Column("encoded", LargeBinary, nullable=False),
)

Table(
    "device_found",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("licence_id", String(32), ForeignKey("licence.id"), nullable=False, index=True),
    Column("holder_key_thumbprint", LargeBinary(32), nullable=False),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)
