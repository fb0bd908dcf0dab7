"""The states of an unattended kiosk as one table: what each one lasts, what leads out of it, and what it sounds like.

Pure. `step` is the whole behaviour: a cue that a state does not know changes nothing, so a late touch or a second scan
can do no harm. Guaranteed by the table and proved by its test: every state that shows anything of a visitor ends by
itself and only through CLEARED; nothing that a scan can cause leads out of OUT_OF_ORDER or MAINTENANCE. (TERMINAL.md,
"Kiosk".) Not handled here: clocks, screens, printers, and what is persistent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What the kiosk does at this moment."""

    ATTRACT = "attract"
    READING = "reading"
    """Its request stands on the screen; it waits for an answer."""
    CHECKING = "checking"
    """Pictures of an animated code come in."""
    TRY_AGAIN = "try_again"
    """What was held to it could not be read, or is another kind of code."""
    RESULT = "result"
    STOPPED = "stopped"
    """The licence was not accepted; what remains is a person, and a slip that says which one."""
    CONFIRM = "confirm"
    """The visitor sees what was shown to the kiosk and says whether to go on with it."""
    COPY = "copy"
    """The holder's copy of the receipt stands on the screen, for the holder's phone alone."""
    PRINTING = "printing"
    TAKE_RECEIPT = "take_receipt"
    MORE_TIME = "more_time"
    """Whoever stood here may have gone; whoever is slow says so, as often as it takes."""
    HELP = "help"
    CLEARED = "cleared"
    """The screen says that nothing of the visitor is left on it."""
    OUT_OF_ORDER = "out_of_order"
    MAINTENANCE = "maintenance"


class Cue(StrEnum):
    """What can happen."""

    TOUCHED = "touched"
    FRAME = "frame"
    ACCEPTED = "accepted"
    HELD = "held"
    """Evidence is missing, or a person would have to look: nobody here can."""
    REFUSED = "refused"
    UNREAD = "unread"
    GO_ON = "go_on"
    COPY = "copy"
    PRINT = "print"
    PRINTED = "printed"
    PRINT_FAILED = "print_failed"
    KEEP = "keep"
    """"I need more time.\""""
    LEAVE = "leave"
    CALL_HELP = "call_help"
    TIME_OUT = "time_out"
    BROKEN = "broken"
    MENDED = "mended"
    SERVICE = "service"
    """Staff have taken it out of service, or put it back: never by the way of a code."""
    SERVICE_OVER = "service_over"


class Sound(StrEnum):
    """Told apart by rhythm."""

    NONE = "none"
    TICK = "tick"
    VERDICT = "verdict"
    ATTENTION = "attention"


OUTCOMES: Final = frozenset({Cue.ACCEPTED, Cue.HELD, Cue.REFUSED, Cue.UNREAD})
MORE_TIME_SECONDS: Final = 20.0
MOST_EXTENSIONS: Final = 20
"""WCAG 2.2, success criterion 2.2.1, asks for at least ten."""


BACK: Final = None
"""Leads back to the state that was interrupted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One state.

    Attributes:
        lasts: seconds until TIME_OUT; None: until something happens.
        on: the state that each cue leads to, or BACK; anything else changes nothing.
        sound: when it begins.
        of_visitor: what it shows or holds may belong to the visitor.
        touch_keeps: a touch that means nothing else shows that somebody is there, and begins its time anew.
    """

    lasts: float | None
    on: Mapping[Cue, State | None]
    sound: Sound = Sound.NONE
    of_visitor: bool = True
    touch_keeps: bool = True


_VERDICTS: Final = {
    Cue.ACCEPTED: State.RESULT,
    Cue.HELD: State.STOPPED,
    Cue.REFUSED: State.STOPPED,
    Cue.UNREAD: State.TRY_AGAIN,
}
_LEAVING: Final = {Cue.LEAVE: State.CLEARED, Cue.CALL_HELP: State.HELP, Cue.TIME_OUT: State.MORE_TIME}
_STAFF: Final = {Cue.BROKEN: State.OUT_OF_ORDER, Cue.SERVICE: State.MAINTENANCE}
_SCAN: Final = {Cue.FRAME: State.CHECKING, **_VERDICTS}

TABLE: Final[Mapping[State, Row]] = {
    State.ATTRACT: Row(
        None, {Cue.TOUCHED: State.READING, Cue.CALL_HELP: State.HELP, **_SCAN, **_STAFF}, of_visitor=False
    ),
    State.READING: Row(90.0, {**_LEAVING, **_SCAN, **_STAFF}, Sound.TICK),
    State.CHECKING: Row(15.0, {**_LEAVING, Cue.TIME_OUT: State.READING, **_SCAN, **_STAFF}),
    State.TRY_AGAIN: Row(
        8.0, {**_LEAVING, Cue.TIME_OUT: State.READING, Cue.TOUCHED: State.READING, **_SCAN, **_STAFF}, Sound.VERDICT
    ),
    State.RESULT: Row(
        30.0, {**_LEAVING, Cue.GO_ON: State.CONFIRM, Cue.PRINT: State.PRINTING, **_SCAN, **_STAFF}, Sound.VERDICT
    ),
    State.STOPPED: Row(60.0, {**_LEAVING, Cue.PRINT: State.PRINTING, **_SCAN, **_STAFF}, Sound.VERDICT),
    State.CONFIRM: Row(45.0, {**_LEAVING, Cue.PRINT: State.PRINTING, Cue.COPY: State.COPY, **_STAFF}, Sound.TICK),
    State.COPY: Row(60.0, {**_LEAVING, Cue.PRINT: State.PRINTING, Cue.GO_ON: State.CONFIRM, **_STAFF}, Sound.TICK),
    State.PRINTING: Row(
        30.0,
        {
            Cue.PRINTED: State.TAKE_RECEIPT,
            Cue.PRINT_FAILED: BACK,
            Cue.TIME_OUT: BACK,
            Cue.CALL_HELP: State.HELP,
            **_STAFF,
        },
        touch_keeps=False,
    ),
    State.TAKE_RECEIPT: Row(15.0, {**_LEAVING, Cue.TIME_OUT: State.CLEARED, **_STAFF}, Sound.ATTENTION),
    State.MORE_TIME: Row(
        MORE_TIME_SECONDS,
        {
            Cue.KEEP: BACK,
            Cue.LEAVE: State.CLEARED,
            Cue.TIME_OUT: State.CLEARED,
            Cue.CALL_HELP: State.HELP,
            **_VERDICTS,
            **_STAFF,
        },
        Sound.ATTENTION,
        touch_keeps=False,
    ),
    State.HELP: Row(180.0, {Cue.LEAVE: State.CLEARED, Cue.TIME_OUT: State.CLEARED, **_STAFF}, Sound.ATTENTION),
    State.CLEARED: Row(
        4.0, {Cue.TIME_OUT: State.ATTRACT, Cue.TOUCHED: State.READING, **_SCAN, **_STAFF}, of_visitor=False
    ),
    State.OUT_OF_ORDER: Row(None, {Cue.MENDED: State.ATTRACT, Cue.SERVICE: State.MAINTENANCE}, of_visitor=False),
    State.MAINTENANCE: Row(None, {Cue.SERVICE_OVER: State.ATTRACT}, of_visitor=False),
}


@dataclass(frozen=True, slots=True)
class Position:
    """Where the kiosk stands.

    Attributes:
        state: now.
        since: seconds of the clock that only counts.
        outcome: of the last check of this visit; None before one.
        extensions: how often this visitor has asked for more time.
        before: the state to which BACK leads.
    """

    state: State
    since: float
    outcome: Cue | None = None
    extensions: int = 0
    before: State | None = None

    def left(self, now: float) -> float | None:
        """Seconds until TIME_OUT; None where nothing runs out."""
        lasts = TABLE[self.state].lasts
        return None if lasts is None else max(0.0, self.since + lasts - now)

    @property
    def may_extend(self) -> bool:
        """Whether this visit may be made longer once more."""
        return self.extensions < MOST_EXTENSIONS


def step(position: Position, cue: Cue, now: float) -> Position:
    """The next position; the same one, when this state does not know the cue."""
    row = TABLE[position.state]
    if cue not in row.on:
        touched = cue in (Cue.TOUCHED, Cue.KEEP) and row.touch_keeps and row.of_visitor
        return replace(position, since=now) if touched else position
    state = row.on[cue]
    if state is BACK:
        return _back(position, cue, now)
    if not TABLE[state].of_visitor:
        # Whatever comes next is another visit.
        return Position(state, now)
    outcome = cue if cue in OUTCOMES else position.outcome
    return replace(position, state=state, since=now, outcome=outcome, before=position.state)


def _back(position: Position, cue: Cue, now: float) -> Position:
    if position.before is None or (cue is Cue.KEEP and not position.may_extend):
        return position
    more = 1 if cue is Cue.KEEP else 0
    return replace(position, state=position.before, since=now, before=None, extensions=position.extensions + more)
