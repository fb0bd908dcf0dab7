"""The framer: the same codes whatever the chunks, and nothing from a bad line."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.devices import DiscardReason
from hardware.serial_scanner.framing import Frame, Framer, FramingRules, Garbage

RULES = FramingRules()
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
CODE = "LZ1:" + "".join(random.Random(14).choices(ALPHABET, k=663))
TERMINATORS = [b"\r", b"\n", b"\r\n", b"\t", b"\x03"]


def framed(*chunks: bytes, rules: FramingRules = RULES) -> list[Frame | Garbage]:
    """Everything found in the chunks, which follow each other without a pause, and then a long silence."""
    framer = Framer(rules)
    found = [item for chunk in chunks for item in framer.feed(chunk)]
    return found + framer.silence(1.0)


@pytest.mark.parametrize("terminator", [*TERMINATORS, b""])
def test_a_code_comes_whole_and_byte_by_byte(terminator: bytes) -> None:
    line = CODE.encode() + terminator
    assert framed(line) == [Frame(CODE, None)]
    assert framed(*(line[i : i + 1] for i in range(len(line)))) == [Frame(CODE, None)]


@given(cuts=st.lists(st.integers(0, 669), max_size=20))
def test_chunks_change_nothing(cuts: list[int]) -> None:
    line = b"\x02]Q1" + CODE.encode() + b"\r\n"
    edges = [0, *sorted(cuts), len(line)]
    assert framed(*(line[a:b] for a, b in itertools.pairwise(edges))) == [Frame(CODE, "]Q1")]


@given(line=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=5))
def test_chunks_change_nothing_of_any_line(line: bytes, cuts: list[int]) -> None:
    rules = FramingRules(max_bytes=40)
    edges = [0, *sorted(min(cut, len(line)) for cut in cuts), len(line)]
    pieces = [line[a:b] for a, b in itertools.pairwise(edges)]
    assert framed(*pieces, rules=rules) == framed(line, rules=rules)


@pytest.mark.parametrize("text", [" LZ1 BEGINS WITH A SPACE", "  ", "ENDS WITH ONE ", " ]Q1", "]"])
def test_spaces_survive(text: str) -> None:
    assert framed(text.encode() + b"\r") == [Frame(text, None)]


def test_stx_is_dropped_and_the_aim_identifier_given_apart() -> None:
    assert framed(b"\x02]Q1" + CODE.encode() + b"\x03") == [Frame(CODE, "]Q1")]


def test_an_aim_identifier_alone_and_empty_lines_are_nothing() -> None:
    assert framed(b"]Q1\r\n") == []
    assert framed(b"\r\n\r\n\t\x03") == []


@pytest.mark.parametrize("value", range(256))
def test_each_byte_value_inside_a_code(value: int) -> None:
    found = framed(b"LZ1:AB" + bytes([value]) + b"CD\r")
    if 0x20 <= value <= 0x7E:
        assert found == [Frame(f"LZ1:AB{chr(value)}CD", None)]
    elif value in b"\r\n\t\x03":
        assert found == [Frame("LZ1:AB", None), Garbage(DiscardReason.RUN_ON, 3)]
    else:
        assert found == [Garbage(DiscardReason.NOT_PRINTABLE, 10)]


def test_two_codes_with_a_pause_are_two_readings() -> None:
    framer = Framer(RULES)
    found = framer.feed(b"LZ1:A\r\n") + framer.silence(0.06) + framer.feed(b"LZ1:B\r\n")
    assert found == [Frame("LZ1:A", None), Frame("LZ1:B", None)]


@pytest.mark.parametrize("terminator", TERMINATORS)
def test_a_line_end_inside_a_code_makes_no_second_reading(terminator: bytes) -> None:
    inner = b"LZ1:SECOND"
    assert framed(b"LZ1:FIRST" + terminator + inner + terminator) == [
        Frame("LZ1:FIRST", None),
        Garbage(DiscardReason.RUN_ON, len(inner) + len(terminator)),
    ]


def test_a_line_end_after_a_bad_frame_makes_no_reading_at_all() -> None:
    line = b"LZ1:\x00FIRST\r\nLZ1:SECOND\r\n"
    assert framed(line) == [Garbage(DiscardReason.NOT_PRINTABLE, len(line))]


def test_bytes_that_waited_in_a_buffer_prove_no_silence() -> None:
    framer = Framer(RULES)
    assert framer.feed(b"LZ1:FIRST\r\n") == [Frame("LZ1:FIRST", None)]
    assert framer.silence(0.02) == []
    assert framer.feed(b"LZ1:SECOND\r\n") == []
    assert framer.silence(0.1) == [Garbage(DiscardReason.RUN_ON, 12)]


def test_garbage_before_is_drained_until_silence_and_then_the_line_works() -> None:
    framer = Framer(RULES)
    assert framer.feed(b"\xff\x00\xfe LZ1:LOST\r\n") == []
    assert framer.silence(0.09) == []
    assert framer.silence(0.02) == [Garbage(DiscardReason.NOT_PRINTABLE, 14)]
    assert framer.feed(b"LZ1:GOOD\r\n") == [Frame("LZ1:GOOD", None)]


def test_garbage_after_a_code_harms_neither_it_nor_the_next() -> None:
    framer = Framer(RULES)
    assert framer.feed(b"LZ1:GOOD\r\n\xff\xff") == [Frame("LZ1:GOOD", None)]
    assert framer.silence(0.1) == [Garbage(DiscardReason.RUN_ON, 2)]
    assert framer.feed(b"LZ1:NEXT\r\n") == [Frame("LZ1:NEXT", None)]


def test_a_code_may_be_as_long_as_the_cap_and_not_longer() -> None:
    assert framed(b"A" * RULES.max_bytes + b"\r") == [Frame("A" * RULES.max_bytes, None)]
    assert framed(b"A" * (RULES.max_bytes + 1) + b"\r") == [Garbage(DiscardReason.OVERLONG, RULES.max_bytes + 2)]


def test_a_megabyte_without_an_end_is_counted_and_not_kept() -> None:
    framer = Framer(RULES)
    found = [item for _ in range(1024) for item in framer.feed(b"A" * 1024)] + framer.silence(0.1)
    assert {type(item) for item in found} == {Garbage}
    assert {item.reason for item in found if isinstance(item, Garbage)} == {DiscardReason.OVERLONG}
    assert sum(item.byte_count for item in found if isinstance(item, Garbage)) == 1024 * 1024
    assert framer.feed(b"LZ1:GOOD\r") == [Frame("LZ1:GOOD", None)]


def test_a_short_pause_cuts_no_code() -> None:
    framer = Framer(RULES)
    assert framer.feed(CODE[:300].encode()) == []
    assert framer.silence(0.1) == []
    assert framer.feed(CODE[300:].encode() + b"\r") == [Frame(CODE, None)]


def test_a_partial_code_is_dropped_when_the_device_goes_away() -> None:
    framer = Framer(RULES)
    framer.feed(b"LZ1:PART")
    assert framer.unplugged() == [Garbage(DiscardReason.UNPLUGGED, 8)]
    assert framer.feed(b"LZ1:WHOLE\r") == [Frame("LZ1:WHOLE", None)]


@settings(max_examples=300)
@given(noise=st.binary(max_size=300))
def test_noise_never_stops_the_line(noise: bytes) -> None:
    framer = Framer(RULES)
    framer.feed(noise)
    framer.silence(0.12)
    assert framer.feed(b"LZ1:GOOD\r\n") == [Frame("LZ1:GOOD", None)]


def test_the_text_is_not_in_the_repr() -> None:
    assert "SECRET" not in repr(Frame("SECRET", None))
