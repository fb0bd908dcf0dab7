"""The supervisor's page in a real browser: by keyboard, in three languages, narrow, and nothing for axe to find."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.terminal.conftest import Terminal
from tests.terminal_web.running import running
from tests.utopia.world import World
from verifier_terminal.session import Session

PIN = "739204"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    directory = tmp_path / "terminal"
    directory.mkdir()
    terminal = Terminal(World(), directory, tmp_path / "published")
    opened = terminal.open()
    opened.sync(terminal.publish())
    opened.supervision.set_pin(PIN)
    yield opened
    opened.close()


@pytest.fixture(params=["en"])
def page(
    request: pytest.FixtureRequest, session: Session, context: BrowserContext, complaints: Complaints
) -> Iterator[Page]:
    with running(session, supervised=session.supervision) as origin:
        opened = context.new_page()
        complaints.watch(opened)
        opened.goto(f"{origin}/settings?lang={request.param}")
        yield opened


def value(session: Session, name: str) -> object:
    return next(each.value for each in session.supervision.settings() if each.name == name)


def test_found_set_and_refused_by_keyboard(page: Page, session: Session, complaints: Complaints) -> None:
    page.locator("#search").focus()
    page.keyboard.type("status data")
    expect(page.locator("form.setting:visible")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("60")
    page.keyboard.press("Enter")
    form = page.locator('form[data-name="max_status_minutes"]')
    expect(form.locator(".said")).to_contain_text("Saved")
    assert value(session, "max_status_minutes") == 60
    page.keyboard.press("Control+a")
    page.keyboard.type("90")
    page.keyboard.press("Enter")
    expect(form.locator(".said")).to_contain_text("needs the supervisor's PIN")
    assert value(session, "max_status_minutes") == 60
    page.locator("#pin").fill(PIN)
    page.locator("#max_status_minutes").focus()
    page.keyboard.press("Enter")
    expect(form.locator(".said")).to_contain_text("Saved")
    assert value(session, "max_status_minutes") == 90
    # A refusal is an answer of 409, which the browser's console calls an error.
    assert [each for each in complaints.lines if "409" not in each] == []
    complaints.lines.clear()


@pytest.mark.parametrize("page", ["zh-Hans", "zh-Hant", "en"], indirect=True)
def test_no_barrier_wide_and_at_twice_the_size(page: Page) -> None:
    for width in (1280, 640):
        page.set_viewport_size({"width": width, "height": 800})
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
