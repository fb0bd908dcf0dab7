"""Deltas and aggregates: round trips, one form, what each field may be, combining, memory."""

import tracemalloc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import cbor, limits
from revocation import delta
from revocation.delta import Aggregate, Delta
from revocation.errors import MalformedObject, WrongObject
from tests.utopia.world import WUYOU, ZIXU

changes_of = st.dictionaries(st.integers(0, (3 << 20) - 1), st.integers(0, 15), max_size=60)
HEAD = bytes(range(32))


def as_dict(changes: Delta) -> dict[int, int]:
    return dict(zip(changes.places.tolist(), changes.values.tolist(), strict=True))


def encoded(changes: dict[int, int], **fields: Any) -> bytes:
    return delta.encode(delta.make(changes, **fields), universe=3 << 20)


@given(changes_of, st.integers(1, 2**44))
def test_round_trip(changes: dict[int, int], universe: int) -> None:
    """The universe decides how many bits stand where, and nothing else."""
    # A universe far too small for the places only makes long runs of zeros.
    body = delta.encode(delta.make(changes), universe=max(universe, 1 << 18))
    read = delta.decode(body)
    assert as_dict(read) == changes
    assert (read.lists, read.retired) == (None, ())


@pytest.mark.parametrize("values", [[0], [15], [0, 15], [1, 2, 3], list(range(16)), [2] * 40 + [0]])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 1_000, 70_000])
def test_every_value(values: list[int], count: int) -> None:
    changes = {3 * number: values[number % len(values)] for number in range(count)}
    assert as_dict(delta.decode(encoded(changes))) == changes


def test_a_frequent_value_costs_a_bit() -> None:
    """Of 1,000 statuses 900 alike: about half a bit by their entropy, 1.1 by these codes, 4 if written out."""
    alike = {1_000 * number: 14 for number in range(1_000)}
    mixed = {place: 0 if number % 10 == 0 else value for number, (place, value) in enumerate(alike.items())}
    assert len(encoded(mixed)) - len(encoded(alike)) < 1.15 * 1_000 / 8


def test_small_ones_are_small() -> None:
    """Ten of a busy minute ride in a checkpoint: five changes of three kinds take 26 bytes."""
    chosen = {11: 14, 4_000_000: 15, 9_000_000: 14, 25_000_000: 2, 55_000_000: 14}
    assert len(delta.encode(delta.make(chosen), universe=54 << 20)) <= 26


def test_lists_that_open_and_close() -> None:
    read = delta.decode(encoded({5: 1}, lists=70, retired=(0, 3, 69)))
    assert (as_dict(read), read.lists, read.retired) == ({5: 1}, 70, (0, 3, 69))
    read = delta.decode(encoded({}, lists=1))
    assert (as_dict(read), read.lists, read.retired) == ({}, 1, ())


def test_the_greatest_place() -> None:
    greatest = delta.place(limits.MAX_STATUS_LISTS - 1, limits.STATUS_LIST_ENTRIES - 1)
    assert as_dict(delta.decode(encoded({greatest: 1}))) == {greatest: 1}
    with pytest.raises(MalformedObject):
        delta.decode(encoded({greatest + 1: 1}))


def good() -> list[Any]:
    value = cbor.decode(encoded({5: 1, 9: 2, 1 << 20: 2}, lists=3, retired=(2,)))
    assert isinstance(value, tuple)
    return list(value)


def test_the_good_one_of_the_forgeries_below() -> None:
    assert as_dict(delta.decode(cbor.encode(tuple(good())))) == {5: 1, 9: 2, 1 << 20: 2}
    assert as_dict(delta.decode(cbor.encode(tuple(good()[:4])))) == {5: 1, 9: 2, 1 << 20: 2}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (0, 2),
        (0, 4),
        (0, 0),
        (0, True),
        (0, -1),
        (0, "3"),
        (0, limits.MAX_DELTA_CHANGES + 1),
        (1, True),
        (1, -1),
        (1, 33),
        (1, 64),
        (1, "18"),
        (2, b""),
        (2, "text"),
        (2, lambda places: places + b"\0"),
        (2, lambda places: places + b"\x80"),
        (2, lambda places: places[:-1]),
        (2, lambda places: places[:-1] + bytes((places[-1] | 1,))),
        (3, b""),
        (3, None),
        (3, lambda values: values + b"\0"),
        (3, lambda values: values + b"\x80"),
        (3, lambda values: values[:-1]),
        (3, lambda values: bytes((values[0] | 0x4,)) + values[1:]),
        (3, lambda values: values[:-1] + bytes((values[-1] | 1,))),
        # Two values of which both are 2; one value more in the table than its bytes have.
        (3, lambda values: values[:1] + b"\x22" + values[2:]),
        (3, lambda values: bytes((values[0] + 0x10,)) + values[1:]),
        # A rank that the table has not.
        (3, lambda values: values[:2] + b"\x38"),
        # One value alone has no ranks, and no bits of ranks.
        (3, b"\x00\x20\x80"),
        (3, b"\x01\x20"),
        (3, b"\x00\x21"),
        (4, 0),
        (4, 2),
        (4, True),
        (4, limits.MAX_STATUS_LISTS + 1),
        (5, (3,)),
        (5, (2, 2)),
        (5, (2, 1)),
        (5, (-1,)),
        (5, (True,)),
        (5, 2),
        (5, None),
    ],
    ids=lambda value: "changed" if callable(value) else repr(value),
)
def test_one_field_forged(field: int, value: Any) -> None:
    fields = good()
    fields[field] = value(fields[field]) if callable(value) else value
    with pytest.raises(MalformedObject):
        delta.decode(cbor.encode(tuple(fields)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x80",
        cbor.encode((0, 0, b"")),
        cbor.encode((0, 1, b"", b"")),
        cbor.encode((0, 0, b"", b"\0")),
        cbor.encode((0, 0, b"\x80", b"")),
        cbor.encode((0, 0, b"", b"", 1)),
        cbor.encode((0, 0, b"", b"", 1, (), 0)),
        cbor.encode({0: 0}),
        cbor.encode((0, 0, b"", b"")) + b"\0",
        b"\x9f" + cbor.encode((0, 0, b"", b""))[1:] + b"\xff",
        cbor.encode((0, 0, b"", b"", 1_000, tuple(range(limits.MAX_RETIRED_AT_ONCE + 1)))),
        bytes(limits.MAX_DELTA_BYTES + 1),
    ],
    ids=lambda body: body[:8].hex(),
)
def test_what_is_no_delta(body: bytes) -> None:
    with pytest.raises(MalformedObject):
        delta.decode(body)


def test_nothing_changes() -> None:
    """A delta without changes is one: it leads on to a seq that was reserved for a co-signature."""
    assert as_dict(delta.decode(cbor.encode((0, 0, b"", b"")))) == {}
    assert len(encoded({})) == 5


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    try:
        read = delta.decode(body)
    except MalformedObject:
        return
    assert as_dict(delta.decode(delta.encode(read, universe=1 << 30))) == as_dict(read)


@given(changes_of, st.data())
def test_a_bent_bit_is_refused_or_reads_as_something_sound(changes: dict[int, int], draw: st.DataObject) -> None:
    """The chain refuses it before; the reader alone must still keep its promises."""
    body = bytearray(encoded(changes))
    position = draw.draw(st.integers(0, len(body) * 8 - 1))
    body[position // 8] ^= 1 << position % 8
    try:
        read = delta.decode(bytes(body))
    except MalformedObject:
        return
    assert np.all(np.diff(read.places.astype(object)) > 0)
    assert np.all(read.values < 16)


@pytest.mark.parametrize(
    "body",
    [
        # As many ones as a delta may have; a number of entries that never comes; places in a desert of zeros.
        cbor.encode((limits.MAX_DELTA_CHANGES, 0, b"\xff" * (limits.MAX_DELTA_CHANGES // 8), b"\x00\x10")),
        cbor.encode((limits.MAX_DELTA_CHANGES, 32, b"\xff" * 1_000, b"\x00\x10")),
        cbor.encode((1, 0, bytes(4_000_000) + b"\x01", b"\x00\x10")),
        cbor.encode((limits.MAX_DELTA_CHANGES, 20, b"\xff" * 4_000_000, b"\x00\x10")),
        b"\x84" + b"\x1b\x7f" + b"\xff" * 7 + b"\x00\x5b\x7f" + b"\xff" * 7,
    ],
    ids=["ones", "missing", "desert", "low bits", "heads"],
)
def test_memory_is_bounded(body: bytes) -> None:
    """SECURITY.md, "Goals": at most 20 MB for a download, whatever it says."""
    tracemalloc.start()
    try:
        delta.decode(body)
    except MalformedObject:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 20 * 2**20


# Combining and aggregates.


@given(st.lists(changes_of, max_size=6))
def test_the_last_writer_wins(several: list[dict[int, int]]) -> None:
    expected: dict[int, int] = {}
    for changes in several:
        expected |= changes
    assert as_dict(delta.combine([delta.make(each) for each in several])) == expected


def test_combining_leaves_closed_lists_out() -> None:
    first = delta.make({5: 1, (1 << 20) + 5: 2}, lists=2)
    second = delta.make({(2 << 20) + 1: 3}, lists=4, retired=(1,))
    third = delta.make({}, lists=4, retired=(3,))
    combined = delta.combine([first, second, third])
    assert (as_dict(combined), combined.lists, combined.retired) == ({5: 1, (2 << 20) + 1: 3}, 4, (1, 3))


def aggregate(**changes: Any) -> Aggregate:
    return replace(Aggregate(WUYOU, 2, 5_000, 5_060, HEAD, delta.make({5: 1, 9: 2})), **changes)


def read_aggregate(body: bytes) -> Aggregate:
    return delta.decode_aggregate(body, expected_region=WUYOU, expected_epoch=2)


def test_aggregate_round_trip() -> None:
    read = read_aggregate(delta.encode_aggregate(aggregate(), universe=1 << 20))
    assert (read.region, read.epoch, read.first, read.last, read.head) == (WUYOU, 2, 5_000, 5_060, HEAD)
    assert as_dict(read.changes) == {5: 1, 9: 2}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"region": ZIXU}, WrongObject),
        ({"epoch": 1}, WrongObject),
        ({"region": "99000"}, MalformedObject),
        ({"epoch": -1}, MalformedObject),
        ({"first": -1}, MalformedObject),
        ({"first": 5_060}, MalformedObject),
        ({"first": 5_061}, MalformedObject),
        ({"last": 2**32}, MalformedObject),
        ({"last": True}, MalformedObject),
        ({"head": HEAD[1:]}, MalformedObject),
        ({"changes": delta.make({5: 1}, lists=0)}, MalformedObject),
    ],
    ids=repr,
)
def test_a_forged_aggregate(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        read_aggregate(delta.encode_aggregate(aggregate(**changes), universe=1 << 20))


def test_what_is_no_aggregate() -> None:
    for body in (b"", encoded({5: 1}), bytes(limits.MAX_DELTA_BYTES + 1), cbor.encode(((WUYOU, 2), 1, HEAD, ()))):
        with pytest.raises(MalformedObject):
            read_aggregate(body)
