"""Allocation of status indices: which entry of which list a new credential group gets, so that places tell nothing.

An index says neither when nor in which order it was given: within a list the order is a keyed permutation, and K lists
of a class are open at a time, of which one is drawn at random. A list is published full-length from the start, so
nobody sees how full it is. Nothing is given twice: a lease that is lost leaves decoys, entries that stay VALID.

Pure: the state goes in and comes out, keys and randomness are arguments. The register keeps the state, with
UNIQUE(list, idx) as the second lock, and closes a class's lists when its credentials have all expired.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import shake_256
from typing import Final

from protocol import limits
from revocation.errors import ListsExhausted

OPEN_LISTS: Final = 16
"""K, of each expiry class: what two credentials issued one after the other have in common is one in sixteen."""
ROUNDS: Final = 8
"""Of a Feistel network with independent round functions; four are a strong pseudorandom permutation (Luby and Rackoff
1988), and the halves are small here."""
FULL_AT: Final = limits.STATUS_LIST_ENTRIES * 95 // 100
"""Entries after which a list closes; the rest stay decoys."""
_HALF_BITS: Final = 10
_HALF: Final = 1 << _HALF_BITS
_KEY_BYTES: Final = 32


class IndexPermutation:
    """The order in which one list's indices are given: a permutation of 2^20 under this key."""

    __slots__ = ("_rounds",)

    def __init__(self, key: bytes, list_number: int) -> None:
        """The tables of the round functions: 8 × 1024 values of 10 bits from SHAKE256(key ‖ list ‖ round)."""
        assert len(key) == _KEY_BYTES
        seeds = (key + list_number.to_bytes(4) + bytes((number,)) for number in range(ROUNDS))
        streams = (shake_256(seed).digest(2 * _HALF) for seed in seeds)
        self._rounds = tuple(
            tuple(value % _HALF for value in struct.unpack(f">{_HALF}H", stream)) for stream in streams
        )

    def index(self, counter: int) -> int:
        """The index that is given as the `counter`-th, from 0."""
        assert 0 <= counter < limits.STATUS_LIST_ENTRIES
        left, right = counter >> _HALF_BITS, counter % _HALF
        for table in self._rounds:
            left, right = right, left ^ table[right]
        return left << _HALF_BITS | right


@dataclass(frozen=True, slots=True)
class OpenList:
    """A list that takes new entries; `given` counters have been leased, used or not."""

    number: int
    given: int


@dataclass(frozen=True, slots=True)
class OpenLists:
    """The open lists of one expiry class."""

    lists: tuple[OpenList, ...]


@dataclass(frozen=True, slots=True)
class Lease:
    """Counters of one list that one worker may use, in any order, and nobody else ever."""

    list_number: int
    first: int
    count: int

    def indices(self, permutation: IndexPermutation) -> tuple[int, ...]:
        """The indices of this lease; `permutation` is that of its list."""
        return tuple(permutation.index(counter) for counter in range(self.first, self.first + self.count))


def open_class(next_list: int) -> tuple[OpenLists, int]:
    """A new class with its open lists, and the next list number that is free.

    Raises:
        ListsExhausted: Numbers have ended.
    """
    after = next_list + OPEN_LISTS
    if after > limits.MAX_STATUS_LISTS:
        raise ListsExhausted("no list number is left")
    return OpenLists(tuple(OpenList(number, 0) for number in range(next_list, after))), after


def lease(held: OpenLists, count: int, *, next_list: int, below: Callable[[int], int]) -> tuple[OpenLists, Lease, int]:
    """A lease of up to `count` counters in a list drawn at random; a list that is full by it is replaced.

    Args:
        held: The open lists, as they were kept.
        count: How many are wanted; the end of a list may give fewer.
        next_list: The next list number that is free.
        below: A uniform random number from 0 to its argument less one (`secrets.randbelow`).

    Returns:
        What is to be kept before the lease is used, the lease, and the next list number that is free.

    Raises:
        ListsExhausted: Numbers have ended.
    """
    assert count > 0
    place = below(len(held.lists))
    chosen = held.lists[place]
    granted = Lease(chosen.number, chosen.given, min(count, FULL_AT - chosen.given))
    after = replace(chosen, given=chosen.given + granted.count)
    if after.given >= FULL_AT:
        if next_list >= limits.MAX_STATUS_LISTS:
            raise ListsExhausted("no list number is left")
        after, next_list = OpenList(next_list, 0), next_list + 1
    lists = (*held.lists[:place], after, *held.lists[place + 1 :])
    return OpenLists(lists), granted, next_list
