"""What rides along with a checkpoint: what a poll in time needs, what costs less than being asked for, and no more."""

import pytest

from protocol import feed_names, limits
from protocol.feed_names import Riding
from protocol.unixtime import Seconds, UnixTime
from revocation.publishing.log import LoggedDelta
from revocation.publishing.releasing import inline

AT = UnixTime(1_000_000)
RIDING = Riding(Seconds(80), 3, 1_024)


def logged(seq: int, *, age: int, size: int = 20, statement: bytes | None = None) -> LoggedDelta:
    body = seq.to_bytes(2) + bytes(size - 2)
    return LoggedDelta(1, seq, body, bytes(32), UnixTime(AT - age), 1, statement)


def ridden(*recent: LoggedDelta, riding: Riding = RIDING) -> list[int]:
    return [int.from_bytes(each[:2]) for each in inline(recent, riding, at=AT).deltas]


def test_nothing_rides_where_nothing_was_changed() -> None:
    assert ridden() == []


def test_everything_of_the_interval_rides() -> None:
    recent = [logged(seq, age=80 - seq) for seq in range(1, 41)]
    assert ridden(*recent) == list(range(1, 41))


def test_before_it_only_a_few_that_are_small() -> None:
    recent = [logged(seq, age=600 - 60 * seq) for seq in range(1, 11)]
    assert ridden(*recent) == [8, 9, 10]
    large = [logged(seq, age=600 - 60 * seq, size=feed_names.SMALL_BYTES + 1) for seq in range(1, 11)]
    # 60 seconds old and new: the two of the interval.
    assert ridden(*large) == [9, 10]


def test_the_newest_rides_however_old_it_is() -> None:
    assert ridden(logged(7, age=9_000, size=900)) == [7]
    assert ridden(logged(7, age=0, size=1_025)) == []


def test_what_does_not_fit_ends_it_so_that_no_gap_is_left() -> None:
    assert ridden(logged(1, age=3), logged(2, age=2, size=1_000), logged(3, age=1), logged(4, age=0)) == [3, 4]


def test_a_gap_ends_it() -> None:
    assert ridden(logged(1, age=3), logged(3, age=1), logged(4, age=0)) == [3, 4]


def test_co_signatures_ride_first_and_take_their_room() -> None:
    recent = (logged(1, age=60, size=500, statement=bytes(200)), logged(2, age=0, size=500))
    ride = inline(recent, RIDING, at=AT)
    assert ride.reversals == (bytes(200),)
    assert [each[:2] for each in ride.deltas] == [(2).to_bytes(2)]


@pytest.mark.parametrize("riding", [feed_names.MINUTE, feed_names.TEN_MINUTES], ids=["minute", "ten minutes"])
def test_never_more_than_a_checkpoint_may_carry(riding: Riding) -> None:
    for size in (3, 20, 33, 200, 5_000):
        ride = inline([logged(seq, age=0, size=size) for seq in range(1, 400)], riding, at=AT)
        assert len(ride.deltas) <= limits.MAX_INLINE_DELTAS
        assert sum(map(len, ride.deltas)) <= riding.max_bytes <= limits.MAX_INLINE_BYTES


def test_twelve_minutes_of_urgent_changes_ride_for_who_asks_every_ten() -> None:
    recent = [logged(seq, age=720 - 5 * seq, size=22) for seq in range(1, 145)]
    assert len(ridden(*recent, riding=feed_names.TEN_MINUTES)) == 144
