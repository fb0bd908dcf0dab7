"""What people look through: licences by search or by their last day, and how many legal changes each hour brought.

Only of the kinds that are named: whose kinds somebody may see is said by whoever asks (`issuer.people`).
"""

from collections.abc import Collection, Mapping
from typing import Final

from sqlalchemy import func, select

from issuer.register import LicenceRecord, Register
from issuer.register_schema import status_event
from protocol import unixtime
from protocol.unixtime import DAY, HOUR, LocalDay, UnixTime

MAX_LISTED: Final = 1_000


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
