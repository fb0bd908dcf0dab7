"""Small deltas side by side, without what a reader can tell by himself: how they ride along with a checkpoint.

A delta of one change has 13 bytes, of which 6 say something; the rest is lengths, and the number of low bits, which
follows from the number of changes. `unpack` gives back exactly the bytes that were packed, so that the chain of hashes
decides about them as about any others: packing is a matter of transport and proves nothing.

Guaranteed by `unpack`: at most `limits.MAX_INLINE_DELTAS` deltas, each byte used, in time that grows with the bytes
that came. Not handled here: whether the deltas mean anything; what does not look like a small one is carried as it is.
"""

from collections.abc import Iterable
from typing import Final

from protocol import cbor, limits
from protocol.errors import ProtocolError, SchemaError, SizeError

_ONE_CHANGE: Final = 0x10
"""And the status, in the first byte of an item. What is less begins a delta as it is: the high bits of its length
less one."""
_SEVERAL: Final = 0x20
"""And twice the number of changes less two, and how many low bits there are less than the others have (0 or 1)."""
_MOST_CHANGES: Final = 2 + (0xFF - _SEVERAL) // 2
_MOST_LOW_BITS: Final = 32
MAX_BYTES: Final = 1 + 2 * limits.MAX_INLINE_DELTAS + limits.MAX_INLINE_BYTES
"""As many deltas as there may be, none of which is a small one."""


def pack(deltas: Iterable[bytes]) -> bytes:
    """These deltas in few bytes.

    Raises:
        SizeError: One has no bytes, or more than may ride along.
    """
    bodies = tuple(deltas)
    for each in bodies:
        if not 1 <= len(each) <= limits.MAX_INLINE_BYTES:
            raise SizeError(f"a delta of {len(each)} bytes cannot ride along")
    read = [_small(each) for each in bodies]
    width = max((k + _halvings(count) for count, k, _, _ in filter(None, read)), default=0)
    items = (_item(small, body, width) for small, body in zip(read, bodies, strict=True))
    return bytes((width,)) + b"".join(items)


def unpack(packed: bytes) -> tuple[bytes, ...]:
    """The deltas that were packed, byte by byte.

    Raises:
        SchemaError: Nothing was packed, it ends in the middle of a delta, or there are more of them than may be.
    """
    if not packed:
        raise SchemaError("packed deltas without their number of low bits")
    width, at = packed[0], 1
    deltas: list[bytes] = []
    while at < len(packed):
        if len(deltas) == limits.MAX_INLINE_DELTAS:
            raise SchemaError(f"more than {limits.MAX_INLINE_DELTAS} packed deltas")
        body, at = _next(packed, at, width)
        deltas.append(body)
    if not deltas:
        raise SchemaError("no delta is packed")
    return tuple(deltas)


_Small = tuple[int, int, bytes, bytes]
"""Number of changes, low bits, places, values; see docs/spec/delta.md."""


def _small(body: bytes) -> _Small | None:
    try:
        value = cbor.decode(body)
    except ProtocolError:
        return None
    match value:
        case (int() as count, int() as k, bytes() as places, bytes() as values) if (
            1 <= count <= _MOST_CHANGES and 0 <= k <= _MOST_LOW_BITS
        ):
            return count, k, places, values
        case _:
            return None


def _item(small: _Small | None, body: bytes, width: int) -> bytes:
    if small is not None:
        count, k, places, values = small
        fewer = width - _halvings(count) - k
        if count == 1:
            item = bytes((_ONE_CHANGE | values[1] >> 4,)) + places if len(values) == 2 else b""
        else:
            item = bytes((_SEVERAL + 2 * (count - 2) + fewer,)) + places + values if fewer in (0, 1) else b""
        # What does not come out as it went in was written by somebody with another idea of a delta.
        if item and _unpacked(item, width) == body:
            return item
    return (len(body) - 1).to_bytes(2) + body


def _unpacked(item: bytes, width: int) -> bytes | None:
    try:
        body, end = _next(item, 0, width)
    except SchemaError:
        return None
    return body if end == len(item) else None


def _next(packed: bytes, at: int, width: int) -> tuple[bytes, int]:
    """The delta that begins here, and where it ends."""
    first, at = packed[at], at + 1
    if first < _ONE_CHANGE:
        begin = at + 1
        end = begin + 1 + (first << 8 | _byte(packed, at))
        if end > len(packed):
            raise SchemaError("a packed delta with fewer bytes than it says")
        return packed[begin:end], end
    if first < _SEVERAL:
        count, k = 1, width
    else:
        count = 2 + (first - _SEVERAL) // 2
        k = width - _halvings(count) - (first - _SEVERAL) % 2
    if k < 0:
        raise SchemaError("a packed delta of fewer than no low bits")
    end = _after_ones(packed, at + (count * k + 7) // 8, count)
    places = packed[at:end]
    if count == 1:
        values = bytes((0, (first & 0xF) << 4))
    else:
        values_end = _after_values(packed, end, count)
        values, end = packed[end:values_end], values_end
    return cbor.encode((count, k, places, values)), end


def _after_values(packed: bytes, at: int, count: int) -> int:
    """Where the values of so many changes end: a table, and the rank of each in it if it has more than one."""
    size, k = (_byte(packed, at) >> 4) + 1, packed[at] & 0xF
    end = at + 1 + (size + 1) // 2
    if size == 1:
        _byte(packed, end - 1)
        return end
    return _after_ones(packed, end + (count * k + 7) // 8, count)


def _after_ones(packed: bytes, at: int, count: int) -> int:
    """Behind the byte in which the last of so many ones stands."""
    while count > 0:
        count -= _byte(packed, at).bit_count()
        at += 1
    return at


def _byte(packed: bytes, at: int) -> int:
    if at >= len(packed):
        raise SchemaError("a packed delta that ends in the middle")
    return packed[at]


def _halvings(count: int) -> int:
    """How many low bits fewer so many places need than a single one; or one more, as their number is no power of 2."""
    return count.bit_length() - 1
