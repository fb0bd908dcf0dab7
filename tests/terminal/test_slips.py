"""Printed slips of a real session: what stands on them, what never does, and when nothing is said to be printed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import pytest
import zxingcpp

from hardware.devices import PrinterState, Slip
from hardware.errors import HardwareError
from hardware.output_errors import PrinterCoverOpen, PrinterFault, PrinterOutOfPaper, PrinterSilent, SlipTooLarge
from hardware.printer.composing import Paper
from hardware.printer.driver import EscPosPrinter
from hardware.simulated.printer import VirtualPrinter
from protocol import receipt
from protocol.labels import PREFIX_RECEIPT, Lic
from protocol.qr import envelope
from protocol.status_list import Status
from tests.terminal.asking_world import REASON, WANTED, anchor, answer, bundle_text, certified
from tests.terminal.conftest import Terminal
from tests.terminal.publishing import rows_with_person_check
from tests.utopia.kinds import driving_licence_items
from verifier_terminal.appraisal import reasons
from verifier_terminal.errors import CertificateUnusable, NoReceipt, UnknownCheckNumber
from verifier_terminal.faces.kiosk import Kiosk, Notice
from verifier_terminal.faces.kiosk_table import Cue, State
from verifier_terminal.receipts import KEPT_SECONDS
from verifier_terminal.session import Session
from verifier_terminal.slips import Slips


@dataclass
class TwinPrinter:
    """Remembers slips; can be out of everything, also in the middle."""

    name: str = "escpos:twin"
    said: PrinterState = PrinterState.READY
    slips: list[Slip] = field(default_factory=list)
    breaks: HardwareError | None = None

    def state(self) -> PrinterState:
        return self.said

    def print_slip(self, slip: Slip) -> None:
        if self.breaks:
            raise self.breaks
        self.slips.append(slip)

    def close(self) -> None:
        return


@dataclass
class Counter:
    session: Session
    printer: TwinPrinter
    slips: Slips

    def check(self, text: str) -> str:
        return self.session.scan(text, source="scanner").verdict.check_number

    @property
    def receipts(self) -> int:
        return sum(1 for row in self.session.journal_rows() if row.payload and row.payload["event"] == "receipt")


def counter_at(session: Session) -> Counter:
    printer = TwinPrinter()
    return Counter(session, printer, Slips(session, printer, reasons=reasons.load()))


@pytest.fixture
def counter(terminal: Terminal) -> Counter:
    return counter_at(certified(terminal))


def words(slip: Slip) -> str:
    return "\n".join((slip.title, *(f"{label}:{value}" for label, value in slip.rows), slip.code, *slip.small_print))


def values_of_the_licence() -> Iterator[str]:
    for value in driving_licence_items().values():
        if isinstance(value, str) and len(value) > 2:
            yield value


def test_a_receipt_says_what_was_shown_and_never_what_it_says(terminal: Terminal, counter: Counter) -> None:
    opened = counter.session.open_challenge(WANTED, REASON)
    number = counter.check(answer(terminal.world, opened, shown=(Lic.NAME, Lic.LICENCE_NO, Lic.CLASS)))
    counter.slips.print_slip(number)
    (slip,) = counter.printer.slips
    rows = dict(slip.rows)
    assert slip.title == "核验回执"
    assert (rows["核验号"], rows["事由"], rows["结果"]) == (number, REASON, "有效 VALID")
    assert (rows["核验单位"], rows["地点"]) == ("乌有市车管所", "乌有市政务大厅7号窗")
    # The fictional catalogue calls its items by their names in files.
    assert rows["出示"] == "机动车驾驶证（name、class、licence_no、valid_to）"
    assert [value for value in values_of_the_licence() if value in words(slip)] == []
    encoded = envelope.unwrap(slip.code, expected_prefix=PREFIX_RECEIPT)
    written = [row.payload for row in counter.session.journal_rows() if row.payload]
    signed = next(each["sha256"] for each in written if each["event"] == "receipt")
    assert sha256(encoded).hexdigest() == signed


def test_the_queue_number_stands_on_the_paper_of_its_own_check(terminal: Terminal, counter: Counter) -> None:
    counter.session.shift.set_case("A037")
    counter.slips.print_slip(counter.check(terminal.world.code()))
    terminal.pass_seconds(3)
    counter.slips.print_slip(counter.check(terminal.world.code()))
    first, second = (dict(slip.rows) for slip in counter.printer.slips)
    assert (first["排队号/案件号"], "排队号/案件号" in second) == ("A037", False)


def test_the_paper_itself_can_be_verified(terminal: Terminal, counter: Counter) -> None:
    number = counter.check(terminal.world.code())
    with VirtualPrinter() as virtual:
        driver = EscPosPrinter("escpos:test", virtual.open_line, Paper())
        Slips(counter.session, driver, reasons=reasons.load()).print_slip(number, "换领")
        (read,) = zxingcpp.read_barcodes(virtual.strip.drawn(384), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    own = anchor(terminal.world)
    encoded = envelope.unwrap(read.text, expected_prefix=PREFIX_RECEIPT)
    found = receipt.verify(encoded, terminal_keys={(own.iss, own.kid): own}, at=terminal.world.clock.at)
    assert (found.receipt.reason, found.certificate.relying_party) == ("换领", "乌有市车管所")


def test_where_the_receipt_does_not_fit_its_digest_stands_there(terminal: Terminal, counter: Counter) -> None:
    class Narrow(TwinPrinter):
        def print_slip(self, slip: Slip) -> None:
            if len(slip.code) > 100:
                raise SlipTooLarge("escpos:twin", "narrow paper")
            super().print_slip(slip)

    printer = Narrow()
    number = counter.check(terminal.world.code())
    Slips(counter.session, printer, reasons=reasons.load()).print_slip(number)
    written = [row.payload for row in counter.session.journal_rows() if row.payload]
    signed = next(each["sha256"] for each in written if each["event"] == "receipt")
    assert printer.slips[0].code == f"sha256:{signed}"


def test_without_a_reason_the_usual_one_of_the_place_stands_there(terminal: Terminal, counter: Counter) -> None:
    counter.slips.print_slip(counter.check(terminal.world.code()))
    assert dict(counter.printer.slips[0].rows)["事由"] == "窗口办事"


def test_a_bundle_names_both_licences(terminal: Terminal, counter: Counter) -> None:
    counter.slips.print_slip(counter.check(bundle_text(terminal.world)))
    assert len([value for label, value in counter.printer.slips[0].rows if label == "出示"]) == 2


def test_a_second_print_is_marked_as_a_copy_and_is_a_receipt_of_its_own(terminal: Terminal, counter: Counter) -> None:
    number = counter.check(terminal.world.code())
    for _ in range(3):
        counter.slips.print_slip(number)
    heads = [slip.rows[0] for slip in counter.printer.slips]
    assert heads[0] == ("核验号", number)
    assert heads[1] == ("", "** 副本，第2次打印 COPY, print no. 2 **")
    assert "第3次" in heads[2][1]
    assert counter.receipts == 3


def test_a_slip_that_did_not_come_out_is_no_first_print(terminal: Terminal, counter: Counter) -> None:
    number = counter.check(terminal.world.code())
    counter.printer.breaks = PrinterOutOfPaper("escpos:twin", "in mid-slip")
    with pytest.raises(PrinterOutOfPaper):
        counter.slips.print_slip(number)
    counter.printer.breaks = None
    counter.slips.print_slip(number)
    assert counter.printer.slips[0].rows[0] == ("核验号", number)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (PrinterState.NO_PAPER, PrinterOutOfPaper),
        (PrinterState.COVER_OPEN, PrinterCoverOpen),
        (PrinterState.FAULT, PrinterFault),
        (PrinterState.OFFLINE, PrinterSilent),
    ],
)
def test_nothing_is_signed_for_a_printer_that_cannot_print(
    terminal: Terminal, counter: Counter, state: PrinterState, error: type[HardwareError]
) -> None:
    number = counter.check(terminal.world.code())
    counter.printer.said = state
    with pytest.raises(error):
        counter.slips.print_slip(number)
    assert (counter.receipts, counter.printer.slips) == (0, [])


@pytest.mark.parametrize("state", [PrinterState.PAPER_LOW, PrinterState.UNKNOWN])
def test_a_printer_that_can_print_is_asked_to(terminal: Terminal, counter: Counter, state: PrinterState) -> None:
    counter.printer.said = state
    counter.slips.print_slip(counter.check(terminal.world.code()))
    assert len(counter.printer.slips) == 1


def test_a_refused_visitor_is_told_whom_to_call_and_no_kind_stands_there(terminal: Terminal) -> None:
    counter = counter_at(certified(terminal, values={4711: int(Status.REVOKED)}))
    number = counter.check(terminal.world.code())
    counter.slips.print_slip(number)
    (slip,) = counter.printer.slips
    rows = dict(slip.rows)
    assert (slip.title, slip.code, rows["结果"]) == ("办理说明", "", "不予采信 REFUSED")
    assert (rows["核验号"], rows["请联系"]) == (number, "乌有市政务服务中心一号窗口")
    said = words(slip)
    assert "驾驶" not in said
    assert [value for value in values_of_the_licence() if value in said] == []
    assert counter.receipts == 0
    counter.slips.print_slip(number)
    assert "副本" in counter.printer.slips[1].rows[0][1]


def test_what_was_not_read_has_a_slip_without_any_of_it(counter: Counter) -> None:
    number = counter.check("https://example.org/?id=990000194912310028")
    counter.slips.print_slip(number)
    said = words(counter.printer.slips[0])
    assert "未能读取" in said
    assert "example" not in said
    assert "9900" not in said


def test_a_hold_is_a_slip_that_says_what_to_do_next(terminal: Terminal) -> None:
    terminal.profile = "kiosk"
    counter = counter_at(certified(terminal, age=2 * 86_400))
    number = counter.check(answer(terminal.world, counter.session.open_challenge(WANTED, REASON)))
    counter.slips.print_slip(number)
    (slip,) = counter.printer.slips
    rows = dict(slip.rows)
    assert (slip.title, rows["结果"], rows["请联系"]) == ("办理说明", "请核对 CHECK", "乌有市政务服务中心一号窗口")
    assert counter.receipts == 0


def test_a_check_that_waits_for_the_person_has_a_receipt(terminal: Terminal) -> None:
    counter = counter_at(certified(terminal, rows=rows_with_person_check(terminal.world)))
    counter.slips.print_slip(counter.check(terminal.world.code()))
    assert counter.printer.slips[0].title == "核验回执"


def test_there_is_no_slip_for_what_has_no_receipt(terminal: Terminal, counter: Counter) -> None:
    with pytest.raises(UnknownCheckNumber):
        counter.slips.print_slip("7K3-Q42")
    number = counter.check(terminal.world.code())
    counter.session.void(number, "误扫")
    with pytest.raises(NoReceipt):
        counter.slips.print_slip(number)
    terminal.pass_seconds(60)
    number = counter.check(terminal.world.code())
    terminal.pass_seconds(int(KEPT_SECONDS))
    with pytest.raises(NoReceipt):
        counter.slips.print_slip(number)
    assert counter.printer.slips == []


def test_a_terminal_without_a_certificate_prints_no_receipt(terminal: Terminal, session: Session) -> None:
    counter = counter_at(session)
    number = counter.check(terminal.world.code())
    with pytest.raises(CertificateUnusable):
        counter.slips.print_slip(number)
    assert counter.printer.slips == []


def test_a_kiosk_prints_for_a_visitor_and_says_when_it_could_not(terminal: Terminal) -> None:
    terminal.profile = "kiosk"
    counter = counter_at(certified(terminal))
    kiosk = Kiosk(
        counter.session,
        elapsed_seconds=lambda: terminal.elapsed,
        service=lambda: None,
        print_slip=counter.slips.print_slip,
        in_background=lambda run: run(),
    )
    counter.check("https://example.org")
    assert kiosk.view().position.state is State.TRY_AGAIN
    number = counter.check(answer(terminal.world, counter.session.open_challenge(WANTED, REASON)))
    counter.printer.said = PrinterState.NO_PAPER
    kiosk.visitor(Cue.PRINT)
    assert (kiosk.view().position.state, kiosk.view().notice) == (State.RESULT, Notice.PRINTER_FAILED)
    counter.printer.said = PrinterState.READY
    kiosk.visitor(Cue.PRINT)
    assert kiosk.view().position.state is State.TAKE_RECEIPT
    assert dict(counter.printer.slips[0].rows)["核验号"] == number


def test_the_real_printer_prints_the_real_slip(terminal: Terminal, counter: Counter) -> None:
    number = counter.check(terminal.world.code())
    with VirtualPrinter() as virtual:
        Slips(
            counter.session, EscPosPrinter("escpos:test", virtual.open_line, Paper()), reasons=reasons.load()
        ).print_slip(number)
        assert f"核验号: {number}" in virtual.strip.lines
        assert virtual.strip.is_cut
        assert virtual.strip.not_understood == []
