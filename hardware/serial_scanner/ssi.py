"""The packet protocol of Zebra and Symbol scanners (SSI) as the host speaks it; pure, no port and no clock.

Sources: "Simple Serial Interface Programmer's Guide" (Zebra 72E-40451); "SE955 Integration Guide" (Motorola 72E-72322)
chapter 10, tables 10-5 and 10-6, and pages 10-9 and 10-10 (DECODE_DATA, CMD_ACK, CMD_NAK, retries); "GM72 User Manual"
(Grow) chapter 9, whose commands are the same packets. A packet is its length without checksum, opcode, source
(0 scanner, 4 host), status (bit 0 sent again, bit 1 more packets follow), data, and the two's complement of the sum of
all of it in 16 bits, high byte first. Packets of more than 255 bytes begin with FF, the opcode, a length of two bytes
and the opcode again; only an open driver for the Grow GM67 confirms this form (opcode F4).

Guaranteed: however the bytes are chunked, the same codes come out; a code comes out only if the checksum of each of
its packets holds and none of them is missing; a packet that the scanner repeats, because our acknowledgement was
lost, is acknowledged again and is no second reading; a code that cannot be put together is thrown away whole.

Every packet of a DECODE_DATA message repeats the kind of symbol before its data. Should a scanner not do so, the
kinds differ and the code is thrown away: it is never read with a byte missing.

Not handled here: setting the scanner's parameters (it must be set to send packets and to expect ACK and NAK), the
cordless variant with opcodes 73 and 74, and pictures.
"""

from dataclasses import dataclass

from hardware.devices import DiscardReason
from hardware.scanned import Frame, Garbage, Reply, interpreted, without_line_end
from hardware.serial_scanner.framing import FramingRules

CMD_ACK = 0xD0
CMD_NAK = 0xD1
BEEP = 0xE6
START_DECODE = 0xE4
STOP_DECODE = 0xE5
DECODE_DATA = 0xF3
DECODE_DATA_LONG = 0xF4
NAK_RESEND = 0x01
FROM_SCANNER = 0x00
FROM_HOST = 0x04
SENT_AGAIN = 0x01
MORE_FOLLOWS = 0x02

_HEADER_BYTES = 4
_CHECKSUM_BYTES = 2
_LONG = 0xFF
_LONG_HEADER_BYTES = 7
# "The host should resend twice after the initial send" (Retries, in the product reference guides).
_RESENDS = 2


def packet(opcode: int, data: bytes = b"", *, source: int = FROM_HOST, status: int = 0) -> bytes:
    """One packet with its checksum."""
    if opcode == DECODE_DATA_LONG:
        length = (_LONG_HEADER_BYTES + len(data)).to_bytes(2, "big")
        body = bytes([_LONG, opcode, *length, opcode, source, status]) + data
    else:
        body = bytes([_HEADER_BYTES + len(data), opcode, source, status]) + data
    return body + (-sum(body) & 0xFFFF).to_bytes(2, "big")


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet whose checksum holds."""

    opcode: int
    source: int
    status: int
    data: bytes

    @property
    def is_sent_again(self) -> bool:
        """The scanner believes that we may have missed it."""
        return bool(self.status & SENT_AGAIN)

    @property
    def content(self) -> tuple[int, int, bytes]:
        """What stays the same when it is sent again."""
        return self.opcode, self.status & MORE_FOLLOWS, self.data


Found = list[Frame | Garbage | Reply]


class SsiReceiver:
    """State of one line: the packet that is arriving, the message that is being put together, the command under way."""

    def __init__(self, rules: FramingRules, response_seconds: float = 2.0) -> None:
        """Begins on a silent line.

        Args:
            rules: timing, size and character sets; terminators play no part.
            response_seconds: how long either side waits for an answer; the scanner's parameter must be the same.
        """
        self._rules = rules
        self._response_seconds = response_seconds
        self._held = bytearray()
        self._draining = 0
        self._silent_seconds = 0.0
        self._parts: list[Packet] = []
        self._accepted: Packet | None = None
        # A packet of this message arrived damaged and is expected again.
        self._awaits_repetition = False
        # Bytes of a message that can no longer be put together; -1 if there is none.
        self._spoiled = -1
        self._waiting: list[bytes] = []
        self._under_way: bytes | None = None
        self._attempts = 0
        self._unanswered_seconds = 0.0

    def tell(self, command: bytes) -> None:
        """Queues a command, opcode and data; it is sent when the scanner is not sending itself."""
        self._waiting.append(command)

    def feed(self, received: bytes) -> Found:
        """Takes bytes from the line, in chunks of any size."""
        self._silent_seconds = 0.0
        if self._draining:
            self._draining += len(received)
            return []
        self._held += received
        found: Found = []
        while (size := self._size()) and len(self._held) >= size:
            raw = bytes(self._held[:size])
            if sum(raw[:-_CHECKSUM_BYTES]) + int.from_bytes(raw[-_CHECKSUM_BYTES:], "big") & 0xFFFF:
                break
            del self._held[:size]
            found += self._take(_parsed(raw))
        if self._held and size is not None and len(self._held) >= size:
            # Where the next packet begins cannot be known before the line has been silent.
            self._draining, self._held = len(self._held), bytearray()
        return found

    def silence(self, seconds: float) -> Found:
        """Takes note that the line was watched for so long and nothing came."""
        self._silent_seconds += seconds
        found: Found = []
        if self._draining and self._silent_seconds >= self._rules.drain_seconds:
            found = self._damaged(self._draining)
        elif self._held and self._silent_seconds >= self._rules.idle_gap_seconds:
            found = self._damaged(len(self._held))
        if self._parts or self._spoiled >= 0:
            if self._silent_seconds > self._response_seconds * (_RESENDS + 1):
                found += self._given_up(DiscardReason.INCOMPLETE)
        elif not self._held and not self._draining:
            found += self._own_commands(seconds)
        return found

    def unplugged(self) -> Found:
        """The device went away: whatever was under way is dropped and the next byte begins a new line."""
        lost = len(self._held) + self._draining + sum(len(part.data) for part in self._parts) + max(self._spoiled, 0)
        self._held.clear()
        self._draining = 0
        self._given_up(DiscardReason.UNPLUGGED)
        self._accepted = self._under_way = None
        self._waiting.clear()
        return [Garbage(DiscardReason.UNPLUGGED, lost)] if lost else []

    def _size(self) -> int | None:
        """Bytes of the packet that begins here, checksum included; None while that cannot be known, 0 if it is none."""
        held = self._held
        if not held or (held[0] == _LONG and len(held) < 2):
            return None
        if held[0] == _LONG and held[1] == DECODE_DATA_LONG:
            if len(held) < _LONG_HEADER_BYTES:
                return None
            length = int.from_bytes(held[2:4], "big")
            is_long = _LONG < length <= self._rules.max_bytes and held[4] == DECODE_DATA_LONG
            return length + _CHECKSUM_BYTES if is_long else 0
        return held[0] + _CHECKSUM_BYTES if held[0] >= _HEADER_BYTES else 0

    def _damaged(self, byte_count: int) -> Found:
        self._held.clear()
        self._draining = 0
        self._awaits_repetition = True
        return [Garbage(DiscardReason.DAMAGED, byte_count), _nak()]

    def _take(self, arrived: Packet) -> Found:
        # Our own packets come back from a cable that echoes.
        if arrived.source != FROM_SCANNER:
            return []
        if arrived.opcode in (CMD_ACK, CMD_NAK):
            return self._answered(arrived)
        if arrived.opcode not in (DECODE_DATA, DECODE_DATA_LONG):
            # Events and replies are none of ours, but the scanner waits for the acknowledgement.
            self._under_way = None
            return [_ack()]
        if self._is_repetition(arrived):
            return [_ack()]
        found = self._put_together(arrived)
        self._accepted = arrived
        self._awaits_repetition = False
        return found

    def _is_repetition(self, arrived: Packet) -> bool:
        """Sent again although it arrived: our acknowledgement was lost, and nothing since has asked for it."""
        return (
            arrived.is_sent_again
            and not self._awaits_repetition
            and self._accepted is not None
            and self._accepted.content == arrived.content
        )

    def _put_together(self, arrived: Packet) -> Found:
        is_last = not arrived.status & MORE_FOLLOWS
        out_of_order = bool(self._parts) and (
            # The scanner goes on although it was asked to repeat, or begins the whole message again.
            (self._awaits_repetition and not arrived.is_sent_again)
            or (arrived.is_sent_again and any(part.content == arrived.content for part in self._parts))
            or arrived.data[:1] != self._parts[0].data[:1]
        )
        size = sum(len(part.data) for part in self._parts) + len(arrived.data)
        if out_of_order or size > self._rules.max_bytes:
            self._spoiled = max(self._spoiled, 0) + size - len(arrived.data)
            self._parts.clear()
        if self._spoiled >= 0:
            self._spoiled += len(arrived.data)
            return [*self._given_up(DiscardReason.DAMAGED), _nak()] if is_last else [_ack()]
        self._parts.append(arrived)
        if not is_last:
            return [_ack()]
        printed = b"".join(part.data[1:] for part in self._parts)
        self._parts.clear()
        return [_ack(), *self._read(printed)]

    def _read(self, printed: bytes) -> Found:
        # "Data is decoded data including prefix and suffix": a line end at the end is such a suffix.
        match interpreted(without_line_end(printed), self._rules.text):
            case None:
                return []
            case Frame() as frame:
                return [frame]
            case reason:
                return [Garbage(reason, len(printed))]

    def _given_up(self, reason: DiscardReason) -> Found:
        lost = sum(len(part.data) for part in self._parts) + max(self._spoiled, 0)
        self._parts.clear()
        self._spoiled = -1
        self._awaits_repetition = False
        return [Garbage(reason, lost)]

    def _own_commands(self, seconds: float) -> Found:
        """Sends what waits, and again what stayed unanswered."""
        if self._under_way is None:
            if not self._waiting:
                return []
            self._under_way, self._attempts = self._waiting.pop(0), 0
        else:
            self._unanswered_seconds += seconds
            if self._unanswered_seconds < self._response_seconds:
                return []
        return self._send()

    def _answered(self, arrived: Packet) -> Found:
        if arrived.opcode == CMD_NAK and arrived.data[:1] == bytes([NAK_RESEND]) and self._under_way is not None:
            return self._send()
        self._under_way = None
        return []

    def _send(self) -> Found:
        if self._under_way is None or self._attempts > _RESENDS:
            self._under_way = None
            return []
        status = SENT_AGAIN if self._attempts else 0
        self._attempts += 1
        self._unanswered_seconds = 0.0
        return [Reply(packet(self._under_way[0], self._under_way[1:], status=status), wakes=True)]


def _parsed(raw: bytes) -> Packet:
    start = _LONG_HEADER_BYTES - 3 if raw[0] == _LONG and raw[1] == DECODE_DATA_LONG else 1
    return Packet(raw[start], raw[start + 1], raw[start + 2], raw[start + 3 : -_CHECKSUM_BYTES])


def _ack() -> Reply:
    return Reply(packet(CMD_ACK))


def _nak() -> Reply:
    return Reply(packet(CMD_NAK, bytes([NAK_RESEND])))
