"""Opening hours: edges, midnight, dates, and a zone that never changes."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.unixtime import DAY, HOUR, LOCAL_ZONE, MINUTE, UnixTime
from verifier_terminal.updates import hours
from verifier_terminal.updates.errors import SettingsUnusable

WINDOW = """
[open]
monday = ["09:00-12:00", "13:30-17:30"]
tuesday = ["09:00-17:30"]
friday = ["20:00-02:00"]
[days]
"2026-12-01" = []                    # a Tuesday
"2026-12-05" = ["10:00-11:00"]       # a Saturday
"""


def moment(text: str) -> UnixTime:
    return UnixTime(int(datetime.fromisoformat(text).replace(tzinfo=LOCAL_ZONE).timestamp()))


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("2026-11-23T08:59:59", 1),
        ("2026-11-23T09:00:00", 0),
        ("2026-11-23T11:59:59", 0),
        ("2026-11-23T12:00:00", 90 * MINUTE),
        ("2026-11-23T17:30:00", 15 * HOUR + 30 * MINUTE),
        ("2026-11-27T23:59:59", 0),
        ("2026-11-28T00:00:00", 0),
        ("2026-11-28T01:59:59", 0),
        ("2026-11-28T02:00:00", 2 * DAY + 7 * HOUR),
        ("2026-12-01T10:00:00", 3 * DAY + 10 * HOUR),
        ("2026-12-05T09:30:00", 30 * MINUTE),
        ("2026-12-05T10:30:00", 0),
    ],
)
def test_edges(text: str, closed: int) -> None:
    assert hours.parse(WINDOW).closed_for(moment(text)) == closed


def test_open_around_the_clock_is_never_closed() -> None:
    always = hours.parse("[open]\n" + "\n".join(f'{day} = ["00:00-24:00"]' for day in hours.WEEKDAYS))
    assert all(always.closed_for(UnixTime(1_795_000_000 + step * 3_599)) == 0 for step in range(500))


def test_never_open_is_closed_for_as_long_as_is_looked() -> None:
    assert hours.parse("[open]\n").closed_for(moment("2026-11-23T10:00:00")) == hours.LONGEST


@given(st.integers(0, 4_000_000_000))
def test_every_week_is_like_the_other(at: int) -> None:
    """No daylight saving time, wherever the machine thinks that it is."""
    weekly = hours.parse('[open]\nmonday = ["09:00-17:00"]\nsunday = ["23:00-01:00"]\n')
    assert weekly.closed_for(UnixTime(at)) == weekly.closed_for(UnixTime(at + 7 * DAY))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "open = 1",
        "[open]\nmontag = []",
        '[open]\nmonday = "09:00-17:00"',
        '[open]\nmonday = ["9-17"]',
        '[open]\nmonday = ["09:00-24:30"]',
        '[open]\nmonday = ["25:00-26:00"]',
        "[open]\nmonday = [900]",
        '[open]\n[days]\n"2026-02-30" = []',
        "[open]\n[closed]",
        "[open",
    ],
)
def test_what_cannot_be_read_is_an_error_and_not_closed(text: str) -> None:
    with pytest.raises(SettingsUnusable):
        hours.parse(text)
