"""Looking up a status in the states of regions: the same answers as from status list tokens, within a microsecond.

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
_ENTRIES: Final = limits.STATUS_LIST_ENTRIES
_NO_DATA: Final = StatusAnswer(Coverage.NO_DATA)
_NOT_COVERED: Final = StatusAnswer(Coverage.NOT_COVERED)
_OUT_OF_RANGE: Final = StatusAnswer(Coverage.OUT_OF_RANGE)


class FeedSnapshot:
    """What a terminal holds of these regions; lists that were closed are not covered."""

    __slots__ = ("_lists",)

    def __init__(self, regions: Iterable[Held]) -> None:
        lists: dict[str, tuple[Packed, tuple[tuple[StatusAnswer, ...], tuple[StatusAnswer, ...]]]] = {}
        for held in regions:
            # Values that have no name of their own count as INVALID.
            answers = tuple(
                StatusAnswer(Coverage.COVERED, Status(value) if value in _NAMED else Status.INVALID, held.as_of)
                for value in range(16)
            )
            # By whole bytes, for the entry in the low and in the high half.
            by_byte = (
                tuple(answers[byte & 0xF] for byte in range(256)),
                tuple(answers[byte >> 4] for byte in range(256)),
            )
            for number, entries in enumerate(held.state.lists):
                if entries is not None:
                    lists[f"{held.position.status_prefix}{number}"] = entries.packed, by_byte
        self._lists = lists

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        """The status at this place; unknown is never "valid"."""
        known = self._lists.get(uri)
        if known is None:
            return _NOT_COVERED if self._lists else _NO_DATA
        if not 0 <= idx < _ENTRIES:
            return _OUT_OF_RANGE
        packed, by_byte = known
        return by_byte[idx & 1][packed[idx >> 1]]
