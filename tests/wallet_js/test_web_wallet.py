"""The web wallet in Chromium: receiving, consent, codes that a counter reads, history, offline, and who can use it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

from protocol import cbor
from protocol.keys import Ed25519Signer
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints, browser, complaints
from tests.wallet_js.web import PHONE, Keys, Phone, Site, served
from wallet_sdk.testing import VirtualCounter

__all__ = ["browser", "complaints"]

MARKUP = "<img src=x onerror=alert(1)><b>甲</b>"


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[Site]:
    with served(built / "web") as site:
        yield site


@pytest.fixture
def context(browser: Browser, complaints: Complaints) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=PHONE, locale="en-GB", timezone_id="Asia/Shanghai")
    made.on("page", complaints.watch)
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def phone(context: BrowserContext, site: Site) -> Phone:
    return Phone.start(context, site)


def hide(page: Page) -> None:
    """As if another app came to the front."""
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange')); delete document.visibilityState"
    )


def test_from_a_link_to_a_code_that_a_counter_reads(phone: Phone) -> None:
    phone.receive()
    assert phone.page.get_by_role("status").inner_text() == "Kept: Driving licence"
    phone.press("service window")
    phone.page.get_by_role("checkbox", name="Citizen identity number").check()
    phone.press("Agree and show")
    counter = VirtualCounter(phone.issuer, unread=0)
    first = phone.code()
    answer = counter.read(first)
    assert answer.reason == ""
    asked, chosen, free = {"name", "class", "valid_to"}, {"citizen_id"}, {"licence_no", "sex", "birth_date", "address"}
    assert asked | chosen <= answer.items[0].keys()
    assert not free & answer.items[0].keys()

    phone.advance(29)
    assert phone.code() == first
    phone.advance(2)
    second = phone.code()
    assert second != first
    assert counter.read(second).reason == ""

    hide(phone.page)
    assert phone.page.locator("img.code").count() == 0
    phone.page.get_by_text("You left the page.").wait_for()
    phone.press("Back")
    phone.press("Back")
    phone.press("History")
    phone.page.locator("dd").first.wait_for()
    when, whom, items = phone.page.locator("dd").all_inner_texts()
    assert when.startswith("Nov 24, 2026, 10:00")
    assert whom == "service window"
    assert "Citizen identity number" in items
    assert "Address" not in items
    phone.press("Clear the history")
    phone.press("Yes, clear")
    phone.page.get_by_text("Nothing has been shown yet.").wait_for()


def test_a_link_that_answers_late_disturbs_no_showing(phone: Phone) -> None:
    phone.receive()
    phone.back()
    held: list[Route] = []
    phone.page.route("**/packages/late", lambda route: held.append(route))  # noqa: PLW0108 - a built-in takes no mark
    phone.choose(0)
    phone.page.get_by_label("Link to a licence package").fill(f"{phone.site.url}packages/late")
    with phone.page.expect_request("**/packages/late"):
        phone.press("Open the link")
    phone.back()
    phone.page.locator(".card").click()
    phone.press("service window")
    phone.press("Agree and show")
    first = phone.code()
    with phone.page.expect_response("**/packages/late"):
        held[0].fulfill(body=phone.site.packages["one"])
    phone.advance(31)
    assert phone.code() != first
    assert phone.page.get_by_role("heading", level=1).inner_text() == "Hold this before the reader"


def test_what_needs_a_separate_consent_is_never_chosen_in_advance(phone: Phone) -> None:
    phone.receive("disability-certificate")
    phone.press("service window")
    apart = phone.page.get_by_role("group", name="Each needs your separate consent").get_by_role("checkbox")
    assert apart.count() >= 2
    assert phone.page.get_by_role("checkbox", checked=True).count() == 0
    phone.press("Agree and show")
    (shown,) = VirtualCounter(phone.issuer, unread=0).read(phone.code()).items
    assert "name" in shown
    assert not {"category", "grade"} & shown.keys()
    phone.press("Close")
    phone.press("service window")
    apart.first.check()
    phone.press("Agree and show")
    (shown,) = VirtualCounter(phone.issuer, unread=0).read(phone.code()).items
    assert len({"category", "grade"} & shown.keys()) == 1


def test_nothing_is_kept_unasked_and_a_region_is_trusted_by_its_holder(phone: Phone) -> None:
    phone.site.packages["new"] = phone.issuer.issue(phone.public_key())
    phone.open(f"#package={phone.site.url}packages/new")
    assert phone.page.url == phone.site.url
    phone.press("Open the link")
    phone.page.get_by_role("heading", name="Keep this licence?").wait_for()
    phone.press("Keep")
    assert phone.page.get_by_role("status").inner_text() == "Compare the root key and tick the box first."
    fingerprint = phone.issuer.root.public_key.thumbprint.hex()
    assert phone.page.locator("dd").all_inner_texts()[1].replace(" ", "") == fingerprint
    phone.press("Do not keep")
    phone.page.get_by_text("No licence here yet").wait_for()
    phone.open()
    phone.page.get_by_text("No licence here yet").wait_for()


def test_what_is_no_licence_for_this_wallet_is_refused_with_its_reason(phone: Phone, complaints: Complaints) -> None:
    stranger = cbor.encode(Ed25519Signer(bytes(32)).public_key.cose_key)
    phone.site.packages |= {"foreign": phone.issuer.issue(stranger), "huge": bytes(300_000), "junk": b"\xa0"}
    phone.press("Receive a licence")
    there = f"{phone.site.url}packages/"
    for typed, why in (
        ("openid-credential-offer://?credential_offer=x", "not an offer of a licence"),
        ("packages/one", "no web address"),
        (f"{there}foreign", "issued to another device"),
        (f"{there}huge", "too large"),
        (f"{there}junk", "not a licence file"),
    ):
        phone.page.get_by_label("Link to a licence package").fill(typed)
        with complaints.leaving():  # what is too large is broken off
            phone.press("Open the link")
            phone.page.get_by_role("status").get_by_text(why).wait_for()
    phone.press("Back")
    phone.page.get_by_text("No licence here yet").wait_for()


def test_texts_of_a_licence_are_texts(phone: Phone) -> None:
    phone.receive(items={"name": MARKUP})
    page = phone.page
    assert MARKUP not in page.locator("main").inner_text()
    phone.press("Show the items")
    assert MARKUP in page.locator("dd").all_inner_texts()
    assert page.locator("main img, main b").count() == 0
    phone.press("Hide the items")
    assert MARKUP not in page.locator("main").inner_text()


def test_a_file_and_a_terminal_that_asks(phone: Phone, tmp_path: Path) -> None:
    (tmp_path / "licence.cbor").write_bytes(phone.issuer.issue(phone.public_key()))
    phone.press("Receive a licence")
    phone.page.get_by_label("Or choose a package file").set_input_files(tmp_path / "licence.cbor")
    phone.page.get_by_role("checkbox").check()
    phone.press("Keep")
    phone.press("Back")
    counter = VirtualCounter(phone.issuer, unread=0)
    phone.press("Answer a terminal")
    phone.page.get_by_label("Text of the terminal's request").fill(
        counter.ask({"driving-licence": ["name", "address"]})
    )
    phone.press("Read the request")
    assert phone.page.locator("dd").all_inner_texts() == ["测试机关", "测试大厅一号窗", "测试办理"]
    phone.press("Agree and show")
    (shown,) = counter.read(phone.code()).items
    assert "name" in shown
    assert "address" not in shown
    phone.advance(121)
    phone.page.get_by_text("Its time was over.").wait_for()
    phone.press("Back")
    phone.press("History")
    phone.page.get_by_text("测试机关").wait_for()


def test_states_and_profiles_are_seen_in_the_pack(phone: Phone) -> None:
    for kind, days in (("business-licence", None), ("driving-licence", 400), ("disability-certificate", 20)):
        phone.receive(kind, valid_days=days)
        phone.press("Back")
    assert phone.page.get_by_role("heading", level=2).all_inner_texts() == ["Personal", "Companies and organisations"]
    assert phone.page.locator(".card .state").all_inner_texts() == ["in date", "expires soon", "in date"]
    phone.clock.advance(110 * 86_400)
    phone.page.clock.set_fixed_time(phone.clock())
    phone.open()
    states = phone.page.locator(".card .state").all_inner_texts()
    assert states == ["needs a refresh from its issuer", "expired", "needs a refresh from its issuer"]


def test_after_the_first_load_no_network_is_needed(phone: Phone, context: BrowserContext) -> None:
    phone.receive()
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    context.set_offline(True)
    phone.open()
    phone.press("Driving licence Issued by 990000.TEST in date")
    phone.press("service window")
    phone.press("Agree and show")
    assert VirtualCounter(phone.issuer, unread=0).read(phone.code()).reason == ""


def test_it_can_be_installed(phone: Phone, context: BrowserContext) -> None:
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    asking = context.new_cdp_session(phone.page)
    assert asking.send("Page.getAppManifest")["errors"] == []
    found = asking.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {each["errorId"] for each in found} <= {"in-incognito"}  # so are all contexts of the tests


def test_a_new_version_waits_for_the_next_start(context: BrowserContext, built: Path, tmp_path: Path) -> None:
    files = shutil.copytree(built / "web", tmp_path / "web")
    with served(files) as site:
        phone = Phone.start(context, site)
        phone.receive()
        phone.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        phone.open()
        phone.page.locator(".card").click()
        phone.press("service window")
        phone.press("Agree and show")
        (worded,) = (each for each in files.glob("*.mjs") if "My licences" in each.read_text("utf-8"))
        offline = files / "offline.js"
        for file, old, new in ((worded, "My licences", "My new licences"), (offline, "[0-9a-f]{16}", "0" * 16)):
            changed, times = re.subn(old, new, file.read_text("utf-8"))
            assert times == 1
            file.write_text(changed, "utf-8")
        phone.page.evaluate(
            """async () => {
              const registration = await navigator.serviceWorker.ready;
              await registration.update();
              const coming = registration.installing;
              while (coming?.state === "installing") await new Promise((done) => (coming.onstatechange = done));
            }"""
        )
        phone.advance(31)
        assert VirtualCounter(phone.issuer, unread=0).read(phone.code()).reason == ""
        waiting = "navigator.serviceWorker.ready.then((registration) => registration.waiting?.state)"
        assert phone.page.evaluate(waiting) == "installed"
        phone.press("Close")
        phone.page.locator(".purposes").wait_for()
        phone.back()
        assert phone.page.get_by_role("heading", level=1).inner_text() == "My licences"
        phone.page.close()
        phone.page = context.new_page()
        phone.open()
        phone.page.get_by_role("heading", name="My new licences").wait_for()


def test_a_second_tab_and_plain_http_are_told_what_is_wrong(phone: Phone, context: BrowserContext, built: Path) -> None:
    second = context.new_page()
    second.goto(phone.site.url)
    second.get_by_text("The wallet is open in another tab.").wait_for()
    assert second.get_by_role("button").count() == 0

    def file(route: Route) -> None:
        route.fulfill(path=built / "web" / (route.request.url.rsplit("/", 1)[1] or "index.html"))

    second.route("http://wallet.example/**", file)
    second.goto("http://wallet.example/")
    second.get_by_text("This page came over plain http").wait_for()
    second.get_by_text("此页面不是安全连接").wait_for()


def test_the_key_stays_in_the_browser(phone: Phone) -> None:
    key = phone.public_key()
    phone.open()
    assert phone.public_key() == key
    refused = phone.page.evaluate(
        """async () => {
          const opened = await new Promise((done) => {
            const opening = indexedDB.open("liangzheng-wallet");
            opening.onsuccess = () => done(opening.result);
          });
          const keys = await new Promise((done) => {
            const reading = opened.transaction("kept").objectStore("kept").get("keys");
            reading.onsuccess = () => done(reading.result);
          });
          const given = (form) =>
            crypto.subtle.exportKey(form, keys.privateKey).then(() => "given", (error) => error.name);
          return Promise.all(["pkcs8", "jwk"].map(given));
        }"""
    )
    assert refused == ["InvalidAccessError", "InvalidAccessError"]


PAGES = {"scan", "offer", "waiting", "pack", "receive", "keep", "card", "sheet", "code", "answer", "request", "history"}
PAGES |= {"several", "several-sheet", "portrait", "short-code", "turn", "over", "reminders", "lost", "devices"}
PAGES |= {"give-away", "emptied", "news"}


@pytest.mark.parametrize(("language", "theme"), [("zh-Hans", "light"), ("zh-Hant", "dark"), ("en", "light")])
def test_every_page_is_for_everybody(phone: Phone, language: str, theme: str) -> None:
    """axe (contrast and names are among its rules), on 195 pixels: a phone's page at 200 %."""
    phone.page.set_viewport_size({"width": PHONE["width"] // 2, "height": PHONE["height"] // 2})
    phone.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
    seen = set()
    for name, page in phone.tour(language):
        seen.add(name)
        assert barriers(page) == [], name
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert page.evaluate("document.activeElement.tagName") in {"H1", "BUTTON"}, name
    assert seen == PAGES


def test_in_dark_large_type_the_code_is_white_with_its_quiet_zone_and_shows_no_verdict(phone: Phone) -> None:
    phone.page.emulate_media(color_scheme="dark")
    phone.press("Large type")
    phone.receive()
    phone.press("service window")
    phone.press("Agree and show")
    assert VirtualCounter(phone.issuer, unread=0).read(phone.code()).reason == ""
    shown = phone.screen()
    assert {shown.getpixel((0, y)) for y in range(0, shown.height, 10)} == {(255, 255, 255)}
    colours = [pixel for _, pixel in shown.getcolors(1 << 24) or []]
    assert all(blue >= max(red, green) for red, green, blue in colours)  # greys, and the blue of the button
    phone.page.get_by_text("This screen is no result. Only the reader decides.").wait_for()


def test_every_task_by_keyboard(phone: Phone) -> None:
    phone.site.packages["one"] = phone.issuer.issue(phone.public_key())
    keys = Keys(phone.page)
    keys.to("Receive a licence").press("Enter")
    keys.to("Link to a licence package, or an offer").type(f"{phone.site.url}packages/one").press("Enter")
    phone.page.get_by_role("heading", name="Keep this licence?").wait_for()
    keys.to("I have compared it and trust this root key").press("Space")
    keys.to("Keep").press("Enter")
    phone.page.get_by_role("heading", name="Driving licence").wait_for()
    keys.to("Show the items").press("Enter")
    keys.to("service window").press("Enter")
    keys.to("Citizen identity number").press("Space")
    keys.to("Agree and show").press("Enter")
    (shown,) = VirtualCounter(phone.issuer, unread=0).read(phone.code()).items
    assert "citizen_id" in shown
    keys.to("Close").press("Enter")
    phone.page.get_by_role("heading", name="Driving licence").wait_for()
    keys.to("Remove from this device").press("Enter").press("Enter")
    phone.page.get_by_text("No licence here yet").wait_for()
    keys.to("History").press("Enter")
    phone.page.locator("dd").first.wait_for()
    keys.to("Clear the history").press("Enter").press("Enter")
    phone.page.get_by_text("Nothing has been shown yet.").wait_for()
    keys.to("Back").press("Enter")
    phone.page.get_by_role("heading", name="My licences").wait_for()
    keys.to("Language").press("ArrowUp")
    phone.page.get_by_role("heading", name="我的證照").wait_for()
