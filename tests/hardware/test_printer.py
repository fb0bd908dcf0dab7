"""ESC/POS printers: exact bytes, hostile text, and everything a printer can do in the middle of a slip."""

import struct
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hardware.devices import PrinterState, Slip
from hardware.errors import HardwareError
from hardware.output_errors import (
    FontUnusable,
    PrinterCoverOpen,
    PrinterDied,
    PrinterFault,
    PrinterOutOfPaper,
    PrinterSilent,
    SlipTooLarge,
)
from hardware.printer import composing, status
from hardware.printer.composing import Paper, compose
from hardware.printer.driver import EscPosPrinter, Patience
from hardware.printer.line import open_line
from hardware.printer.text import cells, encoded, harmless, wrapped
from hardware.simulated.paper import Strip
from hardware.simulated.printer import Condition, DrawingPrinter, VirtualPrinter

SLIP = Slip("核验回执", (("核验号", "7K3-Q42"), ("", "有效 VALID")), "sha256:00ff", ("本条不含个人信息。",))
SHORT = Patience(answer=0.3, taking=0.3, look=0.1, finishing=0.6)
FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


@contextmanager
def printer(
    condition: Condition | None = None, *, on_pty: bool = False, **kwargs: object
) -> Iterator[tuple[EscPosPrinter, VirtualPrinter]]:
    with VirtualPrinter(condition, on_pty=on_pty) as virtual:
        yield EscPosPrinter("escpos:test", virtual.open_line, Paper(), patience=SHORT, **kwargs), virtual  # type: ignore[arg-type]  # its options


def printed_by(job: tuple[bytes, ...]) -> Strip:
    strip = Strip()
    strip.pending = b"".join(job)
    while strip.step() is not None:
        pass
    assert strip.pending == b""
    return strip


# Bytes.


def test_the_bytes_of_a_slip_are_exactly_these() -> None:
    slip = Slip("回执", (("号", "7K3"),), "A", ("完",))
    rule = b"\x1ba\x00\x1d!\x00\x1c!\x00" + b"-" * 32 + b"\n"
    assert compose(slip, Paper()) == (
        b"\x1b@\x1c&",
        b"\x1ba\x01\x1d!\x11\x1c!\x0c\xbb\xd8\xd6\xb4\n",
        rule,
        b"\x1ba\x00\x1d!\x00\x1c!\x00\xba\xc5: 7K3\n",
        rule,
        b"\x1ba\x01",
        b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1\x1d(k\x04\x001P0A\x1d(k\x03\x001Q0",
        b"\n\x1ba\x00",
        b"\x1ba\x00\x1d!\x00\x1c!\x00\xcd\xea\n",
        b"\x1bd\x06\x1dV\x01",
    )


def test_without_a_cutter_the_paper_is_fed() -> None:
    assert compose(SLIP, Paper(cuts=False))[-1] == b"\x1bd\x06"


@pytest.mark.parametrize(("dots", "columns"), [(384, 32), (576, 48)])
def test_lines_fill_the_paper_and_no_more(dots: int, columns: int) -> None:
    value = (
        "在窗口办理业务需要核对驾驶证的准驾车型和有效期 and a long English sentence with averylongwordthatfitsnowhere"
        * 2
    )
    slip = Slip("一个很长很长很长的标题需要两行", (("事由", value),), "", (value,))
    lines = printed_by(compose(slip, Paper(dots=dots)))
    assert [each for each in lines.printed if each.text and cells(each.text) * (2 if each.large else 1) > columns] == []
    assert max(cells(each) for each in lines.lines) >= columns - 1
    said = "".join("".join(lines.lines).split())
    assert "".join(value.split()) in said


@given(st.text(max_size=200), st.integers(8, 48), st.integers(0, 4))
def test_wrapping_loses_nothing_and_never_overflows(text: str, columns: int, indent: int) -> None:
    said = harmless(text, max_characters=200)
    lines = wrapped(said, columns, indent=indent)
    assert all(cells(line) <= columns for line in lines)
    assert "".join("".join(lines).split()) == "".join(said.split())


@given(st.text(max_size=300))
def test_nothing_of_a_text_can_be_a_command(text: str) -> None:
    said = harmless(text, max_characters=300)
    assert not {unicodedata.category(each) for each in said} & {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Zl", "Zp"}
    assert all(byte >= 0x20 and byte != 0x7F for four in (True, False) for byte in encoded(said, four_bytes=four))


@pytest.mark.parametrize(
    "attack",
    [
        "\x1bp\x00\x19\xfa", "\x1dV\x00", "\x10\x14\x01\x00\x05", "\x10\x04\x01", "\x1c.", "\x1b@", "\n\n\n", "\x00",
        "\u202e伪造有效\u202c", "\u2066x\u2069", "\u200b\u200d\ufeff", "e\u0301\u0302", "\ue000", "\x9b31m", "\x7f",
    ],
)  # fmt: skip
def test_hostile_text_stays_text(attack: str) -> None:
    slip = Slip(f"标题{attack}", ((f"号{attack}", f"前{attack}后"),), "A", (f"完{attack}",))
    strip = printed_by(compose(slip, Paper()))
    assert strip.not_understood == []
    clean = printed_by(compose(Slip("标题", (("号", "前后"),), "A", ("完",)), Paper()))
    # Not one command more: the same things in the same order, only their texts may differ.
    assert [(each.text is None, each.large, each.cut) for each in strip.printed] == [
        (each.text is None, each.large, each.cut) for each in clean.printed
    ]
    assert not any("\u202e" in line or "\x1b" in line for line in strip.lines)


def test_what_a_font_lacks_is_replaced_visibly_unless_the_printer_has_it() -> None:
    assert encoded("\U00020000", four_bytes=False) == b"\xa1\xfe"
    assert encoded("\U00020000", four_bytes=True) == "\U00020000".encode("gb18030")
    assert encoded("驾A", four_bytes=False) == b"\xbc\xddA"


def test_a_code_that_does_not_fit_is_an_error_and_not_a_smaller_code() -> None:
    for content in ("z" * 1_800, "z" * 4_000):
        with pytest.raises(SlipTooLarge, match=f"{len(content)} characters on 384 dots"):
            compose(Slip("x", (), content), Paper())
    with pytest.raises(SlipTooLarge, match="more than 64 lines"):
        compose(Slip("x", (("a", "b"),) * 65), Paper())


@pytest.mark.parametrize("code", [SLIP.code, "LR1:" + "A9Z" * 430])
@pytest.mark.parametrize("paper", [Paper(), Paper(drawn_codes=True), Paper(dots=576)])
def test_the_code_on_the_paper_can_be_read(paper: Paper, code: str) -> None:
    strip = printed_by(compose(replace(SLIP, code=code), paper))
    (read,) = zxingcpp.read_barcodes(strip.drawn(paper.dots), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    assert read.text == code
    # A large one is drawn here, because printers choose its mode and size differently.
    assert any(each.code for each in strip.printed) is (len(code) < 200 and not paper.drawn_codes)


def test_no_line_begins_with_what_closes_another() -> None:
    for line in wrapped("出示的项目有姓名、证号、准驾车型、有效期止，共四项。" * 3, 17):
        assert line[0] not in "，。、"


@given(
    st.binary(min_size=48, max_size=48),
    st.sampled_from([b"\x10\x04", b"\x10\x05", b"\x10\x14", b"\x10\x10\x04"]),
    st.data(),
)
def test_no_picture_carries_a_real_time_command(dots: bytes, command: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, 48 - len(command)))
    dots = dots[:at] + command + dots[at + len(command) :]
    picture = Image.frombytes("1", (48, 8), bytes(255 - each for each in dots))
    sent = composing._raster(picture)
    assert len(sent) == 8 + 48
    assert not any(each in sent for each in (b"\x10\x04", b"\x10\x05", b"\x10\x14"))
    # Nothing but the one dot that breaks each of them is changed.
    changed = [(before, after) for before, after in zip(dots, sent[8:], strict=True) if before != after]
    assert all(after == before | 0x08 and before in b"\x04\x05\x14" for before, after in changed)


@pytest.mark.skipif(not FONT.exists(), reason="no font with Chinese characters is installed")
def test_with_a_font_everything_is_drawn() -> None:
    job = compose(SLIP, Paper(font=FONT))
    strip = printed_by(job)
    assert (strip.lines, strip.not_understood) == (
        [
            "",
        ]
        * 1,
        [],
    )
    pictures = [each.picture for each in strip.printed if each.picture is not None]
    assert {picture.width for picture in pictures[:3]} == {384}
    assert pictures[0].convert("L").getextrema() == (0, 255)
    # The header of GS v 0: bytes in a row and rows, little-endian.
    assert job[1][:8] == b"\x1dv0\x00" + struct.pack("<HH", 48, 60)
    assert zxingcpp.read_barcodes(strip.drawn(384), formats=zxingcpp.BarcodeFormat.QRCodeModel2)[0].text == SLIP.code


def test_a_font_that_is_none_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "font.ttf").write_bytes(b"no font")
    with pytest.raises(FontUnusable, match=r"font\.ttf"):
        compose(SLIP, Paper(font=tmp_path / "font.ttf"))


# Status bytes.


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        ((None, None, None), PrinterState.OFFLINE),
        ((None, 0x12, 0x12), PrinterState.OFFLINE),
        ((0x12, 0x12, 0x12), PrinterState.READY),
        ((0x16, 0x12, 0x12), PrinterState.READY),  # bit 2: the cash drawer
        ((0x12, None, None), PrinterState.READY),
        ((0x12, 0x1A, 0x12), PrinterState.READY),  # bit 3: somebody feeds paper
        ((0x1A, None, None), PrinterState.FAULT),
        ((0x1A, 0x16, 0x12), PrinterState.COVER_OPEN),
        ((0x1A, 0x16, 0x72), PrinterState.COVER_OPEN),
        ((0x1A, 0x32, 0x12), PrinterState.NO_PAPER),
        ((0x1A, 0x12, 0x72), PrinterState.NO_PAPER),
        ((0x12, 0x12, 0x32), PrinterState.NO_PAPER),
        ((0x1A, 0x52, 0x12), PrinterState.FAULT),
        ((0x12, 0x12, 0x1E), PrinterState.PAPER_LOW),
        ((0x1A, 0x72, 0x1E), PrinterState.NO_PAPER),
    ],
)
def test_what_status_bytes_mean(answers: tuple[int | None, int | None, int | None], state: PrinterState) -> None:
    assert status.Answers(*answers).state is state


def test_the_forms_of_answers_never_meet() -> None:
    real_time = {byte for byte in range(256) if status.is_real_time(byte)}
    finished = {byte for byte in range(256) if status.is_finished(byte)}
    flow, automatic = {0x11, 0x13}, {byte for byte in range(256) if byte & 0x93 == 0x10}
    assert len(real_time) == 16
    assert not real_time & finished
    assert not (real_time | finished) & (flow | automatic)


# A whole slip.


@pytest.mark.parametrize("on_pty", [False, True])
def test_a_slip_comes_out_whole(on_pty: bool) -> None:
    with printer(on_pty=on_pty) as (driver, virtual):
        assert driver.state() is PrinterState.READY
        driver.print_slip(SLIP)
        assert virtual.strip.is_cut
        assert virtual.strip.lines[0] == "核验回执"
        assert "核验号: 7K3-Q42" in virtual.strip.lines
        assert virtual.strip.not_understood == []
        asked = b"\x10\x04\x01\x10\x04\x02\x10\x04\x04"
        job = b"".join(compose(SLIP, Paper()))
        # The first three are the question of `state`.
        assert virtual.received == asked + asked + job + b"\x1dr\x01" + asked


BEFORE = [
    (Condition(lines_left=0), PrinterOutOfPaper, PrinterState.NO_PAPER),
    (Condition(cover_open=True), PrinterCoverOpen, PrinterState.COVER_OPEN),
    (Condition(error=True), PrinterFault, PrinterState.FAULT),
    (Condition(mute=True), PrinterSilent, PrinterState.OFFLINE),
]


@pytest.mark.parametrize(("condition", "error", "state"), BEFORE)
def test_a_printer_that_cannot_print_is_sent_nothing(
    condition: Condition, error: type[HardwareError], state: PrinterState
) -> None:
    with printer(condition) as (driver, virtual):
        assert driver.state() is state
        with pytest.raises(error):
            driver.print_slip(SLIP)
        assert b"\x1b@" not in virtual.received
        assert virtual.strip.printed == []


@pytest.mark.parametrize("lines", [1, 2, 4, 6, 7])
def test_paper_that_ends_in_mid_slip_is_an_error_and_the_rest_is_thrown_away(lines: int) -> None:
    with printer(Condition(lines_left=lines)) as (driver, virtual):
        with pytest.raises(PrinterOutOfPaper):
            driver.print_slip(SLIP)
        assert driver.state() is PrinterState.NO_PAPER
        assert virtual.strip.pending == b""
        before = len(virtual.strip.printed)
        # With paper again, only the next slip comes out, and whole.
        virtual.set(lines_left=None)
        driver.print_slip(SLIP)
        assert virtual.strip.lines[-1] == "本条不含个人信息。"
        assert next(each.text for each in virtual.strip.printed[before:]) == "核验回执"


def test_the_last_line_that_takes_the_last_paper_is_not_said_to_be_printed() -> None:
    with printer() as (driver, virtual):
        driver.print_slip(SLIP)
        used = sum(1 for each in virtual.strip.printed) + 1
    with printer(Condition(lines_left=used)) as (driver, virtual), pytest.raises(PrinterOutOfPaper):
        driver.print_slip(SLIP)


def test_a_printer_that_feeds_on_without_paper_is_caught_by_its_last_answer() -> None:
    with printer(Condition(lines_left=3, tells_late=True)) as (driver, virtual):
        with pytest.raises(PrinterOutOfPaper, match="at the end of the slip"):
            driver.print_slip(SLIP)
        assert virtual.strip.is_cut


def test_paper_that_runs_out_soon_prints_all_the_same() -> None:
    with printer(Condition(paper_low=True)) as (driver, virtual):
        assert driver.state() is PrinterState.PAPER_LOW
        driver.print_slip(SLIP)
        assert virtual.strip.is_cut


@pytest.mark.parametrize("after", [15, 60, 150])
def test_a_printer_that_dies_in_mid_slip_is_an_error(after: int) -> None:
    with printer(Condition(dies_after=after)) as (driver, _), pytest.raises(PrinterDied):
        driver.print_slip(SLIP)


def test_what_a_broken_line_left_behind_is_cleared_before_the_next_slip() -> None:
    """The printer holds half a slip, has lost its line, and gets a new one."""
    with printer(Condition(cover_open=False)) as (driver, virtual):

        class Breaks:
            """A line whose plug is pulled after some bytes."""

            def __init__(self) -> None:
                self._line = virtual.open_line()
                self._left = 200

            def write(self, content: bytes, seconds: float) -> None:
                self._left -= len(content)
                if self._left < 0:
                    raise PrinterDied("escpos:test")
                self._line.write(content, seconds)

            def read(self, seconds: float) -> bytes:
                return self._line.read(seconds)

            def close(self) -> None:
                self._line.close()

        whole, driver._open_line = driver._open_line, Breaks
        with pytest.raises(PrinterDied):
            driver.print_slip(SLIP)
        driver._open_line = whole
        before = virtual.received.count(status.CLEAR_BUFFERS)
        driver.print_slip(SLIP)
        driver.print_slip(SLIP)
        # Once, and not before every slip: printers that do not know it would print it.
        assert (before, virtual.received.count(status.CLEAR_BUFFERS)) == (0, 1)
        assert virtual.received.index(status.CLEAR_BUFFERS) < virtual.received.rindex(b"\x1b@")


def test_a_printer_that_never_confirms_is_an_error_unless_it_is_known_to_be_mute() -> None:
    with printer(Condition(confirms=False)) as (driver, _), pytest.raises(PrinterSilent, match="did not confirm"):
        driver.print_slip(SLIP)
    with printer(Condition(mute=True), answers=False) as (driver, virtual):
        assert driver.state() is PrinterState.UNKNOWN
        driver.print_slip(SLIP)
        assert virtual.wait_for_cut()


def test_a_printer_that_takes_no_more_bytes_is_given_up() -> None:
    big = Slip("x", (("", "字" * 390),) * 60)
    with printer(Condition(jammed_after=60), on_pty=True) as (driver, _), pytest.raises(PrinterSilent):
        driver.print_slip(big)


def test_what_a_printer_says_unasked_is_no_answer() -> None:
    # XON, automatic status back, and XOFF before each answer.
    with printer(Condition(chatter=b"\x11\x10\x00\x40\x60\x13"[:2])) as (driver, virtual):
        assert driver.state() is PrinterState.READY
        driver.print_slip(SLIP)
        assert virtual.strip.is_cut


def test_a_printer_that_is_not_there_is_said_by_its_reason(tmp_path: Path) -> None:
    with VirtualPrinter() as gone:
        target = gone.target
    for where in (target, str(tmp_path / "lp0")):
        driver = EscPosPrinter("escpos:x", lambda where=where: open_line("escpos:x", where, baud_rate=9_600), Paper())
        assert driver.state() is PrinterState.OFFLINE
        with pytest.raises(HardwareError, match="escpos:x"):
            driver.print_slip(SLIP)


def test_two_slips_at_once_do_not_mix() -> None:
    import threading

    with printer() as (driver, virtual):
        threads = [threading.Thread(target=driver.print_slip, args=(SLIP,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one = len(printed_by(compose(SLIP, Paper())).printed)
        kinds = [each.cut for each in virtual.strip.printed]
        assert [number for number, cut in enumerate(kinds, 1) if cut] == [one, 2 * one, 3 * one]


def test_the_drawing_printer_leaves_a_picture_of_each_slip(tmp_path: Path) -> None:
    drawing = DrawingPrinter("escpos:simulated", tmp_path / "slips", Paper())
    drawing.print_slip(SLIP)
    drawing.print_slip(SLIP)
    drawing.close()
    assert sorted(each.name for each in (tmp_path / "slips").iterdir()) == ["slip-000.png", "slip-001.png"]


def test_an_interpreter_that_knows_a_command_less_would_notice() -> None:
    strip = Strip()
    strip.pending = b"\x1bp\x00\x19\xfaA\n"
    while strip.step() is not None:
        pass
    assert strip.not_understood[0] == b"\x1b"
    assert composing.CELL_DOTS == 12
