"""The pages that only look at a terminal's directory, in a real browser: no barriers, no script, by keyboard."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.terminal.conftest import Terminal, session, terminal
from tests.utopia.world import WUYOU
from verifier_terminal.config import TerminalSettings
from verifier_terminal.explore.app import create_app
from verifier_terminal.explore.readings import Readings
from verifier_terminal.session import Session
from verifier_terminal.web.server import LOOPBACK, WindowServer

__all__ = ["session", "terminal"]


@pytest.fixture
def address(terminal: Terminal, session: Session) -> Iterator[str]:
    number = session.scan(terminal.world.code(), source="scanner").verdict.check_number
    session.void(number, "<script>alert(1)</script>")
    session.scan("https://example.org/", source="camera")
    root = terminal.world.roots[WUYOU].public_key
    settings = TerminalSettings("t1", "一号窗口", "window", WUYOU, "https://feed.example/", root.thumbprint.hex())
    looks = Readings(terminal.directory, by="operator", now=terminal.world.clock)
    app = create_app(terminal.directory, settings, root, csrf_token="t" * 40, readings=looks)
    server = WindowServer(app, LOOPBACK, 0, 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://{LOOPBACK}:{server.port}"
    server.stop()
    thread.join(10)


def test_every_page_is_without_barriers_and_found_by_keyboard(
    address: str, context: BrowserContext, session: Session
) -> None:
    number = session.acts()[-1].check_number
    page, complaints = context.new_page(), Complaints()
    complaints.watch(page)
    found: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # a plain text
        for path in ("/", "/journal", f"/checks/{number}", "/documents", "/readings", "/table/mark", "/nowhere"):
            page.goto(f"{address}{path}")
            found[f"{scheme} {path}"] = barriers(page)
    assert {path: each for path, each in found.items() if each} == {}
    complaints.lines.clear()
    # Each step leaves a page, which may still be asking for its icon.
    with complaints.leaving():
        page.goto(f"{address}/?lang=en")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/journal?lang=en")
        page.fill("#search", number)
        page.keyboard.press("Enter")
        page.get_by_text("2 rows found").wait_for()
        assert number not in page.url
        page.get_by_role("link", name=number).first.click()
        page.get_by_text("Declared void:").first.wait_for()
    assert complaints.lines == []
