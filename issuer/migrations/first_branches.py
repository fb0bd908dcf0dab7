"""The branches' tables as they were when revisions began: frozen, whatever becomes of them in each branch's schema."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from issuer.migrations.first_licences import metadata

__all__ = ["metadata"]

Table(
    "feed_epoch",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("status_kid", LargeBinary(8), nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("iat", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
)

Table(
    "feed_delta",
    metadata,
    Column("epoch", BigInteger, ForeignKey("feed_epoch.number"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary),
    Column("head", LargeBinary(32), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("counted", Integer, nullable=False),
    Column("retired", Integer, nullable=False),
    Column("statement", LargeBinary),
)

Table(
    "feed_event",
    metadata,
    Column("event", Integer, ForeignKey("status_event.seq"), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

Table(
    "feed_base",
    metadata,
    Column("epoch", BigInteger, ForeignKey("feed_epoch.number"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary),
)

Table(
    "feed_aggregate",
    metadata,
    Column("epoch", BigInteger, ForeignKey("feed_epoch.number"), primary_key=True),
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    Column("begin", BigInteger, nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

Table(
    "feed_ban",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("iss", String(32), nullable=False),
    Column("kid", LargeBinary(8), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("lifted_at", BigInteger),
)

Table(
    "feed_reversal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("epoch", BigInteger, ForeignKey("feed_epoch.number"), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("old", LargeBinary, nullable=False),
    Column("licence_id", String(32)),
    Column("last_event", BigInteger, nullable=False),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("statement", LargeBinary),
    Column("ended", String(16)),
)

Table(
    "feed_reversal_key",
    metadata,
    Column("kid", LargeBinary(8), primary_key=True),
    Column("cose_key", LargeBinary, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
)

Table(
    "withdrawn_terminal",
    metadata,
    Column("key_thumbprint", LargeBinary(32), primary_key=True),
    Column("terminal", String(24), nullable=False, index=True),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

Table(
    "office",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("address", String(64), nullable=False),
    Column("phone", String(64), nullable=False),
    Column("kinds", String(256), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

Table(
    "certified_staff",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("number", String(24), nullable=False, index=True),
    Column("key_thumbprint", LargeBinary(32), nullable=False, index=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("relying_party", String(64), nullable=False),
    Column("nbf", BigInteger, nullable=False),
    Column("exp", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

Table(
    "withdrawn_staff",
    metadata,
    Column("key_thumbprint", LargeBinary(32), primary_key=True),
    Column("number", String(24), nullable=False, index=True),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

Table(
    "terminal_row",
    metadata,
    Column("seq", Integer, primary_key=True),
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

Table(
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

Table(
    "fleet_token",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("name", String(64), nullable=False, index=True),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)

Table(
    "enrolment",
    metadata,
    Column("id", LargeBinary(8), primary_key=True),
    Column("token_key", LargeBinary(32), nullable=False),
    Column("terminal", String(24), nullable=False, index=True),
    Column("place", String(64), nullable=False),
    Column("relying_party", String(64), nullable=False),
    Column("profile", Integer, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("days", Integer, nullable=False),
    Column("site", String(4), nullable=False),
    Column("is_replacement", Integer, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("wrong", Integer, nullable=False),
    Column("key_thumbprint", LargeBinary(32)),
    Column("used_at", BigInteger),
    Column("certificate", LargeBinary),
)

Table(
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

Table(
    "recognised",
    metadata,
    Column("region", String(6), primary_key=True),
    Column("vct", Integer, primary_key=True, autoincrement=False),
    Column("purpose", Integer, primary_key=True, autoincrement=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)
