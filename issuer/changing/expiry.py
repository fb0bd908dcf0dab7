"""Licences whose legal term ends soon, or has ended, by the day that the register has.

A licence that is over needs no status, for it says so itself: nothing has to be marked, so nothing can be forgotten.
"""

from collections.abc import Mapping
from typing import Final

from issuer.errors import KindUnknown
from issuer.register import LicenceRecord, Register, records
from issuer.register_schema import licence
from protocol import unixtime
from protocol.licence.catalogue import Kind
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime

MAX_LISTED: Final = 10_000


class Expiry:
    """What ends when, of one authority."""

    def __init__(self, *, register: Register, kinds: Mapping[int, Kind]) -> None:
        self._register, self._kinds = register, kinds

    def listed(self, *, kind: str | None, days: int, past: bool, at: UnixTime) -> tuple[LicenceRecord, ...]:
        """Valid and suspended licences that end within so many days, the nearest first; or have ended within them.

        Raises:
            KindUnknown: There is no such kind.
            RegisterUnavailable: The register did not answer.
        """
        today = unixtime.local_day(at)
        other = unixtime.local_day(UnixTime(max(0, at - days * DAY if past else at + days * DAY)))
        ends = licence.c.valid_to
        within = (ends < today) & (ends >= other) if past else (ends >= today) & (ends <= other)
        condition = within & licence.c.status.in_([int(Status.VALID), int(Status.SUSPENDED)])
        if kind is not None:
            numbers = [vct for vct, each in self._kinds.items() if each.slug == kind]
            if not numbers:
                raise KindUnknown(f"there is no such kind: {kind}")
            condition &= licence.c.vct.in_(numbers)
        order = (ends.desc() if past else ends, licence.c.id)
        with self._register.reading() as connection:
            return records(connection, condition, order=order, limit=MAX_LISTED)
