"""SSI packets: whole and byte by byte, damaged, lost, sent again, and the host's own commands."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.devices import DiscardReason
from hardware.scanned import Frame, Garbage, Reply, TextRules
from hardware.serial_scanner.framing import FramingRules
from hardware.serial_scanner.ssi import SsiReceiver
from hardware.serial_scanner.ssi_packet import CMD_ACK, CMD_NAK, DECODE_DATA, packet
from hardware.simulated.talking_scanner import decode_packets, sent_again

RULES = FramingRules(text=TextRules(character_sets=("utf-8",)))
ACK = Reply(packet(CMD_ACK))
NAK = Reply(packet(CMD_NAK, b"\x01"))
TEXT = "LZ1:" + "ABCDEFGH $%*+-./:0123456789" * 24
"""Three packets."""
SHORT = "LZ1:SHORT"
Found = list[Frame | Garbage | Reply]


@pytest.fixture
def line() -> SsiReceiver:
    return SsiReceiver(RULES, response_seconds=2.0)


def fed(line: SsiReceiver, *pieces: bytes) -> Found:
    return [item for piece in pieces for item in line.feed(piece)]


def wait(line: SsiReceiver, seconds: float) -> Found:
    return [item for _ in range(round(seconds / 0.02)) for item in line.silence(0.02)]


def packets(text: str = TEXT) -> tuple[bytes, ...]:
    return decode_packets(text.encode())


def test_the_checksum_is_that_of_the_manuals() -> None:
    assert packet(CMD_ACK) == bytes.fromhex("04D00400FF28")
    assert packet(CMD_NAK, b"\x01") == bytes.fromhex("05D1040001FF25")
    assert packet(CMD_NAK, b"\x02") == bytes.fromhex("05D1040002FF24")


def test_a_short_code_is_acknowledged_and_read(line: SsiReceiver) -> None:
    assert fed(line, *packets(SHORT)) == [ACK, Frame(SHORT, None)]


def test_a_long_code_is_put_together_and_each_packet_acknowledged(line: SsiReceiver) -> None:
    assert len(packets()) == 3
    assert fed(line, *packets()) == [ACK, ACK, ACK, Frame(TEXT, None)]


def test_byte_by_byte_in_the_long_form_and_with_an_identifier(line: SsiReceiver) -> None:
    (long,) = decode_packets(b"]Q1" + TEXT.encode() + b"\r\n", long_form=True)
    assert long[:2] == b"\xff\xf4"
    assert fed(line, *(bytes([byte]) for byte in long)) == [ACK, Frame(TEXT, "]Q1")]


@given(cuts=st.lists(st.integers(0, 800), max_size=12))
def test_chunks_change_nothing(cuts: list[int]) -> None:
    stream = b"".join(packets())
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
    assert fed(SsiReceiver(RULES), *pieces) == [ACK, ACK, ACK, Frame(TEXT, None)]


@pytest.mark.parametrize("at", range(len(packets(SHORT)[0])))
def test_each_damaged_byte_is_noticed_and_asked_for_again(line: SsiReceiver, at: int) -> None:
    (whole,) = packets(SHORT)
    damaged = whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :]
    found = fed(line, damaged) + wait(line, 0.2)
    assert [item for item in found if isinstance(item, Frame)] == []
    assert found[-1] == NAK
    assert fed(line, sent_again(whole)) == [ACK, Frame(SHORT, None)]


@pytest.mark.parametrize("lost", range(1, 20))
def test_a_packet_cut_short_is_noticed(line: SsiReceiver, lost: int) -> None:
    (whole,) = packets(SHORT)
    assert len(whole) == 16
    kept = whole[: max(1, 16 - lost)]
    assert fed(line, kept) + wait(line, 0.2) == [Garbage(DiscardReason.DAMAGED, len(kept)), NAK]
    assert fed(line, sent_again(whole)) == [ACK, Frame(SHORT, None)]


def test_a_code_sent_again_because_the_acknowledgement_was_lost_is_read_once(line: SsiReceiver) -> None:
    (whole,) = packets(SHORT)
    assert fed(line, whole) == [ACK, Frame(SHORT, None)]
    wait(line, 2.1)
    assert fed(line, sent_again(whole)) == [ACK]
    assert fed(line, sent_again(whole)[:5]) + wait(line, 0.2) == [Garbage(DiscardReason.DAMAGED, 5), NAK]
    assert fed(line, sent_again(whole)) == [ACK]


def test_the_same_code_presented_again_is_read_again(line: SsiReceiver) -> None:
    (whole,) = packets(SHORT)
    assert fed(line, whole) == [ACK, Frame(SHORT, None)]
    wait(line, 1.0)
    assert fed(line, whole) == [ACK, Frame(SHORT, None)]
    wait(line, 6.0)
    fed(line, whole[:7])
    wait(line, 0.2)
    assert fed(line, sent_again(whole)) == [ACK, Frame(SHORT, None)]


@pytest.mark.parametrize("number", range(3))
def test_any_acknowledgement_lost_any_packet_damaged_and_the_code_is_whole(line: SsiReceiver, number: int) -> None:
    found: Found = []
    for at, each in enumerate(packets()):
        if at == number:
            found += fed(line, each[:-3] + b"???") + wait(line, 0.2)
            assert found[-1] == NAK
            found += fed(line, sent_again(each)) + wait(line, 2.0)
            found += fed(line, sent_again(each)[:40]) + wait(line, 0.2)
            found += fed(line, sent_again(each))
        else:
            found += fed(line, each)
    assert [item for item in found if isinstance(item, Frame)] == [Frame(TEXT, None)]


def frames_of(found: Found) -> list[str]:
    return [item.text for item in found if isinstance(item, Frame)]


def continuing() -> Iterator[tuple[str, list[bytes | float]]]:
    first, second, third = packets()
    broken = second[:-2] + b"??"
    yield "goes on after a damaged packet", [first, broken, 0.2, third]
    yield "begins again in the middle", [first, second, broken, 0.2, sent_again(first), sent_again(third)]
    yield "another kind of symbol", [first, decode_packets(b"X" * 300, kind=3)[1]]
    yield "gives up and somebody scans again, damaged", [first, 2.1, b"\x0f\xf3", 0.2, *map(sent_again, packets("X"))]


@pytest.mark.parametrize(("name", "steps"), list(continuing()))
def test_a_message_with_a_hole_is_neither_read_nor_acknowledged_to_its_end(
    line: SsiReceiver, name: str, steps: list[bytes | float]
) -> None:
    found: Found = []
    last: Found = []
    for step in steps:
        last = wait(line, step) if isinstance(step, float) else fed(line, step)
        found += last
    assert frames_of(found) == [], name
    assert ACK not in last
    assert any(isinstance(item, Garbage) for item in last)
    # The scanner sounds its error, the person presents the code again, and it is read.
    wait(line, 2.1)
    assert frames_of(fed(line, *packets())) == [TEXT]


def test_a_scanner_that_gave_up_in_the_middle_begins_anew(line: SsiReceiver) -> None:
    fed(line, packets()[0])
    wait(line, 2.1)
    assert fed(line, *packets(SHORT)) == [Garbage(DiscardReason.INCOMPLETE, 251), ACK, Frame(SHORT, None)]


def test_a_message_that_is_never_finished_is_given_up(line: SsiReceiver) -> None:
    first, second, third = packets()
    fed(line, first)
    assert wait(line, 3.1) == []
    assert wait(line, 0.2) == [Garbage(DiscardReason.INCOMPLETE, 251)]
    # The rest of it is no message of its own.
    assert fed(line, sent_again(second)) == [Garbage(DiscardReason.DAMAGED, 251)]
    assert fed(line, sent_again(third)) == [Garbage(DiscardReason.DAMAGED, len(third) - 6)]


def test_events_in_between_do_not_keep_a_dead_message_alive(line: SsiReceiver) -> None:
    fed(line, packets()[0])
    wait(line, 3.0)
    assert fed(line, packet(0xF6, b"\x01", source=0)) == [ACK]
    assert wait(line, 0.4) == [Garbage(DiscardReason.INCOMPLETE, 251)]
    wait(line, 2.3)
    # The first attempt at the next code is lost altogether.
    assert fed(line, *map(sent_again, packets(SHORT))) == [ACK, Frame(SHORT, None)]


def test_more_than_any_code_is_thrown_away() -> None:
    line = SsiReceiver(FramingRules(max_bytes=600))
    found = fed(line, *packets("A" * 1_000))
    assert frames_of(found) == []
    assert found.count(ACK) == 2


def test_pulled_out_in_the_middle(line: SsiReceiver) -> None:
    first, second, _ = packets()
    fed(line, first, second[:10])
    assert line.unplugged() == [Garbage(DiscardReason.UNPLUGGED, 261)]


def test_events_are_acknowledged_and_an_echoing_cable_is_not_answered(line: SsiReceiver) -> None:
    assert fed(line, packet(0xF6, b"\x01", source=0)) == [ACK]
    assert fed(line, packet(CMD_ACK), packet(CMD_NAK, b"\x01"), packet(DECODE_DATA, b"\x1cFORGED")) == []


def test_a_foreign_text_and_no_text(line: SsiReceiver) -> None:
    assert fed(line, *packets("微信支付")) == [ACK, Frame("微信支付", None)]
    assert fed(line, *decode_packets(b"LZ1:\x00")) == [ACK, Garbage(DiscardReason.NOT_PRINTABLE, 5)]
    assert fed(line, *decode_packets(b"LZ1:A\r\nLZ1:B")) == [ACK, Garbage(DiscardReason.NOT_PRINTABLE, 12)]


BEEP = b"\xe6\x01"
BEEP_SENT = Reply(packet(0xE6, b"\x01"), wakes=True)
BEEP_AGAIN = Reply(packet(0xE6, b"\x01", status=1), wakes=True)


def test_a_command_waits_until_the_line_is_free(line: SsiReceiver) -> None:
    first, second, third = packets()
    line.tell(BEEP)
    fed(line, first)
    assert wait(line, 0.2) == []
    fed(line, second, third)
    assert line.silence(0.02) == [BEEP_SENT]


def test_a_command_is_repeated_twice_and_then_forgotten(line: SsiReceiver) -> None:
    line.tell(BEEP)
    assert line.silence(0.02) == [BEEP_SENT]
    assert fed(line, packet(CMD_NAK, b"\x01", source=0)) == [BEEP_AGAIN]
    assert wait(line, 1.9) == []
    assert wait(line, 0.2) == [BEEP_AGAIN]
    assert wait(line, 3.0) == []
    line.tell(b"\xe4")
    assert line.silence(0.02) == [Reply(packet(0xE4), wakes=True)]


def test_an_acknowledged_command_is_followed_by_the_next(line: SsiReceiver) -> None:
    line.tell(BEEP)
    line.tell(b"\xe5")
    assert line.silence(0.02) == [BEEP_SENT]
    assert line.silence(0.02) == []
    fed(line, packet(CMD_ACK, source=0))
    assert line.silence(0.02) == [Reply(packet(0xE5), wakes=True)]
    # Refused for another reason than damage: not sent again.
    assert fed(line, packet(CMD_NAK, b"\x06", source=0)) + wait(line, 5.0) == []


@given(noise=st.binary(max_size=400))
def test_noise_never_stops_the_line_nor_becomes_a_code(noise: bytes) -> None:
    line = SsiReceiver(RULES)
    found = line.feed(noise) + wait(line, 0.2)
    assert frames_of(found) == []
    wait(line, 6.0)
    assert frames_of(fed(line, *packets(SHORT))) == [SHORT]


def test_the_last_packet_alone_is_never_a_code_however_late_a_scanner_sends_it_again(line: SsiReceiver) -> None:
    *_, last = packets()
    assert frames_of(fed(line, *packets())) == [TEXT]
    # Its time-out is longer than it should be, and the acknowledgement was lost.
    wait(line, 9.9)
    assert fed(line, sent_again(last)[:9]) + wait(line, 0.2) == [Garbage(DiscardReason.DAMAGED, 9), NAK]
    assert fed(line, sent_again(last)) == [ACK]
