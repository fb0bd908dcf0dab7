"""Cuts the byte stream of a serial scanner into codes; pure, no port and no clock.

Guaranteed: however the bytes are chunked, the same codes come out; at most `max_bytes` are held; a code is printable
text exactly as sent (never stripped: base45 may begin with a space), ASCII unless the rules name character sets; one
printed code never becomes two readings.

For the last point the line must have been silent before a code begins. A byte-mode QR code may contain CR LF followed
by a second licence; the scanner prints that without a pause. So what follows a code or a bad frame at once is thrown
away until the line is silent. Silence is not measured here: the driver reports what it has *observed*, that is, a read
that waited and got nothing. Bytes that were waiting in a buffer while the program was busy therefore prove no silence.

Not handled here: packet protocols with acknowledgement (ssi.py) and HID reports (hid_scanner).
"""

import re
from dataclasses import dataclass, field

from hardware.devices import DiscardReason
from hardware.scanned import Frame, Garbage, Reply, TextRules, interpreted

# CR, LF, TAB and ETX each end a code; CR LF is a code and an empty frame, and empty frames are nothing.
_TERMINATORS = re.compile(rb"[\r\n\t\x03]")
_STX = b"\x02"
_PRINTABLE = re.compile(rb"[\x20-\x7e]*")
# Character sets are decoded when a code is whole; until then bytes outside ASCII may be text, control characters not.
_PERHAPS_TEXT = re.compile(rb"[\x20-\x7e\x80-\xff]*")


@dataclass(frozen=True, slots=True)
class FramingRules:
    """The timing and size of one kind of scanner.

    Attributes:
        idle_gap_seconds: silence that ends a code when the scanner sends no terminator.
        quiet_before_seconds: silence that must lie between two codes; a person cannot present two codes faster.
        drain_seconds: silence that ends throwing away after a bad frame.
        max_bytes: a version 40 level L alphanumeric code holds 4,296 characters; prefix and AIM come on top.
        report_bytes: while throwing away, tell so each time that many bytes are gone.
        needs_end: the scanner is set up to end each code with a terminator, so that one that falls silent without it
            has lost its end and is thrown away; without this a broken code would come out shortened.
        text: what may stand around and in a code.
        answers: what the scanner says when it is told something; dropped on a quiet line where a code could begin.
    """

    idle_gap_seconds: float = 0.120
    quiet_before_seconds: float = 0.050
    drain_seconds: float = 0.100
    max_bytes: int = 4_400
    report_bytes: int = 65_536
    needs_end: bool = False
    text: TextRules = field(default_factory=TextRules)
    answers: tuple[bytes, ...] = ()


class Framer:
    """State of one line: what has been received of the current code, and how long the line has been silent."""

    def __init__(self, rules: FramingRules) -> None:
        self._rules = rules
        self._held = bytearray()
        # A line that has just been opened may be in the middle of a code, but its bytes were never ours.
        self._silent_seconds = rules.quiet_before_seconds
        self._quiet = True
        self._draining: DiscardReason | None = None
        self._drained = 0
        self._printable = _PERHAPS_TEXT if rules.text.character_sets else _PRINTABLE
        # The beginning of what may be an answer.
        self._perhaps_answer = b""

    def feed(self, received: bytes) -> list[Frame | Garbage | Reply]:
        """Takes bytes from the line, in chunks of any size."""
        if not received:
            return []
        if self._silent_seconds >= self._rules.quiet_before_seconds:
            self._quiet = True
        self._silent_seconds = 0.0
        if self._rules.answers and self._quiet and not self._held and self._draining is None:
            received = self._without_answers(self._perhaps_answer + received)
        return self._cut(received)

    def _without_answers(self, received: bytes) -> bytes:
        """What is left when whole answers at the front are dropped; an unfinished one is kept for the next bytes."""
        self._perhaps_answer = b""
        while answer := next((each for each in self._rules.answers if received.startswith(each)), b""):
            received = received[len(answer) :]
        if received and any(each.startswith(received) for each in self._rules.answers):
            self._perhaps_answer = received
            return b""
        return received

    def _cut(self, received: bytes) -> list[Frame | Garbage | Reply]:
        found: list[Frame | Garbage | Reply] = []
        position = 0
        while position < len(received):
            end = _TERMINATORS.search(received, position) if self._draining is None else None
            stop = end.start() if end else len(received)
            if self._draining is None:
                self._take(received[position:stop])
            if self._draining is not None:
                return found + self._drop(len(received) - position)
            if end:
                found += self._close()
            position = stop + 1
        return found

    def silence(self, seconds: float) -> list[Frame | Garbage | Reply]:
        """Takes note that the line was watched for so long and nothing came."""
        self._silent_seconds += seconds
        if self._perhaps_answer and self._silent_seconds >= self._rules.idle_gap_seconds:
            unfinished, self._perhaps_answer = self._perhaps_answer, b""
            return self._cut(unfinished) + self.silence(0.0)
        if self._draining is not None:
            return self._end_of_draining() if self._silent_seconds >= self._rules.drain_seconds else []
        if self._held and self._silent_seconds >= self._rules.idle_gap_seconds:
            return self._broken_off() if self._rules.needs_end else self._close()
        return []

    def unplugged(self) -> list[Frame | Garbage | Reply]:
        """The device went away: a partial code is dropped and the next byte begins a new line."""
        found: list[Frame | Garbage | Reply] = []
        if self._draining is not None:
            found = self._end_of_draining()
        elif partial := len(self._held) + len(self._perhaps_answer):
            found = [Garbage(DiscardReason.UNPLUGGED, partial)]
        self._held.clear()
        self._perhaps_answer = b""
        self._silent_seconds = self._rules.quiet_before_seconds
        return found

    def _take(self, part: bytes) -> None:
        """Holds the bytes, or begins to throw away if what is held can no longer be a code that stands alone."""
        if not self._held:
            part = part.lstrip(_STX)
        # Looking no further than the first byte too many makes the reason independent of the chunking.
        part_in_bounds = part[: self._rules.max_bytes + 1 - len(self._held)]
        if part and not self._quiet:
            self._draining = DiscardReason.RUN_ON
        elif not self._printable.fullmatch(part_in_bounds):
            self._draining = DiscardReason.NOT_PRINTABLE
        elif len(self._held) + len(part) > self._rules.max_bytes:
            self._draining = DiscardReason.OVERLONG
        else:
            self._held += part
            return
        self._drained += len(self._held)
        self._held.clear()

    def _drop(self, byte_count: int) -> list[Frame | Garbage | Reply]:
        self._drained += byte_count
        if self._draining is None or self._drained < self._rules.report_bytes:
            return []
        report: list[Frame | Garbage | Reply] = [Garbage(self._draining, self._drained)]
        self._drained = 0
        return report

    def _end_of_draining(self) -> list[Frame | Garbage | Reply]:
        found: list[Frame | Garbage | Reply] = []
        if self._draining is not None and self._drained:
            found.append(Garbage(self._draining, self._drained))
        self._draining = None
        self._drained = 0
        return found

    def _broken_off(self) -> list[Frame | Garbage | Reply]:
        byte_count = len(self._held)
        self._held.clear()
        return [Garbage(DiscardReason.INCOMPLETE, byte_count)]

    def _close(self) -> list[Frame | Garbage | Reply]:
        printed = bytes(self._held)
        self._held.clear()
        if printed:
            self._quiet = False
        match interpreted(printed, self._rules.text):
            case None:
                return []
            case Frame() as frame:
                return [frame]
            case reason:
                return [Garbage(reason, len(printed))]
