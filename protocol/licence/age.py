"""Whether a holder is of an age, by what a licence says of the birth: its date, or the date in a citizen's number.

An age is full years (周岁): somebody born on 21 November has turned 14 from 22 November on, since the law counts from
the day after the birthday (法释〔2006〕1号 article 2). Not handled here: what follows from an age
(`PolicyRow.guardian_below`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from protocol import cbor, unixtime
from protocol.labels import Lic
from protocol.unixtime import UnixTime

TELLING: Final = frozenset({int(Lic.BIRTH_DATE), int(Lic.CITIZEN_ID)})
"""The `lic` keys that tell when somebody was born."""

_YEAR: Final = 10_000
_CITIZEN_ID: Final = re.compile(r"[0-9]{6}([0-9]{8})[0-9]{3}[0-9X]", re.ASCII)
"""GB 11643: six digits of the place, eight of the birth, three of the order, a check character."""


def is_under(years: int, items: Mapping[int, cbor.Value], *, at: UnixTime) -> bool | None:
    """Whether the person of these items is younger than so many full years; None where nobody can tell.

    Where two items tell different days the later birth counts.
    """
    born = max(births(items), default=None)
    try:
        today = unixtime.local_day(at)
    except (ValueError, OverflowError, OSError):
        # A clock beyond every calendar knows nobody's age.
        return None
    # 29 February needs no case of its own: without such a day in the year, every day from 1 March on is later.
    return None if born is None else today <= born + years * _YEAR


def births(items: Mapping[int, cbor.Value]) -> Iterable[int]:
    """Each day that these items tell the person was born on, as YYYYMMDD; none where none does."""
    date, number = items.get(Lic.BIRTH_DATE), items.get(Lic.CITIZEN_ID)
    read = _CITIZEN_ID.fullmatch(number) if isinstance(number, str) else None
    for day in (date, None if read is None else int(read[1])):
        if type(day) is int and _is_day(day):
            yield day


def _is_day(day: int) -> bool:
    try:
        unixtime.calendar_date(day)
    except ValueError:
        return False
    return True
