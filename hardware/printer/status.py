"""What an ESC/POS printer says of itself, from single bytes.

`DLE EOT n` is answered at once, also while the printer is offline, with a byte of the form 0xx1xx10; `GS r 1` stands in
the print data and is answered with 0xx0xxxx when everything before it has been worked off (ESC/POS Command Reference,
"Transmit real-time status", "Transmit status"). The two forms never meet, nor do they meet XON, XOFF and automatic
status back (xxx1xx00), so that what a printer says unasked is not taken for an answer.
"""

from dataclasses import dataclass
from typing import Final

from hardware.devices import PrinterState

ASK_PRINTER: Final = b"\x10\x04\x01"
ASK_OFFLINE_CAUSE: Final = b"\x10\x04\x02"
ASK_PAPER: Final = b"\x10\x04\x04"
ASK_FINISHED: Final = b"\x1dr\x01"
CLEAR_BUFFERS: Final = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
"""`DLE DC4` 8: "Clear buffer(s)"; without it the rest of a slip would come out before the next visitor's."""

_OFFLINE: Final = 0x08
_COVER: Final = 0x04
_STOPPED_BY_PAPER: Final = 0x20
_ERROR: Final = 0x40
_NEAR_END: Final = 0x0C
_END: Final = 0x60
_FINISHED_END: Final = 0x0C


def is_real_time(byte: int) -> bool:
    """Whether it has the form of an answer to DLE EOT."""
    return byte & 0x93 == 0x12


def is_finished(byte: int) -> bool:
    """Whether it has the form of an answer to GS r."""
    return byte & 0x90 == 0


def ended_without_paper(finished: int) -> bool:
    """Whether the answer to GS r says that the roll has ended."""
    return bool(finished & _FINISHED_END)


@dataclass(frozen=True, slots=True)
class Answers:
    """The bytes that came back; None where none did.

    Attributes:
        printer: to n = 1.
        cause: to n = 2.
        paper: to n = 4.
    """

    printer: int | None
    cause: int | None
    paper: int | None

    @property
    def state(self) -> PrinterState:
        """The worst of what they say. A cover comes first: behind it the paper sensor sees nothing."""
        if self.printer is None:
            return PrinterState.OFFLINE
        cause, paper = self.cause or 0, self.paper or 0
        if cause & _COVER:
            return PrinterState.COVER_OPEN
        if cause & _STOPPED_BY_PAPER or paper & _END:
            return PrinterState.NO_PAPER
        if cause & _ERROR or self.printer & _OFFLINE:
            return PrinterState.FAULT
        return PrinterState.PAPER_LOW if paper & _NEAR_END else PrinterState.READY
