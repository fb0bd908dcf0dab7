"""What a person takes along from the window, that the screen says what it forgot, and reports on both screens."""

import io
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from protocol.labels import PREFIX_RECEIPT
from protocol.qr import envelope
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.browser.kiosk_stand import Stand
from tests.browser.opening import look, opened
from tests.terminal_web.running import running
from tests.terminal_web.twin import CERTIFIED, GOOD, NOT_READ, REFUSE, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal import reasons
from verifier_terminal.errors import ValuesNotForFile
from verifier_terminal.faces.kiosk_table import State
from verifier_terminal.problem_reports import Category

SMALLEST_TOUCH = 60


class TwinPages:
    """Makes a page of a few bytes, and refuses values."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []

    def page(self, number: str, reason: str | None = None, *, with_values: bool = False) -> bytes:
        if with_values:
            raise ValuesNotForFile
        self.asked.append((number, reason))
        return b"%PDF-1.4 twin"


@pytest.fixture
def session() -> TwinSession:
    made = TwinSession()
    made.certification = CERTIFIED
    return made


@pytest.fixture
def pages() -> TwinPages:
    return TwinPages()


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints, session: TwinSession, pages: TwinPages) -> Iterator[Page]:
    with ExitStack() as served:
        origin = served.enter_context(running(session, SETTINGS, reasons=reasons.load(), pages=pages))
        yield opened(context, origin, complaints)


def test_the_holder_scans_a_copy_and_the_clerk_saves_a_page(
    page: Page, session: TwinSession, pages: TwinPages, complaints: Complaints
) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    # Without a printer P leads to what can be taken along all the same.
    page.keyboard.press("p")
    page.locator("#receipt-reason").fill("换领驾驶证")
    page.locator("#receipt-send").click()
    expect(page.locator("#holder-copy")).to_be_visible()
    picture = Image.open(io.BytesIO(page.locator("#holder-code").screenshot()))
    (read,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    made = session.receipt("7K3-Q42", "换领驾驶证")
    assert made.receipt in envelope.unwrap(read.text, expected_prefix=PREFIX_RECEIPT)
    with page.expect_download() as saved:
        page.locator("#page-send").click()
        page.get_by_text("下载 PDF").click()
    assert saved.value.suggested_filename == "check-7K3-Q42.pdf"
    assert pages.asked == [("7K3-Q42", "换领驾驶证")]
    page.locator("#page-values").check()
    page.locator("#page-send").click()
    expect(page.locator("#receipt-problem")).to_contain_text("政策没有要求")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    # The page hears of a closed dialog in its next turn.
    expect(page.locator("#holder-path")).to_have_attribute("d", "")
    expect(page.locator("#receipt-files a")).to_have_count(0)
    # The browser itself notes that an answer was a 409.
    assert [line for line in complaints.lines if "409" not in line] == []
    complaints.lines.clear()


def test_the_screen_says_that_it_has_forgotten(page: Page, session: TwinSession) -> None:
    said = page.locator("#device")
    for forget in (lambda: page.keyboard.press("Enter"), lambda: page.clock.run_for(21_000)):
        session.tell(shown(GOOD))
        look(page, "accept")
        expect(page.locator("#facts")).to_contain_text("测*甲")
        forget()
        expect(said).to_contain_text("持证人的资料已从屏幕和本页内存清除")
        assert "测*甲" not in page.content()
        page.keyboard.press("Escape")
        page.clock.run_for(7_000)
        expect(said).to_be_hidden()
    # Where nothing of a person stood there, nothing is said about one.
    session.tell(shown(NOT_READ))
    look(page, "not_read")
    page.keyboard.press("Enter")
    look(page, "idle")
    expect(said).to_be_hidden()


def test_a_problem_is_reported_by_keyboard_alone(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    page.keyboard.press("b")
    expect(page.locator("#problem-about")).to_have_value("7K3-Q42")
    page.locator("#problem-about").press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("<img src=x onerror=alert(1)>")
    assert barriers(page) == []
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#problem-said")).to_contain_text("已记下")
    assert session.reports == [(Category.NOT_READ, "<img src=x onerror=alert(1)>", "7K3-Q42")]
    page.keyboard.press("Enter")
    expect(page.locator(".problem-dialog")).to_have_count(0)
    look(page, "accept")


def test_a_visitor_reports_by_touch_and_it_ends_with_the_visit(context: BrowserContext, complaints: Complaints) -> None:
    with ExitStack() as served:
        stand = Stand(context, complaints, served, printer=False)
        page = stand.page
        stand.session.tell(shown(REFUSE))
        stand.is_in(State.STOPPED)
        page.locator("#problem").click()
        expect(page.locator(".problem-dialog")).to_be_visible()
        for place in page.locator(".problem-choice, .problem-dialog button").all():
            box = place.bounding_box()
            assert box is not None
            assert box["height"] >= SMALLEST_TOUCH
        assert barriers(page) == []
        page.locator(".problem-choice").nth(0).click()
        page.locator(".problem-dialog .row button").first.click()
        expect(page.locator("#problem-said")).to_contain_text("已记下")
        assert stand.session.reports == [(Category.WRONG_RESULT, "", "7K3-Q46")]
        # Escape closes the report and leaves the visit as it is; the visit's end closes the report.
        page.keyboard.press("Escape")
        expect(page.locator(".problem-dialog")).to_have_count(0)
        stand.is_in(State.STOPPED)
        page.locator("#problem").click()
        expect(page.locator(".problem-dialog")).to_be_visible()
        stand.wait(61)
        stand.is_in(State.MORE_TIME)
        expect(page.locator(".problem-dialog")).to_have_count(0)
