"""Debian's chromium driven by playwright, and a page that must stay without errors, dialogs and policy violations."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Complaints:
    """Everything that a page must not do."""

    lines: list[str] = field(default_factory=list)
    _leaves: bool = False

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self.lines.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: self.lines.append(str(error)))
        page.on("dialog", lambda dialog: (self.lines.append("dialog"), dialog.dismiss()))
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure))
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective))"
        )

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """Around leaving a page: what it was still asking for is broken off by that and is no failure."""
        self._leaves = True
        try:
            yield
        finally:
            self._leaves = False

    def _failed(self, url: str, why: str | None) -> None:
        if self._leaves and why == "net::ERR_ABORTED":
            return
        # A stream that ends with its page is no failure.
        if not url.endswith("/events"):
            self.lines.append(f"failed {url}")


# Not for the whole session: while playwright runs, no other test of this process can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"no browser: {CHROMIUM} is missing (apt install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN", reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    kept = Complaints()
    yield kept
    assert kept.lines == []
