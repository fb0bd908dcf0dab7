"""A customer display on a serial line, by the ESC/POS display commands of Epson's DM-D series.

`ESC @` initialises, `CLR` (0C) clears, `US $ x y` (1F 24 x y) moves the cursor (ESC/POS Command Reference for customer
displays, "Initialize display", "Clear display screen", "Move cursor to specified position"). Chinese displays take GBK;
the others ASCII. A line of which the character set has nothing is left out instead of shown as a row of replacement
signs, so that bilingual lines suit both kinds.

Guaranteed: only printable characters are sent; a display that was lost is opened again by the next call; no call waits
for longer than a second. Not handled here: what is shown. No personal data belongs on it.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from hardware.printer.line import PrinterLine
from hardware.printer.text import cells, harmless

INITIALISE: Final = b"\x1b@"
CLEAR: Final = b"\x0c"
_WRITE_SECONDS: Final = 1.0
_REPLACEMENT: Final = "?"


@dataclass(frozen=True, slots=True)
class Glass:
    """What a display has room for.

    Attributes:
        columns: half-width characters in a row.
        rows: of text.
        charset: "ascii" or "gbk".
    """

    columns: int = 20
    rows: int = 2
    charset: str = "ascii"


def frame(lines: Sequence[str], glass: Glass) -> bytes:
    """The bytes that replace everything on the display."""
    sent = [CLEAR]
    row = 0
    for line in lines:
        encoded = _encoded(line, glass)
        if encoded and row < glass.rows:
            row += 1
            sent.append(b"\x1f$" + bytes((1, row)) + encoded)
    return b"".join(sent)


def _encoded(line: str, glass: Glass) -> bytes:
    kept, width, shown = [], 0, 0
    for character in harmless(line, max_characters=4 * glass.columns):
        try:
            encoded = character.encode(glass.charset)
            shown += not character.isspace()
        except UnicodeEncodeError:
            encoded = _REPLACEMENT.encode() * cells(character)
        if width + len(encoded) > glass.columns:
            break
        kept.append(encoded)
        width += len(encoded)
    return b"".join(kept) if shown else b""


class VfdDisplay:
    """See the module. Implements CustomerDisplay."""

    def __init__(self, name: str, open_line: Callable[[], PrinterLine], glass: Glass) -> None:
        """Nothing is opened yet.

        Args:
            name: on pages.
            open_line: opens the line anew; raises HardwareError.
            glass: what it has room for.
        """
        self.name = name
        self._open_line = open_line
        self._glass = glass
        self._lock = threading.Lock()
        self._line: PrinterLine | None = None

    def show(self, lines: Sequence[str]) -> None:
        with self._lock:
            sent = frame(lines, self._glass)
            if self._line is None:
                self._line = self._open_line()
                sent = INITIALISE + sent
            try:
                self._line.write(sent, _WRITE_SECONDS)
            except BaseException:
                self._line.close()
                self._line = None
                raise

    def close(self) -> None:
        with self._lock:
            if self._line is None:
                return
            # What stood there is nobody's any more; a display that is gone shows nothing anyway.
            with contextlib.suppress(Exception):
                self._line.write(CLEAR, _WRITE_SECONDS)
            self._line.close()
            self._line = None
