"""The register's tables of people: who they are, what they sign in with, and what of that is going on now.

Nothing here opens anything to whoever reads it: invitations, sessions and attempts are kept as hashes, a passkey as its
public key, an account of a single sign-on as the digest of what names it there.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from issuer.register_schema import metadata

person = Table(
    "person",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("roles", String(128), nullable=False),
    Column("departments", String(255), nullable=False),
    Column("account_sha256", LargeBinary(32), unique=True),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)
"""Rows are never deleted: the audit trail names people by their ids."""

passkey = Table(
    "person_passkey",
    metadata,
    Column("id_sha256", LargeBinary(32), primary_key=True),
    Column("credential_id", LargeBinary, nullable=False),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

invitation = Table(
    "person_invitation",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("until", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

attempt = Table(
    "person_attempt",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("way", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("secret", LargeBinary(32), nullable=False),
    Column("until", BigInteger, nullable=False, index=True),
)
"""Begun and not ended: `subject` is the person who proves themselves again, or the invitation's hash, or empty.

`secret` is what challenge, state, nonce and verifier follow from; a row is deleted when it is used, and when it is
over."""

session = Table(
    "person_session",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("proven_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("kept", Text, nullable=False),
    Index("person_session_by_moment", "seen_at"),
)
"""`kept` is what the pages remember for its person, as JSON: it is emptied when the session ends."""
