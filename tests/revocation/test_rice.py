"""Rice codes: against a plain implementation, at every edge, and near their information limit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from revocation import rice
from revocation.errors import MalformedObject
from tests.revocation import plain_rice

places_up_to = st.integers(1, 2**30).flatmap(lambda universe: st.sets(st.integers(0, universe - 1), max_size=300))


def coded(places: list[int], k: int) -> tuple[bytes, bytes]:
    quotients, lows = rice.split(np.array(places, np.uint64), k)
    return rice.pack_fields(lows, k), rice.pack(rice.unary(quotients))


def read(lows: bytes, highs: bytes, count: int, k: int) -> list[int]:
    rice.check_room(lows, count * k)
    return rice.join(rice.read_ones(highs, count), rice.read_fields(lows, count, k), k).tolist()


@given(places_up_to, st.integers(0, 32))
def test_the_fast_codec_is_the_plain_one(chosen: set[int], more: int) -> None:
    places = sorted(chosen)
    # Fewer low bits than fit would make megabytes of zeros here.
    k = min(32, rice.parameter(len(places), max(places, default=0) + 1) + more % 4) if places else 0
    lows, highs = coded(places, k)
    plain_lows, plain_unary = plain_rice.write(places, k)
    assert (lows, highs) == (plain_rice.packed(plain_lows), plain_rice.packed(plain_unary))
    assert read(lows, highs, len(places), k) == places
    assert plain_rice.read(plain_rice.bits_of(lows), plain_rice.bits_of(highs), len(places), k) == places


@given(st.lists(st.integers(0, 2**32 - 1), max_size=100), st.integers(0, 32), st.integers(0, 40))
def test_fields_from_any_bit_on(chosen: list[int], width: int, first_bit: int) -> None:
    values = np.array([each & (1 << width) - 1 for each in chosen], np.uint64)
    packed = rice.pack(np.ones(first_bit, np.uint8), rice.fields(values, width))
    assert rice.read_fields(packed, len(values), width, first_bit=first_bit).tolist() == values.tolist()


@pytest.mark.parametrize("count", [65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("k", [0, 1, 7, 20])
def test_more_than_is_worked_on_at_once(count: int, k: int) -> None:
    gaps = np.random.default_rng(count + k).integers(0, 3 << k, count, np.uint64)
    places = np.cumsum(gaps + np.uint64(1)) - np.uint64(1)
    quotients, lows = rice.split(places, k)
    assert np.array_equal(rice.join(rice.read_ones(rice.pack(rice.unary(quotients)), count), lows.copy(), k), places)
    assert np.array_equal(rice.read_fields(rice.pack_fields(lows, k), count, k), lows)


def test_the_best_number_of_low_bits() -> None:
    """By trying: for random sets the rule is at most 0.2 % from the best."""
    for count in (1, 10, 100, 1_000, 10_000, 60_000, 300_000):
        chosen = np.sort(np.random.default_rng(count).choice(1 << 20, count, replace=False)).astype(np.uint64)
        sizes = [k * count + count + int((rice.split(chosen, k)[0]).sum()) for k in range(21)]
        taken = sizes[rice.parameter(count, 1 << 20)]
        assert taken <= 1.002 * min(sizes) + 4


@pytest.mark.parametrize(
    ("count", "universe", "k"),
    # One entry of a list; then the exact places where the rule turns.
    [
        (1, 1 << 20, 19),
        (1 << 20, 1 << 20, 0),
        (504_592, 1 << 20, 0),
        (504_591, 1 << 20, 1),
        (1, 1 << 40, 32),
        (0, 8, 32),
    ],
)
def test_the_rule_in_integers(count: int, universe: int, k: int) -> None:
    assert rice.parameter(count, universe) == k


def test_near_the_limit() -> None:
    count, universe = 56_000, 56 << 20
    chosen = np.sort(np.random.default_rng(1).choice(universe, count, replace=False)).astype(np.uint64)
    size = sum(map(len, coded(chosen.tolist(), rice.parameter(count, universe))))
    limit = (math.lgamma(universe + 1) - math.lgamma(count + 1) - math.lgamma(universe - count + 1)) / math.log(2) / 8
    assert limit < size < 1.01 * limit


# What is refused.


@pytest.mark.parametrize(
    ("highs", "count"),
    [
        (b"", 1),
        (b"\x80", 0),
        (b"\x80", 2),
        (b"\xc0", 1),
        (b"\x80\x00", 1),
        (b"\x00", 0),
        (b"\x00\x00", 1),
        (bytes(9_000) + b"\x01", 2),
        (b"\xff" * 9_000, 71_999),
        (b"\xff" * 9_000, 72_001),
        (b"\x01", 2**40),
    ],
)
def test_quotients_that_are_not_exactly_there(highs: bytes, count: int) -> None:
    with pytest.raises(MalformedObject):
        rice.read_ones(highs, count)


def test_the_last_quotient_ends_the_bytes() -> None:
    assert rice.read_ones(b"\x00\x01", 1).tolist() == [15]
    assert rice.read_ones(b"\xff" * 9_000, 72_000).tolist() == list(range(72_000))
    assert rice.read_ones(b"", 0).tolist() == []


@pytest.mark.parametrize(("packed", "bits"), [(b"", 1), (b"\x00", 9), (b"\x01", 7), (b"\x80\x10", 11), (b"\xff", 1)])
def test_room(packed: bytes, bits: int) -> None:
    with pytest.raises(MalformedObject):
        rice.check_room(packed, bits)


@pytest.mark.parametrize(
    ("packed", "bits"), [(b"", 0), (b"\xff", 8), (b"\xfe", 7), (b"\x80\x20", 11), (b"\x80\xff", 1)]
)
def test_enough_room(packed: bytes, bits: int) -> None:
    """What follows the last byte is somebody else's."""
    rice.check_room(packed, bits)
