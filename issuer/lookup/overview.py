"""What people look through: licences by search or last day, and counts: issued, ending, changed, over time.

Only of the kinds that are named: whose kinds somebody may see is said by whoever asks (`issuer.people`).
"""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import func, select

from issuer.register import LicenceRecord, Register
from issuer.register_schema import licence, status_event
from protocol import unixtime
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, LocalDay, UnixTime

MAX_LISTED: Final = 1_000
_WEEK: Final = 7


class Overview:
    """The licences of one authority, to be looked through."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def found(self, search: str, *, kinds: Collection[int]) -> tuple[LicenceRecord, ...]:
        """As `Register.licences`, at most `MAX_LISTED`. Raises: RegisterUnavailable."""
        return self._register.licences(search=search, limit=MAX_LISTED, kinds=kinds)

    def ending(self, *, days: int, kinds: Collection[int], at: UnixTime) -> tuple[LicenceRecord, ...]:
        """Valid licences that end within so many days, the nearest first. Raises: RegisterUnavailable."""
        first, last = unixtime.local_day(at), unixtime.local_day(UnixTime(at + days * DAY))
        return self._register.ending(first=LocalDay(first), last=LocalDay(last), kinds=kinds, limit=MAX_LISTED)

    def issued_by_day(self, *, days: int, kinds: Collection[int], at: UnixTime) -> Mapping[int, int]:
        """How many licences were recorded on each local day; 0 is today. Raises: RegisterUnavailable."""
        midnight = unixtime.local_midnight(unixtime.local_day(at))
        begin = midnight - (days - 1) * DAY
        number = (licence.c.recorded_at - begin) // DAY
        statement = (
            select(number, func.count())
            .where(licence.c.recorded_at >= begin, licence.c.recorded_at <= at, licence.c.vct.in_(kinds))
            .group_by(number)
        )
        with self._register.reading() as connection:
            return {days - 1 - int(place): count for place, count in connection.execute(statement)}

    def ending_by_week(self, *, weeks: int, kinds: Collection[int], at: UnixTime) -> Mapping[int, int]:
        """How many valid licences end in each week; 0 is today and six days more. Raises: RegisterUnavailable."""
        today = unixtime.calendar_date(unixtime.local_day(at))
        last = unixtime.local_day(UnixTime(at + (weeks * _WEEK - 1) * DAY))
        statement = (
            select(licence.c.valid_to, func.count())
            .where(
                licence.c.valid_to >= unixtime.local_day(at),
                licence.c.valid_to <= last,
                licence.c.status == int(Status.VALID),
                licence.c.vct.in_(kinds),
            )
            .group_by(licence.c.valid_to)
        )
        found: dict[int, int] = {}
        with self._register.reading() as connection:
            for day, count in connection.execute(statement):
                week = (unixtime.calendar_date(day) - today).days // _WEEK
                found[week] = found.get(week, 0) + count
        return found

    def changes_by_hour(self, *, hours: int, at: UnixTime) -> Mapping[int, int]:
        """How many entries were flipped in each hour; 0 is the running one. Raises: RegisterUnavailable."""
        begin = at - at % HOUR - (hours - 1) * HOUR
        statement = (
            select(func.min(status_event.c.at), func.count())
            .where(status_event.c.at >= begin, status_event.c.at <= at)
            .group_by(status_event.c.at // HOUR)
        )
        with self._register.reading() as connection:
            return {at // HOUR - moment // HOUR: count for moment, count in connection.execute(statement)}
