"""Rice codes of ascending places in two streams that numpy reads whole: low bits side by side, quotients in unary.

Coded is the gap before each place, less one, so that no bytes can hold a place twice or out of order. Of a gap, the low
`k` bits stand in the first stream and the rest, in unary, in the second (as many zeros, then a one; high bit first).
With the best k a random set costs 0.03 to 0.12 bits an entry more than its entropy. Guaranteed on reading: bytes that
were too few, too many or not zero behind the end are refused, and nothing larger than twelve bytes for each
announced bytes for each announced entry is made; the announced entries cannot be more than the bits that came.

Not handled here: what the places mean, and whether they lie in their universe.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from revocation.errors import MalformedObject

Places = NDArray[np.uint64]
Ends = NDArray[np.uint32]
"""Where the ones of a unary stream are."""
Bits = NDArray[np.uint8]
"""One bit in each byte; short-lived, while something is written."""

MAX_WIDTH: Final = 32
"""Low bits of one entry: five bytes hold them wherever they begin."""
_CHUNK: Final = 1 << 16
"""Entries that are read or written at once: bounds what is needed besides input and output to a few megabytes."""


def parameter(count: int, universe: int) -> int:
    """The best number of low bits for this many random places in this universe.

    A gap's mean is m = universe / count; k is best as soon as 2^k ≥ m × ln φ (Gallager and van Voorhis 1975, for powers
    of two), with ln φ = 0.48121 as 31537 / 65536 in integers, so that every implementation chooses alike.
    """
    k = 0
    while (count << k) << 16 < 31_537 * universe and k < MAX_WIDTH:
        k += 1
    return k


def split(places: Places, k: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Quotients and low bits of the gaps before these strictly ascending places."""
    gaps = places.copy()
    gaps[1:] -= places[:-1] + np.uint64(1)
    return gaps >> np.uint64(k), gaps & np.uint64((1 << k) - 1)


def join(ones: Ends, lows: NDArray[np.uint64], k: int) -> Places:
    """The places again, in the memory of `lows`.

    Args:
        ones: The ends of the unary quotients, counted from where the first one begins.
        lows: The low bits; they are overwritten.
        k: How many low bits there are.
    """
    places = np.cumsum(lows, out=lows)
    for part in chunks(len(places)):
        order = np.arange(part.start, part.stop, dtype=np.uint64)
        places[part] += (ones[part].astype(np.uint64) - order << np.uint64(k)) + order
    return places


def fields(values: NDArray[np.uint64], width: int) -> Bits:
    """Values of `width` bits each, side by side."""
    if not width:
        return np.zeros(0, np.uint8)
    shifts = np.arange(width - 1, -1, -1, dtype=np.uint64)
    return ((values[:, np.newaxis] >> shifts) & np.uint64(1)).astype(np.uint8).ravel()


def unary(quotients: NDArray[np.uint64]) -> Bits:
    """Each quotient as so many zeros and a one."""
    if not len(quotients):
        return np.zeros(0, np.uint8)
    ends = np.cumsum(quotients.astype(np.int64) + 1) - 1
    bits = np.zeros(int(ends[-1]) + 1, np.uint8)
    bits[ends] = 1
    return bits


def pack(*streams: Bits) -> bytes:
    """Streams of bits one behind the other, and zeros up to the next whole byte."""
    return np.packbits(np.concatenate(streams)).tobytes() if streams else b""


def pack_fields(values: NDArray[np.uint64], width: int) -> bytes:
    """`pack(fields(values, width))`, a part at a time: a mass change has a million entries."""
    return b"".join(pack(fields(values[part], width)) for part in chunks(len(values)))


def read_fields(packed: bytes, count: int, width: int, *, first_bit: int = 0) -> NDArray[np.uint64]:
    """The `count` values of `width` bits that begin at this bit; the caller has seen that they are there."""
    values = np.zeros(count, np.uint64)
    if not width:
        return values
    content = np.frombuffer(packed + bytes(5), np.uint8)
    for part in chunks(count):
        places = np.arange(part.start, part.stop, dtype=np.int64) * width + first_bit
        byte = places >> 3
        window = np.zeros(len(places), np.uint64)
        for offset in range(5):
            window = window << np.uint64(8) | content[byte + offset]
        window >>= (40 - width - (places & 7)).astype(np.uint64)
        values[part] = window & np.uint64((1 << width) - 1)
    return values


def check_room(packed: bytes, bits: int) -> None:
    """Return if so many bits are there, and nothing but zeros follows them in their last byte.

    Raises:
        MalformedObject: They are not there, or a one follows: two byte strings would mean the same.
    """
    if bits > 8 * len(packed):
        raise MalformedObject("bits that are not there")
    if bits % 8 and packed[bits // 8] & (0xFF >> bits % 8):
        raise MalformedObject("bits behind the end that are not zero")


def read_ones(packed: bytes, count: int) -> Ends:
    """Where the `count` ones are; exactly so many, the last one in the last byte.

    Raises:
        MalformedObject: There are more or fewer, or bytes without a one follow.
    """
    if count > 8 * len(packed) or (packed and not packed[-1]):
        raise MalformedObject("quotients that are not there, or something behind them")
    ones = np.zeros(count, np.uint32)
    found = 0
    content = np.frombuffer(packed, np.uint8)
    for begin in range(0, len(packed), _CHUNK // 8):
        here = np.flatnonzero(np.unpackbits(content[begin : begin + _CHUNK // 8]))
        if found + len(here) > count:
            raise MalformedObject("more quotients than entries")
        ones[found : found + len(here)] = here + 8 * begin
        found += len(here)
    if found != count:
        raise MalformedObject("fewer quotients than entries")
    return ones


def chunks(count: int) -> Iterator[slice]:
    """Slices of at most so many entries as are worked on at once."""
    return (slice(begin, min(begin + _CHUNK, count)) for begin in range(0, count, _CHUNK))


def field_bytes(count: int, width: int) -> int:
    """Whole bytes that so many values take."""
    return (count * width + 7) // 8
