"""Deltas and aggregates: which entries have a new status, as sorted places in a few bits each.

A place is list number × 2^20 + index. Statuses stand in a stream of their own, as ranks in the delta's table of
values, most frequent first, in Rice codes: what is frequent costs one or two bits. An aggregate is the deltas of an
hour or a day in one, the last writer of a place wins, with the head of the chain after them.

Guaranteed by the readers: one form, strictly ascending places, bounded memory. Not handled here: whether the places lie
in open lists and what may change (`revocation.state`, `revocation.guard`), and that the bytes are the signed ones
(`revocation.chain`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol import cbor, limits
from protocol.errors import ProtocolError
from protocol.feed_position import REGION_PATTERN, FeedPosition, feed_number, sha256_digest
from revocation import rice
from revocation.errors import MalformedObject, WrongObject
from revocation.rice import Places

Values = NDArray[np.uint8]
"""Status values, 4 bits each."""

INDEX_BITS: Final = 20
_MAX_PLACE: Final = limits.MAX_STATUS_LISTS << INDEX_BITS


@dataclass(frozen=True, slots=True, eq=False)
class Delta:
    """New statuses at strictly ascending places.

    `lists` is the number of lists after it, if it opens or closes any; `retired` are those it closes for good.
    """

    places: Places
    values: Values
    lists: int | None = None
    retired: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """All deltas after `first` up to and including `last` in one; `head` is the chain's head after them."""

    region: str
    epoch: int
    first: int
    last: int
    head: bytes
    changes: Delta

    @property
    def end(self) -> FeedPosition:
        """Where the feed stands after it."""
        return FeedPosition(self.region, self.epoch, self.last)


def place(list_number: int, idx: int) -> int:
    """Where an entry stands among all of the region's."""
    return list_number << INDEX_BITS | idx


def make(changes: dict[int, int], *, lists: int | None = None, retired: tuple[int, ...] = ()) -> Delta:
    """The delta of these new values by place."""
    places = np.array(sorted(changes), np.uint64)
    values = np.array([changes[each] for each in sorted(changes)], np.uint8)
    return Delta(places, values, lists, retired)


def combine(deltas: Sequence[Delta]) -> Delta:
    """What these deltas do one after the other. Entries of lists that end up closed are left out."""
    places = np.concatenate([np.zeros(0, np.uint64), *(each.places for each in deltas)])
    values = np.concatenate([np.zeros(0, np.uint8), *(each.values for each in deltas)])
    order = np.argsort(places, kind="stable")
    places, values = places[order], values[order]
    # Sorting was stable, so the last of equal places is the last writer.
    last = np.ones(len(places), bool)
    last[:-1] = places[1:] != places[:-1]
    retired = tuple(sorted({number for each in deltas for number in each.retired}))
    last &= ~np.isin(places >> np.uint64(INDEX_BITS), np.array(retired, np.uint64))
    stated = [each.lists for each in deltas if each.lists is not None]
    return Delta(places[last], values[last], max(stated, default=None), retired)


def encode(delta: Delta, *, universe: int) -> bytes:
    """The bytes of a delta.

    Args:
        delta: What changes.
        universe: Entries of all lists; only decides how many bits stand where, and any number is read again.
    """
    return cbor.encode(_to_value(delta, universe))


def decode(body: bytes) -> Delta:
    """The delta in these bytes.

    Raises:
        MalformedObject: Not a delta in its one form, or larger than its bound.
    """
    return _from_value(_decoded(body))


def encode_aggregate(aggregate: Aggregate, *, universe: int) -> bytes:
    """The bytes of an aggregate; `universe` as for a delta."""
    changes = _to_value(aggregate.changes, universe)
    return cbor.encode((aggregate.end.to_value(), aggregate.first, aggregate.head, changes))


def decode_aggregate(body: bytes, *, expected_region: str, expected_epoch: int) -> Aggregate:
    """The aggregate in these bytes.

    Raises:
        MalformedObject: Not an aggregate in its one form, or larger than its bound.
        WrongObject: Of another region or epoch.
    """
    match _decoded(body):
        case ((str() as region, epoch, last), first, head, changes) if REGION_PATTERN.fullmatch(region):
            try:
                aggregate = Aggregate(
                    region,
                    feed_number(epoch),
                    feed_number(first),
                    feed_number(last, at_least=1),
                    sha256_digest(head),
                    _from_value(changes),
                )
            except ProtocolError as refused:
                raise MalformedObject(str(refused)) from None
        case _:
            raise MalformedObject("not [end, first, head, changes]")
    if not aggregate.first < aggregate.last:
        raise MalformedObject("an aggregate of no delta")
    if (aggregate.region, aggregate.epoch) != (expected_region, expected_epoch):
        raise WrongObject("an aggregate of another region or epoch")
    return aggregate


def _decoded(body: bytes) -> cbor.Value:
    if len(body) > limits.MAX_DELTA_BYTES:
        raise MalformedObject(f"an object of {len(body)} bytes")
    try:
        return cbor.decode(body, max_items=limits.MAX_RETIRED_AT_ONCE + limits.MAX_CBOR_ITEMS)
    except ProtocolError as refused:
        raise MalformedObject(str(refused)) from None


def _to_value(delta: Delta, universe: int) -> tuple[cbor.Value, ...]:
    k = rice.parameter(len(delta), universe) if len(delta) else 0
    quotients, lows = rice.split(delta.places, k)
    places = rice.pack_fields(lows, k) + rice.pack(rice.unary(quotients))
    body: tuple[cbor.Value, ...] = (len(delta), k, places, _values_to_bytes(delta.values))
    return body if delta.lists is None else (*body, delta.lists, delta.retired)


def _from_value(value: cbor.Value) -> Delta:
    match value:
        case (int() as count, int() as k, bytes() as places, bytes() as values):
            lists: int | None = None
            retired: tuple[int, ...] = ()
        case (int() as count, int() as k, bytes() as places, bytes() as values, number, tuple() as numbers):
            lists, retired = _list_number(number, at_most=limits.MAX_STATUS_LISTS), _retired(numbers)
        case _:
            raise MalformedObject("not [count, k, places, values, ? lists, ? retired]")
    if type(count) is bool or type(k) is bool or not 0 <= count <= limits.MAX_DELTA_CHANGES:
        raise MalformedObject("a number of changes that is none")
    if not 0 <= k <= rice.MAX_WIDTH or (not count and k):
        raise MalformedObject("a number of low bits that is none")
    if lists is not None and (lists < 1 or (retired and retired[-1] >= lists)):
        raise MalformedObject("a list that was never opened is closed")
    low_bytes = rice.field_bytes(count, k)
    rice.check_room(places, count * k)
    lows = rice.read_fields(places, count, k)
    read = rice.join(rice.read_ones(places[low_bytes:], count), lows, k)
    if count and read[-1] >= _MAX_PLACE:
        raise MalformedObject("a place in a list that no number can name")
    return Delta(read, _values_from_bytes(values, count), lists, retired)


def _values_to_bytes(values: Values) -> bytes:
    """The table of values, most frequent first, and the rank of each entry in it.

    First byte: number of values less one, and low bits of a rank. Then the values, 4 bits each; then the ranks.
    """
    if not len(values):
        return b""
    counts = np.bincount(values, minlength=16)
    table = np.array(sorted(np.flatnonzero(counts), key=lambda value: -int(counts[value])), np.uint64)
    ranks = np.zeros(16, np.uint64)
    ranks[table] = np.arange(len(table), dtype=np.uint64)
    placed = ranks[values]
    k = min(range(4), key=lambda k: k * len(values) + int((placed >> np.uint64(k)).sum()) + len(values))
    head = bytes(((len(table) - 1) << 4 | k,)) if len(table) > 1 else b"\0"
    stated = head + rice.pack(rice.fields(table, 4))
    if len(table) == 1:
        return stated
    lows = rice.pack_fields(placed & np.uint64((1 << k) - 1), k)
    return stated + lows + rice.pack(rice.unary(placed >> np.uint64(k)))


def _values_from_bytes(stated: bytes, count: int) -> Values:
    if not count or not stated:
        if count or stated:
            raise MalformedObject("values without places, or places without values")
        return np.zeros(0, np.uint8)
    size, k = (stated[0] >> 4) + 1, stated[0] & 0xF
    table_end = 1 + rice.field_bytes(size, 4)
    rice.check_room(stated[1:table_end], 4 * size)
    table = rice.read_fields(stated[1:table_end], size, 4)
    if len(np.unique(table)) != size or k > 3 or (size == 1 and k):
        raise MalformedObject("a table with a value twice, or ranks of too many bits")
    if size == 1:
        if len(stated) != table_end:
            raise MalformedObject("ranks where there is one value")
        return np.full(count, table[0], np.uint8)
    rice.check_room(stated[table_end:], count * k)
    ones = rice.read_ones(stated[table_end + rice.field_bytes(count, k) :], count)
    values = np.zeros(count, np.uint8)
    before = -1
    for part in rice.chunks(count):
        lows = rice.read_fields(stated, part.stop - part.start, k, first_bit=8 * table_end + part.start * k)
        here = ones[part].astype(np.int64)
        ranks = (np.diff(here, prepend=before) - 1 << k) + lows.astype(np.int64)
        before = int(here[-1])
        if ranks.max() >= size:
            raise MalformedObject("a rank that the table has not")
        values[part] = table[ranks]
    return values


def _list_number(value: cbor.Value, *, at_most: int) -> int:
    if type(value) is not int or not 0 <= value <= at_most:
        raise MalformedObject("a list number that is none")
    return value


def _retired(values: tuple[cbor.Value, ...]) -> tuple[int, ...]:
    numbers = tuple(_list_number(value, at_most=limits.MAX_STATUS_LISTS - 1) for value in values)
    if len(numbers) > limits.MAX_RETIRED_AT_ONCE or list(numbers) != sorted(set(numbers)):
        raise MalformedObject("closed lists that are not ascending, or too many")
    return numbers
