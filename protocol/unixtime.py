"""Moments as whole seconds since 1970-01-01T00:00:00Z, and the local days of licences.

Nothing here reads a clock: a moment always arrives as an argument (`at`). Legal dates are local days at UTC+8 without
daylight saving time, since the People's Republic of China keeps one zone (CONTRACTS.md, "Labels and types").
"""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import NewType

UnixTime = NewType("UnixTime", int)
"""Seconds since the epoch, UTC, 0 … 2**53; never a float."""

Seconds = NewType("Seconds", int)
"""A duration in whole seconds."""

LocalDay = NewType("LocalDay", int)
"""A calendar day at UTC+8, written YYYYMMDD as an integer."""

LOCAL_ZONE = timezone(timedelta(hours=8), "UTC+8")

MINUTE = Seconds(60)
HOUR = Seconds(3_600)
DAY = Seconds(86_400)


def local_day(at: UnixTime) -> LocalDay:
    """The day at UTC+8 on which this moment falls."""
    there = datetime.fromtimestamp(at, LOCAL_ZONE)
    return LocalDay(there.year * 10_000 + there.month * 100 + there.day)


def calendar_date(day: int) -> date:
    """The calendar date of YYYYMMDD.

    Raises:
        ValueError: there is no such day.
    """
    try:
        return date(day // 10_000, day // 100 % 100, day % 100)
    except OverflowError as beyond:
        # A signed document can hold 63 bits here; the caller expects one kind of "no".
        raise ValueError("a year beyond every calendar") from beyond


def local_midnight(day: int) -> UnixTime:
    """The moment at which this local day begins (16:00 UTC of the day before).

    Raises:
        ValueError: there is no such day.
    """
    begin = calendar_date(day)
    return UnixTime(int(datetime(begin.year, begin.month, begin.day, tzinfo=LOCAL_ZONE).timestamp()))


def end_of_local_day(day: int) -> UnixTime:
    """The midnight that ends this local day: the first moment at which it is over.

    Raises:
        ValueError: there is no such day.
    """
    return UnixTime(local_midnight(day) + DAY)


def day_of(calendar: date) -> LocalDay:
    """YYYYMMDD of a calendar date."""
    return LocalDay(calendar.year * 10_000 + calendar.month * 100 + calendar.day)


def iso_utc(at: UnixTime) -> str:
    """The moment in ISO 8601, UTC, to the second: `2026-11-21T08:00:00Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_local(at: UnixTime) -> str:
    """The moment as a person at UTC+8 reads it: `2026-11-21 16:00:00`."""
    return datetime.fromtimestamp(at, LOCAL_ZONE).strftime("%Y-%m-%d %H:%M:%S")
