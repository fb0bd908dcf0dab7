"""The officer's page: large enough for gloves, readable in the sun and at night, and in nobody's way."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from protocol.labels import Purpose
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.browser.opening import look, opened
from tests.terminal_web.running import running
from tests.terminal_web.twin import ON_PAGES, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.verdict import Verdict

HANDHELD = {"width": 412, "height": 915}


@pytest.fixture
def session() -> TwinSession:
    made = TwinSession()
    made.purpose = Purpose.ROADSIDE
    return made


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints, session: TwinSession) -> Iterator[Page]:
    with ExitStack() as served:
        origin = served.enter_context(running(session, SETTINGS, reasons=reasons.load()))
        made = opened(context, origin, complaints)
        made.set_viewport_size(HANDHELD)  # type: ignore[arg-type]  # a plain dict
        yield made


@pytest.mark.parametrize("theme", ["sun", "night"])
@pytest.mark.parametrize("name", ON_PAGES)
def test_every_verdict_in_the_sun_and_at_night(page: Page, session: TwinSession, name: str, theme: str) -> None:
    while page.locator("html").get_attribute("data-theme") != theme:
        page.locator("#theme").click()
    verdict: Verdict = ON_PAGES[name]
    session.tell(shown(replace(verdict, purpose=Purpose.ROADSIDE)))
    look(page, name)
    for _ in range(3):
        sizes = page.locator("button:visible, summary:visible").evaluate_all(
            "each => each.map(e => [e.id, e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
        )
        assert [each for each in sizes if min(each[1:]) < 72] == []
        assert page.locator("#word").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 72
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert barriers(page) == []
        page.locator("#language").click()


def test_the_theme_is_kept(page: Page) -> None:
    assert page.locator("#theme").inner_text() == "自动明暗"
    page.locator("#theme").click()
    assert page.locator("#theme").inner_text() == "日光"
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "sun")


def test_a_window_has_no_theme(context: BrowserContext, complaints: Complaints) -> None:
    with running(TwinSession(), SETTINGS, reasons=reasons.load()) as origin:
        assert opened(context, origin, complaints).locator("#theme").count() == 0
