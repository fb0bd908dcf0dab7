"""Bases: a region's whole state in one object, for whoever has none or was away for too long.

For each list, one Rice set of indices for each status value that occurs. A base says where in the feed it stands and
the chain's head there; whether it is the signed one is decided by the hash in a checkpoint, before it is read.

Guaranteed on reading: one form, no entry twice, bounded memory.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import numpy as np

from protocol import cbor, feed_position, labels, limits
from protocol.checkpoint import BasePointer
from protocol.errors import ProtocolError
from protocol.feed_position import FeedPosition, sha256_digest
from revocation import rice
from revocation.errors import MalformedObject, WrongObject
from revocation.state import ALL_VALID, ListEntries, RegionState

_ENTRIES: Final = limits.STATUS_LIST_ENTRIES
_MASK_BITS: Final = 15
_WIDTH_BITS: Final = 5
_COUNT_BITS: Final = limits.STATUS_LIST_ENTRIES.bit_length()
_HEAD_BYTES: Final = (_MASK_BITS * (1 + _WIDTH_BITS + _COUNT_BITS - 1) + 7) // 8
"""Of a list in which every value occurs more than half a million times, were that possible."""


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """The state at a place in the feed, and the chain's head there."""

    position: FeedPosition
    head: bytes
    state: RegionState


def encode(base: Base) -> bytes:
    """The bytes of a base."""
    lists = tuple(None if each is None else _encode_list(each) for each in base.state.lists)
    return cbor.encode((base.position.to_value(), base.head, lists))


def pointer_to(encoded: bytes, *, seq: int) -> BasePointer:
    """What a checkpoint says about this base."""
    return BasePointer(seq, sha256(encoded).digest(), len(encoded))


def decode(encoded: bytes, *, pointer: BasePointer, expected_region: str, expected_epoch: int) -> Base:
    """The base in these bytes, once they are the ones that a signed pointer names.

    Raises:
        WrongObject: Other bytes, or of another region, epoch or seq.
        MalformedObject: The signed bytes, and not a base in its one form; or larger than its bound.
    """
    if len(encoded) != pointer.size or sha256(encoded).digest() != pointer.sha256:
        raise WrongObject("another base than the signed one")
    if len(encoded) > limits.MAX_BASE_BYTES:
        raise MalformedObject(f"a base of {len(encoded)} bytes")
    try:
        match cbor.decode(encoded, max_items=limits.MAX_STATUS_LISTS + limits.MAX_CBOR_ITEMS):
            case (place, head, tuple() as records) if 0 < len(records) <= limits.MAX_STATUS_LISTS:
                position = feed_position.from_claims({labels.CLAIM_FEED: place})
                read_head = sha256_digest(head)
            case _:
                raise MalformedObject("not [position, head, lists]")
    except ProtocolError as refused:
        raise MalformedObject(str(refused)) from None
    if position != FeedPosition(expected_region, expected_epoch, pointer.seq):
        raise WrongObject("a base of another region, epoch or seq")
    if sum(record is not None and record != b"" for record in records) > limits.MAX_HELD_LISTS:
        raise MalformedObject(f"more than {limits.MAX_HELD_LISTS} lists that are not all valid")
    return Base(position, read_head, RegionState(position.region, tuple(_decode_list(each) for each in records)))


def _encode_list(entries: ListEntries) -> bytes:
    if entries is ALL_VALID:
        return b""
    packed = np.frombuffer(entries.packed, np.uint8)
    values = np.stack((packed & 0xF, packed >> 4), axis=1).ravel()
    indices = np.flatnonzero(values).astype(np.uint64)
    stated = values[indices]
    present = np.unique(stated).tolist()
    if not present:
        return b""
    head, lows, quotients = [_number(sum(1 << value - 1 for value in present), _MASK_BITS)], [], []
    for value in present:
        here = indices[stated == value]
        k = rice.parameter(len(here), _ENTRIES)
        high, low = rice.split(here, k)
        width = len(here).bit_length()
        head += [_number(width, _WIDTH_BITS), _number(len(here), width - 1)]
        lows.append(rice.fields(low, k))
        quotients.append(rice.unary(high))
    return rice.pack(*head, *lows) + rice.pack(*quotients)


def _number(value: int, width: int) -> rice.Bits:
    """The low bits of a number; a leading one need not be among them."""
    return rice.fields(np.array([value], np.uint64), width)


def _head(record: bytes) -> tuple[list[tuple[int, int]], int]:
    """Values with how often each occurs, and the bits that say so."""
    head, left = int.from_bytes(record[:_HEAD_BYTES].ljust(_HEAD_BYTES, b"\0")), 8 * _HEAD_BYTES

    def take(bits: int) -> int:
        nonlocal left
        left -= bits
        return head >> left & (1 << bits) - 1

    mask, sets = take(_MASK_BITS), []
    for value in range(1, _MASK_BITS + 1):
        if mask >> value - 1 & 1:
            width = take(_WIDTH_BITS)
            if not 0 < width <= _COUNT_BITS:
                raise MalformedObject("a number of entries that a list has not")
            sets.append((value, 1 << width - 1 | take(width - 1)))
    if not sets:
        raise MalformedObject("a list in which everything is valid has no bytes")
    return sets, 8 * _HEAD_BYTES - left


def _decode_list(record: cbor.Value) -> ListEntries | None:
    """One list: which values occur, how often each; then the low bits of all sets; then their quotients."""
    if record is None:
        return None
    if not isinstance(record, bytes):
        raise MalformedObject("a list that is not bytes")
    if not record:
        return ALL_VALID
    sets, first_bit = _head(record)
    widths = [rice.parameter(count, _ENTRIES) for _, count in sets]
    total = sum(count for _, count in sets)
    end = first_bit + sum(count * k for (_, count), k in zip(sets, widths, strict=True))
    if total > _ENTRIES:
        raise MalformedObject("more entries than a list has")
    rice.check_room(record, end)
    ones = rice.read_ones(record[(end + 7) // 8 :], total)
    entries = np.zeros(_ENTRIES, np.uint8)
    first, begin = 0, 0
    for (value, count), k in zip(sets, widths, strict=True):
        ends = ones[first : first + count] - np.uint32(begin)
        indices = rice.join(ends, rice.read_fields(record, count, k, first_bit=first_bit), k)
        if indices[-1] >= _ENTRIES or entries[indices].any():
            raise MalformedObject("an index beyond its list, or an entry with two values")
        entries[indices] = value
        first, first_bit, begin = first + count, first_bit + count * k, int(ones[first + count - 1]) + 1
    return ListEntries((entries[0::2] | entries[1::2] << 4).tobytes())
