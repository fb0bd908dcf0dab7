"""One packet of the protocol SSI, as it is on the line; pure.

Sources: see ssi.py.
"""

from dataclasses import dataclass

from hardware.scanned import Reply

CMD_ACK = 0xD0
CMD_NAK = 0xD1
DECODE_DATA = 0xF3
DECODE_DATA_LONG = 0xF4
NAK_RESEND = 0x01
FROM_SCANNER = 0x00
FROM_HOST = 0x04
SENT_AGAIN = 0x01
MORE_FOLLOWS = 0x02

HEADER_BYTES = 4
CHECKSUM_BYTES = 2
LONG = 0xFF
LONG_HEADER_BYTES = 7


def packet(opcode: int, data: bytes = b"", *, source: int = FROM_HOST, status: int = 0) -> bytes:
    """One packet with its checksum."""
    if opcode == DECODE_DATA_LONG:
        length = (LONG_HEADER_BYTES + len(data)).to_bytes(2, "big")
        body = bytes([LONG, opcode, *length, opcode, source, status]) + data
    else:
        body = bytes([HEADER_BYTES + len(data), opcode, source, status]) + data
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


def parsed(raw: bytes) -> Packet | None:
    """The packet in these bytes, checksum included; None if that does not hold."""
    if sum(raw[:-CHECKSUM_BYTES]) + int.from_bytes(raw[-CHECKSUM_BYTES:], "big") & 0xFFFF:
        return None
    start = LONG_HEADER_BYTES - 3 if raw[0] == LONG and raw[1] == DECODE_DATA_LONG else 1
    return Packet(raw[start], raw[start + 1], raw[start + 2], raw[start + 3 : -CHECKSUM_BYTES])


def acknowledgement() -> Reply:
    """CMD_ACK."""
    return Reply(packet(CMD_ACK))


def request_to_repeat() -> Reply:
    """CMD_NAK with the cause "resend"."""
    return Reply(packet(CMD_NAK, bytes([NAK_RESEND])))
