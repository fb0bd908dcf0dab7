"""The requests that this terminal has open: challenges and short codes, in the memory of one session alone.

Guaranteed: a request is good for one answer and for its time by a clock that only counts; a short code ends with the
fifth wrong answer at its site; at most eight are open, so that nobody fills the memory; whatever ends a request lets go
of its private key. A restart therefore closes all of them. Not handled here: what an answer is worth (`appraisal`),
locks, and telling anybody.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from verifier_terminal.appraisal.context import OpenRequest
from verifier_terminal.errors import TooManyRequests, UnknownRequest

MAX_OPEN: Final = 8
MAX_WRONG_ANSWERS: Final = 5
"""To one short code: 30 bits are no secret against more (docs/spec/challenge.md, "Short code")."""


class Ended(StrEnum):
    """Why a request is open no more."""

    ANSWERED = "answered"
    OVER = "over"
    CANCELLED = "cancelled"
    WRONG_ANSWERS = "wrong_answers"


@dataclass(frozen=True, slots=True)
class Entry:
    """One open request. `number` names it inside this session; it says nothing about its content."""

    number: int
    request: OpenRequest
    reason: str | None
    """What the holder reads; None for a short code."""
    text: str
    """What is shown: the code's text, or the ten characters."""
    opened: float
    life: float
    wrong_answers: int = 0

    @property
    def is_short(self) -> bool:
        """Whether it is typed and not scanned."""
        return self.request.sealing_key is None

    def seconds_left(self, now: float) -> float:
        """How much of its time is left; none once the clock has stepped back behind its beginning."""
        return self.life - (now - self.opened) if now >= self.opened else 0.0


@dataclass(frozen=True, slots=True)
class Closed:
    """A request that has just ended; of the request itself only its number is left."""

    number: int
    ended: Ended


class RequestBook:
    """The open requests of one session. `now` is always the clock that only counts."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._last_number = 0

    def add(self, request: OpenRequest, *, text: str, reason: str | None, life: float, now: float) -> Entry:
        """A new request.

        Raises:
            TooManyRequests: Eight are open. Call `forget_over` before.
        """
        if len(self._entries) >= MAX_OPEN:
            raise TooManyRequests(f"{MAX_OPEN} at most")
        self._last_number += 1
        entry = Entry(self._last_number, request, reason, text, now, life)
        self._entries[entry.number] = entry
        return entry

    def forget_over(self, now: float) -> tuple[Closed, ...]:
        """Closes the requests whose time is over."""
        over = [number for number, entry in self._entries.items() if entry.seconds_left(now) <= 0]
        return tuple(self._end(number, Ended.OVER) for number in over)

    def entries(self) -> tuple[Entry, ...]:
        """Those that are open, the oldest first."""
        return tuple(self._entries.values())

    def requests(self) -> tuple[OpenRequest, ...]:
        """What an appraisal may know of them."""
        return tuple(entry.request for entry in self._entries.values())

    def answered(self, request: OpenRequest) -> tuple[Entry, Closed] | None:
        """Burns the request that was answered; None when it is not open (any more)."""
        for number, entry in self._entries.items():
            if (entry.request.audience, entry.request.cnonce) == (request.audience, request.cnonce):
                return entry, self._end(number, Ended.ANSWERED)
        return None

    def wrong_answer(self, audience: str) -> tuple[Closed, ...]:
        """Somebody answered a short code of this site that is not open: it counts against every one that is."""
        closed: list[Closed] = []
        for number, entry in tuple(self._entries.items()):
            if not entry.is_short or entry.request.audience != audience:
                continue
            wrong = entry.wrong_answers + 1
            if wrong >= MAX_WRONG_ANSWERS:
                closed.append(self._end(number, Ended.WRONG_ANSWERS))
            else:
                self._entries[number] = Entry(
                    number, entry.request, entry.reason, entry.text, entry.opened, entry.life, wrong
                )
        return tuple(closed)

    def cancel(self, number: int) -> Closed:
        """Somebody wants it no more.

        Raises:
            UnknownRequest: It is not open.
        """
        if number not in self._entries:
            raise UnknownRequest(str(number))
        return self._end(number, Ended.CANCELLED)

    def _end(self, number: int, ended: Ended) -> Closed:
        del self._entries[number]
        return Closed(number, ended)
