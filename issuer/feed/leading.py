"""Who leads the feed of a register: one process at a time, for the length of one tick.

On PostgreSQL that is an advisory lock of the server, which all servers of an authority share and which ends with its
connection; else a lock file in the issuer's folder, which ends with its process. A lock is a courtesy: that two leaders
cannot both extend the feed is seen to by the log and by the store.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from issuer import durable_files
from issuer.register import Register

LOCK: Final = 0x4C5A_0002
"""PostgreSQL's advisory lock of the feed; the register's own is another one."""


class Leadership:
    """Leads, one tick at a time. Shared by threads."""

    def __init__(self, register: Register, *, lock: Path) -> None:
        self._register, self._lock = register, lock
        self._thread = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lead while this lasts; wait for another leader's tick.

        Raises:
            RegisterUnavailable, StorageFailed: Another leader does not come to an end within half a minute.
        """
        with self._thread:
            if self._is_postgresql():
                # The lock is the transaction's, so it ends with it and with its connection.
                with self._register.reading() as connection:
                    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
                    yield
            else:
                with durable_files.exclusively(self._lock):
                    yield

    def _is_postgresql(self) -> bool:
        with self._register.reading() as connection:
            return connection.dialect.name == "postgresql"
