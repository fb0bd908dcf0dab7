"""The tables of the register in SQLAlchemy Core: SQLite, or PostgreSQL by URL; nothing of one dialect only.

licence 1—n credential_group 1—n credential. A group is the credentials that one device key holds from one issuance; it
has the one status index, unique for ever, and the one key that signs it (`kid`): rows are never deleted. `credential`
doubles as the list of intents: a row without `signed_at` says that the key may have signed and nobody recorded the
result; with one it is the issued log: which key signed what, and when. `status_event` is append-only; an event is
published from `due` on, which is later than `at` where it is not urgent (`issuer.spreading`).

A mandate is a group of its parent licence with a row of `mandate` beside it, a paper code one with a row of `paper` and
without a device key: so a legal change of the licence reaches them as every other index. `certified_terminal` is
append-only. A site's code is never given again, or an old sign would name another place. A licence's `portrait` is kept
for its next device; `subject` holds the digest.
"""

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
    Index("licence_by_end", "valid_to"),
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
    Column("kid", LargeBinary(8), index=True),
    UniqueConstraint("list_number", "idx"),
)
Index(
    "credential_group_not_valid",
    credential_group.c.list_number,
    sqlite_where=credential_group.c.status != 0,
    postgresql_where=credential_group.c.status != 0,
)
"""A list has a million groups, and a hundredth of them is what its token says."""

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
    Column("due", BigInteger, nullable=False),
    Column("urgent", Integer, nullable=False),
    Index("status_event_by_due", "due"),
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

FIRST_TABLES = frozenset(metadata.tables)
"""What every register has had from the beginning; the tables below are added to an older one when it is opened."""

certified_terminal = Table(
    "certified_terminal",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
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

site = Table(
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

mandate = Table(
    "mandate",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("group_id", ForeignKey("credential_group.id"), nullable=False, unique=True),
    Column("parent_id", ForeignKey("mandate.id"), index=True),
    Column("level", Integer, nullable=False),
    Column("capacity", String(16), nullable=False),
    Column("kinds", String(128), nullable=False),
    Column("purposes", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)

paper = Table(
    "paper",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("group_id", ForeignKey("credential_group.id"), nullable=False, unique=True),
    Column("actor", String(64), nullable=False),
    Column("intended_at", BigInteger, nullable=False),
    Column("signed_at", BigInteger),
    Column("sha256", LargeBinary(32)),
)

portrait = Table(
    "portrait",
    metadata,
    Column("licence_id", ForeignKey("licence.id"), primary_key=True),
    Column("picture", LargeBinary, nullable=False),
)

allocation_list = Table(
    "allocation_list",
    metadata,
    Column("number", ForeignKey("status_list.number"), primary_key=True, autoincrement=False),
    Column("ends", BigInteger, nullable=False, index=True),
    Column("given", Integer, nullable=False),
    Column("is_open", Integer, nullable=False),
    Column("retired_at", BigInteger),
)
"""How far each list is given away. `ends` is the end of its expiry class: whatever it is the status of is over then."""

status_token = Table(
    "status_token",
    metadata,
    Column("number", ForeignKey("status_list.number"), primary_key=True, autoincrement=False),
    Column("iat", BigInteger, nullable=False),
    Column("newest_event", Integer, nullable=False),
    Column("shown_until", BigInteger, nullable=False),
    Column("squeezed", Integer, nullable=False),
    Column("encoded", LargeBinary, nullable=False),
)
"""The standard token of each list as it was signed last, so that every process publishes the same bytes.

It shows whatever of the events up to `newest_event` was due by `shown_until`."""

device_found = Table(
    "device_found",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("licence_id", ForeignKey("licence.id"), nullable=False, index=True),
    Column("holder_key_thumbprint", LargeBinary(32), nullable=False),
    Column("reason", String(800), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Reports that a lost device is found; a loss is a `status_event` of each entry. Append-only."""
