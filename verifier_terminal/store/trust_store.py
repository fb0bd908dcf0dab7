"""The signed documents that the terminal holds: their bytes, and marks that never go back.

The home region's are named "trust", "catalogue", "policy" and "feed", those of another region "330000/trust" and so on,
and a status list by its URI. Not handled here: what they say (`loading`), fetching, and deciding what is newer
(`sync.intake`).
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from protocol.unixtime import UnixTime

TRUST: Final = "trust"
CATALOGUE: Final = "catalogue"
POLICY: Final = "policy"
ROOT_SIGNED: Final = (TRUST, CATALOGUE, POLICY)
"""What a terminal needs of its home region before it can accept anything."""
FEED: Final = "feed"
ROOT: Final = "root"
"""The root key of a region, as trust metadata name it; only where there are several."""
HOME: Final = ""
"""The prefix of the home region's documents."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest version of a document that was ever taken in."""

    seq: int
    iat: UnixTime
    content_sha256: bytes


class TrustStore:
    """Documents and marks of one terminal. Called by one thread at a time; `put` inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def marks(self) -> Mapping[str, Mark]:
        """Every mark by document name."""
        rows = self._database.execute("SELECT name, seq, iat, content_sha256 FROM mark")
        return {name: Mark(seq, UnixTime(iat), content) for name, seq, iat, content in rows}

    def put(self, name: str, encoded: bytes, mark: Mark, *, over: Mark | None) -> bool:
        """Takes a verified document in; False when another process has taken a newer one in meanwhile.

        Args:
            name: See the module.
            encoded: The document.
            mark: Its own.
            over: The mark that stood here when the intake judged this document good.

        Raises:
            sqlite3.Error: It was not written.
        """
        held = self.marks().get(name)
        if held is not None and held != over and (mark.seq < held.seq or mark.iat < held.iat):
            return False
        self._database.execute(
            "INSERT INTO document VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET encoded = excluded.encoded",
            (name, encoded),
        )
        self._database.execute(
            "INSERT INTO mark VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
            " SET seq = excluded.seq, iat = excluded.iat, content_sha256 = excluded.content_sha256",
            (name, mark.seq, mark.iat, mark.content_sha256),
        )
        return True

    def version(self) -> tuple[int, int, int]:
        """Changes whenever any document was taken in, by this process or another one."""
        count, numbers, moments = self._database.execute(
            "SELECT count(*), coalesce(sum(seq), 0), coalesce(sum(iat), 0) FROM mark"
        ).fetchone()
        return count, numbers, moments

    def encoded(self, name: str) -> bytes | None:
        """The bytes of one document, unverified; None when it is not held."""
        row = self._database.execute("SELECT encoded FROM document WHERE name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def all(self) -> Mapping[str, bytes]:
        """Every document by name, unverified."""
        return dict(self._database.execute("SELECT name, encoded FROM document ORDER BY name"))

    def names(self) -> frozenset[str]:
        """The names of all documents and marks."""
        rows = self._database.execute("SELECT name FROM document UNION SELECT name FROM mark")
        return frozenset(name for (name,) in rows)

    def forget(self, names: Iterable[str]) -> None:
        """Removes documents and their marks; inside a transaction."""
        for name in names:
            self._database.execute("DELETE FROM document WHERE name = ?", (name,))
            self._database.execute("DELETE FROM mark WHERE name = ?", (name,))


def is_list(name: str) -> bool:
    """Whether this is the URI of a status list."""
    return name.startswith("lz:")


def prefix_of(region: str) -> str:
    """What the names of a region's documents begin with, where it is not the home region."""
    return f"{region}/"
