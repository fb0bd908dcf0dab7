"""The clerk's print button: P prints, and what the printer lacks stands on the page in plain words."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from hardware.output_errors import PrinterOutOfPaper
from tests.browser.conftest import Complaints
from tests.browser.opening import look, opened
from tests.terminal_web.running import running
from tests.terminal_web.test_printing import TwinSlips
from tests.terminal_web.twin import GOOD, REFUSE, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal import reasons


@pytest.fixture
def slips() -> TwinSlips:
    return TwinSlips()


@pytest.fixture
def session() -> TwinSession:
    return TwinSession()


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints, session: TwinSession, slips: TwinSlips) -> Iterator[Page]:
    with ExitStack() as served:
        origin = served.enter_context(running(session, SETTINGS, reasons=reasons.load(), slips=slips))
        yield opened(context, origin, complaints)


def test_p_prints_and_says_so_only_when_it_is_true(
    page: Page, session: TwinSession, slips: TwinSlips, complaints: Complaints
) -> None:
    page.keyboard.press("p")
    expect(page.locator("#device")).to_contain_text("没有可出具回执的核验")
    session.tell(shown(GOOD))
    look(page, "accept")
    page.keyboard.press("p")
    expect(page.locator("#device")).to_have_text("已打印，请取走纸条。")
    assert slips.printed == [("7K3-Q42", None)]
    slips.raises = PrinterOutOfPaper("escpos:/dev/usb/lp0", "in mid-slip")
    page.locator("#print").click()
    expect(page.locator("#device")).to_contain_text("打印机缺纸")
    # The verdict stays what it is: paper is no part of it.
    look(page, "accept")
    # The browser itself notes that an answer was a 503.
    assert [line for line in complaints.lines if "503" not in line] == []
    complaints.lines.clear()


def test_the_receipts_dialog_prints_with_the_reason_that_stands_in_it(
    page: Page, session: TwinSession, slips: TwinSlips
) -> None:
    session.tell(shown(REFUSE))
    look(page, "refuse")
    page.keyboard.press("r")
    page.locator("#receipt-reason").fill("换领驾驶证")
    page.locator("#receipt-print").click()
    expect(page.locator("#receipt-problem")).to_have_text("已打印，请取走纸条。")
    assert slips.printed == [("7K3-Q46", "换领驾驶证")]
