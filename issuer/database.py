"""The database behind a register: SQLite in a file, PostgreSQL by URL; transactions that mean the same on both.

SQLite has one writer at a time. On PostgreSQL additions run beside one another (`adding`), and a change (`writing`)
waits for all of them and they for it: so nothing new escapes a change of its licence, there as here. Guaranteed: what
was committed survives the plug. No error repeats what a statement carried, for that is personal.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from issuer.errors import RegisterUnavailable

_BUSY_SECONDS: Final = 30
_POSTGRESQL: Final = "postgresql+psycopg"
_READS: Final = "liangzheng_reads"
_SQLITE_CACHE_KIB: Final = 131_072
"""The most that a connection keeps in memory; SQLite's own 2 MiB are read anew for each row of a large register."""
_SQLITE_CHECKPOINT_PAGES: Final = 16_384
"""64 MiB of log. Random keys touch the same pages again and again: the later they are moved, the fewer times."""
_LOCK: Final = 0x4C5A_0001
"""PostgreSQL's advisory lock of the register: exclusive for a change, shared by additions."""


class Database:
    """One database; shared by threads."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._is_postgresql = self._engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads, all of one moment. Raises: RegisterUnavailable."""
        options: dict[str, Any] = {_READS: True}
        if self._is_postgresql:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _wrapped(), self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """For one statement that only reads, by itself of one moment: a server is not told to begin and to end.

        Raises: RegisterUnavailable.
        """
        if not self._is_postgresql:
            with self.reading() as connection:
                yield connection
            return
        with _wrapped(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes and that nothing else writes beside. Raises: RegisterUnavailable."""
        with self._transaction(func.pg_advisory_xact_lock) as connection:
            yield connection

    @contextmanager
    def adding(self) -> Iterator[Connection]:
        """One transaction that adds, beside others like it and never beside a change. Raises: RegisterUnavailable."""
        with self._transaction(func.pg_advisory_xact_lock_shared) as connection:
            yield connection

    def scrub(self, tables: Iterable[str]) -> None:
        """Write the file anew without what was erased; on PostgreSQL, let the space of these tables be used again.

        On SQLite nothing is written beside it, and it needs as much room again for a moment.

        Raises:
            RegisterUnavailable: What was erased is in no table any more, and pieces of it may still lie in the file.
        """
        with _wrapped():
            if self._is_postgresql:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    for table in tables:
                        connection.exec_driver_sql(f"VACUUM {table}")
                return
            # Below SQLAlchemy, which would begin a transaction.
            raw = self._engine.raw_connection()
            try:
                for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    raw.cursor().execute(statement)
            except sqlite3.Error as error:
                raise RegisterUnavailable(f"the register was not written anew: {error}") from None
            finally:
                raw.close()

    @contextmanager
    def _transaction(self, lock: Callable[[int], Any]) -> Iterator[Connection]:
        with _wrapped(), self._engine.begin() as connection:
            if self._is_postgresql:
                connection.execute(select(lock(_LOCK)))
            yield connection


@contextmanager
def _wrapped() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # The driver's own words name tables and reasons; SQLAlchemy's would repeat the parameters, which are personal.
        # PostgreSQL's details repeat them, too; its first line does not.
        words = str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]
        raise RegisterUnavailable(f"the register did not answer: {words}") from None


def check_server_url(url: str) -> None:
    """Return if this is the address of a PostgreSQL database, without a password.

    Raises:
        RegisterUnavailable: It is not.
    """
    hint = "Write postgresql+psycopg://USER@HOST/DATABASE; the password, if any, stands in ~/.pgpass (chmod 600)."
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):
        raise RegisterUnavailable("this is no address of a database", hint=hint) from None
    if made.drivername != _POSTGRESQL:
        raise RegisterUnavailable("this is no address of a PostgreSQL database", hint=hint)
    if made.password is not None or "password" in made.query:
        # It would lie in issuer.json in the clear, and in the list of processes.
        raise RegisterUnavailable("the address of the register holds a password", hint=hint)


def _engine(url: str) -> Engine:
    if url.startswith("sqlite:"):
        engine = create_engine(url, hide_parameters=True)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    check_server_url(url)
    # A server that was restarted is noticed before a transaction begins on its dead connection.
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{_BUSY_SECONDS}s'")
        # An acknowledged change survives the plug, whatever the server's own default is.
        cursor.execute("SET synchronous_commit = on")
    connection.commit()


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would take the write lock too late (SQLITE_BUSY_SNAPSHOT).
    connection.isolation_level = None
    # SECURITY.md finding 3: WAL with NORMAL loses acknowledged rows when the plug is pulled, with FULL none.
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
    sizes = (f"cache_size=-{_SQLITE_CACHE_KIB}", f"wal_autocheckpoint={_SQLITE_CHECKPOINT_PAGES}")
    for pragma in (f"busy_timeout={_BUSY_SECONDS * 1000}", *pragmas, *sizes):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READS, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
