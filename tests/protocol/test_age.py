"""Ages: full years from the day after the birthday, by what is there; and "nobody can tell" is an answer of its own."""

from typing import Any

import pytest

from protocol import unixtime
from protocol.labels import Lic
from protocol.licence import age
from protocol.unixtime import DAY, UnixTime


def on(day: int) -> UnixTime:
    return UnixTime(unixtime.local_midnight(day) + 3_600)


DATE = {int(Lic.BIRTH_DATE): 20121121}
NUMBER = {int(Lic.CITIZEN_ID): "990101201211210019"}


@pytest.mark.parametrize("items", [DATE, NUMBER, {**DATE, **NUMBER}])
def test_fourteen_is_who_has_had_the_birthday(items: dict[int, Any]) -> None:
    assert age.is_under(14, items, at=on(20261120)) is True
    assert age.is_under(14, items, at=on(20261121)) is True
    assert age.is_under(14, items, at=on(20261122)) is False
    assert age.is_under(18, items, at=on(20261122)) is True


def test_the_day_is_that_of_the_peoples_republic() -> None:
    midnight = unixtime.local_midnight(20261122)
    assert age.is_under(14, DATE, at=UnixTime(midnight - 1)) is True
    assert age.is_under(14, DATE, at=midnight) is False


def test_who_is_born_on_29_february_turns_fourteen_with_march() -> None:
    born = {int(Lic.BIRTH_DATE): 20120229}
    assert age.is_under(14, born, at=on(20260228)) is True
    assert age.is_under(14, born, at=on(20260301)) is False


def test_of_two_different_days_the_later_counts() -> None:
    assert age.is_under(14, {**NUMBER, int(Lic.BIRTH_DATE): 19900101}, at=on(20261121)) is True
    assert age.is_under(14, {int(Lic.CITIZEN_ID): "990101199001010018", **DATE}, at=on(20261121)) is True


@pytest.mark.parametrize(
    "items",
    [
        {},
        {int(Lic.NAME): "测试员甲"},
        {int(Lic.CITIZEN_ID): "990101201202300019"},
        {int(Lic.CITIZEN_ID): "990101120101001"},
        {int(Lic.CITIZEN_ID): "99010120121121001９"},
        {int(Lic.CITIZEN_ID): "990101201211210019\n"},
        {int(Lic.CITIZEN_ID): 990101201211210019},
        {int(Lic.BIRTH_DATE): 20121301},
        {int(Lic.BIRTH_DATE): True},
        {int(Lic.BIRTH_DATE): "20121121"},
        {int(Lic.BIRTH_DATE): -(2**62)},
        {int(Lic.BIRTH_DATE): 2**62},
    ],
)
def test_what_tells_no_day_tells_no_age(items: dict[int, Any]) -> None:
    assert age.is_under(14, items, at=on(20261121)) is None


@pytest.mark.parametrize("at", [-(2**62), 2**62, 2**40 * DAY])
def test_a_clock_beyond_every_calendar_knows_no_age(at: int) -> None:
    assert age.is_under(14, DATE, at=UnixTime(at)) is None
