"""Looking up a status in the states of regions: the same answers as from status list tokens, within a microsecond.

Every answer that a snapshot can give is made when the snapshot is; a look-up finds the list, what lies over it or one
byte of it, and the answer. A snapshot holds what it was made from: whatever is applied later, it answers as before.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from protocol import limits
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation.advance import Held
from revocation.coverage import Coverage, StatusAnswer
from revocation.overlay import Overlay, Packed
from revocation.state import ALL_VALID, RegionState

_NAMED: Final = frozenset(int(status) for status in Status)
_ENTRIES: Final = limits.STATUS_LIST_ENTRIES
_LONGEST: Final = len(str(limits.MAX_STATUS_LISTS - 1))
_PREFIX: Final = len("lz:000000/")
_NO_DATA: Final = StatusAnswer(Coverage.NO_DATA)
_NOT_COVERED: Final = StatusAnswer(Coverage.NOT_COVERED)
_OUT_OF_RANGE: Final = StatusAnswer(Coverage.OUT_OF_RANGE)

_Answers = tuple[StatusAnswer, ...]
_List = tuple[Packed, Overlay, tuple[_Answers, _Answers, _Answers]]


class RegionSnapshot:
    """What is held of one region. Lists that were closed are not covered."""

    __slots__ = ("_answers", "_state", "as_of", "lists", "prefix")

    def __init__(self, held: Held) -> None:
        # Values that have no name of their own count as INVALID.
        answers = tuple(
            StatusAnswer(Coverage.COVERED, Status(value) if value in _NAMED else Status.INVALID, held.as_of)
            for value in range(16)
        )
        # By whole bytes, for the entry in the low and in the high half; and by value.
        low = answers * 16
        high = tuple(answer for answer in answers for _ in range(16))
        self._state: RegionState = held.state
        self._answers = answers
        self.as_of = held.as_of
        self.prefix = held.position.status_prefix
        # A region may have opened a million lists in which nothing is; those are answered without a place of their own.
        self.lists: dict[str, _List] = {
            f"{self.prefix}{number}": (entries.under, entries.over, (low, high, answers))
            for number, entries in enumerate(held.state.lists)
            if entries is not None and entries is not ALL_VALID
        }

    def look_up_rare(self, uri: str, idx: int) -> StatusAnswer:
        """The answer for a list that has no place of its own."""
        number = uri.removeprefix(self.prefix)
        if not number.isascii() or not number.isdecimal() or str(int(number[:_LONGEST])) != number:
            return _NOT_COVERED
        found = self._state.look_up(int(number), idx)
        if isinstance(found, Coverage):
            return _OUT_OF_RANGE if found is Coverage.OUT_OF_RANGE else _NOT_COVERED
        return self._answers[found]


class FeedSnapshot:
    """What a terminal holds of all these regions."""

    __slots__ = ("_lists", "_regions")

    def __init__(self, regions: Iterable[Held | RegionSnapshot]) -> None:
        snapshots = [each if isinstance(each, RegionSnapshot) else RegionSnapshot(each) for each in regions]
        self._regions: Mapping[str, RegionSnapshot] = {each.prefix: each for each in snapshots}
        lists: dict[str, _List] = {}
        for each in snapshots:
            lists.update(each.lists)
        self._lists = lists

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        """The status at this place; unknown is never "valid"."""
        known = self._lists.get(uri)
        if known is None:
            region = self._regions.get(uri[:_PREFIX])
            if region is None:
                return _NOT_COVERED if self._regions else _NO_DATA
            return region.look_up_rare(uri, idx)
        if not 0 <= idx < _ENTRIES:
            return _OUT_OF_RANGE
        under, over, answers = known
        value = over.get(idx)
        return answers[idx & 1][under[idx >> 1]] if value is None else answers[2][value]

    def oldest(self) -> UnixTime | None:
        """As of when the region is that has not been heard of for longest."""
        return min((each.as_of for each in self._regions.values()), default=None)
