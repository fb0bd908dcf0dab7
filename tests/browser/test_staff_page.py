"""Signing on, handing over and setting a case by the keyboard alone, over the real session of a real terminal."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from protocol.unixtime import MINUTE
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.browser.opening import look, opened
from tests.terminal.conftest import Terminal, terminal
from tests.terminal.staff_world import CLERK, COLLEAGUE, PASSPHRASE, staffed
from tests.terminal_web.running import running
from tests.terminal_web.twin import SETTINGS
from verifier_terminal.appraisal import reasons
from verifier_terminal.session import Session
from verifier_terminal.staff.errors import NobodyOnDuty

__all__ = ["terminal"]


@pytest.fixture
def session(terminal: Terminal) -> Session:
    return staffed(terminal)


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints, session: Session, terminal: Terminal) -> Iterator[Page]:
    settings = replace(SETTINGS, heartbeat_seconds=5.0)
    with running(session, settings, reasons=reasons.load(), clock=terminal.world.clock, staff=session.shift) as origin:
        yield opened(context, f"{origin}/?lang=en", complaints)


def sign_on(page: Page, number: str, passphrase: str = PASSPHRASE) -> None:
    """By keys alone: the dialog, the number, the passphrase."""
    page.keyboard.press("o")
    expect(page.locator("#staff-number")).to_be_focused()
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(page.locator("#staff-passphrase")).to_be_focused()
    page.keyboard.insert_text(passphrase)
    page.keyboard.press("Enter")


def test_a_shift_by_keyboard(page: Page, session: Session, terminal: Terminal, complaints: Complaints) -> None:
    on_duty = page.locator("#on-duty")
    expect(on_duty).to_have_text("Nobody on duty")
    expect(page.locator("#word")).to_have_text("Sign on first")
    expect(page.locator("#instruction")).to_contain_text("Press O or")
    assert barriers(page) == []

    # A wrong passphrase is said in the dialog, and forgotten.
    sign_on(page, CLERK, "not this one")
    expect(page.locator("#staff-problem")).to_contain_text("not the passphrase")
    expect(page.locator("#staff-passphrase")).to_have_value("")
    assert barriers(page) == []
    assert [line for line in complaints.lines if "409" not in line] == []
    complaints.lines.clear()
    page.keyboard.insert_text(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(on_duty).to_have_text("演示员0417 0417")
    expect(page.locator("#staff-dialog")).not_to_be_visible()
    expect(page.locator("#word")).not_to_have_text("Sign on first")

    # The case stands in the next check alone.
    page.keyboard.press("c")
    expect(page.locator("#case-text")).to_be_focused()
    page.keyboard.type("A037")
    page.keyboard.press("Enter")
    expect(page.locator("#case-shown")).to_have_text("case A037")
    session.scan(terminal.world.code(), source="scanner")
    look(page, "accept")
    expect(page.locator("#case-shown")).to_have_text("Case")
    page.keyboard.press("/")
    expect(page.locator("#acts-rows tr")).to_contain_text("A037 · By 0417")
    page.keyboard.press("Escape")

    # Hand-over: what is open is counted, and the next person confirms it.
    sign_on(page, COLLEAGUE)
    expect(on_duty).to_have_text("演示员0418 0418")
    # Whoever goes leaves nothing of a holder on the screen.
    look(page, "idle")
    row = next(each.payload for each in session.journal_rows() if each.payload)
    assert (row["event"], row["from"], row["by"], row["open"]["acts"]) == ("hand_over", CLERK, COLLEAGUE, 1)
    page.keyboard.press("o")
    expect(page.locator("#staff-summary dd").first).to_have_text("0")
    expect(page.locator("#staff-name")).to_have_text("演示员0418 · clerk 0418")
    assert barriers(page) == []
    page.set_viewport_size({"width": 640, "height": 400})  # 1280 × 800 at 200 %
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#staff-off").focus()
    page.keyboard.press("Enter")
    expect(on_duty).to_have_text("Nobody on duty")


def test_a_scan_by_a_device_says_that_somebody_has_to_sign_on(page: Page, session: Session, terminal: Terminal) -> None:
    with pytest.raises(NobodyOnDuty):
        session.read(terminal.world.code(), source="scanner")
    expect(page.locator("#device")).to_contain_text("neither used up nor recorded")
    sign_on(page, CLERK)
    expect(page.locator("#on-duty")).to_contain_text(CLERK)
    terminal.pass_seconds(15 * MINUTE)
    # The standing that the stream tells by itself ends the shift.
    session.status()
    expect(page.locator("#on-duty")).to_have_text("Nobody on duty")


def test_an_answer_that_comes_late_brings_nobody_back(page: Page) -> None:
    late: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if late:
            route.continue_()
        else:
            late.append((route, route.fetch()))

    # What is held is what the page asks when it hears that somebody signed on.
    page.route("**/api/v1/staff", hold_the_first)
    sign_on(page, CLERK)
    expect(page.locator("#on-duty")).to_contain_text(CLERK)
    while not late:
        page.wait_for_timeout(10)
    assert late[0][1].json()["on_duty"]["number"] == CLERK
    with page.expect_response("**/api/v1/staff"):
        page.keyboard.press("o")
        page.locator("#staff-off").click()
    expect(page.locator("#on-duty")).to_have_text("Nobody on duty")
    with page.expect_response("**/api/v1/staff"):
        late[0][0].fulfill(response=late[0][1])
    page.wait_for_timeout(100)
    expect(page.locator("#on-duty")).to_have_text("Nobody on duty")
