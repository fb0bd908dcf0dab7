"""An erasure code over GF(2^8): any K of up to 256 symbols give the K data symbols back.

Systematic Cauchy code: symbol j < K is data symbol j, symbol i ≥ K is the sum of (data symbol j) / (i ⊕ j); the field
is GF(2)[x] modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11D). Every square part of a Cauchy matrix is invertible, hence "any K"
(Blömer et al., "An XOR-Based Erasure-Resilient Coding Scheme", 1995). The same code seen as a generalised Reed–Solomon
code (see `_multiplier`) also finds wrong symbols: of n distinct ones, up to (n − K) / 2 (Massey 1969).

Not handled here: frames, digests, who sent what. Whether a result is the right one only a digest can tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import shake_256
from typing import Final

_POLYNOMIAL: Final = 0x11D
_ORDER: Final = 255
"""Of the multiplicative group, which 2 generates: logarithms count modulo this."""


def _powers_of_two() -> bytes:
    powers = [1]
    while len(powers) < _ORDER:
        last = powers[-1]
        powers.append(last << 1 ^ (_POLYNOMIAL if last & 0x80 else 0))
    return bytes(powers)


_POWERS: Final = _powers_of_two()
"""2^0 … 2^254."""
_LOG: Final = bytes(_POWERS.find(element) if element else 0 for element in range(256))
"""The exponent of each element; that of 0 is never asked for."""


def encode(data: Sequence[bytes], index: int) -> bytes:
    """Symbol `index` (0 … 255) of these 1 to 128 data symbols of one size."""
    if index < len(data):
        return data[index]
    return _weighted_sum(data, [-_LOG[index ^ place] for place in range(len(data))])


def decode(symbols: Mapping[int, bytes], count: int) -> tuple[bytes, ...]:
    """The data symbols, from those `count` of at least as many symbols that have the lowest indices."""
    points = sorted(symbols)[:count]
    known = [symbols[point] for point in points]
    # Lagrange's interpolation of the polynomial in `_multiplier`, evaluated at the places that are missing.
    weights = [_multiplier(point, count) - _log_product(point, points) for point in points]
    restored: list[bytes] = []
    for place in range(count):
        if place in symbols:
            restored.append(symbols[place])
            continue
        common = _log_product(place, points) - _multiplier(place, count)
        restored.append(
            _weighted_sum(
                known,
                [common + weight - _LOG[place ^ point] for point, weight in zip(points, weights, strict=True)],
            )
        )
    return tuple(restored)


def wrong_symbols(symbols: Mapping[int, bytes], count: int) -> frozenset[int]:
    """The indices of symbols that do not fit the others; empty when all fit, or too many do not to say which.

    One byte for each symbol is looked at: a combination of all its bytes with weights that depend on all symbols, so
    that nobody can forge a symbol which looks right in it, but by luck (1 in 256; the next look has other weights).

    Args:
        symbols: At least `count` of them, all of one size. Of 256, the last one is not judged.
        count: How many data symbols there are.
    """
    points = sorted(symbols)[:_ORDER]
    redundancy = len(points) - count
    # Differences are all that the code knows of its points, so they may all be moved: none of them may be 0 below.
    moved_by = next(point for point in range(256) if point not in points)
    locations = [_LOG[point ^ moved_by] for point in points]
    values = _combined([symbols[point] for point in points], points)
    terms = [
        _LOG[value] + _multiplier(point, count) - _log_product(point, points) if value else None
        for point, value in zip(points, values, strict=True)
    ]
    syndromes = [
        _sum(
            _POWERS[(term + location * power) % _ORDER]
            for term, location in zip(terms, locations, strict=True)
            if term is not None
        )
        for power in range(redundancy)
    ]
    locator = _shortest_recurrence(syndromes)
    wrong = frozenset(
        point
        for point, location in zip(points, locations, strict=True)
        if not _sum(
            _POWERS[(_LOG[coefficient] - location * degree) % _ORDER]
            for degree, coefficient in enumerate(locator)
            if coefficient
        )
    )
    errors = len(locator) - 1
    return wrong if 2 * errors <= redundancy and len(wrong) == errors else frozenset()


def _multiplier(point: int, count: int) -> int:
    """The logarithm of v(i) = Π (i ⊕ j) over the data places j ≠ i.

    With f(x) = Σ d(j) · Π (x ⊕ k), k ≠ j, over the data places, f(i) = v(i) · symbol(i) at all 256 points: multiplied
    by v, the symbols are the values of one polynomial of degree below `count`.
    """
    return _log_product(point, range(count))


def _log_product(point: int, others: Iterable[int]) -> int:
    """The logarithm of Π (point ⊕ other) over the others that are not the point itself."""
    return sum([_LOG[point ^ other] for other in others if other != point])


def _sum(elements: Iterable[int]) -> int:
    total = 0
    for element in elements:
        total ^= element
    return total


def _weighted_sum(symbols: Sequence[bytes], log_weights: Sequence[int]) -> bytes:
    """Σ 2^weight · symbol, bytewise: a table look-up and an addition of long integers for each symbol."""
    total = 0
    for symbol, weight in zip(symbols, log_weights, strict=True):
        total ^= int.from_bytes(symbol.translate(_products(weight % _ORDER)))
    return total.to_bytes(len(symbols[0]))


@cache
def _products(log_factor: int) -> bytes:
    """The products of every element with 2^log_factor; 255 tables of 256 bytes at most."""
    return bytes(_POWERS[(_LOG[element] + log_factor) % _ORDER] if element else 0 for element in range(256))


def _combined(symbols: Sequence[bytes], points: Sequence[int]) -> bytes:
    """One byte for each symbol: the sum of its bytes with weights drawn from a hash of all of them."""
    joined = b"".join(symbols)
    size = len(symbols[0])
    weights = shake_256(bytes(points) + joined).digest(size)
    columns = [joined[place::size] for place in range(size) if weights[place]]
    return _weighted_sum(columns, [_LOG[weight] for weight in weights if weight]) if columns else bytes(len(symbols))


def _shortest_recurrence(sequence: Sequence[int]) -> tuple[int, ...]:
    """Coefficients 1, c(1), … c(L) with s(n) = Σ c(i) · s(n − i), L as small as possible (Berlekamp–Massey).

    The list of coefficients always has L + 1 of them: what is added has previous L + 1, moved by as much as L grows.
    """
    current, previous = [1], [1]
    length, shift, previous_discrepancy = 0, 1, 1
    for place, element in enumerate(sequence):
        discrepancy = element ^ _sum(
            _POWERS[(_LOG[coefficient] + _LOG[sequence[place - back]]) % _ORDER]
            for back, coefficient in enumerate(current)
            if back and coefficient and sequence[place - back]
        )
        if not discrepancy:
            shift += 1
            continue
        factor = _products((_LOG[discrepancy] - _LOG[previous_discrepancy]) % _ORDER)
        kept = current
        current = current + [0] * (len(previous) + shift - len(current))
        for degree, coefficient in enumerate(previous):
            current[degree + shift] ^= factor[coefficient]
        if 2 * length <= place:
            length = place + 1 - length
            previous, previous_discrepancy, shift = kept, discrepancy, 1
        else:
            shift += 1
    return tuple(current)
