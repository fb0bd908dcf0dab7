"""A receipt printer on a TCP port or a pseudo-terminal that the real driver talks to; it can run out of everything.

It answers as the ESC/POS reference says: real-time questions at once, also while it is offline; everything else in
order, and not at all without paper or with its cover open. `DrawingPrinter` is one for demonstrations: the real driver
over such a printer, which draws each slip into a folder.
"""

import contextlib
import os
import pty
import select
import socket
import threading
import tty
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hardware.devices import PrinterState, Slip
from hardware.printer.composing import Paper
from hardware.printer.driver import EscPosPrinter
from hardware.printer.line import PrinterLine, open_line
from hardware.printer.status import CLEAR_BUFFERS
from hardware.simulated.paper import Strip

_LOOK_SECONDS: Final = 0.02
_CHUNK_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Condition:
    """How the printer is.

    Attributes:
        lines_left: of paper; None: enough.
        paper_low: the sensor before the end has seen it.
        cover_open: so it prints nothing.
        error: its cutter is jammed.
        mute: it never answers.
        dies_after: closes the connection after so many bytes; None: does not.
        jammed_after: takes no more bytes after so many.
        confirms: it answers GS r; some do not.
        tells_late: the end of its paper stands in its answer to GS r alone, and it feeds on without paper.
        chatter: bytes that it says unasked before each answer.
    """

    lines_left: int | None = None
    paper_low: bool = False
    cover_open: bool = False
    error: bool = False
    mute: bool = False
    dies_after: int | None = None
    jammed_after: int | None = None
    confirms: bool = True
    tells_late: bool = False
    chatter: bytes = b""


class VirtualPrinter:
    """See the module."""

    def __init__(self, condition: Condition | None = None, *, on_pty: bool = False) -> None:
        """Switches it on."""
        self.condition = condition or Condition()
        self.strip = Strip()
        self.received = b""
        self.changed = threading.Condition()
        self._stopping = threading.Event()
        self._pty: tuple[int, int] | None = None
        self._server: socket.socket | None = None
        if on_pty:
            self._pty = pty.openpty()
            tty.setraw(self._pty[1])
            self.target = os.ttyname(self._pty[1])
        else:
            self._server = socket.create_server(("127.0.0.1", 0))
            self.target = f"socket://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, name="virtual printer", daemon=True)
        self._thread.start()

    def set(self, **changes: object) -> None:
        """Opens its cover, takes its paper, …; what it still holds goes on when it can."""
        self.condition = replace(self.condition, **changes)  # type: ignore[arg-type]  # its fields

    def open_line(self) -> PrinterLine:
        """The line to it, as the real driver opens one."""
        return open_line("virtual printer", self.target, baud_rate=9_600)

    def wait_for_cut(self, seconds: float = 5.0) -> bool:
        """Waits until a whole slip has come out."""
        with self.changed:
            return self.changed.wait_for(lambda: self.strip.is_cut, seconds)

    def close(self) -> None:
        """Switches it off."""
        self._stopping.set()
        self._thread.join()
        if self._server is not None:
            self._server.close()
        for descriptor in self._pty or ():
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._pty is not None:
                self._serve(self._pty[0])
                return
            assert self._server is not None
            if not select.select((self._server,), (), (), _LOOK_SECONDS)[0]:
                self._work("")
                continue
            connection, _ = self._server.accept()
            with connection:
                self._serve(connection.fileno())

    def _serve(self, descriptor: int) -> None:
        taken = 0
        while not self._stopping.is_set():
            jammed = self.condition.jammed_after is not None and taken >= self.condition.jammed_after
            ready = not jammed and select.select((descriptor,), (), (), _LOOK_SECONDS)[0]
            if jammed:
                self._stopping.wait(_LOOK_SECONDS)
            try:
                got = os.read(descriptor, _CHUNK_BYTES) if ready else b""
            except OSError:
                return
            if ready and not got:
                return
            taken += len(got)
            if self.condition.dies_after is not None and taken >= self.condition.dies_after:
                return
            with contextlib.suppress(OSError):
                self._take(got, descriptor)

    def _take(self, got: bytes, descriptor: int) -> None:
        self.received += got
        # Real-time commands are looked for in everything that arrives; the driver sends none inside another command.
        self.strip.pending += got
        while (at := self.strip.pending.find(b"\x10\x04")) >= 0 and len(self.strip.pending) > at + 2:
            n = self.strip.pending[at + 2]
            self.strip.pending = self.strip.pending[:at] + self.strip.pending[at + 3 :]
            self._answer(descriptor, bytes((self._real_time(n),)))
        if (at := self.strip.pending.find(CLEAR_BUFFERS)) >= 0:
            rest = self.strip.pending[at + len(CLEAR_BUFFERS) :]
            self.strip.forget()
            self.strip.pending = rest
        for _ in self._work("asked"):
            if self.condition.confirms:
                self._answer(descriptor, bytes((0x0C if self._is_out else 0x03 if self.condition.paper_low else 0,)))

    def _work(self, wanted: str) -> Sequence[str]:
        done = []
        while not (self._has_stopped or self.condition.cover_open or self.condition.error):
            said = self.strip.step()
            if said is None:
                break
            if said == "line" and self.condition.lines_left is not None:
                self.set(lines_left=self.condition.lines_left - 1)
            if said and said == wanted:
                done.append(said)
        with self.changed:
            self.changed.notify_all()
        return done

    @property
    def _is_out(self) -> bool:
        return self.condition.lines_left is not None and self.condition.lines_left <= 0

    @property
    def _has_stopped(self) -> bool:
        return self._is_out and not self.condition.tells_late

    def _real_time(self, n: int) -> int:
        now = self.condition
        offline = self._has_stopped or now.cover_open or now.error
        match n:
            case 1:
                return 0x12 | (0x08 if offline else 0)
            case 2:
                cause = (
                    (0x04 if now.cover_open else 0) | (0x20 if self._has_stopped else 0) | (0x40 if now.error else 0)
                )
                return 0x12 | cause
            case _:
                return 0x12 | (0x60 if self._has_stopped else 0) | (0x0C if now.paper_low else 0)

    def _answer(self, descriptor: int, answer: bytes) -> None:
        if not self.condition.mute:
            os.write(descriptor, self.condition.chatter + answer)


class DrawingPrinter:
    """The real driver over a printer that draws each slip into a folder. Implements SlipPrinter."""

    def __init__(self, name: str, folder: Path, paper: Paper) -> None:
        """Switches it on; the folder is made with the first slip."""
        self.name = name
        self._folder = folder
        self._paper = paper
        self._printer = VirtualPrinter()
        self._driver = EscPosPrinter(name, self._printer.open_line, paper)
        self._slips = 0

    def state(self) -> PrinterState:
        return self._driver.state()

    def print_slip(self, slip: Slip) -> None:
        self._printer.strip = Strip()
        self._driver.print_slip(slip)
        self._folder.mkdir(parents=True, exist_ok=True)
        while (file := self._folder / f"slip-{self._slips:03}.png").exists():
            self._slips += 1
        self._printer.strip.drawn(self._paper.dots).save(file)

    def close(self) -> None:
        self._driver.close()
        self._printer.close()
