"""The sandbox's page in a browser: no barrier in any language, by keyboard, at 200 %; a camera reads its code."""

import io
import threading
from collections.abc import Iterator

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from issuer.sandbox import texts, wiring
from issuer.sandbox.faults import Fault, Misfortune
from issuer.sandbox.wiring import Running
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.issuer import builders

LEAST_TARGET = 44


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with (
        wiring.opened(None) as issuer,
        wiring.serving(
            issuer, port=0, public_url=None, rates={}, seed=3, tell=lambda _: None, sleep=lambda _: None
        ) as made,
    ):
        thread = threading.Thread(target=made.service.run)
        thread.start()
        try:
            yield made
        finally:
            made.service.stop()
            thread.join()


@pytest.fixture
def page(running: Running, context: BrowserContext, complaints: Complaints) -> Page:
    opened = context.new_page()
    complaints.watch(opened)
    return opened


def press_to(page: Page, selector: str, *, most: int = 80) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached by keyboard")


def enter(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_an_offer_is_made_and_a_licence_suspended_by_keyboard_alone(running: Running, page: Page) -> None:
    sandbox = running.sandbox
    sandbox.begin_anew(Misfortune({Fault.WRONG_TX_CODE: 1}, 3))
    page.goto(running.page)
    press_to(page, ".make button")
    enter(page)
    picture = page.locator(".offered img")
    expect(picture).to_be_visible()
    (read,) = zxingcpp.read_barcodes(
        Image.open(io.BytesIO(picture.screenshot())), formats=zxingcpp.BarcodeFormat.QRCodeModel2
    )
    assert read.text == page.locator("#link").input_value()
    assert read.text.startswith("openid-credential-offer://")
    wrong = page.locator(".told").inner_text()
    press_to(page, '.offered form[action$="send-again"] button')
    enter(page)
    right = page.locator(".told").inner_text()
    assert sum(a != b for a, b in zip(wrong, right, strict=True)) == 1
    # What a wallet would do with it.
    (offer_id,) = sandbox.known_offers()
    assert right == sandbox.offered(offer_id).tx_code
    sandbox.issue("id-card", 4, builders.key_text(4))
    page.goto(running.page)
    press_to(page, 'input[value="suspend"] ~ button')
    enter(page)
    expect(page.get_by_role("status")).to_be_visible()
    assert [each["state"] for each in sandbox.licences(sandbox.now())] == ["suspended"]
    press_to(page, 'input[value="reinstate"] ~ button')
    enter(page)
    press_to(page, 'form[action$="/calm"] button')
    enter(page)
    assert sandbox.misfortune.rates == {}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_barrier_in_any_language(running: Running, page: Page, language: str) -> None:
    running.sandbox.begin_anew(Misfortune({Fault.DEFERRED: 1}, 3))
    offered = running.sandbox.offer("driving-licence", 5)
    page.set_viewport_size({"width": 640, "height": 400})
    page.emulate_media(color_scheme="dark" if language == "zh-Hant" else "light")
    page.goto(f"{running.page}language/{language}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    for path in ("", f"?offer={offered.id}", "?done=1"):
        page.goto(running.page + path)
        assert barriers(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, path
        small = page.locator("button, a.button, nav a, dd a, select, input:not([type=checkbox]):not([type=hidden])")
        assert (
            small.evaluate_all(
                "(all, least) => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < least)"
                ".map(e => e.outerHTML)",
                LEAST_TARGET,
            )
            == []
        )
        assert "990000" in page.locator(".warning").inner_text()
        for text in ("offer.", "faults.", "None", "{{"):
            assert text not in page.locator("main h2, main label").all_inner_texts()


def test_what_is_refused_is_said_and_hostile_texts_are_texts(running: Running, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{running.page}?offer=<img src=x onerror=alert(1)>")
    expect(page.get_by_role("alert")).to_contain_text("no offer of this run")
    assert page.locator("main img").count() == 0
    assert barriers(page) == []
