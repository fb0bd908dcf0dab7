"""Allocation: permutations, nothing twice, lists open and close, and places that tell nothing (SECURITY.md L5)."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from revocation import allocation
from revocation.allocation import FULL_AT, OPEN_LISTS, IndexPermutation, Lease, OpenList, OpenLists
from revocation.errors import ListsExhausted
from tests.utopia.randomness import Drbg

KEY = bytes(range(32))
ENTRIES = limits.STATUS_LIST_ENTRIES


def chi_square(counts: list[int]) -> float:
    """Of counts that should be equal, as a number of standard deviations from what is expected (about normal)."""
    expected = sum(counts) / len(counts)
    free = len(counts) - 1
    return (sum((count - expected) ** 2 / expected for count in counts) - free) / (2 * free) ** 0.5


@pytest.fixture(scope="module")
def order() -> list[int]:
    permutation = IndexPermutation(KEY, 7)
    return [permutation.index(counter) for counter in range(ENTRIES)]


def test_every_index_once(order: list[int]) -> None:
    assert len(set(order)) == ENTRIES
    assert (min(order), max(order)) == (0, ENTRIES - 1)


def test_the_permutation_is_pinned(order: list[int]) -> None:
    """A register that comes back from a backup must go on in the same order."""
    assert order[:6] == [494784, 259905, 716450, 984720, 207587, 49163]


def test_key_and_list_decide() -> None:
    orders = {
        tuple(IndexPermutation(key, number).index(counter) for counter in range(8))
        for key in (KEY, bytes(32))
        for number in (0, 1, 2**19)
    }
    assert len(orders) == 6


def test_the_order_tells_nothing(order: list[int]) -> None:
    """L5: where the first ones given lie, how far apart neighbours are, and what one tells about the next."""
    first = order[:100_000]
    where, low = Counter(index >> 12 for index in first), Counter(index & 0xFF for index in first)
    assert abs(chi_square([where[each] for each in range(256)])) < 4
    assert abs(chi_square([low[each] for each in range(256)])) < 4
    apart = Counter((after - before) % ENTRIES >> 12 for before, after in pairwise(first))
    assert abs(chi_square([apart[each] for each in range(256)])) < 4
    pairs = Counter((before >> 16, after >> 16) for before, after in pairwise(first))
    assert abs(chi_square([pairs[left, right] for left in range(16) for right in range(16)])) < 4
    # Two counters that differ in one bit have indices that differ in about half of theirs.
    flipped = [(order[counter] ^ order[counter ^ 1]).bit_count() for counter in range(0, 40_000, 2)]
    assert 9.8 < sum(flipped) / len(flipped) < 10.2


def test_an_order_that_tells_something_is_noticed() -> None:
    """The test above is one: issuance in sequence fails each of its parts."""
    ascending = list(range(100_000))
    where = Counter(index >> 12 for index in ascending)
    assert abs(chi_square([where[each] for each in range(256)])) > 4
    apart = Counter((after - before) % ENTRIES >> 12 for before, after in pairwise(ascending))
    assert abs(chi_square([apart[each] for each in range(256)])) > 4


# Leases.


def test_a_class_opens_its_lists() -> None:
    held, free = allocation.open_class(100)
    assert held.lists == tuple(OpenList(number, 0) for number in range(100, 100 + OPEN_LISTS))
    assert free == 100 + OPEN_LISTS


def test_lists_are_drawn_evenly() -> None:
    held, free = allocation.open_class(0)
    below = Drbg("draw").below
    drawn: Counter[int] = Counter()
    for _ in range(16_000):
        held, granted, free = allocation.lease(held, 1, next_list=free, below=below)
        drawn[granted.list_number] += 1
    assert abs(chi_square([drawn[number] for number in range(OPEN_LISTS)])) < 4
    assert free == OPEN_LISTS


def test_what_two_neighbours_have_in_common() -> None:
    """Two credentials issued one after the other stand in one list in one case of sixteen."""
    held, free = allocation.open_class(0)
    below = Drbg("neighbours").below
    numbers = []
    for _ in range(16_000):
        held, granted, free = allocation.lease(held, 1, next_list=free, below=below)
        numbers.append(granted.list_number)
    together = sum(before == after for before, after in pairwise(numbers))
    assert 900 < together < 1_100


@given(st.lists(st.integers(1, FULL_AT), min_size=1, max_size=60), st.integers(0, 2**32))
def test_nothing_is_given_twice(counts: list[int], seed: int) -> None:
    """Lists fill and are replaced on the way; every counter of every list is given at most once, in order."""
    held, free = allocation.open_class(0)
    below = Drbg(str(seed)).below
    given_until: dict[int, int] = {}
    for count in counts:
        held, granted, free = allocation.lease(held, count, next_list=free, below=below)
        assert granted.first == given_until.get(granted.list_number, 0)
        assert 0 < granted.count <= count
        given_until[granted.list_number] = granted.first + granted.count
        assert given_until[granted.list_number] <= FULL_AT
        assert len({each.number for each in held.lists}) == OPEN_LISTS
        assert all(each.given < FULL_AT and each.given == given_until.get(each.number, 0) for each in held.lists)
        assert free == 1 + max(each.number for each in held.lists) or free > max(given_until)


def test_a_list_closes_at_95_percent() -> None:
    held = OpenLists((OpenList(3, FULL_AT - 10),))
    after, granted, free = allocation.lease(held, 100, next_list=9, below=lambda _: 0)
    assert granted == Lease(3, FULL_AT - 10, 10)
    assert (after.lists, free) == ((OpenList(9, 0),), 10)
    assert int(0.95 * ENTRIES) == FULL_AT
    after, granted, free = allocation.lease(held, 9, next_list=9, below=lambda _: 0)
    assert (after.lists, free) == ((OpenList(3, FULL_AT - 1),), 9)


def test_numbers_end() -> None:
    last = limits.MAX_STATUS_LISTS
    assert allocation.open_class(last - OPEN_LISTS)[1] == last
    with pytest.raises(ListsExhausted):
        allocation.open_class(last - OPEN_LISTS + 1)
    held = OpenLists((OpenList(last - 1, FULL_AT - 1),))
    with pytest.raises(ListsExhausted):
        allocation.lease(held, 1, next_list=last, below=lambda _: 0)


def test_indices_of_a_lease(order: list[int]) -> None:
    granted = Lease(7, 1_000, 50)
    assert list(granted.indices(IndexPermutation(KEY, 7))) == order[1_000:1_050]


def test_leases_of_one_class_never_meet() -> None:
    """SECURITY.md K11 in small: the pure part; UNIQUE(list, idx) in the register is the second lock."""
    held, free = allocation.open_class(0)
    below = Drbg("leases").below
    permutations: dict[int, IndexPermutation] = {}
    seen: set[tuple[int, int]] = set()
    total = 0
    while total < 100_000:
        held, granted, free = allocation.lease(held, 64, next_list=free, below=below)
        if granted.list_number not in permutations:
            permutations[granted.list_number] = IndexPermutation(KEY, granted.list_number)
        permutation = permutations[granted.list_number]
        seen.update((granted.list_number, index) for index in granted.indices(permutation))
        total += granted.count
    assert len(seen) == total
