"""Looking up a status in the states of regions: the same answers as from status list tokens, in a quarter microsecond.

Every answer that a snapshot can give is made when the snapshot is; a look-up finds the list, one byte, and the answer.
"""

from collections.abc import Iterable
from typing import Final

from protocol import limits
from protocol.status_list import Status
from revocation.advance import Held
from revocation.coverage import Coverage, StatusAnswer
from revocation.state import Packed

_NAMED: Final = frozenset(int(status) for status in Status)
_NO_DATA: Final = StatusAnswer(Coverage.NO_DATA)
_NOT_COVERED: Final = StatusAnswer(Coverage.NOT_COVERED)
_OUT_OF_RANGE: Final = StatusAnswer(Coverage.OUT_OF_RANGE)


class FeedSnapshot:
    """What a terminal holds of these regions; lists that were closed are not covered."""

    __slots__ = ("_lists",)

    def __init__(self, regions: Iterable[Held]) -> None:
        lists: dict[str, tuple[Packed, tuple[StatusAnswer, ...]]] = {}
        for held in regions:
            # Values that have no name of their own count as INVALID.
            answers = tuple(
                StatusAnswer(Coverage.COVERED, Status(value) if value in _NAMED else Status.INVALID, held.as_of)
                for value in range(16)
            )
            for number, entries in enumerate(held.state.lists):
                if entries is not None:
                    lists[f"{held.position.status_prefix}{number}"] = entries.packed, answers
        self._lists = lists

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        """The status at this place; unknown is never "valid"."""
        known = self._lists.get(uri)
        if known is None:
            return _NOT_COVERED if self._lists else _NO_DATA
        if not 0 <= idx < limits.STATUS_LIST_ENTRIES:
            return _OUT_OF_RANGE
        packed, answers = known
        return answers[packed[idx >> 1] >> ((idx & 1) << 2) & 0xF]
