"""Deltas that ride along: every byte comes back, whatever it was; small ones cost little; what is cut is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor, limits, packed_deltas
from protocol.errors import SchemaError, SizeError
from protocol.packed_deltas import pack, unpack
from revocation import delta

UNIVERSE = 54 << 20
CHANGES = st.dictionaries(st.integers(0, UNIVERSE - 1), st.integers(0, 15), max_size=9)


def encoded(changes: dict[int, int], *, universe: int = UNIVERSE) -> bytes:
    return delta.encode(delta.make(changes), universe=universe)


ONE = encoded({31_415_926: 3})
FIVE = encoded({11: 14, 4_000_000: 15, 9_000_000: 14, 25_000_000: 2, 55_000_000: 14})


@given(st.lists(CHANGES, min_size=1, max_size=20), st.integers(1 << 20, 1 << 40))
def test_every_delta_comes_back(minutes: list[dict[int, int]], universe: int) -> None:
    bodies = tuple(encoded(each, universe=universe) for each in minutes)
    assert unpack(pack(bodies)) == bodies


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=10))
def test_whatever_it_is_it_comes_back(bodies: list[bytes]) -> None:
    assert unpack(pack(bodies)) == tuple(bodies)


_FIELD = st.one_of(st.integers(-2, 200), st.booleans(), st.binary(max_size=8), st.none())


@given(st.lists(st.tuples(_FIELD, _FIELD, _FIELD, _FIELD).map(cbor.encode), min_size=1, max_size=6))
def test_what_only_looks_like_a_delta_comes_back(bodies: list[bytes]) -> None:
    assert unpack(pack([*bodies, ONE])) == (*bodies, ONE)


@given(st.binary(max_size=120))
def test_any_bytes_are_deltas_or_refused(packed: bytes) -> None:
    try:
        bodies = unpack(packed)
    except SchemaError:
        return
    assert unpack(pack(bodies)) == bodies


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 63, 64, 112, 113, 114, 500])
def test_every_number_of_changes(count: int) -> None:
    body = encoded({number * (UNIVERSE // count): number % 3 for number in range(count)})
    packed = pack((ONE, body))
    assert unpack(packed) == (ONE, body)
    # From 114 on they are carried as they are: seven bytes are nothing beside them.
    small = len(pack((ONE,))) + len(body)
    assert len(packed) < small if count <= 113 else len(packed) == small + 2


def test_an_urgent_change_costs_six_bytes() -> None:
    """REVOCATION.md, "Goals": 2 MB a day. A delta of one change has 13 bytes, and 14 with its length."""
    assert len(ONE) == 13
    assert len(pack((ONE,) * 100)) == 1 + 6 * 100


def test_a_minute_costs_four_bytes_less_and_its_length() -> None:
    assert len(pack((FIVE,) * 100)) == 1 + (len(FIVE) - 4) * 100


def test_a_list_that_opens_and_an_empty_delta_are_carried_as_they_are() -> None:
    opens = delta.encode(delta.make({5: 2}, lists=55), universe=UNIVERSE)
    empty = delta.encode(delta.make({}), universe=UNIVERSE)
    assert pack((opens, empty)) == b"\0\0" + bytes((len(opens) - 1,)) + opens + b"\0" + bytes((len(empty) - 1,)) + empty
    assert unpack(pack((opens, empty))) == (opens, empty)


def test_lists_that_open_meanwhile_change_the_number_of_low_bits() -> None:
    grown = encoded({31_415_926: 3}, universe=4 * UNIVERSE)
    assert unpack(pack((ONE, FIVE, grown, FIVE))) == (ONE, FIVE, grown, FIVE)


def test_cut_anywhere_it_ends_with_the_delta_before_or_is_refused() -> None:
    bodies = (ONE, FIVE, b"no delta", ONE)
    packed = pack(bodies)
    whole = {len(pack(bodies[:count])): bodies[:count] for count in range(1, 5)}
    for end in range(len(packed)):
        if end in whole:
            assert unpack(packed[:end]) == whole[end]
        else:
            with pytest.raises(SchemaError):
                unpack(packed[:end])


def test_every_bent_bit_gives_other_deltas_or_is_refused() -> None:
    """So that the head of the chain refuses them: nothing of the packing is without effect."""
    bodies = (ONE, FIVE, b"no delta", ONE)
    packed = pack(bodies)
    for bit in range(8 * len(packed)):
        bent = bytearray(packed)
        bent[bit // 8] ^= 0x80 >> bit % 8
        try:
            assert unpack(bytes(bent)) != bodies
        except SchemaError:
            continue


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (b"", "without their number of low bits"),
        (b"\x18", "no delta is packed"),
        (b"\x18\x00", "ends in the middle"),
        (b"\x18\x00\x01a", "fewer bytes than it says"),
        (b"\x18\x13\0\0\0", "ends in the middle"),
        (b"\x00\x20\xff\xff\x00", "fewer than no low bits"),
        (b"\x01\x20\xff\x00", "ends in the middle"),
        (b"\x00" + b"\x00\x00a" * 161, "more than 160"),
        (b"\xff\xff" + bytes(4_000), "ends in the middle"),
    ],
)
def test_one_defect_each(packed: bytes, reason: str) -> None:
    with pytest.raises(SchemaError, match=reason):
        unpack(packed)


@pytest.mark.parametrize("size", [0, limits.MAX_INLINE_BYTES + 1])
def test_what_cannot_ride_is_not_packed(size: int) -> None:
    with pytest.raises(SizeError):
        pack((ONE, bytes(size)))


def test_the_largest_that_may_ride_comes_back() -> None:
    large = bytes(limits.MAX_INLINE_BYTES)
    assert unpack(pack((large,))) == (large,)
    assert len(pack((b"x",) * limits.MAX_INLINE_DELTAS)) == 1 + 3 * limits.MAX_INLINE_DELTAS <= packed_deltas.MAX_BYTES
