"""A check's paper as PDF: what stands on it, what never does, and that a program finds the signed receipt in it."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from click.testing import CliRunner
from PIL import Image

from protocol import receipt, receipt_in_pdf
from protocol.errors import ShapeError
from protocol.labels import PREFIX_RECEIPT, Lic, Purpose
from protocol.qr import envelope
from protocol.status_list import Status
from tests.terminal.asking_world import REASON, anchor, bundle_text, certified
from tests.terminal.conftest import Terminal
from tests.terminal_web.running import running
from tests.terminal_web.twin import SETTINGS
from tests.utopia.kinds import DRIVING_LICENCE, driving_licence_items
from verifier_terminal import page_drawing
from verifier_terminal.appraisal import reasons
from verifier_terminal.cli import cli
from verifier_terminal.errors import NoReceipt, UnknownCheckNumber, ValuesNotForFile
from verifier_terminal.faces.kiosk import Kiosk
from verifier_terminal.faces.kiosk_table import Cue
from verifier_terminal.page_drawing import Page, PageTooLong
from verifier_terminal.receipt_pages import ReceiptPages
from verifier_terminal.session import Session


def pages_of(session: Session) -> ReceiptPages:
    return ReceiptPages(session, reasons=reasons.load())


def number_of(session: Session, text: str) -> str:
    return session.scan(text, source="scanner").verdict.check_number


def with_values(terminal: Terminal, **changes: Any) -> Session:
    """A session whose policy lets the file of a driving licence have values, at a window."""
    world = terminal.world
    rows = [
        replace(
            world.policy_row(vct, purpose),
            values_on_file=vct == DRIVING_LICENCE and purpose is Purpose.WINDOW,
            retention_days=90,
            **changes,
        )
        for vct in world.kinds
        for purpose in Purpose
    ]
    return certified(terminal, rows=rows)


def words_on(pdf: bytes, tmp_path: Path) -> str:
    """The page's text as another reader sees it."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext: apt install poppler-utils poppler-data")
    file = tmp_path / "page.pdf"
    file.write_bytes(pdf)
    ran = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True, timeout=20)
    return re.sub(r"\s+", "", ran.stdout.decode())


def verified(terminal: Terminal, pdf: bytes) -> receipt.Receipt:
    own = anchor(terminal.world)
    keys = {(own.iss, own.kid): own}
    return receipt.verify(receipt_in_pdf.found(pdf), terminal_keys=keys, at=terminal.world.clock.at).receipt


def values() -> list[str]:
    return [each for each in driving_licence_items().values() if isinstance(each, str) and len(each) > 2]


def test_a_receipt_names_items_and_carries_what_was_signed(terminal: Terminal, tmp_path: Path) -> None:
    session = certified(terminal)
    number = number_of(session, terminal.world.code())
    pdf = pages_of(session).page(number, REASON)
    said = words_on(pdf, tmp_path)
    for expected in (
        "核验回执",
        number,
        "乌有市车管所",
        "乌有市政务大厅7号窗",
        REASON,
        "有效VALID",
        "机动车驾驶证（name",
    ):
        assert expected in said
    assert [each for each in values() if each in said or each.encode() in pdf] == []
    stated = verified(terminal, pdf)
    assert (stated.reason, stated.shown[0].vct) == (REASON, DRIVING_LICENCE)
    assert [row.payload["event"] for row in session.explain(number) if row.payload] == ["verdict", "receipt"]


def test_the_code_on_the_printed_page_is_the_receipt(terminal: Terminal, tmp_path: Path) -> None:
    session = certified(terminal)
    pdf = pages_of(session).page(number_of(session, terminal.world.code()), REASON)
    words_on(pdf, tmp_path)
    subprocess.run(
        ["pdftoppm", "-r", "150", "-gray", "-singlefile", str(tmp_path / "page.pdf"), str(tmp_path / "page")],
        check=True,
        timeout=20,
    )
    (read,) = zxingcpp.read_barcodes(Image.open(tmp_path / "page.pgm"), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    assert envelope.unwrap(read.text, expected_prefix=PREFIX_RECEIPT) == receipt_in_pdf.found(pdf)


def test_the_same_check_gives_the_same_words_and_each_time_a_receipt_of_its_own(terminal: Terminal) -> None:
    session = certified(terminal)
    number = number_of(session, terminal.world.code(terminal.world.credential(view=Purpose.WINDOW), shown=()))
    first, second = (pages_of(session).page(number, REASON) for _ in range(2))
    assert receipt_in_pdf.found(first) != receipt_in_pdf.found(second)


def test_values_stand_there_only_where_policy_says_so(terminal: Terminal, tmp_path: Path) -> None:
    session = with_values(terminal)
    number = number_of(session, terminal.world.code())
    said = words_on(pages_of(session).page(number, REASON, with_values=True), tmp_path)
    for expected in ("核验加注件", "测试员甲", str(driving_licence_items()[Lic.LICENCE_NO])):
        assert expected in said
    written = session.explain(number)[-1].payload
    assert written == {"event": "values_on_file", "check_number": number, "at": terminal.world.clock.at}
    terminal.pass_seconds(5)
    # One licence of the bundle, the identity card, is not for the file: then none is.
    joint = number_of(session, bundle_text(terminal.world))
    with pytest.raises(ValuesNotForFile):
        pages_of(session).page(joint, REASON, with_values=True)
    pages_of(session).page(joint, REASON)


def test_the_watermark_names_unit_issuer_moment_reason_and_end(terminal: Terminal, monkeypatch: Any) -> None:
    session = with_values(terminal)
    drawn: list[Page] = []
    monkeypatch.setattr(page_drawing, "draw", lambda page: drawn.append(page) or b"%PDF-")
    pages_of(session).page(number_of(session, terminal.world.code()), REASON, with_values=True)
    (page,) = drawn
    assert page.watermark[0] == (
        "仅供 乌有市车管所 存档，签发：GA，2026-11-21 10:00:00，事由：换领驾驶证，2027-02-19 前销毁"
    )
    assert len(page.watermark) == 2


def test_what_policy_masks_is_masked_on_paper_too(terminal: Terminal, tmp_path: Path) -> None:
    session = with_values(terminal, masked=frozenset({Lic.NAME, Lic.LICENCE_NO}))
    pdf = pages_of(session).page(number_of(session, terminal.world.code()), REASON, with_values=True)
    said = words_on(pdf, tmp_path)
    assert str(driving_licence_items()[Lic.LICENCE_NO]) not in said
    assert "测试员甲" not in said
    assert "测**甲" in said


def test_without_the_policys_word_there_is_no_note_and_no_row_of_it(terminal: Terminal) -> None:
    session = certified(terminal)
    number = number_of(session, terminal.world.code())
    with pytest.raises(ValuesNotForFile):
        pages_of(session).page(number, REASON, with_values=True)
    assert "values_on_file" not in [row.payload["event"] for row in session.explain(number) if row.payload]


def test_a_refused_visitor_is_told_what_to_do_and_no_kind_stands_there(terminal: Terminal, tmp_path: Path) -> None:
    session = certified(terminal, values={4711: int(Status.REVOKED)})
    number = number_of(session, terminal.world.code())
    pdf = pages_of(session).page(number)
    said = words_on(pdf, tmp_path)
    for expected in ("办理说明", number, "不予采信REFUSED", "请联系乌有市政务服务中心一号窗口", "申请复核"):
        assert expected in said
    assert "驾驶" not in said
    with pytest.raises(ShapeError):
        receipt_in_pdf.found(pdf)
    with pytest.raises(NoReceipt):
        pages_of(session).page(number, with_values=True)


def test_after_ten_minutes_a_void_or_for_a_stranger_there_is_none(terminal: Terminal) -> None:
    session = certified(terminal)
    pages = pages_of(session)
    number = number_of(session, terminal.world.code())
    session.void(number, "误扫")
    for unknown, error in ((number, NoReceipt), ("000-000", UnknownCheckNumber)):
        with pytest.raises(error):
            pages.page(unknown, REASON)


def test_when_a_visitor_has_left_a_kiosk_nothing_of_the_check_is_in_memory(terminal: Terminal) -> None:
    session = certified(terminal)
    kiosk = Kiosk(session, elapsed_seconds=lambda: terminal.elapsed, service=lambda: None)
    number = number_of(session, terminal.world.code())
    assert number in session._shelf._kept
    kiosk.visitor(Cue.LEAVE)
    assert session._shelf._kept == {}
    with pytest.raises(NoReceipt):
        session.receipt(number, REASON)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pdf: pdf.replace(b"(lz-receipt:", b"(lz-receipt;"),
        lambda pdf: pdf + b"(lz-receipt:AAAA)",
        lambda pdf: re.sub(rb"\(lz-receipt:[^)]*\)", b"(lz-receipt:AAAAA)", pdf),
        lambda pdf: re.sub(rb"\(lz-receipt:[^)]*\)", b"(lz-receipt:" + b"A" * 20_000 + b")", pdf),
        lambda _: b"%PDF-1.4",
    ],
)
def test_a_page_without_one_whole_receipt_has_none(terminal: Terminal, spoil: Any) -> None:
    session = certified(terminal)
    pdf = pages_of(session).page(number_of(session, terminal.world.code()), REASON)
    assert receipt_in_pdf.found(pdf + b"") == receipt_in_pdf.found(pdf)
    with pytest.raises(ShapeError):
        receipt_in_pdf.found(spoil(pdf))


def test_long_words_break_and_no_character_is_lost_in_silence() -> None:
    lines = list(page_drawing._lines("甲" * 300 + " " + "x" * 300, 11, 300.0))
    assert len(lines) > 10
    assert "".join(lines).replace(" ", "") == "甲" * 300 + "x" * 300
    assert page_drawing._drawable("𠮷\x1b\u202e野") == "[U+20BB7]��野"
    with pytest.raises(PageTooLong):
        page_drawing.draw(Page("x", [("a", "b" * 100)] * 60, "", ()))


def test_the_command_asks_the_running_page(terminal: Terminal, tmp_path: Path) -> None:
    session = certified(terminal)
    number = number_of(session, terminal.world.code())
    file = tmp_path / "receipt.pdf"

    def run(*more: str) -> Any:
        return CliRunner().invoke(cli, ["receipt", number.lower(), "--pdf", str(file), *more])

    with running(session, SETTINGS, reasons=reasons.load(), pages=pages_of(session)) as origin:
        port = ("--port", origin.rpartition(":")[2])
        assert run(*port, "--reason", REASON).exit_code == 0
        assert file.stat().st_mode & 0o077 == 0
        assert verified(terminal, file.read_bytes()).reason == REASON
        refused = run(*port, "--values")
        assert (refused.exit_code, "File the receipt instead" in refused.output) == (1, True)
    gone = run(*port)
    assert (gone.exit_code, "terminal serve" in gone.output) == (2, True)
