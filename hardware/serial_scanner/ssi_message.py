"""Puts the packets of an SSI scanner together to codes, whatever is lost, damaged or sent again; pure.

SSI numbers no packets; it counts on each being acknowledged before the next comes ("Multipacket Option 1"), and on
the scanner sending again, at most twice and marked as such, what was not acknowledged in time. Hence:

1. What is sent again and equals the last packet that was accepted: our acknowledgement was lost. It is acknowledged
   again. Once the scanner must have given up, a single packet that was asked for again is a code that was presented
   twice, and is delivered.
2. What is not sent again and comes after a pause begins a new message: a scanner that was acknowledged goes on at once,
   and one that was not sends again first.
3. A message is spoiled when a packet does not follow: the scanner went on although it was asked to repeat, began again
   in the middle, changed the kind of symbol, or what was damaged came after a pause and may belong to another message.
   Nothing of it is acknowledged any more, so that the scanner sounds its transmission error and the person presents
   the code again. Asking for a repetition would bring the last packet alone, which would look like a whole code.
   The same after so many damaged arrivals that the scanner has had its attempts.
4. A message of which nothing has come for longer than one time-out is spoiled too: from then on what is sent again may
   be its next packet, or the first of the next code. When the scanner has had its attempts, nothing is awaited.

So whatever has been acknowledged to its last packet has come out, and nothing shortened ever does.

Not handled here: bytes on the line (ssi.py). A scanner that was in the middle of a message when this program started
cannot be told from one that begins.
"""

from hardware.devices import DiscardReason
from hardware.scanned import Frame, Garbage, Reply, TextRules, interpreted, without_line_end
from hardware.serial_scanner.ssi_packet import MORE_FOLLOWS, Packet, acknowledgement

Found = list[Frame | Garbage | Reply]
# In parts of the scanner's time-out. One that goes on does so at once. One that sends again has done so for the first
# time soon after its time-out, and for the second time at twice of it, give or take the tolerance of its clock.
_PAUSE = 0.4
_OVERDUE = 1.6
_GIVEN_UP = 2.75
# How often it sends one packet at most.
_ATTEMPTS = 3


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
        self._pause_seconds = response_seconds * _PAUSE
        self._overdue_seconds = response_seconds * _OVERDUE
        self._given_up_seconds = response_seconds * _GIVEN_UP
        self._parts: list[Packet] = []
        self._is_spoiled = False
        # How often something arrived damaged since the last packet, and whether what arrives came after a pause.
        self._damaged_times = 0
        self._came_after_pause = False
        self._silent_seconds = 0.0
        self._accepted: Packet | None = None
        self._accepted_was_part = False
        self._since_accepted_seconds = 0.0
        self._since_packet_seconds = 0.0

    @property
    def is_open(self) -> bool:
        """More packets of a message are to come."""
        return bool(self._parts) or self._is_spoiled

    @property
    def held_bytes(self) -> int:
        """Of the message that is being put together."""
        return sum(len(part.data) for part in self._parts)

    def asked_to_repeat(self) -> Found:
        """Something arrived damaged and the scanner was asked to send it again."""
        self._damaged_times += 1
        return self._spoil(DiscardReason.INCOMPLETE) if self._parts and self._damaged_times >= _ATTEMPTS else []

    def something_arrives(self) -> None:
        """Bytes come after a silence, whatever they will turn out to be."""
        self._came_after_pause = self._came_after_pause or self._silent_seconds >= self._pause_seconds

    def silence(self, seconds: float, *, total_seconds: float) -> Found:
        """Takes note that nothing came for so long, and for how long now altogether."""
        self._silent_seconds = total_seconds
        self._since_accepted_seconds += seconds
        self._since_packet_seconds += seconds
        overdue = self._parts and self._since_packet_seconds >= self._overdue_seconds
        found = self._spoil(DiscardReason.INCOMPLETE) if overdue else []
        if self._since_packet_seconds >= self._given_up_seconds:
            self._is_spoiled = False
        return found

    def take(self, arrived: Packet) -> Found:
        """Takes one packet of a code."""
        paused, self._came_after_pause = self._came_after_pause, False
        awaited, self._damaged_times = self._damaged_times > 0, 0
        self._silent_seconds = self._since_packet_seconds = 0.0
        found: Found = []
        if paused and not arrived.is_sent_again:
            found = self._spoil(DiscardReason.INCOMPLETE) if self._parts else []
            self._is_spoiled = False
        elif not self._is_spoiled and self._is_repetition(arrived, awaited=awaited):
            return [acknowledgement()]
        elif self._parts and self._does_not_follow(arrived, awaited=awaited, paused=paused):
            found = self._spoil(DiscardReason.DAMAGED)
        if self._is_spoiled:
            return [*found, Garbage(DiscardReason.DAMAGED, len(arrived.data))]
        is_last = not arrived.status & MORE_FOLLOWS
        self._accepted, self._accepted_was_part = arrived, self.is_open or not is_last
        self._since_accepted_seconds = 0.0
        self._parts.append(arrived)
        if not is_last:
            return [*found, acknowledgement()]
        printed = b"".join(part.data[1:] for part in self._parts)
        self._parts.clear()
        return [*found, acknowledgement(), *self._read(printed)]

    def _is_repetition(self, arrived: Packet, *, awaited: bool) -> bool:
        return (
            arrived.is_sent_again
            and self._accepted is not None
            and self._accepted.content == arrived.content
            and (self._accepted_was_part or not awaited or self._since_accepted_seconds < self._given_up_seconds)
        )

    def _does_not_follow(self, arrived: Packet, *, awaited: bool, paused: bool) -> bool:
        return (
            (awaited and (paused or not arrived.is_sent_again))
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
