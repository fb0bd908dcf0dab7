"""AIM identifiers, ECI escapes and foreign character sets: read as what they are, or thrown away with a reason."""

import pytest

from hardware.devices import DiscardReason
from hardware.scanned import Frame, Garbage, Reply, TextRules, interpreted, without_line_end
from hardware.serial_scanner.framing import Framer, FramingRules

RULES = TextRules(character_sets=("utf-8", "gb18030"))


def read(printed: bytes, rules: TextRules = RULES) -> Frame | DiscardReason | None:
    return interpreted(printed, rules)


@pytest.mark.parametrize("aim", ["]Q0", "]Q1", "]Q3", "]Q5", "]d2", "]z0", "]C1"])
def test_an_identifier_stands_beside_the_code(aim: str) -> None:
    assert read(aim.encode() + b"LZ1:A B") == Frame("LZ1:A B", aim)


def test_a_scanner_that_sends_no_identifiers_has_none_taken_away() -> None:
    assert read(b"]Q1LZ1:A", TextRules(strips_aim=False)) == Frame("]Q1LZ1:A", None)


@pytest.mark.parametrize("printed", [b"\\000026LZ1:A", b"]Q1\\000026LZ1:A", b"]Q2\\000026LZ1:A", b"\\000003LZ1:A"])
def test_an_escape_at_the_front_is_no_part_of_the_code(printed: bytes) -> None:
    frame = read(printed)
    assert isinstance(frame, Frame)
    assert frame.text == "LZ1:A"


@pytest.mark.parametrize("aim", [b"]Q2", b"]Q4", b"]Q6"])
def test_with_an_eci_identifier_backslashes_are_doubled_and_escapes_stand_anywhere(aim: bytes) -> None:
    assert read(aim + b"A\\\\B\\000029C") == Frame("A\\BC", aim.decode())


def test_without_one_a_backslash_is_a_backslash() -> None:
    assert read(b"]Q1A\\\\B\\000029C") == Frame("A\\\\B\\000029C", "]Q1")
    assert read(b"\\00026A") == Frame("\\00026A", None)


@pytest.mark.parametrize("character_set", ["utf-8", "gb18030"])
def test_somebody_elses_text_is_read_as_it_is(character_set: str) -> None:
    assert read("亮证：营业执照".encode(character_set)) == Frame("亮证：营业执照", None)


def test_an_announced_character_set_is_tried_first() -> None:
    # These bytes are text in both.
    printed = "锟斤拷".encode("gb18030")
    assert printed.decode("utf-8", "ignore") != "锟斤拷"
    both = "聽".encode("gb18030") + b"A"
    assert read(b"\\000029" + both) == Frame("聽A", None)


@pytest.mark.parametrize(
    "printed",
    [b"\xff\xfe", "A\u202eB".encode(), "A\u0085B".encode(), "A\ue000B".encode(), b"A\x00B", b"A\x1bB", b"\xb0"],
)
def test_what_is_no_text_in_any_of_them_is_thrown_away(printed: bytes) -> None:
    assert read(printed) is DiscardReason.NOT_PRINTABLE


def test_without_character_sets_nothing_but_ascii_is_text() -> None:
    assert read("亮".encode(), TextRules()) is DiscardReason.NOT_PRINTABLE
    assert read(b"\\000026" + "亮".encode(), TextRules()) is DiscardReason.NOT_PRINTABLE


@pytest.mark.parametrize("printed", [b"", b"]Q1", b"\\000026", b"]Q2\\000026"])
def test_nothing_is_nothing(printed: bytes) -> None:
    assert read(printed) is None


def test_a_line_end_around_a_packet_is_taken_off_once() -> None:
    assert without_line_end(b"\x02 A \r\n") == b" A "
    assert without_line_end(b"A\r\r") == b"A\r"
    assert without_line_end(b"A") == b"A"


def frames(framer: Framer, *pieces: bytes, silent: float = 1.0) -> list[Frame | Garbage | Reply]:
    return [item for piece in pieces for item in framer.feed(piece)] + framer.silence(silent)


@pytest.mark.parametrize("character_set", ["utf-8", "gb18030"])
def test_a_foreign_text_on_a_line_whole_and_byte_by_byte(character_set: str) -> None:
    line = "微信支付，扫一扫".encode(character_set) + b"\r\n"
    rules = FramingRules(text=RULES)
    assert frames(Framer(rules), line) == [Frame("微信支付，扫一扫", None)]
    pieces = [line[at : at + 1] for at in range(len(line))]
    assert frames(Framer(rules), *pieces) == [Frame("微信支付，扫一扫", None)]


def test_a_foreign_text_that_decodes_nowhere_is_thrown_away_whole_and_the_line_works_on() -> None:
    framer = Framer(FramingRules(text=RULES))
    assert frames(framer, b"LZ1:\xb0\xff\r") == [Garbage(DiscardReason.NOT_PRINTABLE, 6)]
    assert frames(framer, b"LZ1:GOOD\r") == [Frame("LZ1:GOOD", None)]


def test_a_code_that_loses_its_end_is_no_shorter_code() -> None:
    framer = Framer(FramingRules(needs_end=True))
    assert framer.feed(b"LZ1:HAL") == []
    assert framer.silence(0.1) == []
    assert framer.silence(0.1) == [Garbage(DiscardReason.INCOMPLETE, 7)]
    assert frames(framer, b"LZ1:WHOLE\r") == [Frame("LZ1:WHOLE", None)]


ANSWERS = FramingRules(needs_end=True, answers=(bytes.fromhex("02000001003331"), b"\x02OK;\x03"))


def test_answers_to_commands_are_no_codes_and_no_noise() -> None:
    for answer in ANSWERS.answers:
        for size in range(1, len(answer) + 1):
            framer = Framer(ANSWERS)
            pieces = [answer[at : at + size] for at in range(0, len(answer), size)]
            assert frames(framer, *pieces) == []
            assert frames(framer, b"LZ1:GOOD\r") == [Frame("LZ1:GOOD", None)]
            # A module begins to read at once, so that the code may follow without a pause.
            assert frames(framer, answer + b"LZ1:GOOD\r") == [Frame("LZ1:GOOD", None)]


def test_what_only_begins_like_an_answer_is_judged_as_it_is() -> None:
    assert frames(Framer(ANSWERS), b"\x02", b"LZ1:GOOD\r") == [Frame("LZ1:GOOD", None)]
    assert frames(Framer(ANSWERS), b"\x02", b"\x00") == [Garbage(DiscardReason.NOT_PRINTABLE, 2)]
    framer = Framer(ANSWERS)
    framer.feed(b"\x02O")
    assert framer.unplugged() == [Garbage(DiscardReason.UNPLUGGED, 2)]


def test_an_answer_behind_a_code_is_not_the_beginning_of_another() -> None:
    answer = ANSWERS.answers[0]
    found = frames(Framer(ANSWERS), b"LZ1:ONE\r", answer + b"LZ1:TWO\r")
    assert found == [Frame("LZ1:ONE", None), Garbage(DiscardReason.RUN_ON, len(answer) + 8)]
