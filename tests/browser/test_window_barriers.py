"""The clerk's window as axe sees it: every verdict and dialog, three languages, light and dark, also at 200 % zoom."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.browser.opening import look, opened
from tests.terminal_web.running import running
from tests.terminal_web.twin import CERTIFIED, ON_PAGES, PERSON_CHECK, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal import reasons

DIALOGS = {"m": "manual", "/": "acts", "v": "void", "a": "ask", "r": "receipt", "?": "help"}
# 200 % zoom of 1280 × 800 is a page of half as many CSS pixels.
SIZES = {"whole": (1280, 800), "zoomed": (640, 400)}


@pytest.fixture
def session() -> TwinSession:
    made = TwinSession()
    made.certification, made.site = CERTIFIED, "NF6Y"
    return made


@pytest.fixture(params=["light", "dark"])
def page(
    request: pytest.FixtureRequest, browser: Browser, complaints: Complaints, session: TwinSession
) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="zh-CN", reduced_motion="reduce", color_scheme=request.param
    )
    with ExitStack() as served:
        origin = served.enter_context(running(session, SETTINGS, reasons=reasons.load()))
        yield opened(context, origin, complaints)
    context.close()


def in_every_language(page: Page, found: list[str]) -> None:
    for _ in range(3):
        found += barriers(page)
        page.evaluate("document.getElementById('language').click()")


def test_every_verdict(page: Page, session: TwinSession) -> None:
    found: list[str] = []
    in_every_language(page, found)
    for width, height in SIZES.values():
        page.set_viewport_size({"width": width, "height": height})
        for name, verdict in ON_PAGES.items():
            session.tell(shown(verdict))
            look(page, name)
            page.evaluate("document.getElementById('show-details').click()")
            in_every_language(page, found)
    assert found == []


def test_every_dialog(page: Page, session: TwinSession) -> None:
    found: list[str] = []
    for key, name in DIALOGS.items():
        session.tell(shown(PERSON_CHECK))
        look(page, "accept")
        page.keyboard.press(key)
        page.locator(f"#{name}-dialog[open]").wait_for()
        in_every_language(page, found)
        page.keyboard.press("Escape")
        page.locator(f"#{name}-dialog[open]").wait_for(state="detached")
    assert found == []
