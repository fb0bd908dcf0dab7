"""Puts the packets of an SSI scanner together to codes, whatever is lost, damaged or sent again; pure.

SSI numbers no packets; it counts on each being acknowledged before the next comes ("Multipacket Option 1"). Hence:

1. A packet that is sent again and equals the last one arrived before: our acknowledgement was lost. It is acknowledged
   again. (A single packet that comes again because it was asked for is delivered, even if the code before said the
   same: then it was presented twice.)
2. A message with packets missing is spoiled: the scanner went on although it was asked to repeat, began again in the
   middle, changed the kind of symbol, or fell silent. The rest of it is acknowledged and thrown away up to its last
   packet: asking for that to be repeated would bring the last packet alone, and it would look like a whole code.
3. What is not sent again and comes after so long a silence that the scanner has given up begins a new message.

Not handled here: bytes on the line (ssi.py). A scanner that was in the middle of a message when this program started
cannot be told from one that begins.
"""

from hardware.devices import DiscardReason
from hardware.scanned import Frame, Garbage, Reply, TextRules, interpreted, without_line_end
from hardware.serial_scanner.ssi_packet import MORE_FOLLOWS, Packet, acknowledgement

Found = list[Frame | Garbage | Reply]
# The scanner sends again after its time-out; a quarter more, and it has given up.
_PATIENCE = 1.25


class MessageAssembly:
    """State between two packets."""

    def __init__(self, rules: TextRules, *, max_bytes: int, response_seconds: float) -> None:
        """Begins between two messages.

        Args:
            rules: what may stand in a code.
            max_bytes: no code is longer.
            response_seconds: the scanner's time-out for an acknowledgement.
        """
        self._rules = rules
        self._max_bytes = max_bytes
        self._patience_seconds = response_seconds * _PATIENCE
        self._parts: list[Packet] = []
        self._is_spoiled = False
        self._awaits_repetition = False
        self._paused = False
        self._accepted: Packet | None = None
        self._accepted_was_part = False

    @property
    def is_open(self) -> bool:
        """More packets of a message are to come."""
        return bool(self._parts) or self._is_spoiled

    @property
    def held_bytes(self) -> int:
        """Of the message that is being put together."""
        return sum(len(part.data) for part in self._parts)

    def asked_to_repeat(self) -> None:
        """Something arrived damaged and the scanner was asked to send it again."""
        self._awaits_repetition = True

    def silence(self, total_seconds: float) -> Found:
        """Takes note of how long the line has been silent altogether."""
        if total_seconds < self._patience_seconds:
            return []
        self._paused = True
        return self._spoil(DiscardReason.INCOMPLETE) if self._parts else []

    def take(self, arrived: Packet) -> Found:
        """Takes one packet of a code."""
        paused, self._paused = self._paused, False
        awaited, self._awaits_repetition = self._awaits_repetition, False
        if self._is_repetition(arrived, awaited=awaited):
            return [acknowledgement()]
        if paused and not arrived.is_sent_again:
            self._is_spoiled = False
        found: Found = [acknowledgement()]
        if self._parts and self._does_not_follow(arrived, awaited=awaited):
            found += self._spoil(DiscardReason.DAMAGED)
        is_last = not arrived.status & MORE_FOLLOWS
        self._accepted, self._accepted_was_part = arrived, self.is_open or not is_last
        if self._is_spoiled:
            self._is_spoiled = not is_last
            return [*found, Garbage(DiscardReason.DAMAGED, len(arrived.data))]
        self._parts.append(arrived)
        if not is_last:
            return found
        printed = b"".join(part.data[1:] for part in self._parts)
        self._parts.clear()
        return found + self._read(printed)

    def _is_repetition(self, arrived: Packet, *, awaited: bool) -> bool:
        return (
            arrived.is_sent_again
            and self._accepted is not None
            and self._accepted.content == arrived.content
            and (self._accepted_was_part or not awaited)
        )

    def _does_not_follow(self, arrived: Packet, *, awaited: bool) -> bool:
        return (
            (awaited and not arrived.is_sent_again)
            or (arrived.is_sent_again and any(part.content == arrived.content for part in self._parts))
            or arrived.data[:1] != self._parts[0].data[:1]
            or self.held_bytes + len(arrived.data) > self._max_bytes
        )

    def _spoil(self, reason: DiscardReason) -> Found:
        lost = self.held_bytes
        self._parts.clear()
        self._is_spoiled = True
        return [Garbage(reason, lost)]

    def _read(self, printed: bytes) -> Found:
        # "Data is decoded data including prefix and suffix": a line end at the end is such a suffix.
        match interpreted(without_line_end(printed), self._rules):
            case None:
                return []
            case Frame() as frame:
                return [frame]
            case reason:
                return [Garbage(reason, len(printed))]
