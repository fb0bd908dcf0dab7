"""The state of a region: every list's statuses, their root, and how changes fold into them.

A list is 2^20 statuses of 4 bits, as in a status list token, so that a list's hash here is the hash that its token
carries. The root is a hash over all lists' hashes. A state is a value: folding makes a new one that shares every list
without a change, and lists in which everything is VALID share one. Changes are folded into copies of their lists, or
laid over them (`revocation.overlay`): the outcome is the same state, and what is asked of it costs other amounts.

Not handled here: what may change (`revocation.guard`), and where a terminal keeps 28 MB.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final

import numpy as np

from protocol import limits
from revocation import overlay
from revocation.coverage import Coverage
from revocation.delta import INDEX_BITS, Delta, Values
from revocation.errors import OutsideLists
from revocation.overlay import NOTHING, Overlay, Packed
from revocation.rice import Places

LIST_BYTES: Final = limits.STATUS_LIST_ENTRIES // 2
_ROOT: Final = b"lz-status-root\0"
_INDEX_MASK: Final = np.uint64(limits.STATUS_LIST_ENTRIES - 1)
RETIRED_HASH: Final = bytes(limits.SHA256_BYTES)


class ListEntries:
    """The entries of one list: `LIST_BYTES` bytes and what lies over them.

    The hash is taken when somebody asks for it, and once; it is that of the whole, however it is kept.
    """

    __slots__ = ("_sha256", "over", "under")

    def __init__(self, under: Packed, over: Overlay = NOTHING) -> None:
        assert len(under) == LIST_BYTES
        self.under = under
        self.over = over
        self._sha256: bytes | None = None

    @property
    def packed(self) -> Packed:
        """All entries; a copy is made if anything lies over them."""
        return overlay.merged(self.under, self.over)

    @property
    def sha256(self) -> bytes:
        if self._sha256 is None:
            self._sha256 = sha256(self.packed).digest()
        return self._sha256

    def value(self, idx: int) -> int:
        """The value at this index, which the list has."""
        return overlay.value(self.under, self.over, idx)


ALL_VALID: Final = ListEntries(bytes(LIST_BYTES))
"""What a list is when it is opened; the whole of it, so that allocation is invisible."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionState:
    """All lists of a region by number; None where one was closed for good."""

    region: str
    lists: tuple[ListEntries | None, ...]

    @property
    def root(self) -> bytes:
        """What a checkpoint signs. A closed list counts as 32 zeros: no list has that hash."""
        return root_over(self.region, [RETIRED_HASH if each is None else each.sha256 for each in self.lists])

    @property
    def universe(self) -> int:
        """Entries of all lists that are open."""
        return sum(each is not None for each in self.lists) << INDEX_BITS

    def look_up(self, list_number: int, idx: int) -> int | Coverage:
        """The value of this entry, or why there is none; never VALID for what is not known."""
        if not 0 <= list_number < len(self.lists):
            return Coverage.NOT_COVERED
        entries = self.lists[list_number]
        if entries is None:
            return Coverage.NOT_COVERED
        if not 0 <= idx < limits.STATUS_LIST_ENTRIES:
            return Coverage.OUT_OF_RANGE
        return entries.value(idx)

    def values(self, places: Places) -> Values:
        """The values at these ascending places.

        Raises:
            OutsideLists: One is in no open list.
        """
        values = np.zeros(len(places), np.uint8)
        for number, part in _by_list(places):
            entries = _open_list(self.lists, number)
            values[part] = overlay.values(entries.under, entries.over, places[part] & _INDEX_MASK)
        return values


def root_over(region: str, hashes: Sequence[bytes]) -> bytes:
    """The root of a region whose lists have these hashes, `RETIRED_HASH` for closed ones."""
    return sha256(b"".join((_ROOT, region.encode("ascii"), len(hashes).to_bytes(4), *hashes))).digest()


Apply = Callable[[RegionState, Delta], RegionState]
"""`fold` or `lay_over`."""


def fold(state: RegionState, changes: Delta) -> RegionState:
    """The state after these changes, whatever they are, written into copies of their lists.

    Raises:
        OutsideLists: A change in no open list, fewer lists than there were, or more than a state may hold.
    """
    return _applied(state, changes, _written)


def lay_over(state: RegionState, changes: Delta) -> RegionState:
    """The same state, with the changes laid over the lists: nothing is copied but what lies over them already.

    Raises:
        OutsideLists: As for `fold`.
    """
    return _applied(state, changes, _laid_over)


def _written(entries: ListEntries, indices: Places, values: Values) -> ListEntries:
    return ListEntries(overlay.written(entries.packed, indices, values))


def _laid_over(entries: ListEntries, indices: Places, values: Values) -> ListEntries:
    return ListEntries(entries.under, overlay.laid_over(entries.over, indices, values))


def _applied(
    state: RegionState, changes: Delta, change: Callable[[ListEntries, Places, Values], ListEntries]
) -> RegionState:
    lists = list(with_lists(state, changes).lists)
    touched = list(_by_list(changes.places))
    fresh = sum(_open_list(lists, number) is ALL_VALID for number, _ in touched)
    if fresh + sum(each is not None and each is not ALL_VALID for each in lists) > limits.MAX_HELD_LISTS:
        # Asked before any list is made: each takes half a megabyte.
        raise OutsideLists(f"more than {limits.MAX_HELD_LISTS} lists that are not all valid")
    for number, part in touched:
        lists[number] = change(_open_list(lists, number), changes.places[part] & _INDEX_MASK, changes.values[part])
    return RegionState(state.region, tuple(lists))


def with_lists(state: RegionState, changes: Delta) -> RegionState:
    """The state with the lists that these changes open and close, and no entry changed yet.

    Raises:
        OutsideLists: There would be fewer lists than there were.
    """
    if changes.lists is None:
        return state
    if changes.lists < len(state.lists):
        raise OutsideLists("lists that vanish")
    lists = [*state.lists, *(ALL_VALID,) * (changes.lists - len(state.lists))]
    for number in changes.retired:
        lists[number] = None
    return RegionState(state.region, tuple(lists))


def _open_list(lists: tuple[ListEntries | None, ...] | list[ListEntries | None], number: int) -> ListEntries:
    entries = lists[number] if number < len(lists) else None
    if entries is None:
        raise OutsideLists(f"list {number} is not open")
    return entries


def _by_list(places: Places) -> Iterator[tuple[int, slice]]:
    """The lists that ascending places lie in, each with the slice of its places."""
    numbers, begins = np.unique(places >> np.uint64(INDEX_BITS), return_index=True)
    bounds = [*begins.tolist(), len(places)]
    for number, (begin, end) in zip(numbers.tolist(), pairwise(bounds), strict=True):
        yield number, slice(begin, end)
