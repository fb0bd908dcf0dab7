"""Looking up a status: an explicit answer about coverage first, a value second.

Unknown is never "valid": a list that is not held, an index beyond its end and the absence of any list are answers of
their own. Not handled here: how old an answer may be (`revocation.freshness`), what a value means for a verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from protocol.errors import StatusRangeError
from protocol.status_list import Status, StatusListToken
from protocol.unixtime import UnixTime


class Coverage(Enum):
    """Whether there is a value at all."""

    COVERED = "covered"
    NOT_COVERED = "not covered"
    """Lists are held, but not this one."""
    OUT_OF_RANGE = "out of range"
    """The list is held and has no such entry."""
    NO_DATA = "no data"
    """No list is held."""


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """`status` and `as_of` are set exactly when coverage is COVERED."""

    coverage: Coverage
    status: Status | None = None
    as_of: UnixTime | None = None


class StatusView(Protocol):
    """What a terminal holds of statuses at one moment; it answers the same however often it is asked."""

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        """The status at this place; unknown is never "valid"."""

    def oldest(self) -> UnixTime | None:
        """As of when the oldest part of it is; None when nothing is held."""


@dataclass(frozen=True, slots=True)
class StatusSnapshot:
    """All verified lists that a terminal holds, by URI."""

    lists: Mapping[str, StatusListToken]

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        """The status at this place; values that have no name of their own count as INVALID."""
        if not self.lists:
            return StatusAnswer(Coverage.NO_DATA)
        token = self.lists.get(uri)
        if token is None:
            return StatusAnswer(Coverage.NOT_COVERED)
        try:
            value = token.entries.value(idx)
        except StatusRangeError:
            return StatusAnswer(Coverage.OUT_OF_RANGE)
        status = Status(value) if value in _NAMED else Status.INVALID
        return StatusAnswer(Coverage.COVERED, status, token.iat)

    def oldest(self) -> UnixTime | None:
        """The moment of the oldest list."""
        return min((token.iat for token in self.lists.values()), default=None)


@dataclass(frozen=True, slots=True)
class JoinedView:
    """The regions of a feed, and the tokens of regions without one.

    `tokens` has no list of a region that `feeds` has: a list that the feed has closed stays without an answer.
    """

    feeds: StatusView
    tokens: StatusView

    def look_up(self, uri: str, idx: int) -> StatusAnswer:
        """The status at this place, from whichever of the two covers it."""
        answer = self.feeds.look_up(uri, idx)
        if answer.coverage is Coverage.COVERED or answer.coverage is Coverage.OUT_OF_RANGE:
            return answer
        other = self.tokens.look_up(uri, idx)
        # "No data" is said only by who has nothing at all.
        return answer if other.coverage is Coverage.NO_DATA else other

    def oldest(self) -> UnixTime | None:
        """The older of the two."""
        return min((each for each in (self.feeds.oldest(), self.tokens.oldest()) if each is not None), default=None)


_NAMED = frozenset(int(status) for status in Status)
