"""What a region should never have signed, or a disk never have lost: kept with its evidence until it is over.

Two histories stay an alarm until the region goes on in a later epoch, with another key. A change that only the offline
key may make, and a moment of the future, are over when the region's feed is gone on with. Not handled here: when that
is (`upkeep`), and journal rows.
"""

import sqlite3
from dataclasses import dataclass, field
from enum import StrEnum

from protocol.unixtime import UnixTime


class FeedAlarmKind(StrEnum):
    """What was signed."""

    EQUIVOCATION = "equivocation"
    FORBIDDEN = "forbidden"
    FUTURE = "future"
    MISMATCH = "mismatch"
    """What is held is not the state that was signed; a base is fetched."""


@dataclass(frozen=True, slots=True)
class FeedAlarm:
    """One alarm. `held` and `came` are the signed checkpoints, for whoever looks into it."""

    region: str
    kind: FeedAlarmKind
    epoch: int
    found_at: UnixTime
    detail: str
    held: bytes | None = field(default=None, repr=False)
    came: bytes | None = field(default=None, repr=False)


class FeedAlarms:
    """The alarms of one terminal. Called by one thread at a time; writes inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def standing(self) -> tuple[FeedAlarm, ...]:
        """Those that are not over, by region. A hand in the database must not silence the others."""
        rows = self._database.execute(
            "SELECT region, kind, epoch, found_at, detail, held, came FROM feed_alarm ORDER BY region, kind"
        )
        kinds = set(FeedAlarmKind)
        return tuple(
            FeedAlarm(region, FeedAlarmKind(kind), epoch, UnixTime(at), detail, held, came)
            for region, kind, epoch, at, detail, held, came in rows
            if kind in kinds
        )

    def raise_once(self, alarm: FeedAlarm) -> bool:
        """Raises an alarm; False when one of its kind stands already: the first evidence is kept."""
        raised = self._database.execute(
            "INSERT OR IGNORE INTO feed_alarm VALUES (?, ?, ?, ?, ?, ?, ?)",
            (alarm.region, alarm.kind.value, alarm.epoch, alarm.found_at, alarm.detail, alarm.held, alarm.came),
        )
        return raised.rowcount == 1

    def went_on(self, region: str, *, epoch: int) -> bool:
        """The region's feed was gone on with; whether an alarm was over with that."""
        over = self._database.execute(
            "DELETE FROM feed_alarm WHERE region = ? AND (kind <> ? OR epoch < ?)",
            (region, FeedAlarmKind.EQUIVOCATION.value, epoch),
        )
        return over.rowcount > 0

    def forget(self, region: str) -> None:
        """A region that is trusted no more has no alarms."""
        self._database.execute("DELETE FROM feed_alarm WHERE region = ?", (region,))
