"""One running kiosk: session events, touches and time moved through the table, and told to the screen.

Guaranteed: what belongs to a visitor is held only while the table says that a visitor is there, and is gone from memory
before the screen is told to clear; a browser that starts anew in the middle of a visit finds the same state. Every
method may be called by any thread. No call of the session or of a printer happens while the kiosk's own lock is held,
so neither can wait for the other. Not handled here: pixels, words, and what a slip contains.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, assert_never

from hardware.errors import HardwareError
from verifier_terminal.appraisal.verdict import Proceed, Verdict, VerdictClass
from verifier_terminal.errors import TerminalError
from verifier_terminal.events import (
    AnimationProgress,
    FaceMoved,
    Listener,
    OutOfOrderNews,
    SessionEvent,
    ShownVerdict,
    StatusChanged,
)
from verifier_terminal.faces.kiosk_table import TABLE, Cue, Position, State, step
from verifier_terminal.faces.service import ServiceNotice

_TRY_TO_MEND_SECONDS: Final = 5.0
_TICK_SECONDS: Final = 0.25

VISITORS_CUES: Final = frozenset({Cue.TOUCHED, Cue.GO_ON, Cue.COPY, Cue.PRINT, Cue.KEEP, Cue.LEAVE, Cue.CALL_HELP})
"""What the screen may say; everything else comes from the terminal itself."""


class Notice(StrEnum):
    """What else the screen should say."""

    PRINTER_FAILED = "printer_failed"


class KioskSession(Protocol):
    """The terminal's session as a kiosk uses it."""

    @property
    def out_of_order(self) -> str | None:
        """Why no verdict can be given."""

    def listen(self, listener: Listener) -> None:
        """All events from now on."""

    def announce(self, event: FaceMoved) -> None:
        """Tells the pages."""

    def recover(self) -> bool:
        """Tries to write again."""

    def let_go(self, number: str) -> None:
        """Forgets what was shown at this check."""


@dataclass(frozen=True, slots=True)
class View:
    """What the screen has to know."""

    position: Position
    left: float | None
    shown: ShownVerdict | None
    notice: Notice | None
    can_print: bool


class Kiosk(Listener):
    """See the module."""

    def __init__(
        self,
        session: KioskSession,
        *,
        elapsed_seconds: Callable[[], float],
        service: Callable[[], ServiceNotice | None],
        print_slip: Callable[[str], None] | None = None,
        in_background: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        """Begins to listen; `tick` must be called a few times a second.

        Args:
            session: The terminal's.
            elapsed_seconds: A clock that only counts.
            service: Whether staff have taken it out of service.
            print_slip: Prints what this check's visitor may take along; raises HardwareError or TerminalError. None:
                there is no printer.
            in_background: Runs something without waiting for it; a thread if not given.
        """
        self._session = session
        self._elapsed_seconds = elapsed_seconds
        self._service = service
        self._print_slip = print_slip
        self._in_background = in_background or _in_a_thread
        self._lock = threading.Lock()
        self._position = Position(State.ATTRACT, elapsed_seconds())
        self._shown: ShownVerdict | None = None
        self._of_visit: tuple[str, ...] = ()
        """The check numbers of this visit."""
        self._notice: Notice | None = None
        self._mend_at = 0.0
        if session.out_of_order is not None:
            self._position = Position(State.OUT_OF_ORDER, elapsed_seconds())
        session.listen(self)
        self.tick()

    def view(self) -> View:
        """What the screen shows now."""
        with self._lock:
            now = self._elapsed_seconds()
            return View(
                self._position, self._position.left(now), self._shown, self._notice, self._print_slip is not None
            )

    def check_number(self) -> str | None:
        """Of the check that belongs to who stands here; None when there is none."""
        with self._lock:
            return None if self._shown is None else self._shown.verdict.check_number

    def visitor(self, cue: Cue) -> None:
        """Somebody touched the screen. A cue that is not the visitor's is ignored, and so is one out of place."""
        if cue not in VISITORS_CUES or (cue is Cue.PRINT and self._print_slip is None):
            return
        moved = self._move(cue)
        if cue is Cue.PRINT and moved is not None:
            self._in_background(lambda: self._print(moved))

    def offer(self, event: SessionEvent) -> bool:
        match event:
            case ShownVerdict(same_act=False):
                self._move(_cue_of(event.verdict), shown=event)
            case AnimationProgress(received=received, needed=needed) if received < needed:
                self._move(Cue.FRAME)
            case OutOfOrderNews():
                self._move(Cue.BROKEN)
            case StatusChanged():
                if self._session.out_of_order is None:
                    self._move(Cue.MENDED)
            case _:
                pass
        return True

    def tick(self) -> None:
        """Lets time pass: what has run out, what staff have said, and whether a fault is over."""
        now = self._elapsed_seconds()
        with self._lock:
            left, state = self._position.left(now), self._position.state
        if left is not None and left <= 0:
            self._move(Cue.TIME_OUT, only_from=state)
        self._move(Cue.SERVICE if self._service() is not None else Cue.SERVICE_OVER)
        if state is State.OUT_OF_ORDER and now >= self._mend_at:
            self._mend_at = now + _TRY_TO_MEND_SECONDS
            if self._session.recover():
                self._move(Cue.MENDED)
        if state is not State.OUT_OF_ORDER and self._session.out_of_order is not None:
            self._move(Cue.BROKEN)

    def start(self, stop: threading.Event) -> threading.Thread:
        """Lets time pass in a thread of its own until told to stop."""

        def run() -> None:
            while not stop.wait(_TICK_SECONDS):
                self.tick()

        thread = threading.Thread(target=run, name="kiosk", daemon=True)
        thread.start()
        return thread

    def _move(
        self, cue: Cue, *, shown: ShownVerdict | None = None, only_from: State | None = None
    ) -> ShownVerdict | None:
        """Moves, tells the pages, and gives what is shown afterwards; None when the cue changed nothing."""
        with self._lock:
            before = self._position
            if only_from is not None and before.state is not only_from:
                return None
            after = step(before, cue, self._elapsed_seconds())
            if after == before:
                return None
            self._position = after
            over: tuple[str, ...] = ()
            if shown is not None:
                self._shown = shown
                self._of_visit += (shown.verdict.check_number,)
            if not TABLE[after.state].of_visitor:
                self._shown = None
                over, self._of_visit = self._of_visit, ()
            if cue is not Cue.PRINT_FAILED:
                self._notice = None
            else:
                self._notice = Notice.PRINTER_FAILED
            held = self._shown
        for number in over:
            # Before the screen says that the visitor's data are cleared.
            self._session.let_go(number)
        self._session.announce(FaceMoved())
        return held

    def _print(self, shown: ShownVerdict) -> None:
        assert self._print_slip is not None
        try:
            self._print_slip(shown.verdict.check_number)
        except (HardwareError, TerminalError):
            self._move(Cue.PRINT_FAILED, only_from=State.PRINTING)
        else:
            self._move(Cue.PRINTED, only_from=State.PRINTING)


def _cue_of(verdict: Verdict) -> Cue:
    """What a verdict means where nobody can look at anything."""
    match verdict.verdict_class:
        case VerdictClass.ACCEPT | VerdictClass.CHECK:
            return Cue.ACCEPTED if verdict.proceed is Proceed.YES else Cue.HELD
        case VerdictClass.REFUSE:
            return Cue.REFUSED
        case VerdictClass.NOT_READ:
            return Cue.UNREAD
        case _:
            assert_never(verdict.verdict_class)


def _in_a_thread(run: Callable[[], None]) -> None:
    threading.Thread(target=run, name="kiosk printing", daemon=True).start()
