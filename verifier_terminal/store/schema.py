"""The terminal's database: its tables, their migrations, and how a connection to it is opened.

Guaranteed: WAL with synchronous=FULL (SECURITY.md, finding 3: with NORMAL a power cut loses acknowledged rows), deleted
content overwritten, every migration in one transaction. sqlite-utils runs the migrations; it takes a fifth of a second
to import, so a database that is up to date never loads it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from verifier_terminal.errors import StoreDamaged

if TYPE_CHECKING:
    from sqlite_utils import Database, Migrations

USABLE_FROM: Final = 12
"""The oldest VERSION whose programs can still work with this database, which says so itself (`application_id`): a step
that only adds leaves it, so that whoever goes back to the program before finds its journal."""
_BUSY_SECONDS: Final = 5.0
"""Several commands may use one directory at once; a commit takes milliseconds."""

_FIRST: Final = (
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        prev BLOB NOT NULL,
        content_hash BLOB NOT NULL,
        row_hash BLOB NOT NULL,
        salt BLOB,
        payload BLOB,
        check_number TEXT UNIQUE,
        about TEXT,
        erase_after INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX journal_about ON journal (about) WHERE about IS NOT NULL",
    "CREATE INDEX journal_erase_after ON journal (erase_after) WHERE payload IS NOT NULL",
    # These two stop mistakes. Whoever can write the file can drop them; the hashes are what finds that out.
    """CREATE TRIGGER journal_keeps_rows BEFORE DELETE ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_keeps_hashes BEFORE UPDATE OF seq, prev, content_hash, row_hash ON journal
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TABLE replay (
        replay_key BLOB PRIMARY KEY,
        used_at INTEGER NOT NULL,
        burn_until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX replay_burn_until ON replay (burn_until)",
    """CREATE TABLE recheck (
        check_number TEXT PRIMARY KEY,
        uri TEXT NOT NULL,
        idx INTEGER NOT NULL,
        as_of INTEGER NOT NULL,
        accepted_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE alarm (
        check_number TEXT PRIMARY KEY,
        found_at INTEGER NOT NULL,
        answer TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE daily_key (day INTEGER PRIMARY KEY, key BLOB NOT NULL) STRICT",
    "CREATE TABLE document (name TEXT PRIMARY KEY, encoded BLOB NOT NULL) STRICT",
    # Marks stand apart from the documents: a damaged document is fetched again, its mark still refuses an older one.
    """CREATE TABLE mark (
        name TEXT PRIMARY KEY,
        seq INTEGER NOT NULL,
        iat INTEGER NOT NULL,
        content_sha256 BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

_SECOND: Final = (
    # A bundle is one check with up to four licences, and each may have been accepted on old status data.
    """CREATE TABLE recheck_2 (
        check_number TEXT NOT NULL,
        uri TEXT NOT NULL,
        idx INTEGER NOT NULL,
        as_of INTEGER NOT NULL,
        accepted_at INTEGER NOT NULL,
        PRIMARY KEY (check_number, uri, idx)
    ) STRICT, WITHOUT ROWID""",
    "INSERT INTO recheck_2 SELECT check_number, uri, idx, as_of, accepted_at FROM recheck",
    "DROP TABLE recheck",
    "ALTER TABLE recheck_2 RENAME TO recheck",
)

_THIRD: Final = (
    # One row for each region whose statuses come from a feed; `sha256` is over what stands before it, for SQLite would
    # not notice a bit that the disk turned. `changed` is the number of `feed_change` when the row was last written.
    """CREATE TABLE feed_region (
        region TEXT PRIMARY KEY,
        encoded BLOB NOT NULL,
        base BLOB NOT NULL,
        as_of INTEGER NOT NULL,
        sha256 BLOB NOT NULL,
        changed INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE feed_delta (
        region TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (region, epoch, seq)
    ) STRICT""",
    """CREATE TABLE feed_taken (
        region TEXT NOT NULL,
        count INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX feed_taken_until ON feed_taken (region, until)",
    # As for documents: marks stand apart, and stay when a region's statuses are damaged or forgotten.
    """CREATE TABLE feed_mark (
        region TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        iat INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE feed_change (number INTEGER NOT NULL) STRICT",
    "INSERT INTO feed_change VALUES (0)",
)

_FOURTH: Final = (
    # What a region's status key should never have signed; `held` and `came` are the checkpoints as they came.
    """CREATE TABLE feed_alarm (
        region TEXT NOT NULL,
        kind TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        found_at INTEGER NOT NULL,
        detail TEXT NOT NULL,
        held BLOB,
        came BLOB,
        PRIMARY KEY (region, kind)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE time_floor (
        region TEXT NOT NULL,
        kid BLOB NOT NULL,
        iat INTEGER NOT NULL,
        PRIMARY KEY (region, kid)
    ) STRICT, WITHOUT ROWID""",
)

_FIFTH: Final = (
    """CREATE TABLE ban (
        iss TEXT NOT NULL,
        kid BLOB NOT NULL,
        since INTEGER NOT NULL,
        PRIMARY KEY (iss, kid)
    ) STRICT, WITHOUT ROWID""",
    # What waits is sealed from now on; what waited before is moved by the queue, which has the key.
    "ALTER TABLE recheck RENAME TO recheck_unsealed",
    """CREATE TABLE recheck (
        check_number TEXT NOT NULL,
        entry BLOB NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (check_number, entry)
    ) STRICT, WITHOUT ROWID""",
    # Between which moments the status changed, and when the check was.
    "ALTER TABLE alarm ADD COLUMN valid_at INTEGER",
    "ALTER TABLE alarm ADD COLUMN as_of INTEGER",
    "ALTER TABLE alarm ADD COLUMN accepted_at INTEGER",
)

_SIXTH: Final = (
    "CREATE TABLE metadata_behind (region TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID",
)

_SEVENTH: Final = (
    # Wrong tries in a row at a PIN or a passphrase, and the moment of the newest.
    """CREATE TABLE guess (
        secret TEXT PRIMARY KEY,
        wrong INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
)

_EIGHTH: Final = (
    # What the operator is to hear; `key` is the row's idempotency key, by which it is taken once however often it goes.
    """CREATE TABLE outbox (
        key BLOB PRIMARY KEY,
        kind TEXT NOT NULL,
        body BLOB NOT NULL,
        created INTEGER NOT NULL,
        tries INTEGER NOT NULL,
        next_at INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX outbox_next_at ON outbox (next_at)",
)

_NINTH: Final = (
    # What a supervisor has set here, as JSON, and the hash of the PIN.
    """CREATE TABLE local_setting (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL,
        locked INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE local_secret (name TEXT PRIMARY KEY, hash BLOB NOT NULL) STRICT, WITHOUT ROWID",
)

_TENTH: Final = (
    # Presentations used here, by a name that says nothing to whoever has not seen the code: neighbours hear of them.
    """CREATE TABLE site_use (
        tag BLOB NOT NULL,
        check_number TEXT NOT NULL,
        used_at INTEGER NOT NULL,
        accepted INTEGER NOT NULL,
        PRIMARY KEY (tag, check_number)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX site_use_used_at ON site_use (used_at)",
    # The same presentation at another terminal of the site, until a person has seen it, and for some days after that.
    """CREATE TABLE double_show (
        check_number TEXT NOT NULL,
        terminal TEXT NOT NULL,
        other_number TEXT NOT NULL,
        place TEXT NOT NULL,
        accepted INTEGER NOT NULL,
        other_at INTEGER NOT NULL,
        other_accepted INTEGER NOT NULL,
        found_at INTEGER NOT NULL,
        acknowledged INTEGER NOT NULL,
        PRIMARY KEY (check_number, terminal, other_number)
    ) STRICT, WITHOUT ROWID""",
)

_ELEVENTH: Final = (
    # What officers signed here. `sealed` names the licence's status entry, until newer data say what became of it.
    """CREATE TABLE officers_act (
        act BLOB PRIMARY KEY,
        check_number TEXT NOT NULL,
        kind INTEGER NOT NULL,
        made INTEGER NOT NULL,
        sealed BLOB,
        answer TEXT,
        answered_at INTEGER
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX officers_act_of_check ON officers_act (check_number)",
)


_TWELFTH: Final = (
    # How far newer versions of this program have come here (`updates`).
    """CREATE TABLE software_update (
        version TEXT PRIMARY KEY,
        sha256 BLOB NOT NULL,
        state TEXT NOT NULL,
        since INTEGER NOT NULL,
        notes TEXT NOT NULL,
        usable_from INTEGER NOT NULL,
        ask_after INTEGER,
        postponed_until INTEGER,
        withdrawn TEXT NOT NULL,
        detail TEXT NOT NULL
    ) STRICT, WITHOUT ROWID""",
    f"PRAGMA application_id = {USABLE_FROM}",
)

_THIRTEENTH: Final = (
    # What the centre decided about officers' acts; `why` is sealed, and let go of after some days.
    """CREATE TABLE act_decision (
        act BLOB PRIMARY KEY,
        rejected INTEGER NOT NULL,
        decided_at INTEGER NOT NULL,
        why BLOB
    ) STRICT, WITHOUT ROWID""",
)

_STEPS: Final = (
    _FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH, _EIGHTH, _NINTH, _TENTH, _ELEVENTH, _TWELFTH,
    _THIRTEENTH,
)  # fmt: skip
VERSION: Final = len(_STEPS)


def open_database(path: Path) -> sqlite3.Connection:
    """A connection to an up-to-date database; made when there is none.

    Raises:
        StoreDamaged: It cannot be opened, is not a database, or comes from a newer version of this program.
    """
    try:
        version, usable_from = versions(path)
        if version > VERSION and not 0 < usable_from <= VERSION:
            raise StoreDamaged(f"{path.name} was written by a newer version of this program")
        if version < VERSION:
            _migrate(path)
        return _connect(path)
    except (sqlite3.Error, OSError) as failure:
        raise StoreDamaged(f"{path.name}: {failure}") from failure


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """One transaction that takes the write lock at once, durable when the block is left without an exception."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # SQLite ends the transaction by itself on some errors (a full disk is one); rolling back again would hide them.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error:
        database.close()
        raise
    return database


def versions(path: Path) -> tuple[int, int]:
    """The version of a database, and the oldest one whose programs can work with it; 0 where nobody has said.

    Raises:
        sqlite3.Error: It is none.
    """
    if not path.exists():
        return 0, 0
    database = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        (usable_from,) = database.execute("PRAGMA application_id").fetchone()
    finally:
        database.close()
    return int(version), int(usable_from)


def _migrate(path: Path) -> None:
    from sqlite_utils import Database  # noqa: PLC0415 — see the module's docstring

    _connect(path).close()
    database = Database(path)
    try:
        _migrations().apply(database)
    finally:
        database.close()


def _migrations() -> "Migrations":
    from sqlite_utils import Migrations  # noqa: PLC0415 — see the module's docstring

    migrations = Migrations("terminal")
    for number, statements in enumerate(_STEPS, 1):
        migrations(name=f"version_{number}")(_step(statements, number))
    return migrations


def _step(statements: tuple[str, ...], number: int) -> "Callable[[Database], None]":
    def step(database: "Database") -> None:
        for statement in statements:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {number}")

    return step
