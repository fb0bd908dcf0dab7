"""The console in a browser: no barrier on any page in any language, tasks by keyboard, at 200 %, without scripts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from issuer.console import texts
from issuer.people.roles import Role
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.browser.console_screens import WRONG, Office, fill, office
from tests.issuer import builders
from tests.issuer.builders import AT, DRIVING

LEAST_TARGET = 44
"""CSS pixels of whatever is pressed; links within a line of text have the line's height (WCAG 2.2, 2.5.5)."""
TARGETS = "button, a.button, .menu a, .languages a, input:not([type=hidden]):not([type=checkbox]), textarea, summary"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder: Path = tmp_path_factory.mktemp("console") / "issuer"
    with office(folder) as made:
        yield made


def paths(served: Office) -> list[str]:
    """Every page that somebody with every role can open."""
    licence = f"/licences/{served.licence_id}"
    (device, *_) = served.issuer.devices.listed(served.licence_id, at=AT)
    return [
        "/",
        "/licences",
        licence,
        f"{licence}/suspend",
        f"{licence}/revoke",
        f"{licence}/lost/{device.key_thumbprint.hex()}",
        f"{licence}/bind",
        f"{licence}/renew",
        "/applications",
        f"/applications/{served.waiting}",
        f"/applications/{served.mine}",
        f"/applications/{served.approved}",
        f"/applications/{served.mine}/notice",
        f"/applications/{served.mine}/receipt",
        "/apply",
        "/apply/driving-licence",
        "/offers",
        f"/offers/{served.offer_id}",
        f"{licence}/offer",
        "/figures",
        "/issue",
        "/issue/driving-licence",
        "/issue/business-licence",
        "/expiring",
        "/fleet",
        "/publishing",
        "/equipment",
        "/check?search=7K3-Q42",
        "/imports",
        "/many",
        "/proposals",
        "/keys",
        f"/keys/{served.issuer.keys.listed()[0].kid.hex()}/stop",
        "/keys/exchange/assert",
        "/audit",
        "/people",
        "/people/new",
        f"/people/{served.issuer.people.listed(search='测试员戊')[0].id}",
        f"/people/{served.everybody.id}",
        "/prove",
        "/licences/none",
    ]


@pytest.fixture
def page(served: Office, context: BrowserContext, complaints: Complaints) -> Page:
    served.enter(context)
    opened = context.new_page()
    # A page that says that something is not there answers so; a browser writes that down.
    complaints.watch(opened)
    return opened


def choose(page: Page, served: Office, language: str) -> None:
    page.goto(f"{served.url}/console/language/{language}")
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_barrier_on_any_page(served: Office, context: BrowserContext, language: str) -> None:
    served.enter(context)
    page = context.new_page()
    choose(page, served, language)
    page.emulate_media(color_scheme="dark" if language == "zh-Hant" else "light", reduced_motion="reduce")
    for path in [*paths(served), "/sign-in"]:
        page.goto(f"{served.url}/console{path}")
        assert barriers(page) == [], path
        small = page.locator(TARGETS).evaluate_all(
            "(all, least) => all.filter(e => e.checkVisibility() && e.getBoundingClientRect().height < least)"
            ".map(e => e.outerHTML)",
            LEAST_TARGET,
        )
        assert small == [], path
    page.goto(f"{served.url}/console/issue/driving-licence")
    fill(page, WRONG)
    page.click("main form button.main")
    assert barriers(page) == []
    fill(page, DRIVING)
    page.click("main form button.main")
    assert barriers(page) == []


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_an_applicant_looks_at_their_application_by_keyboard_on_a_small_phone(
    served: Office, context: BrowserContext, complaints: Complaints, language: str
) -> None:
    page = context.new_page()
    complaints.watch(page)
    page.set_viewport_size({"width": 320, "height": 568})
    page.emulate_media(color_scheme="dark" if language == "zh-Hant" else "light", reduced_motion="reduce")
    page.goto(f"{served.url}/my-application?number={served.approved}&language={language}")
    assert barriers(page) == []
    press_to(page, "#code")
    page.keyboard.type(served.issuer.following.code(served.approved))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(texts.say("notice.means_approved", language))
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_at_200_percent_no_page_scrolls_sideways(served: Office, context: BrowserContext) -> None:
    served.enter(context)
    page = context.new_page()
    page.set_viewport_size({"width": 640, "height": 400})
    for path in [*paths(served), "/sign-in"]:
        page.goto(f"{served.url}/console{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, path
    page.goto(f"{served.url}/console/")
    assert barriers(page) == []


def press_to(page: Page, selector: str, *, most: int = 60) -> None:
    """Walks with the Tab key to what this selects."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached by keyboard")


def enter(page: Page) -> None:
    """Presses what has the focus, which leads to another page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_licence_is_issued_and_revoked_by_keyboard_alone(served: Office, page: Page) -> None:
    page.goto(f"{served.url}/console/")
    press_to(page, '.menu a[href="/console/issue"]')
    enter(page)
    press_to(page, 'a[href="/console/issue/driving-licence"]')
    enter(page)
    page.wait_for_selector("#holder_key")
    for name, value in {**DRIVING, "holder_key": builders.key_text(6)}.items():
        press_to(page, f"#{name}")
        if page.locator(f"#{name}").get_attribute("type") == "date":
            # How a day is typed depends on the machine's own order of its parts; the field is reached, and told.
            page.fill(f"#{name}", str(value))
        else:
            page.keyboard.type(str(value))
    enter(page)
    press_to(page, 'button[value="issue"]')
    enter(page)
    expect(page.locator(".said")).to_be_visible()
    press_to(page, 'a[href$="/revoke"]')
    enter(page)
    press_to(page, "#reason")
    page.keyboard.type("样例决定2026-20号")
    press_to(page, "main form button.main")
    enter(page)
    press_to(page, "main form button.final")
    enter(page)
    expect(page.locator(".headline .badge")).to_have_text("已吊销")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.classList.contains('skip')"), "the first stop skips the menu"
    page.goto(f"{served.url}/console/licences")
    page.keyboard.press("/")
    page.keyboard.type("测试员")
    enter(page)
    page.wait_for_selector("tbody tr")
    assert "测试员" not in page.url


def test_somebody_joins_and_comes_back_by_a_passkey(
    served: Office, context: BrowserContext, complaints: Complaints
) -> None:
    page = context.new_page()
    complaints.watch(page)
    session = context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    _, secret = served.issuer.people.add("新来的", roles=[Role.ADMINISTRATOR], departments=["*"], actor="test", at=AT)
    page.goto(f"{served.url}/console/join/{secret}")
    assert barriers(page) == []
    press_to(page, "[data-passkey] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    expect(page.locator(".who bdi")).to_have_text("新来的")
    press_to(page, ".who button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/sign-in")
    press_to(page, "[data-passkey] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    # The proof, once more: the same key, for a page that demands it.
    page.goto(f"{served.url}/console/prove?to=/console/people/new")
    press_to(page, "[data-passkey] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/people/new")


def test_without_scripts_the_work_can_be_done(served: Office, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    served.enter(context)
    page = context.new_page()
    page.goto(f"{served.url}/console/licences/{served.licence_id}/suspend")
    page.fill("#reason", "样例决定2026-21号")
    page.click("main form button.main")
    page.click("main form button.main")
    expect(page.locator(".headline .badge")).to_have_text("suspended")
    page.click('a[href$="/reinstate"]')
    page.fill("#reason", "样例决定2026-22号")
    page.click("main form button.main")
    page.click("main form button.main")
    expect(page.locator(".headline .badge")).to_have_text("valid")
    context.close()


def test_an_application_is_reviewed_and_offered_by_keyboard_alone(served: Office, page: Page) -> None:
    held = served.issuer.applications
    its = held.file("driving-licence", {**DRIVING, "name": "键盘员"}, portrait=None, by="3101", at=AT).id
    page.goto(f"{served.url}/console/applications?days=0")
    press_to(page, "[data-walk]")
    for key, place in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        links = page.locator("[data-walk] tbody th a")
        expect(links.nth(place)).to_be_focused()
    page.goto(f"{served.url}/console/applications/{its}")
    for selector in ('form[action$="/take"] button', 'form[action$="/approve"] button'):
        press_to(page, selector)
        enter(page)
    press_to(page, 'form[action$="/offer"] button')
    enter(page)
    assert barriers(page) == [], "the page that is shown once"
    expect(page.locator("#code svg")).to_be_visible()
    assert page.evaluate("document.querySelector('#code svg').getBoundingClientRect().width") > 300
    page.emulate_media(media="print")
    expect(page.locator("#code svg")).to_be_visible()
    expect(page.locator("form[target]")).not_to_be_visible()
    page.emulate_media(media="screen")
    with page.expect_popup() as opened:
        press_to(page, "form[target] button")
        page.keyboard.press("Enter")
    expect(opened.value.locator(".digits")).to_have_text(re.compile(r"^[0-9]{6}$"))
    assert barriers(opened.value) == []
    opened.value.close()
    # While the page is open, a phone comes: the code leaves the screen by itself.
    (offer,) = (each for each in served.issuer.wallet_issuing.offers.listed() if each.application_id == its)
    served.issuer.wallet_issuing.offers.withdraw(offer.offer_id, actor="test", at=AT)
    expect(page.locator("#code svg")).to_have_count(0, timeout=20_000)
    expect(page.locator("#renewed [role=status]")).to_contain_text("已作废")
