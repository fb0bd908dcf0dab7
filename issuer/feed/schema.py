"""The register's tables of the feed: what was or will be published, written down before anybody can read it.

`feed_delta` is append-only and has each (epoch, seq) once: of two leaders that extend the same feed, one fails here.
`feed_event` says which delta has settled which `status_event`; seq 0 is the state that an epoch began with. Bodies are
forgotten when nobody can ask for them any more; places, heads and events are not.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table

from issuer.register_schema import metadata

feed_epoch = Table(
    "feed_epoch",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("status_kid", LargeBinary(8), nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("iat", BigInteger, nullable=False),
    Column("settled", BigInteger, nullable=False),
)
"""`settled`: every event up to this number is in `feed_event`; so nobody searches from the beginning."""

feed_delta = Table(
    "feed_delta",
    metadata,
    Column("epoch", ForeignKey("feed_epoch.number"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary),
    Column("head", LargeBinary(32), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("counted", Integer, nullable=False),
    Column("retired", Integer, nullable=False),
    Column("statement", LargeBinary),
)

feed_event = Table(
    "feed_event",
    metadata,
    Column("event", ForeignKey("status_event.seq"), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

feed_base = Table(
    "feed_base",
    metadata,
    Column("epoch", ForeignKey("feed_epoch.number"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary),
)

feed_aggregate = Table(
    "feed_aggregate",
    metadata,
    Column("epoch", ForeignKey("feed_epoch.number"), primary_key=True),
    Column("kind", Integer, primary_key=True, autoincrement=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, primary_key=True, autoincrement=False),
    Column("begin", BigInteger, nullable=False),
    Column("head", LargeBinary(32), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""A size of 0: more changes than an aggregate may hold."""

feed_ban = Table(
    "feed_ban",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("iss", String(32), nullable=False),
    Column("kid", LargeBinary(8), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("lifted_at", BigInteger),
)
"""Keys that are banned at once; a row without `lifted_at` stands in the checkpoint."""

feed_reversal = Table(
    "feed_reversal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("epoch", ForeignKey("feed_epoch.number"), nullable=False),
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
"""Places reserved for deltas that the offline key is to sign; `old` are the values that the delta was made from."""

feed_reversal_key = Table(
    "feed_reversal_key",
    metadata,
    Column("kid", LargeBinary(8), primary_key=True),
    Column("cose_key", LargeBinary, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("retired_at", BigInteger),
)
