"""The erasure code: any K symbols are enough, and wrong ones are found; against an oracle that knows no tables."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.qr import erasure
from tests.utopia.randomness import Drbg

# The oracle: multiplication by shifting, division by trying, elimination by the book.


def times(left: int, right: int) -> int:
    product = 0
    while right:
        if right & 1:
            product ^= left
        right >>= 1
        left <<= 1
        if left & 0x100:
            left ^= 0x11D
    return product


INVERSE = {element: next(other for other in range(1, 256) if times(element, other) == 1) for element in range(1, 256)}


def row(index: int, count: int) -> list[int]:
    if index < count:
        return [int(index == place) for place in range(count)]
    return [INVERSE[index ^ place] for place in range(count)]


def symbol_by_hand(data: Sequence[bytes], index: int) -> bytes:
    made = bytearray(len(data[0]))
    for weight, symbol in zip(row(index, len(data)), data, strict=True):
        for place, byte in enumerate(symbol):
            made[place] ^= times(weight, byte)
    return bytes(made)


def data_by_elimination(symbols: Mapping[int, bytes], count: int) -> tuple[bytes, ...]:
    rows = [row(index, count) + list(symbol) for index, symbol in list(symbols.items())[:count]]
    for column in range(count):
        pivot = next(place for place in range(column, count) if rows[place][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        inverse = INVERSE[rows[column][column]]
        rows[column] = [times(inverse, each) for each in rows[column]]
        for place in range(count):
            factor = rows[place][column]
            if place != column and factor:
                rows[place] = [
                    mine ^ times(factor, other) for mine, other in zip(rows[place], rows[column], strict=True)
                ]
    return tuple(bytes(each[count:]) for each in rows)


def data_of(count: int, size: int, seed: str = "") -> tuple[bytes, ...]:
    stream = Drbg(f"symbols {count} {size} {seed}")
    return tuple(stream(size) for _ in range(count))


@pytest.mark.parametrize("count", [1, 2, 9, 128])
def test_every_symbol_is_the_one_that_the_definition_gives(count: int) -> None:
    data = data_of(count, 3)
    for index in range(256):
        assert erasure.encode(data, index) == symbol_by_hand(data, index)


def test_the_example_of_the_specification() -> None:
    data = (b"\x6c", b"\x7a")
    assert [erasure.encode(data, index) for index in (0, 1, 2, 255)] == [b"\x6c", b"\x7a", b"\xeb", b"\x1a"]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 5), st.randoms(use_true_random=False))
def test_any_k_symbols_give_the_data_back(count: int, size: int, chance: object) -> None:
    data = data_of(count, size)
    indices = chance.sample(range(256), count)  # type: ignore[attr-defined]  # a Random
    symbols = {index: erasure.encode(data, index) for index in indices}
    assert erasure.decode(symbols, count) == data == data_by_elimination(symbols, count)


def test_all_choices_of_three_from_the_edges() -> None:
    data = data_of(3, 2)
    for indices in combinations((0, 1, 2, 3, 4, 127, 128, 253, 254, 255), 3):
        assert erasure.decode({index: erasure.encode(data, index) for index in indices}, 3) == data


def test_the_largest_code_from_repair_symbols_alone() -> None:
    data = data_of(128, 4)
    assert erasure.decode({index: erasure.encode(data, index) for index in range(128, 256)}, 128) == data


def bent(symbols: dict[int, bytes], wrong: Sequence[int], stream: Drbg) -> dict[int, bytes]:
    return {index: stream(len(symbol)) if index in wrong else symbol for index, symbol in symbols.items()}


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 16), st.integers(0, 6), st.integers(0, 2), st.randoms(use_true_random=False))
def test_half_of_the_redundancy_in_wrong_symbols_is_found(count: int, errors: int, spare: int, chance: object) -> None:
    data = data_of(count, 40)
    indices = chance.sample(range(256), count + 2 * errors + spare)  # type: ignore[attr-defined]  # a Random
    good = {index: erasure.encode(data, index) for index in indices}
    wrong = frozenset(indices[:errors])
    found = erasure.wrong_symbols(bent(good, indices[:errors], Drbg(str(sorted(indices)))), count)
    # One look in 256 misses one: then it finds the others, or too few fit to say.
    assert found <= wrong
    if found != wrong:
        assert len(wrong - found) <= 2


def test_good_symbols_are_not_suspected() -> None:
    for count in (1, 9, 128):
        data = data_of(count, 5)
        assert erasure.wrong_symbols({index: erasure.encode(data, index) for index in range(256)}, count) == frozenset()


def test_one_wrong_bit_is_found_wherever_it_is() -> None:
    data = data_of(9, 3)
    good = {index: erasure.encode(data, index) for index in range(13)}
    missed = []
    for index in good:
        for bit in range(24):
            symbol = (int.from_bytes(good[index]) ^ 1 << bit).to_bytes(3)
            if erasure.wrong_symbols({**good, index: symbol}, 9) != {index}:
                missed.append((index, bit))
    assert len(missed) <= 6, "one in 256 of 312 may slip through a single look"


def test_without_redundancy_nothing_is_suspected() -> None:
    data = data_of(9, 5)
    good = {index: erasure.encode(data, index) for index in range(10)}
    assert erasure.wrong_symbols({**good, 3: b"wrong"}, 9) == frozenset()


def test_where_too_many_are_wrong_no_more_than_half_of_the_redundancy_are_named() -> None:
    data = data_of(120, 4)
    good = {index: erasure.encode(data, index) for index in range(123)}
    for seed in range(40):
        found = erasure.wrong_symbols(bent(good, range(6), Drbg(f"too many {seed}")), 120)
        assert len(found) <= 1


def test_of_256_symbols_63_wrong_ones_are_found() -> None:
    data = data_of(128, 40)
    good = {index: erasure.encode(data, index) for index in range(256)}
    wrong = range(0, 252, 4)
    assert erasure.wrong_symbols(bent(good, wrong, Drbg("63")), 128) == frozenset(wrong)
