"""When a place is open: `updates.toml`, in local time (UTC+8 the whole year).

    [open]
    monday = ["09:00-12:00", "13:30-17:30"]     # … to sunday; a day that is not named is closed
    friday = ["20:00-02:00"]                    # past midnight belongs to the day on which it begins
    [days]
    "2026-10-01" = []                           # one date, whatever its weekday: closed
    "2026-10-10" = ["09:00-12:00"]

Guaranteed: what cannot be read is an error and never "closed". Not handled here: where the file is, and what closed
means for whom.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from protocol.unixtime import DAY, LOCAL_ZONE, MINUTE, Seconds, UnixTime
from verifier_terminal.updates.errors import SettingsUnusable

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST: Final = Seconds(8 * DAY)
"""So far ahead is looked; whoever is closed for longer is closed for as long as anybody needs."""
_SPAN: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00))", re.ASCII)
_MINUTES: Final = 1_440

Span = tuple[int, int]
"""Minutes from the day's midnight; the end may lie on the next day."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Seven weekdays, Monday first, and dates that are otherwise."""

    weekdays: tuple[tuple[Span, ...], ...]
    days: Mapping[date, tuple[Span, ...]]

    def closed_for(self, at: UnixTime) -> Seconds:
        """How long the place stays closed from now on, at most `LONGEST`; 0: it is open."""
        least = LONGEST
        for begin, end in self._spans(at):
            if begin <= at < end:
                return Seconds(0)
            if begin > at:
                least = min(least, Seconds(begin - at))
        return least

    def _spans(self, at: UnixTime) -> Iterator[tuple[int, int]]:
        today = datetime.fromtimestamp(at, LOCAL_ZONE).date()
        for offset in range(-1, LONGEST // DAY + 1):
            day = today + timedelta(days=offset)
            midnight = int(datetime(day.year, day.month, day.day, tzinfo=LOCAL_ZONE).timestamp())
            for begin, end in self.days.get(day, self.weekdays[day.weekday()]):
                yield midnight + begin * MINUTE, midnight + end * MINUTE


def parse(text: str) -> OpeningHours:
    """The opening hours in the text of an `updates.toml`. Raises: SettingsUnusable."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise SettingsUnusable(str(wrong)) from wrong
    weekdays, days = written.pop("open", None), written.pop("days", {})
    if written or not isinstance(weekdays, dict) or not isinstance(days, dict) or weekdays.keys() - {*WEEKDAYS}:
        raise SettingsUnusable("[open] with names of weekdays, [days] with dates, and nothing else")
    return OpeningHours(
        tuple(_spans(day, weekdays.get(day, [])) for day in WEEKDAYS),
        {_date(day): _spans(day, spans) for day, spans in days.items()},
    )


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError as wrong:
        raise SettingsUnusable(f"{written} is no date such as 2026-10-01") from wrong


def _spans(day: str, written: object) -> tuple[Span, ...]:
    found = (
        [_SPAN.fullmatch(each) if isinstance(each, str) else None for each in written]
        if isinstance(written, list)
        else [None]
    )
    spans = []
    for each in found:
        if each is None:
            raise SettingsUnusable(f'{day} wants spans such as ["09:00-17:30"], or [] when it is closed')
        begin, end = int(each[1]) * 60 + int(each[2]), int(each[3] or each[5]) * 60 + int(each[4] or each[6])
        spans.append((begin, end if end > begin else end + _MINUTES))
    return tuple(spans)
