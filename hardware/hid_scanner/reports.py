"""Puts the reports of a HID-POS scanner together to codes; pure, no device and no clock.

Guaranteed: a code comes out whole or not at all: too long, broken off, with a length that does not fit, or with parts
of different kinds of symbol, it is thrown away until its last report; nothing of it is taken for another code.

HID-POS numbers no reports. One that the system drops in the middle of a code cannot be noticed here; the code then
says something else than what was shown, and its signature does not hold. Some firmware says "more follows" with the
last report of a code whose length is a multiple of a report; such a code is thrown away after a silence.

Not handled here: where in a report things are (report_descriptor.py).
"""

from hardware.devices import DiscardReason
from hardware.hid_scanner.report_descriptor import ScannerReports
from hardware.scanned import Frame, Garbage, Reply, TextRules, interpreted, without_line_end

MAX_CODE_BYTES = 4_400
# Reports of one code follow each other within milliseconds.
_BROKEN_OFF_SECONDS = 0.5
_FLAG = b"]"


class ReportReceiver:
    """State of one scanner: the parts of the code that is arriving."""

    def __init__(self, layout: ScannerReports, rules: TextRules) -> None:
        """Begins between two codes."""
        self._layout = layout
        self._rules = rules
        self._parts = bytearray()
        self._aim = b""
        self._is_open = False
        self._spoiled: DiscardReason | None = None
        self._silent_seconds = 0.0

    def feed(self, report: bytes) -> list[Frame | Garbage | Reply]:
        """Takes one report, as one read gives it."""
        layout = self._layout
        if not report or (layout.report_id and report[0] != layout.report_id):
            return []
        self._silent_seconds = 0.0
        if len(report) < layout.data_at:
            return self._spoil(DiscardReason.DAMAGED, len(report))
        room = report[layout.data_at : layout.data_at + layout.data_bytes]
        length = report[layout.length_at] if layout.length_at is not None else len(room.rstrip(b"\0"))
        is_continued = False
        if layout.continued_at is not None:
            at, mask = layout.continued_at
            if at >= len(report):
                return self._spoil(DiscardReason.DAMAGED, len(report))
            is_continued = bool(report[at] & mask)
        self._take(room[:length], aim=bytes(report[at] for at in layout.aim_at if at < len(report)))
        if length > len(room):
            self._spoiled = self._spoiled or DiscardReason.DAMAGED
        if len(self._parts) > MAX_CODE_BYTES:
            self._spoiled = self._spoiled or DiscardReason.OVERLONG
        return [] if is_continued else self._close()

    def silence(self, seconds: float) -> list[Frame | Garbage | Reply]:
        """Takes note that nothing came for so long."""
        self._silent_seconds += seconds
        if not self._is_open or self._silent_seconds < _BROKEN_OFF_SECONDS:
            return []
        return self._dropped(self._spoiled or DiscardReason.INCOMPLETE)

    def unplugged(self) -> list[Frame | Garbage | Reply]:
        """The device went away."""
        return self._dropped(DiscardReason.UNPLUGGED) if self._is_open else []

    def _take(self, part: bytes, *, aim: bytes) -> None:
        if self._is_open and aim != self._aim:
            self._spoiled = self._spoiled or DiscardReason.DAMAGED
        self._aim = aim
        self._is_open = True
        if len(self._parts) <= MAX_CODE_BYTES:
            self._parts += part

    def _spoil(self, reason: DiscardReason, byte_count: int) -> list[Frame | Garbage | Reply]:
        """A report that is no whole one; whether more follows cannot be known, so silence ends it."""
        self._is_open = True
        self._spoiled = self._spoiled or reason
        self._parts += bytes(min(byte_count, MAX_CODE_BYTES))
        return []

    def _close(self) -> list[Frame | Garbage | Reply]:
        if self._spoiled is not None:
            return self._dropped(self._spoiled)
        printed, aim = without_line_end(bytes(self._parts)), self._aim if self._aim.startswith(_FLAG) else b""
        byte_count = len(self._parts)
        self._forget()
        match interpreted(aim + printed, TextRules(bool(aim) or self._rules.strips_aim, self._rules.character_sets)):
            case None:
                return []
            case Frame() as frame:
                return [frame]
            case reason:
                return [Garbage(reason, byte_count)]

    def _dropped(self, reason: DiscardReason) -> list[Frame | Garbage | Reply]:
        found: list[Frame | Garbage | Reply] = [Garbage(reason, len(self._parts))]
        self._forget()
        return found

    def _forget(self) -> None:
        self._parts.clear()
        self._aim = b""
        self._is_open = False
        self._spoiled = None
