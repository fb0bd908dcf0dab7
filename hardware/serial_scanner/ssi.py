"""The packet protocol of Zebra and Symbol scanners (SSI) as the host speaks it; pure, no port and no clock.

Sources: "Simple Serial Interface Programmer's Guide" (Zebra 72E-40451); "SE955 Integration Guide" (Motorola 72E-72322)
chapter 10, tables 10-5 and 10-6, and pages 10-9 and 10-10 (DECODE_DATA, CMD_ACK, CMD_NAK, retries); "GM72 User Manual"
(Grow) chapter 9, whose commands are the same packets. A packet is its length without checksum, opcode, source
(0 scanner, 4 host), status (bit 0 sent again, bit 1 more packets follow), data, and the two's complement of the sum of
all of it in 16 bits, high byte first. Packets of more than 255 bytes begin with FF, the opcode, a length of two bytes
and the opcode again; only an open driver for the Grow GM67 confirms this form (opcode F4).

Guaranteed: however the bytes are chunked, the same codes come out; a code comes out only if the checksum of each of
its packets holds and, as far as the protocol lets anybody see, none of them is missing; a packet that the scanner
repeats because our acknowledgement was lost is no second reading.

Every packet of a DECODE_DATA message repeats the kind of symbol before its data. Should a scanner not do so, the
kinds differ and the code is thrown away: it is never read with a byte missing.

Not handled here: setting the scanner's parameters (it must be set to send packets and to expect ACK and NAK for each),
the cordless variant with opcodes 73 and 74, and pictures.
"""

from hardware.devices import DiscardReason
from hardware.scanned import Garbage, Reply
from hardware.serial_scanner.framing import FramingRules
from hardware.serial_scanner.ssi_message import Found, MessageAssembly
from hardware.serial_scanner.ssi_packet import (
    CHECKSUM_BYTES,
    CMD_ACK,
    CMD_NAK,
    DECODE_DATA,
    DECODE_DATA_LONG,
    FROM_SCANNER,
    HEADER_BYTES,
    LONG,
    LONG_HEADER_BYTES,
    NAK_RESEND,
    SENT_AGAIN,
    Packet,
    acknowledgement,
    packet,
    parsed,
    request_to_repeat,
)

# "The host should resend twice after the initial send" (Retries, in the product reference guides).
_RESENDS = 2


class SsiReceiver:
    """State of one line: the packet that is arriving, the message it belongs to, and the host's own commands."""

    def __init__(self, rules: FramingRules, response_seconds: float = 2.0) -> None:
        """Begins on a silent line.

        Args:
            rules: timing, size and character sets; terminators play no part.
            response_seconds: how long either side waits for an answer; the scanner's parameter must be the same.
        """
        self._rules = rules
        self._held = bytearray()
        self._draining = 0
        self._silent_seconds = 0.0
        self._message = MessageAssembly(rules.text, max_bytes=rules.max_bytes, response_seconds=response_seconds)
        self._commands = _Commands(response_seconds)

    def tell(self, command: bytes) -> None:
        """Queues a command, opcode and data; it is sent when the scanner is not sending itself."""
        self._commands.queue(command)

    def feed(self, received: bytes) -> Found:
        """Takes bytes from the line, in chunks of any size."""
        self._silent_seconds = 0.0
        self._message.something_arrives()
        if self._draining:
            self._draining += len(received)
            return []
        self._held += received
        found: Found = []
        while (size := self._size()) and len(self._held) >= size:
            arrived = parsed(bytes(self._held[:size]))
            if arrived is None:
                size = 0
                break
            del self._held[:size]
            found += self._take(arrived)
        if self._held and size == 0:
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
        found += self._message.silence(seconds, total_seconds=self._silent_seconds)
        if not (self._held or self._draining or self._message.is_open):
            found += self._commands.waited(seconds)
        return found

    def unplugged(self) -> Found:
        """The device went away; a new line begins with a new receiver."""
        lost = len(self._held) + self._draining + self._message.held_bytes
        return [Garbage(DiscardReason.UNPLUGGED, lost)] if lost else []

    def _size(self) -> int | None:
        """Bytes of the packet that begins here, checksum included; None while that cannot be known, 0 if it is none."""
        held = self._held
        if not held or (held[0] == LONG and len(held) < 2):
            return None
        if held[0] == LONG and held[1] == DECODE_DATA_LONG:
            if len(held) < LONG_HEADER_BYTES:
                return None
            length = int.from_bytes(held[2:4], "big")
            is_long = LONG < length <= self._rules.max_bytes and held[4] == DECODE_DATA_LONG
            return length + CHECKSUM_BYTES if is_long else 0
        return held[0] + CHECKSUM_BYTES if held[0] >= HEADER_BYTES else 0

    def _damaged(self, byte_count: int) -> Found:
        self._held.clear()
        self._draining = 0
        given_up = self._message.asked_to_repeat()
        return [*given_up, Garbage(DiscardReason.DAMAGED, byte_count), request_to_repeat()]

    def _take(self, arrived: Packet) -> Found:
        # Our own packets come back from a cable that echoes.
        if arrived.source != FROM_SCANNER:
            return []
        match arrived.opcode:
            case _ if arrived.opcode in (DECODE_DATA, DECODE_DATA_LONG):
                return self._message.take(arrived)
            case _ if arrived.opcode == CMD_NAK and arrived.data[:1] == bytes([NAK_RESEND]):
                return self._commands.again()
            case _:
                self._commands.done()
                # Events and replies are none of ours, but the scanner waits for the acknowledgement.
                return [] if arrived.opcode in (CMD_ACK, CMD_NAK) else [acknowledgement()]


class _Commands:
    """The host's own commands, one after the other, each sent again until it is acknowledged or has had its chances."""

    def __init__(self, response_seconds: float) -> None:
        self._response_seconds = response_seconds
        self._waiting: list[bytes] = []
        self._under_way: bytes | None = None
        self._attempts = 0
        self._unanswered_seconds = 0.0

    def queue(self, command: bytes) -> None:
        self._waiting.append(command)

    def done(self) -> None:
        """It was acknowledged, refused, or answered."""
        self._under_way = None

    def waited(self, seconds: float) -> Found:
        """The line was free for so long."""
        if self._under_way is None:
            if not self._waiting:
                return []
            self._under_way, self._attempts = self._waiting.pop(0), 0
            return self.again()
        self._unanswered_seconds += seconds
        return self.again() if self._unanswered_seconds >= self._response_seconds else []

    def again(self) -> Found:
        if self._under_way is None or self._attempts > _RESENDS:
            self._under_way = None
            return []
        status = SENT_AGAIN if self._attempts else 0
        self._attempts += 1
        self._unanswered_seconds = 0.0
        return [Reply(packet(self._under_way[0], self._under_way[1:], status=status), wakes=True)]
