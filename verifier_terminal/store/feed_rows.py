"""The rows of the status feeds: for each region its newest checkpoint, its base's, and the deltas between the two.

Guaranteed: a row whose bits turned on the disk is noticed; marks never go back. Not handled here: what the bytes mean
(`store.feed_store`), and transactions: whatever writes is called inside one.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from protocol.unixtime import DAY, UnixTime
from revocation.lint import Taken


@dataclass(frozen=True, slots=True)
class RegionRow:
    """What stands in the database about one region."""

    encoded: bytes
    """The newest checkpoint, as it came."""
    base: bytes
    """The checkpoint whose state is in the base file."""
    as_of: UnixTime
    changed: int
    """When it was last written, counted over all regions and processes."""


@dataclass(frozen=True, slots=True, order=True)
class FeedMark:
    """The newest place in a feed that was ever taken in, in the order of checkpoints."""

    epoch: int
    seq: int
    iat: UnixTime


class RowDamaged(Exception):
    """A row is not what was written."""


class FeedRows:
    """The feed's tables. Called by one thread at a time."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def number(self) -> int:
        """Grows whenever anything is written here, by this process or another one."""
        return int(self._database.execute("SELECT number FROM feed_change").fetchone()[0])

    def changed(self) -> Mapping[str, int]:
        """When each region's row was last written."""
        return dict(self._database.execute("SELECT region, changed FROM feed_region ORDER BY region"))

    def region(self, region: str) -> RegionRow | None:
        """The row of a region.

        Raises:
            RowDamaged: It is not what was written.
        """
        row = self._database.execute(
            "SELECT encoded, base, as_of, changed, sha256 FROM feed_region WHERE region = ?", (region,)
        ).fetchone()
        if row is None:
            return None
        *content, hashed = row
        read = RegionRow(*content)
        if _digest(region, read) != hashed:
            raise RowDamaged("the row is not what was written")
        return read

    def put_region(self, region: str, row: RegionRow) -> None:
        """Writes a region's row."""
        self._database.execute(
            "INSERT INTO feed_region VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (region) DO UPDATE SET"
            " encoded = excluded.encoded, base = excluded.base, as_of = excluded.as_of, sha256 = excluded.sha256,"
            " changed = excluded.changed",
            (region, row.encoded, row.base, row.as_of, _digest(region, row), row.changed),
        )

    def count_on(self) -> int:
        """The next number; whatever is written with it is seen by every process."""
        rows = self._database.execute("UPDATE feed_change SET number = number + 1 RETURNING number").fetchall()
        return int(rows[0][0])

    def deltas(self, region: str, epoch: int, *, after: int, last: int) -> list[bytes]:
        """The bodies of the deltas after one seq up to and including another, in order."""
        rows = self._database.execute(
            "SELECT body FROM feed_delta WHERE region = ? AND epoch = ? AND seq > ? AND seq <= ? ORDER BY seq",
            (region, epoch, after, last),
        )
        return [body for (body,) in rows]

    def put_deltas(self, region: str, epoch: int, bodies: Sequence[bytes], *, after: int) -> None:
        """Writes the deltas that follow one seq."""
        self._database.executemany(
            "INSERT OR REPLACE INTO feed_delta VALUES (?, ?, ?, ?)",
            ((region, epoch, seq, body) for seq, body in enumerate(bodies, after + 1)),
        )

    def drop_deltas(self, region: str, epoch: int, *, up_to: int) -> None:
        """Removes the deltas that a base of this place holds, and everything of other epochs."""
        self._database.execute(
            "DELETE FROM feed_delta WHERE region = ? AND (epoch <> ? OR seq <= ?)", (region, epoch, up_to)
        )

    def taken(self, region: str) -> tuple[Taken, ...]:
        """What was taken within the last day, oldest first."""
        rows = self._database.execute(
            "SELECT count, since, until FROM feed_taken WHERE region = ? ORDER BY rowid", (region,)
        )
        return tuple(Taken(count, UnixTime(since), UnixTime(until)) for count, since, until in rows)

    def put_taken(self, region: str, before: tuple[Taken, ...], after: tuple[Taken, ...]) -> None:
        """Brings the history from one to the other: its last entry is new, what no window reaches is gone."""
        if after is before or after == before:
            return
        oldest = UnixTime(after[-1].until - DAY) if after else None
        self._database.execute(
            "DELETE FROM feed_taken WHERE region = ? AND (? IS NULL OR until <= ?)", (region, oldest, oldest)
        )
        if after:
            last = after[-1]
            self._database.execute(
                "INSERT INTO feed_taken VALUES (?, ?, ?, ?)", (region, last.count, last.since, last.until)
            )

    def mark(self, region: str) -> FeedMark | None:
        """The newest place of this region's feed that was ever taken in."""
        row = self._database.execute("SELECT epoch, seq, iat FROM feed_mark WHERE region = ?", (region,)).fetchone()
        return None if row is None else FeedMark(*row)

    def put_mark(self, region: str, mark: FeedMark) -> None:
        """Moves the mark on."""
        self._database.execute(
            "INSERT INTO feed_mark VALUES (?, ?, ?, ?) ON CONFLICT (region) DO UPDATE SET"
            " epoch = excluded.epoch, seq = excluded.seq, iat = excluded.iat",
            (region, mark.epoch, mark.seq, mark.iat),
        )

    def forget(self, region: str) -> None:
        """Removes everything of a region but its mark."""
        for statement in (
            "DELETE FROM feed_region WHERE region = ?",
            "DELETE FROM feed_delta WHERE region = ?",
            "DELETE FROM feed_taken WHERE region = ?",
        ):
            self._database.execute(statement, (region,))


def _digest(region: str, row: RegionRow) -> bytes:
    parts = (region.encode(), row.encoded, row.base, f"{row.as_of} {row.changed}".encode())
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()
