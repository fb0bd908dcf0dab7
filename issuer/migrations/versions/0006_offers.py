"""Issuing to wallets: offers, the keys that answered them, and nonces that were used (ADR 0035)."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "issuing_offer",
        Column("id", String(32), primary_key=True),
        Column("kind", String(64), nullable=False),
        Column("licence_id", String(32), ForeignKey("licence.id")),
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
    )
    op.create_index("ix_issuing_offer_licence_id", "issuing_offer", ["licence_id"])
    op.create_index("issuing_offer_by_until", "issuing_offer", ["until"])
    op.create_table(
        "issuing_key",
        Column("offer_id", String(32), ForeignKey("issuing_offer.id"), primary_key=True),
        Column("thumbprint", LargeBinary(32), primary_key=True),
        Column("cose_key", LargeBinary, nullable=False),
        Column("issued_at", BigInteger),
    )
    op.create_table(
        "used_nonce",
        Column("sha256", LargeBinary(32), primary_key=True),
        Column("until", BigInteger, nullable=False),
    )
    op.create_index("ix_used_nonce_until", "used_nonce", ["until"])
