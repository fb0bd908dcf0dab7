"""The state of a region: folding against a plain dictionary, roots, bases, look-ups and their coverage."""

import tracemalloc
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import cbor, limits, status_list
from protocol.feed_position import FeedPosition
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation import delta, state, status_base
from revocation.advance import Held
from revocation.coverage import Coverage, StatusAnswer
from revocation.errors import MalformedObject, OutsideLists, WrongObject
from revocation.lookup import FeedSnapshot
from revocation.state import ALL_VALID, LIST_BYTES, ListEntries, RegionState
from revocation.status_base import Base
from tests.revocation import plain_rice
from tests.revocation.publisher import contents
from tests.utopia.world import BEGINNING, WUYOU, ZIXU

HEAD = bytes(range(32))
EMPTY = RegionState(WUYOU, (ALL_VALID,) * 3)
AT = FeedPosition(WUYOU, 2, 7)
edges = st.sampled_from([0, 1, 2, 3, (1 << 20) - 2, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) - 1])
places = st.one_of(edges, st.integers(0, (3 << 20) - 1))
changes_of = st.dictionaries(places, st.integers(0, 15), max_size=40)


def with_values(values: dict[int, int], *, lists: int = 3) -> RegionState:
    return state.fold(RegionState(WUYOU, (ALL_VALID,) * lists), delta.make(values))


def of_values(values: dict[int, int]) -> ListEntries:
    return ListEntries(status_list.pack(values).packed)


@settings(max_examples=40)
@given(st.lists(changes_of, min_size=1, max_size=4))
def test_folding_is_what_a_dictionary_does(several: list[dict[int, int]]) -> None:
    held, expected = EMPTY, {}
    for changes in several:
        held = state.fold(held, delta.make(changes))
        expected |= changes
    for place in {*expected, 0, 1, (3 << 20) - 1}:
        assert held.look_up(place >> 20, place & 0xFFFFF) == expected.get(place, 0)
    everywhere = np.array(sorted(expected), np.uint64)
    assert held.values(everywhere).tolist() == [expected[place] for place in sorted(expected)]
    per_list = [{place & 0xFFFFF: value for place, value in expected.items() if place >> 20 == n} for n in range(3)]
    assert contents(held) == [status_list.pack(each).packed for each in per_list]
    # By one combined delta it is the same state.
    at_once = state.fold(EMPTY, delta.combine([delta.make(each) for each in several]))
    assert at_once.root == held.root


def test_folding_changes_no_other_state() -> None:
    before = with_values({5: 1})
    root = before.root
    after = state.fold(before, delta.make({5: 2, 6: 3}))
    assert (before.look_up(0, 5), before.look_up(0, 6), before.root) == (1, 0, root)
    assert after.lists[1] is before.lists[1] is ALL_VALID
    assert after.root != root


def test_the_root_is_a_hash_over_the_tokens_hashes() -> None:
    packed = status_list.pack({4711: 2}).packed
    held = RegionState(WUYOU, (ListEntries(packed), ALL_VALID, None))
    hashes = sha256(packed).digest() + sha256(bytes(LIST_BYTES)).digest() + bytes(32)
    assert held.root == sha256(b"lz-status-root\0" + b"990000" + (3).to_bytes(4) + hashes).digest()


def test_every_difference_is_another_root() -> None:
    entries = of_values({1: 1})
    roots = [
        RegionState(region, lists).root
        for region, lists in [
            (WUYOU, (ALL_VALID,)),
            (ZIXU, (ALL_VALID,)),
            (WUYOU, (ALL_VALID, ALL_VALID)),
            (WUYOU, (None,)),
            (WUYOU, (ALL_VALID, None)),
            (WUYOU, (None, ALL_VALID)),
            (WUYOU, (entries, ALL_VALID)),
            (WUYOU, (ALL_VALID, entries)),
            (WUYOU, (ALL_VALID, of_values({1: 2}))),
            (WUYOU, (ALL_VALID, of_values({0: 1}))),
        ]
    ]
    assert len(set(roots)) == len(roots)


def test_lists_open_and_close() -> None:
    held = state.fold(with_values({5: 1, (1 << 20) + 5: 1}), delta.make({(4 << 20) + 1: 2}, lists=5, retired=(1,)))
    assert [held.look_up(number, 5) for number in range(6)] == [1, Coverage.NOT_COVERED, 0, 0, 0, Coverage.NOT_COVERED]
    assert held.look_up(4, 1) == 2
    assert held.universe == 4 << 20
    # It is said again, as an aggregate may: nothing more happens.
    again = state.fold(held, delta.make({}, lists=5, retired=(1,)))
    assert again.root == held.root


@pytest.mark.parametrize(
    "changes",
    [
        delta.make({3 << 20: 1}),
        delta.make({(3 << 20) + 1: 1}, lists=3),
        delta.make({5: 1}, lists=2),
        delta.make({5: 1}, lists=3, retired=(0,)),
        delta.make({delta.place(999_999, 0): 1}),
    ],
    ids=["beyond", "beyond what opens", "lists vanish", "closed at once", "far beyond"],
)
def test_changes_outside(changes: delta.Delta) -> None:
    with pytest.raises(OutsideLists):
        state.fold(EMPTY, changes)


def test_values_outside() -> None:
    closed = RegionState(WUYOU, (ALL_VALID, None))
    for place in (1 << 20, 2 << 20):
        with pytest.raises(OutsideLists):
            closed.values(np.array([place], np.uint64))


def test_a_million_lists_take_no_room_until_something_is_in_them() -> None:
    tracemalloc.start()
    try:
        held = state.fold(EMPTY, delta.make({}, lists=limits.MAX_STATUS_LISTS))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * 2**20
    assert held.look_up(999_999, 0) == 0


def test_lists_with_something_in_them_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = status_base.encode(Base(AT, HEAD, with_values({5: 1, 1 << 20: 1, 2 << 20: 1})))
    monkeypatch.setattr(limits, "MAX_HELD_LISTS", 2)
    held = with_values({5: 1, 1 << 20: 1})
    state.fold(held, delta.make({6: 1, (1 << 20) + 1: 0}))
    for before, values in ((EMPTY, {5: 1, 1 << 20: 1, 2 << 20: 1}), (held, {2 << 20: 1})):
        with pytest.raises(OutsideLists):
            state.fold(before, delta.make(values))
    with pytest.raises(MalformedObject):
        read_base(encoded)


# Bases.


def read_base(encoded: bytes, **expected: Any) -> Base:
    pointer = expected.pop("pointer", None) or status_base.pointer_to(encoded, seq=7)
    return status_base.decode(encoded, pointer=pointer, expected_region=WUYOU, **{"expected_epoch": 2, **expected})


def dense(seed: int, share: float) -> ListEntries:
    """A list of which this share of entries has a random value."""
    random = np.random.default_rng(seed)
    values = random.integers(0, 16, 1 << 20, np.uint8) * (random.random(1 << 20) < share)
    return ListEntries((values[0::2] | values[1::2] << 4).astype(np.uint8).tobytes())


@settings(max_examples=30)
@given(changes_of)
def test_base_round_trip(values: dict[int, int]) -> None:
    held = with_values(values)
    encoded = status_base.encode(Base(AT, HEAD, held))
    read = read_base(encoded)
    assert (read.position, read.head, read.state.root) == (AT, HEAD, held.root)
    assert status_base.encode(read) == encoded


@pytest.mark.parametrize("share", [0.001, 0.05, 0.3, 0.7, 1.0])
def test_dense_lists(share: float) -> None:
    held = RegionState(WUYOU, (dense(1, share), None, ALL_VALID, dense(2, share)))
    encoded = status_base.encode(Base(AT, HEAD, held))
    assert contents(read_base(encoded).state) == contents(held)


def test_a_list_of_one_value() -> None:
    held = RegionState(WUYOU, (ListEntries(b"\xff" * LIST_BYTES), ListEntries(bytes(LIST_BYTES))))
    encoded = status_base.encode(Base(AT, HEAD, held))
    read = read_base(encoded).state
    assert contents(read) == contents(held)
    # All VALID has one form, whoever made it.
    assert read.lists[1] is ALL_VALID


def test_the_plain_form_of_one_list() -> None:
    """docs/spec/status-base.md, bit by bit."""
    encoded: Any = cbor.decode(status_base.encode(Base(AT, HEAD, with_values({3: 2, 700_000: 2, 9: 15}, lists=1))))
    (low_2, unary_2), (low_15, unary_15) = plain_rice.write([3, 700_000], 18), plain_rice.write([9], 19)
    expected = _record((1 << 1) + (1 << 14), [2, 1], lows=low_2 + low_15, unary=unary_2 + unary_15)
    assert encoded == ((WUYOU, 2, 7), HEAD, (expected,))


def test_every_bit_of_a_base_counts() -> None:
    encoded = status_base.encode(Base(AT, HEAD, with_values({5: 1, 1 << 20: 12})))
    pointer = status_base.pointer_to(encoded, seq=7)
    for position in range(len(encoded) * 8):
        bent = bytearray(encoded)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(WrongObject):
            read_base(bytes(bent), pointer=pointer)
    for other in (encoded + b"\0", encoded[:-1], b""):
        with pytest.raises(WrongObject):
            read_base(other, pointer=pointer)
    for size in (len(encoded) - 1, len(encoded) + 1):
        with pytest.raises(WrongObject):
            read_base(encoded, pointer=replace(pointer, size=size))


def test_a_base_of_elsewhere() -> None:
    held = with_values({5: 1})
    for position in (FeedPosition(ZIXU, 2, 7), FeedPosition(WUYOU, 3, 7), FeedPosition(WUYOU, 2, 8)):
        with pytest.raises(WrongObject):
            read_base(status_base.encode(Base(position, HEAD, held)))


_LIST: bytes = cbor.decode(status_base.encode(Base(AT, HEAD, with_values({3: 2, 9: 15}, lists=1))))[2][0]  # type: ignore[index, assignment]  # known


def _record(mask: int, counts: list[int], *, lows: list[int], unary: list[int]) -> bytes:
    """Which values occur; how long each count is, and its bits without the leading one; low bits; quotients."""
    head = [mask >> shift & 1 for shift in range(14, -1, -1)]
    for count in counts:
        width = count.bit_length()
        head += [width >> shift & 1 for shift in range(4, -1, -1)]
        head += [count >> shift & 1 for shift in range(width - 2, -1, -1)]
    return plain_rice.packed(head + lows) + plain_rice.packed(unary)


_ONE = plain_rice.write([3], 19)
_LAST = plain_rice.write([(1 << 20) - 1], 19)
_BEYOND = plain_rice.write([1 << 20], 19)


def test_the_good_records_of_the_forgeries_below() -> None:
    for record in (_LIST, _record(1, [1], lows=_ONE[0], unary=_ONE[1]), _record(1, [1], lows=_LAST[0], unary=_LAST[1])):
        read_base(cbor.encode((AT.to_value(), HEAD, (record,))))


@pytest.mark.parametrize(
    "records",
    [
        (),
        b"",
        (0,),
        ("",),
        (True,),
        (b"\0",),
        # The mask of no value; bytes missing, or left over, or ones where only zeros may be.
        (b"\0\0",),
        (_LIST[:1],),
        (_LIST[:5],),
        (_LIST[:-1],),
        (_LIST + b"\0",),
        (_LIST + b"\x80",),
        (_LIST[:-2] + bytes((_LIST[-2] | 1,)) + _LIST[-1:],),
        (_record(1, [0], lows=[], unary=[]),),
        (_record(1, [1 << 21], lows=[], unary=[1] * (1 << 21)),),
        # An index beyond the list; one entry with two values; more entries than a list has.
        (_record(1, [1], lows=_BEYOND[0], unary=_BEYOND[1]),),
        (_record(3, [1, 1], lows=_ONE[0] * 2, unary=_ONE[1] * 2),),
        (_record(3, [1 << 20, 1], lows=_ONE[0], unary=[1] * ((1 << 20) + 1)),),
    ],
    ids=lambda records: repr(records)[:60],
)
def test_a_forged_list(records: Any) -> None:
    """Well hashed, and not a base: what a thief of the key might sign to hurt a reader."""
    with pytest.raises(MalformedObject):
        read_base(cbor.encode((AT.to_value(), HEAD, records)))


@pytest.mark.parametrize(
    "content",
    [(), (AT.to_value(), HEAD), ((WUYOU, 2), HEAD, (b"",)), (AT.to_value(), HEAD[1:], (b"",)), {}],
    ids=repr,
)
def test_what_is_no_base(content: Any) -> None:
    with pytest.raises(MalformedObject):
        read_base(cbor.encode(content))


def test_a_base_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_BASE_BYTES", 100)
    with pytest.raises(MalformedObject):
        read_base(cbor.encode((AT.to_value(), HEAD, (bytes(100),))))


def test_a_list_that_says_more_than_it_has_costs_nothing() -> None:
    """Fifteen values of a million entries each, in two megabytes of ones: refused before anything is made of them."""
    head = [1] * 15 + [1, 0, 1, 0, 1, *[0] * 20] * 15
    record = plain_rice.packed(head) + b"\xff" * (15 << 17)
    encoded = cbor.encode((AT.to_value(), HEAD, (record,)))
    tracemalloc.start()
    try:
        with pytest.raises(MalformedObject):
            read_base(encoded)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(encoded)


@pytest.mark.parametrize("share", [0.05, 1.0])
def test_reading_a_list_is_bounded(share: float) -> None:
    """Beyond the list itself: its entries one to a byte, and twelve bytes for each that is not valid."""
    encoded = status_base.encode(Base(AT, HEAD, RegionState(WUYOU, (dense(3, share),))))
    tracemalloc.start()
    try:
        read_base(encoded)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20


# Look-ups.


def held_of(held: RegionState) -> Held:
    return Held(FeedPosition(held.region, 1, 1), HEAD, held, BEGINNING, ())


def test_look_up() -> None:
    away = state.fold(RegionState(ZIXU, (ALL_VALID,)), delta.make({4711: Status.SUSPENDED}))
    home = RegionState(WUYOU, (of_values({0: 1, 1: 2, 2: 7, (1 << 20) - 1: 0xF}), None))
    snapshot = FeedSnapshot([held_of(home), held_of(away)])
    covered = [
        ("lz:990000/0", 0, Status.INVALID),
        ("lz:990000/0", 1, Status.SUSPENDED),
        # A value that has no name is INVALID.
        ("lz:990000/0", 2, Status.INVALID),
        ("lz:990000/0", 3, Status.VALID),
        ("lz:990000/0", (1 << 20) - 1, Status.SUPERSEDED),
        ("lz:980000/0", 4711, Status.SUSPENDED),
    ]
    for uri, idx, status in covered:
        assert snapshot.look_up(uri, idx) == StatusAnswer(Coverage.COVERED, status, BEGINNING)
    uncovered = [
        ("lz:990000/1", 0, Coverage.NOT_COVERED),
        ("lz:990000/2", 0, Coverage.NOT_COVERED),
        ("lz:970000/0", 0, Coverage.NOT_COVERED),
        ("lz:990000/00", 0, Coverage.NOT_COVERED),
        ("lz:990000/0", 1 << 20, Coverage.OUT_OF_RANGE),
        ("lz:990000/0", -1, Coverage.OUT_OF_RANGE),
        ("lz:990000/0", 2**63, Coverage.OUT_OF_RANGE),
    ]
    for uri, idx, coverage in uncovered:
        assert snapshot.look_up(uri, idx) == StatusAnswer(coverage)
    assert FeedSnapshot([]).look_up("lz:990000/0", 0) == StatusAnswer(Coverage.NO_DATA)


@pytest.mark.parametrize("idx", [-1, 1 << 20, 2**63])
def test_a_state_has_no_such_entry(idx: int) -> None:
    assert EMPTY.look_up(0, idx) is Coverage.OUT_OF_RANGE
    assert EMPTY.look_up(-1, 0) is Coverage.NOT_COVERED


def test_a_mapped_file_is_as_good_as_bytes() -> None:
    """A terminal maps its base; nothing here copies it to look something up."""
    packed = status_list.pack({5: 12}).packed
    mapped = RegionState(WUYOU, (ListEntries(memoryview(packed)), ALL_VALID))
    assert mapped.root == RegionState(WUYOU, (ListEntries(packed), ALL_VALID)).root
    assert mapped.look_up(0, 5) == 12
    folded = state.fold(mapped, delta.make({5: 13, 7: 1}))
    assert (folded.look_up(0, 5), folded.look_up(0, 7), mapped.look_up(0, 5)) == (13, 1, 12)
    answer = FeedSnapshot([held_of(mapped)]).look_up("lz:990000/0", 5)
    assert answer == StatusAnswer(Coverage.COVERED, Status.REVOKED, UnixTime(BEGINNING))
