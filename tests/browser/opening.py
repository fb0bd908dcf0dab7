"""The clerk's page, opened and live, and what a test looks at on it."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Complaints


def opened(context: BrowserContext, address: str, complaints: Complaints) -> Page:
    """A page whose stream is live and whose clock the test moves."""
    page = context.new_page()
    complaints.watch(page)
    page.clock.install()
    page.goto(address)
    expect(page.locator("html[data-ready]")).to_be_attached()
    # The standing is the stream's first event: from here on a told event arrives.
    expect(page.locator("#network")).to_contain_text(re.compile("."))
    return page


def look(page: Page, name: str) -> None:
    """Waits until the page looks so."""
    expect(page.locator("body")).to_have_attribute("data-look", name)


def style(page: Page, selector: str, name: str) -> str:
    """A computed style."""
    return str(page.locator(selector).evaluate("(e, name) => getComputedStyle(e)[name]", name))
