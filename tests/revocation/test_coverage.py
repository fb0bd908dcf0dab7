"""Looking up a status: coverage first, a value second, and unknown is never valid."""

import pytest

from protocol import status_list
from protocol.status_list import Status, StatusList, StatusListToken
from protocol.unixtime import Seconds, UnixTime
from revocation.coverage import Coverage, StatusAnswer, StatusSnapshot

URI = "lz:990000/3"
AS_OF = UnixTime(1_795_226_400)


def token(entries: StatusList, uri: str = URI) -> StatusListToken:
    return StatusListToken("990000.GA", uri, 1, AS_OF, UnixTime(AS_OF + 1000), Seconds(300), entries)


def snapshot(values: dict[int, int], *, entries: int = 8) -> StatusSnapshot:
    return StatusSnapshot({URI: token(status_list.pack(values, entries=entries))})


def test_a_terminal_without_lists_knows_nothing() -> None:
    assert StatusSnapshot({}).look_up(URI, 0) == StatusAnswer(Coverage.NO_DATA, None, None)


@pytest.mark.parametrize("uri", ["lz:990000/4", "lz:980000/3", "lz:990000/30", "lz:990000/", ""])
def test_another_list_is_not_covered(uri: str) -> None:
    assert snapshot({}).look_up(uri, 0) == StatusAnswer(Coverage.NOT_COVERED, None, None)


@pytest.mark.parametrize("idx", [8, 9, 2**20, 2**32, -1])
def test_an_index_beyond_the_end_is_out_of_range(idx: int) -> None:
    assert snapshot({}).look_up(URI, idx) == StatusAnswer(Coverage.OUT_OF_RANGE, None, None)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("idx", range(8))
def test_every_named_value_comes_back_with_its_age_and_only_at_its_index(status: Status, idx: int) -> None:
    held = snapshot({idx: status})
    for place in range(8):
        expected = status if place == idx else Status.VALID
        assert held.look_up(URI, place) == StatusAnswer(Coverage.COVERED, expected, AS_OF)


@pytest.mark.parametrize("value", sorted(set(range(16)) - set(map(int, Status))))
def test_a_value_without_a_name_counts_as_invalid(value: int) -> None:
    assert snapshot({5: value}).look_up(URI, 5) == StatusAnswer(Coverage.COVERED, Status.INVALID, AS_OF)


def test_lists_of_other_widths_are_read() -> None:
    # Token Status List section 4.1: one bit for each entry, the lowest bit first.
    held = StatusSnapshot({URI: token(StatusList(1, b"\x02"))})
    assert [held.look_up(URI, idx).status for idx in range(3)] == [Status.VALID, Status.INVALID, Status.VALID]
    wide = StatusSnapshot({URI: token(StatusList(8, b"\x00\x0c\xff"))})
    assert [wide.look_up(URI, idx).status for idx in range(3)] == [Status.VALID, Status.REVOKED, Status.INVALID]


def test_each_list_answers_for_itself() -> None:
    other = "lz:980000/3"
    held = StatusSnapshot(
        {URI: token(status_list.pack({1: 2}, entries=8)), other: token(status_list.pack({}, entries=8), other)}
    )
    assert held.look_up(URI, 1).status is Status.SUSPENDED
    assert held.look_up(other, 1).status is Status.VALID
