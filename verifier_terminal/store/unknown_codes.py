"""Digests of codes of which nothing could be established: HMAC under a key of the day, which is deleted after it.

Within one day the same strange code can be recognised again in the journal; afterwards the digest says nothing about
the text, and no dictionary of payment codes can be run against it. On a disk taken away on that very day the key is
still there: it protects yesterday's digests, not today's.
"""

import hmac
import sqlite3
from collections.abc import Callable
from typing import Final

from protocol.unixtime import UnixTime, local_day

_KEY_BYTES: Final = 32
_DIGEST_CHARACTERS: Final = 32


def digest_of(text: str, *, database: sqlite3.Connection, at: UnixTime, random_bytes: Callable[[int], bytes]) -> str:
    """The digest of a text; inside the transaction of its journal row. Keys of other days are deleted.

    Raises:
        sqlite3.Error: The key of the day could not be read or written.
    """
    today = local_day(at)
    row = database.execute("SELECT key FROM daily_key WHERE day = ?", (today,)).fetchone()
    if row is None:
        row = (random_bytes(_KEY_BYTES),)
        database.execute("DELETE FROM daily_key")
        database.execute("INSERT INTO daily_key VALUES (?, ?)", (today, row[0]))
    return hmac.digest(row[0], text.encode("utf-8", "surrogatepass"), "sha256").hex()[:_DIGEST_CHARACTERS]


def forget_old_keys(*, database: sqlite3.Connection, at: UnixTime) -> None:
    """Deletes the keys of other days, on days too on which no strange code comes."""
    database.execute("DELETE FROM daily_key WHERE day <> ?", (local_day(at),))
