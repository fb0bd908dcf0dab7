"""No two codes of one wallet are the same presentation, whatever the second."""

import pytest

from protocol.unixtime import UnixTime
from wallet_sdk.distinct_moments import MOMENT_FILE, DistinctMoments

NOW = UnixTime(1_790_000_000)


def test_moments_of_one_second_are_told_apart(tmp_path) -> None:
    moments = DistinctMoments(tmp_path)
    assert [moments.take(NOW) for _ in range(3)] == [NOW, NOW + 1, NOW + 2]
    assert moments.take(UnixTime(NOW + 1)) == NOW + 3
    assert moments.take(UnixTime(NOW + 60)) == NOW + 60


def test_another_process_goes_on_where_this_one_stopped(tmp_path) -> None:
    DistinctMoments(tmp_path).take(NOW)
    assert DistinctMoments(tmp_path).take(NOW) == NOW + 1


def test_a_burst_never_runs_ahead_of_what_terminals_allow(tmp_path) -> None:
    moments = DistinctMoments(tmp_path)
    assert max(moments.take(NOW) for _ in range(50)) <= NOW + 10


def test_a_clock_that_was_set_back_is_believed(tmp_path) -> None:
    moments = DistinctMoments(tmp_path)
    moments.take(UnixTime(NOW + 3_600))
    assert moments.take(NOW) == NOW


@pytest.mark.parametrize("content", [b"", b"not a number", b"\xff\xfe", b"9" * 5_000])
def test_a_damaged_file_stops_nobody(tmp_path, content: bytes) -> None:
    (tmp_path / MOMENT_FILE).write_bytes(content)
    moments = DistinctMoments(tmp_path)
    assert [moments.take(NOW), moments.take(NOW)] == [NOW, NOW + 1]


def test_a_folder_that_is_gone_stops_nobody(tmp_path) -> None:
    assert DistinctMoments(tmp_path / "gone").take(NOW) == NOW
