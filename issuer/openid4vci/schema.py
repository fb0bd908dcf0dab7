"""The register's tables of issuing to wallets: offers, the keys that answered them, and nonces that were used.

What opens something is kept as a hash (codes and tokens of 256 bits), or as an HMAC under a key that is not in the
register (transaction codes, which are short). A subject that was offered is wiped when its offer is over.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from issuer.register_schema import metadata

issuing_offer = Table(
    "issuing_offer",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("licence_id", ForeignKey("licence.id"), index=True),
    Column("subject", Text),
    Column("portrait", LargeBinary),
    Column("department", String(64)),
    Column("code_sha256", LargeBinary(32), nullable=False, unique=True),
    Column("tx_code_mac", LargeBinary(32)),
    Column("wrong", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("is_reviewed", Integer, nullable=False),
    Column("decided_by", String(64)),
    Column("token_sha256", LargeBinary(32), unique=True),
    Column("token_until", BigInteger),
    Column("claimed_at", BigInteger),
    Column("event", String(32)),
    Column("event_at", BigInteger),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("application_id", String(32), index=True),
    Index("issuing_offer_by_until", "until"),
)
"""Of a licence that stands in the register (`licence_id`), or of a new one for `subject`, which gets its id when it is
issued. `is_reviewed`: somebody has to approve it after the wallet has asked. `until`: when whatever it waits for is
over, the code first, then the access token. `application_id`: the approved application that it answers."""

issuing_key = Table(
    "issuing_key",
    metadata,
    Column("offer_id", ForeignKey("issuing_offer.id"), primary_key=True),
    Column("thumbprint", LargeBinary(32), primary_key=True),
    Column("cose_key", LargeBinary, nullable=False),
    Column("issued_at", BigInteger),
)
"""The keys that were proven for an offer, once and for all; `issued_at` once the licence was issued to it."""

used_nonce = Table(
    "used_nonce",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)
"""Nonces are given without a trace; this is what was used of them, until they would be over anyway."""
