"""The demonstration phone's page in a real browser, by keyboard: a request, its sheet and cautions, several cards."""

import re
import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from demo.handset import Phone
from demo.phone import create_app
from tests.scenarios.test_phone import DRIVING, ID, authority, clock, phone, screen, text_of
from tests.scenarios.test_town import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.wallet.asked import BOTH, Terminal
from tests.wallet.issued import Authority
from tests.wallet.test_requests import SHORT
from wallet_sdk import drawing

__all__ = ["authority", "clock", "phone", "screen"]

pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="Debian's chromium is not installed (apt-get install chromium)"
)


@pytest.fixture
def address(phone: Phone) -> Iterator[str]:
    app = create_app(phone, None, csrf="token", embedded_in="http://127.0.0.1")  # type: ignore[arg-type]  # no film here
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_requests_are_read_answered_and_declined_by_keyboard(
    address: str, phone: Phone, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from playwright.sync_api import expect, sync_playwright

    terminal = Terminal(authority)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 420, "height": 1400}, locale="zh-CN")
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        expect(page.locator("#card option")).to_have_count(2)

        # A picture of the request is read into the field; the sheet takes the focus and says who asks.
        picture = tmp_path_factory.mktemp("picture") / "request.png"
        picture.write_bytes(drawing.png(drawing.modules(terminal.asks(BOTH))))
        page.locator("#asked summary").focus()
        page.keyboard.press("Enter")
        page.locator("#image").set_input_files(picture)
        expect(page.locator("#challenge")).to_have_value(terminal.asks(BOTH))
        page.locator("#scan button").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#asker")).to_be_focused()
        expect(page.locator("#asker")).to_contain_text("虚构市车管所")
        expect(page.locator("#why")).to_contain_text("换领驾驶证")
        expect(page.locator("#wanted fieldset")).to_have_count(2)
        expect(page.locator("#wanted")).to_contain_text("用于证明这些证照属于同一人")
        expect(page.locator("#wanted input[value=citizen_id]").first).to_be_checked()
        # Item by item: the identifier of one card is taken back with the space bar.
        page.locator(f"#wanted fieldset[data-card='{DRIVING}'] input[value=citizen_id]").focus()
        page.keyboard.press("Space")
        page.locator("#agree").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#showing")).to_be_visible()
        expect(page.locator("#sheet")).to_be_hidden()
        expect(page.locator("#message")).to_contain_text("不能证明这些证照属于同一人")
        assert text_of(phone).startswith("LE1:")
        assert len(terminal.reads(text_of(phone))) == 2
        page.locator("#away").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#choose")).to_be_visible()

        # A short code: the place is named and the warning stands in an alert before anybody can agree.
        page.select_option("#card", DRIVING)
        page.locator("#short").fill(SHORT)
        page.keyboard.press("Enter")
        expect(page.locator("#asker")).to_contain_text("虚构市政务大厅")
        expect(page.locator("#cautions[role=alert]")).to_contain_text("诈骗")
        expect(page.locator("#cautions[role=alert]")).to_contain_text("fraud")
        page.locator("#decline").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#sheet")).to_be_hidden()
        expect(page.locator("#showing")).to_be_hidden()
        page.locator("#short").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#asker")).to_be_focused()
        page.locator("#agree").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#showing")).to_be_visible()
        assert terminal.reads(text_of(phone))[0].key_binding.aud == "lz:s/NF6Y"
        page.locator("#away").click()
        # A key pressed into a form that is still hidden goes nowhere.
        expect(page.locator("#choose")).to_be_visible()

        # Two licences together, and a portrait that moves.
        page.locator(f"#others input[value='{ID}']").focus()
        page.keyboard.press("Space")
        expect(page.locator(f"#others input[value='{ID}']")).to_be_checked()
        page.locator("#show").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#shown-title")).to_contain_text("驾驶证、居民身份证")
        assert text_of(phone).startswith("LB1:")
        page.locator("#away").click()
        # A key pressed into a form that is still hidden goes nowhere.
        expect(page.locator("#choose")).to_be_visible()
        expect(page.locator("#portrait")).to_be_visible()
        page.locator("#portrait").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#code")).to_have_attribute("src", re.compile(r"^/code\.svg\?moving=[0-9]+$"))
        # What is refused says so in both languages, and nothing is shown.
        page.locator("#away").click()
        # A key pressed into a form that is still hidden goes nowhere.
        expect(page.locator("#choose")).to_be_visible()
        page.locator("#challenge").fill("LC1:AB")
        page.locator("#scan button").click()
        expect(page.locator("#message")).to_contain_text("这不是有效的查验请求")
        expect(page.locator("#sheet")).to_be_hidden()
        browser.close()
    assert [each for each in problems if "409" not in each] == []
