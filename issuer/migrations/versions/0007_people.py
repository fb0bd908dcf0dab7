"""The people who work at the console, what they sign in with, and their sessions (ADR 0036)."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Text

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables, empty: the first administrator is let in by `liangzheng issuer console invite`."""
    op.create_table(
        "person",
        Column("id", String(16), primary_key=True),
        Column("name", String(64), nullable=False),
        Column("roles", String(128), nullable=False),
        Column("departments", String(255), nullable=False),
        Column("account_sha256", LargeBinary(32), unique=True),
        Column("actor", String(64), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("disabled_at", BigInteger),
    )
    op.create_table(
        "person_passkey",
        Column("id_sha256", LargeBinary(32), primary_key=True),
        Column("credential_id", LargeBinary, nullable=False),
        Column("person_id", String(16), ForeignKey("person.id"), nullable=False, index=True),
        Column("public_key", LargeBinary, nullable=False),
        Column("sign_count", BigInteger, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("used_at", BigInteger),
    )
    op.create_table(
        "person_invitation",
        Column("sha256", LargeBinary(32), primary_key=True),
        Column("person_id", String(16), ForeignKey("person.id"), nullable=False, index=True),
        Column("until", BigInteger, nullable=False),
        Column("used_at", BigInteger),
    )
    op.create_table(
        "person_attempt",
        Column("sha256", LargeBinary(32), primary_key=True),
        Column("way", String(16), nullable=False),
        Column("subject", String(64), nullable=False),
        Column("secret", LargeBinary(32), nullable=False),
        Column("until", BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "person_session",
        Column("sha256", LargeBinary(32), primary_key=True),
        Column("person_id", String(16), ForeignKey("person.id"), nullable=False, index=True),
        Column("at", BigInteger, nullable=False),
        Column("seen_at", BigInteger, nullable=False),
        Column("proven_at", BigInteger, nullable=False),
        Column("ended_at", BigInteger),
        Column("kept", Text, nullable=False),
    )
    op.create_index("person_session_by_moment", "person_session", ["seen_at"])
