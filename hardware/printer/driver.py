"""A receipt printer that speaks ESC/POS, and what can honestly be said about a slip.

Guaranteed: a slip is said to be printed only when the printer has confirmed, after its last byte, that all before it
was worked off, and that it has paper; a printer that runs out of paper, is opened, falls silent or dies in mid-slip
is an error by its own name, and what the printer still holds of the slip is thrown away where it allows that; nothing
takes longer than its time. A model that never answers (`?status=none`) can only be believed.

The line is opened for each slip: printers are switched off at night, and many network models serve one host at a time.

Not handled here: what a slip contains.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never

from hardware.devices import PrinterState, Slip
from hardware.errors import HardwareError
from hardware.output_errors import (
    PrinterCoverOpen,
    PrinterDied,
    PrinterError,
    PrinterFault,
    PrinterOutOfPaper,
    PrinterSilent,
)
from hardware.printer import composing, status
from hardware.printer.composing import Paper
from hardware.printer.line import PrinterLine, emptied


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds.

    Attributes:
        answer: for all answers to one question about its state.
        taking: while it takes no byte.
        look: between two questions while it works.
        finishing: from the last byte to its confirmation.
    """

    answer: float = 0.9
    taking: float = 5.0
    look: float = 1.0
    finishing: float = 20.0


USUAL: Final = Patience()


class EscPosPrinter:
    """See the module. Implements SlipPrinter."""

    def __init__(
        self,
        name: str,
        open_line: Callable[[], PrinterLine],
        paper: Paper,
        *,
        answers: bool = True,
        patience: Patience = USUAL,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is opened yet.

        Args:
            name: on pages.
            open_line: opens the line anew; raises HardwareError.
            paper: what the printer has.
            answers: whether it answers questions about its state.
            patience: as above.
            monotonic: a clock that only counts.
        """
        self.name = name
        self._open_line = open_line
        self._paper = paper
        self._answers = answers
        self._patience = patience
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._holds_rest = False

    def state(self) -> PrinterState:
        with self._lock:
            try:
                with contextlib.closing(self._open_line()) as line:
                    return self._ask(self._talk(line))
            except HardwareError:
                return PrinterState.OFFLINE

    def print_slip(self, slip: Slip) -> None:
        job = composing.compose(slip, self._paper)
        with self._lock, contextlib.closing(self._open_line()) as line:
            talk = self._talk(line)
            if self._holds_rest:
                self._clear(line)
            self._require_ready(talk)
            try:
                for piece in job:
                    self._send(talk, piece)
                if self._answers:
                    self._finish(talk)
            except PrinterError:
                self._clear(line)
                raise

    def close(self) -> None:
        """Nothing is held between two slips."""

    def _clear(self, line: PrinterLine) -> None:
        """Else the rest would come out when somebody puts paper in or switches it on, before the next person's slip."""
        self._holds_rest = True
        with contextlib.suppress(HardwareError):
            line.write(status.CLEAR_BUFFERS, self._patience.look)
            self._holds_rest = False

    def _talk(self, line: PrinterLine) -> "_Talk":
        return _Talk(line, self._monotonic)

    def _send(self, talk: "_Talk", piece: bytes) -> None:
        try:
            talk.line.write(piece, self._patience.taking)
        except PrinterSilent as silent:
            # It has stopped taking bytes; it may still say why.
            with contextlib.suppress(PrinterDied, PrinterSilent):
                self._require_ready(talk)
            raise PrinterSilent(self.name, silent.detail) from silent

    def _finish(self, talk: "_Talk") -> None:
        talk.line.write(status.ASK_FINISHED, self._patience.taking)
        until = self._monotonic() + self._patience.finishing
        while (left := until - self._monotonic()) > 0:
            finished = talk.finished(min(left, self._patience.look))
            if finished is None:
                # Out of paper it stops working off what it has, so that it will never confirm; it says so when asked.
                self._require_ready(talk, finishing=True)
                continue
            if status.ended_without_paper(finished):
                raise PrinterOutOfPaper(self.name, "at the end of the slip")
            # The last line may have been taken in and not come out: the sensor and the cover have the last word.
            self._require_ready(talk)
            return
        raise PrinterSilent(self.name, "it did not confirm the slip")

    def _require_ready(self, talk: "_Talk", *, finishing: bool = False) -> None:
        state = self._ask(talk)
        match state:
            case PrinterState.READY | PrinterState.PAPER_LOW | PrinterState.UNKNOWN:
                return
            case PrinterState.NO_PAPER:
                raise PrinterOutOfPaper(self.name)
            case PrinterState.COVER_OPEN:
                raise PrinterCoverOpen(self.name)
            case PrinterState.FAULT:
                raise PrinterFault(self.name)
            case PrinterState.OFFLINE:
                # While it prints, some models answer late; the time for finishing has an end of its own.
                if not finishing:
                    raise PrinterSilent(self.name)
            case _:
                assert_never(state)

    def _ask(self, talk: "_Talk") -> PrinterState:
        if not self._answers:
            return PrinterState.UNKNOWN
        until = self._monotonic() + self._patience.answer
        got: list[int | None] = []
        for question in (status.ASK_PRINTER, status.ASK_OFFLINE_CAUSE, status.ASK_PAPER):
            # Half of what is left, so that models that know only some of the questions leave time for the others.
            got.append(talk.ask(question, max(0.0, until - self._monotonic()) / 2))
            if got[0] is None:
                return PrinterState.OFFLINE
        return status.Answers(*got).state


class _Talk:
    """One open line: tells the two kinds of answers apart, whichever comes first."""

    def __init__(self, line: PrinterLine, monotonic: Callable[[], float]) -> None:
        self.line = line
        self._monotonic = monotonic
        self._real_time: int | None = None
        self._finished: int | None = None
        # What a printer said before anybody asked is no answer.
        emptied(line, monotonic=monotonic)

    def ask(self, question: bytes, seconds: float) -> int | None:
        """The answer to one real-time question."""
        self._hear(0)
        self._real_time = None
        self.line.write(question, seconds)
        self._wait(seconds, lambda: self._real_time is not None)
        return self._real_time

    def finished(self, seconds: float) -> int | None:
        """The confirmation, if it has come or comes within so many seconds."""
        self._wait(seconds, lambda: self._finished is not None)
        return self._finished

    def _wait(self, seconds: float, is_there: Callable[[], bool]) -> None:
        until = self._monotonic() + seconds
        while not is_there() and (left := until - self._monotonic()) > 0:
            self._hear(left)

    def _hear(self, seconds: float) -> None:
        for byte in self.line.read(seconds):
            if status.is_real_time(byte):
                self._real_time = byte
            elif status.is_finished(byte):
                self._finished = byte
