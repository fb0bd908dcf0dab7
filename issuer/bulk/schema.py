"""The register's tables of imports: each one, its blocks of rows, what was wrong with rows, and what came of them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from issuer.register_schema import metadata

bulk_import = Table(
    "bulk_import",
    metadata,
    Column("id", String(22), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("name", String(120), nullable=False),
    Column("department", String(64)),
    Column("sha256", LargeBinary(32), nullable=False, index=True),
    Column("mapping", Text, nullable=False),
    Column("headings", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("runner", String(22)),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
"""`runner` is drawn by whoever goes on with it: what another one began and has not finished, it may not finish."""

bulk_block = Table(
    "bulk_block",
    metadata,
    Column("import_id", ForeignKey("bulk_import.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("runner", String(22)),
    Column("intent", Text),
    Column("recorded", Integer, nullable=False),
    Column("issued", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
)
"""A block's rows are in the register if its state says so: both are of one transaction. `intent` names every credential
that the key is about to sign for it, before it signs, and is empty again when all of them are recorded."""

bulk_problem = Table(
    "bulk_problem",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("import_id", ForeignKey("bulk_import.id"), nullable=False),
    Column("block", Integer, nullable=False),
    Column("row", Integer, nullable=False),
    Column("column", Text, nullable=False),
    Column("item", String(64), nullable=False),
    Column("what", Text, nullable=False),
    Column("expected", Text, nullable=False),
    Index("bulk_problem_by_row", "import_id", "row"),
)
"""What is wrong with a row; never what stands in it."""

imported_licence = Table(
    "imported_licence",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("licence_id", String(32), nullable=False),
    Column("content", LargeBinary(16), nullable=False),
    sqlite_with_rowid=False,
)
"""Which licence a row became: by the digest of kind, holder's number and licence's number, which no two rows share.

Inserted before anything is signed, so that of two rows that say the same, in one file or in two imports at once, one
becomes a licence. `content` is the digest of all that the row said."""

pull_watermark = Table(
    "pull_watermark",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("watermark", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""How far each pull has come. Whatever stood before it is in the register, and may come again without harm."""
