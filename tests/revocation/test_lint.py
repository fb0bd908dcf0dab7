"""The mass-change brake: every bound from both sides, rolling windows, intervals longer than a window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from revocation import lint
from revocation.errors import MassChange
from revocation.lint import MAX_LISTS_PER_DELTA, MAX_PER_DELTA, Taken
from tests.utopia.world import BEGINNING

PER_HOUR, PER_DAY = 50_000, 200_000


def taken(count: int, *, ago: int = 0, lasting: int = MINUTE) -> Taken:
    until = BEGINNING - ago
    return Taken(count, UnixTime(until - lasting), UnixTime(until))


def test_the_bounds_are_those_of_the_design() -> None:
    assert (MAX_PER_DELTA, lint.MAX_PER_WINDOW) == (20_000, ((HOUR, PER_HOUR), (DAY, PER_DAY)))


def test_one_delta() -> None:
    lint.check_delta(MAX_PER_DELTA, lists=MAX_LISTS_PER_DELTA)
    with pytest.raises(MassChange):
        lint.check_delta(MAX_PER_DELTA + 1, lists=0)
    with pytest.raises(MassChange):
        lint.check_delta(0, lists=MAX_LISTS_PER_DELTA + 1)


@pytest.mark.parametrize(
    ("history", "now", "refused"),
    [
        ([], taken(PER_HOUR), False),
        ([], taken(PER_HOUR + 1), True),
        ([taken(PER_HOUR - 1, ago=MINUTE)], taken(1), False),
        ([taken(PER_HOUR, ago=MINUTE)], taken(1), True),
        # What came within the hour counts, what came before it does not.
        ([taken(PER_HOUR, ago=HOUR - 1, lasting=0)], taken(1), True),
        ([taken(PER_HOUR, ago=HOUR, lasting=0)], taken(PER_HOUR), False),
        # Of a minute of which half is within the hour, half counts.
        ([taken(1_000, ago=HOUR - MINUTE // 2)], taken(PER_HOUR - 500), False),
        ([taken(1_000, ago=HOUR - MINUTE // 2)], taken(PER_HOUR - 499), True),
        # A day.
        ([taken(49_999, ago=hours * HOUR) for hours in (9, 7, 5, 3)], taken(4), False),
        ([taken(49_999, ago=hours * HOUR) for hours in (9, 7, 5, 3)], taken(5), True),
        ([taken(49_999, ago=DAY), *(taken(49_999, ago=hours * HOUR) for hours in (7, 5, 3))], taken(50_000), False),
        # An interval longer than a window may have as many as the windows that it covers, rounded up.
        ([], taken(2 * PER_HOUR, lasting=HOUR + 1), False),
        ([], taken(2 * PER_HOUR + 1, lasting=HOUR + 1), True),
        ([], taken(PER_DAY, lasting=DAY), False),
        ([], taken(PER_DAY + 1, lasting=DAY), True),
        ([], taken(7 * PER_DAY, lasting=7 * DAY), False),
        ([], taken(7 * PER_DAY + 1, lasting=7 * DAY), True),
        # After a week's worth in one go, the next minute is an ordinary one.
        ([taken(7 * PER_DAY, ago=MINUTE, lasting=7 * DAY)], taken(PER_HOUR - 8_334), True),
        ([taken(7 * 90_000, ago=MINUTE, lasting=7 * DAY)], taken(10_000), False),
        # No time has passed at all.
        ([taken(PER_HOUR, lasting=0)], taken(1, lasting=0), True),
        ([], taken(PER_HOUR, lasting=0), False),
        ([], taken(PER_HOUR + 1, lasting=0), True),
    ],
)
def test_windows(history: list[Taken], now: Taken, refused: bool) -> None:
    if refused:
        with pytest.raises(MassChange):
            lint.check_windows(history, now)
        return
    assert lint.check_windows(history, now)[-1] == now


def test_the_history_forgets() -> None:
    """What no window reaches is not kept: a terminal's history is at most a day of minutes."""
    old, young = taken(10, ago=DAY), taken(10, ago=DAY - 1)
    assert lint.check_windows([old, young], taken(1)) == (young, taken(1))


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(-(10**6), 2 * 10**6))
def test_a_share_is_never_too_small(count: int, lasting: int, begin: int) -> None:
    """Rounded up, never more than all, and all of it where the window reaches back to its beginning."""
    entry = Taken(count, UnixTime(0), UnixTime(lasting))
    share = entry.within(UnixTime(begin))
    assert 0 <= share <= count
    if begin >= lasting:
        assert share == 0
    elif begin <= 0:
        assert share == count
    else:
        assert share * lasting >= count * (lasting - begin) > (share - 1) * lasting
