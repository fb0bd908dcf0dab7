"""Scanners that wait for what the program says: with Host ACK, and with packets (SSI). They misbehave on demand.

They stand on the pseudo-terminal of `VirtualScanner`, so that the real driver talks to them through a real port.
"""

from collections.abc import Callable, Sequence

from hardware.serial_scanner.ssi_packet import (
    CMD_ACK,
    CMD_NAK,
    DECODE_DATA,
    DECODE_DATA_LONG,
    FROM_SCANNER,
    MORE_FOLLOWS,
    NAK_RESEND,
    SENT_AGAIN,
    packet,
)
from hardware.simulated.scanner import VirtualScanner

# SSI: "The maximum number of bytes per packet is 257 (255 bytes and 2 of checksum)": header and kind of symbol off.
_DATA_IN_PACKET = 250
# SSI table of bar code types: QR Code.
_QR_CODE = 0x1C
_ATTEMPTS = 3
# Commands that are strung together come without a pause.
_AT_ONCE_SECONDS = 0.05
Damage = Callable[[int, int, bytes], bytes]
"""What becomes of packet number so and so at attempt number so and so on its way; empty if it is lost."""


def intact(number: int, attempt: int, raw: bytes) -> bytes:  # noqa: ARG001 — a Damage that does none
    """It arrives as it was sent."""
    return raw


def decode_packets(printed: bytes, *, kind: int = _QR_CODE, long_form: bool = False) -> tuple[bytes, ...]:
    """A code as an SSI scanner sends it: in as many packets as it takes, or in one of the long form."""
    if long_form and len(printed) > _DATA_IN_PACKET:
        return (packet(DECODE_DATA_LONG, bytes([kind]) + printed, source=FROM_SCANNER),)
    parts = [printed[at : at + _DATA_IN_PACKET] for at in range(0, max(1, len(printed)), _DATA_IN_PACKET)]
    return tuple(
        packet(
            DECODE_DATA,
            bytes([kind]) + part,
            source=FROM_SCANNER,
            status=MORE_FOLLOWS if number < len(parts) else 0,
        )
        for number, part in enumerate(parts, start=1)
    )


def sent_again(raw: bytes) -> bytes:
    """The same packet with the bit that says so."""
    at = 6 if raw[0] == 0xFF and raw[1] == DECODE_DATA_LONG else 3
    body = bytearray(raw[:-2])
    body[at] |= SENT_AGAIN
    return bytes(body) + (-sum(body) & 0xFFFF).to_bytes(2, "big")


class HostAckScanner(VirtualScanner):
    """Silent until it is told; gives up after its patience, as the real one after ten seconds."""

    def scan_and_wait(self, text: str, patience_seconds: float = 10.0) -> bytes:
        """Reads one code; all that it was told at once; empty if nobody said anything in time."""
        self.scan(text)
        told = self.hear(patience_seconds)
        while more := self.hear(_AT_ONCE_SECONDS):
            told += more
        return told


class SsiScanner(VirtualScanner):
    """Sends packets, waits for the acknowledgement of each, and sends again what was not acknowledged."""

    def __init__(self, *, response_seconds: float = 2.0, long_form: bool = False) -> None:
        """Plugs it in.

        Args:
            response_seconds: how long it waits for an acknowledgement.
            long_form: sends long codes in one packet.
        """
        super().__init__()
        self._response_seconds = response_seconds
        self._long_form = long_form
        self._unread = b""
        self.told: list[bytes] = []
        """Opcode and data of each command, acknowledged when `obey` is called."""

    def scan_packets(self, text: str, damage: Damage = intact) -> bool:
        """Reads one code; false if it had to give up."""
        packets = decode_packets(text.encode("utf-8"), long_form=self._long_form)
        return all(self._delivered(number, raw, damage) for number, raw in enumerate(packets))

    def obey(self, seconds: float, *, refusals: Sequence[int] = ()) -> None:
        """Takes one command and acknowledges it, or asks for it again where `refusals` has its attempt's number."""
        for attempt in range(_ATTEMPTS):
            heard = self._packet(seconds)
            if not heard:
                return
            if attempt in refusals:
                self.send(packet(CMD_NAK, bytes([NAK_RESEND]), source=FROM_SCANNER))
                continue
            self.told.append(heard[1:2] + heard[4:-2])
            self.send(packet(CMD_ACK, source=FROM_SCANNER))
            return

    def _delivered(self, number: int, raw: bytes, damage: Damage) -> bool:
        for attempt in range(_ATTEMPTS):
            arrives = damage(number, attempt, sent_again(raw) if attempt else raw)
            if arrives:
                self.send(arrives)
            answer = self._packet(self._response_seconds)
            if answer[1:2] == bytes([CMD_ACK]):
                return True
        return False

    def _packet(self, seconds: float) -> bytes:
        """The next whole packet from the host; wake-up bytes before it are no packet."""
        while True:
            self._unread = self._unread.lstrip(b"\0")
            size = self._unread[0] + 2 if self._unread else 0
            if size and len(self._unread) >= size:
                whole, self._unread = self._unread[:size], self._unread[size:]
                return whole
            more = self.hear(seconds)
            if not more:
                return b""
            self._unread += more
