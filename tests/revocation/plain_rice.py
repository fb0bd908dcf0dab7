"""The Rice codes of docs/spec/delta.md, bit by bit in plain Python: what the fast reader and writer are held to."""

from collections.abc import Iterator


def bits_of(content: bytes) -> Iterator[int]:
    return (byte >> 7 - place & 1 for byte in content for place in range(8))


def packed(bits: list[int]) -> bytes:
    filled = bits + [0] * (-len(bits) % 8)
    return bytes(
        sum(bit << 7 - place for place, bit in enumerate(filled[begin : begin + 8]))
        for begin in range(0, len(filled), 8)
    )


def write(places: list[int], k: int) -> tuple[list[int], list[int]]:
    """The two streams of bits of strictly ascending places."""
    lows: list[int] = []
    unary: list[int] = []
    before = -1
    for place in places:
        gap = place - before - 1
        lows += [gap >> shift & 1 for shift in range(k - 1, -1, -1)]
        unary += [0] * (gap >> k) + [1]
        before = place
    return lows, unary


def read(lows: Iterator[int], unary: Iterator[int], count: int, k: int) -> list[int]:
    """The places in two streams of bits."""
    places: list[int] = []
    before = -1
    for _ in range(count):
        quotient = 0
        while not next(unary):
            quotient += 1
        low = 0
        for _ in range(k):
            low = low << 1 | next(lows)
        before += 1 + (quotient << k | low)
        places.append(before)
    return places
