"""The TypeScript wallet and a real issuer: offers, reviews, notices over bare ports in Node, and in the web wallet."""

import json
import re
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route

from protocol import cbor
from protocol.keys import Ed25519Signer
from protocol.unixtime import UnixTime
from tests.browser.barriers import barriers
from tests.browser.conftest import ARGUMENTS, CHROMIUM, browser
from tests.verifier_js.film import film
from tests.wallet_js.conftest import JS
from tests.wallet_js.offering import OfferingTown, offering
from tests.wallet_js.web import PHONE, Keys, Site, served
from wallet_sdk.testing import FakeClock, TestIssuer, VirtualCounter

__all__ = ["browser"]

USED = "The code is wrong, or the offer was used or is over"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfferingTown]:
    with offering(tmp_path_factory.mktemp("offering")) as town:
        yield town


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[Site]:
    with served(built / "web") as site:
        yield site


def wrong(tx_code: str) -> str:
    return f"{(int(tx_code) + 1) % 10**6:06}"


def screen_text(page: Page) -> str:
    """What a camera reads from the screen."""
    (read,) = zxingcpp.read_barcodes(
        Image.open(BytesIO(page.screenshot())).convert("RGB"), formats=zxingcpp.BarcodeFormat.QRCodeModel2
    )
    return str(read.text)


def in_node(built: Path, content: str | None, *steps: dict[str, Any]) -> tuple[list[Any], str]:
    """A wallet whose network is the real one: what each step gave, and what is stored after them."""
    run = {"alg": -9, "secret": "0b" * 32, "now": int(time.time()), "steps": steps}
    asked = {"runs": [run if content is None else run | {"content": content}]}
    command = ["node", str(JS / "tools" / "offersInBareContext.mjs"), str(built / "miniprogram.js")]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    (found,) = json.loads(done.stdout)
    return found["results"], found["content"]


def test_from_an_offer_to_a_verdict_with_bare_ports(town: OfferingTown, built: Path) -> None:
    here = town.over_http()
    link, tx_code = here.offered(50)
    accept = {"act": "accept", "link": link, "txCode": tx_code}
    results, content = in_node(built, None, accept | {"txCode": wrong(tx_code)}, accept, accept)
    refused, accepted, used = results
    no = ("ISSUER_REFUSED", "invalid_grant")
    assert ((refused["code"], refused["detail"]), (used["code"], used["detail"])) == (no, no)
    card = accepted["gave"]
    assert (here.newest()["wallet_says"], here.newest()["licence"]) == ("credential_accepted", card)

    show = {"act": "show", "card": card, "purpose": "window"}
    asks = ({"act": "refresh", "card": card}, {"act": "devices", "card": card}, show)
    (refreshed, devices, shown), content = in_node(built, content, *asks)
    assert refreshed["gave"] == card
    assert [each["isThis"] for each in devices["gave"]] == [True]
    assert town.says_of(shown["gave"])[0] == 0

    notices, states = {"act": "notices", "issuer": here.url}, {"act": "states"}
    here.issuer("suspend", card, "--reason", "测试")
    here.issuer("publish")
    (told, again, after), content = in_node(built, content, notices, notices, states)
    assert ([each["status"] for each in told["gave"]], again["gave"]) == (["suspended"], [])
    assert after["gave"] == [[card, "suspended"]]
    here.issuer("reinstate", card, "--reason", "测试")
    here.issuer("publish")
    (before, told, after), _ = in_node(built, content, states, notices, states)
    assert before["gave"] == [[card, "suspended"]]
    assert ([each["status"] for each in told["gave"]], after["gave"]) == (["valid"], [[card, "valid"]])


def test_a_review_is_waited_for_over_a_restart_with_bare_ports(town: OfferingTown, built: Path) -> None:
    here = town.over_http()
    link, tx_code = here.offered(51, "--review", "--by-reference")
    (accepted, resumed), content = in_node(
        built, None, {"act": "accept", "link": link, "txCode": tx_code}, {"act": "resume"}
    )
    assert (accepted["gave"], resumed["gave"]) == ("waiting", "waiting")
    here.issuer("offer-decide", here.newest()["id"], "approve")
    (resumed, waiting), _ = in_node(built, content, {"act": "resume"}, {"act": "waiting"})
    assert (resumed["gave"], waiting["gave"]) == (here.newest()["licence"], [])


class Holder:
    """Somebody with the web wallet in a browser."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.site, self.page = site, context.new_page()
        self.lines: list[str] = []
        self.page.on("console", lambda message: self.lines.append(message.text))
        self.page.on("pageerror", lambda error: self.lines.append(str(error)))
        self.page.set_default_timeout(30_000)
        self.open()

    def open(self, fragment: str = "") -> None:
        self.page.goto("about:blank")
        self.page.goto(self.site.url + fragment)
        self.page.wait_for_selector("nav, form")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def reads(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def says(self, text: str) -> None:
        self.page.get_by_role("status").get_by_text(text).wait_for()

    def open_offer(self, link: str) -> None:
        self.press("Receive a licence")
        self.page.get_by_label("Link to a licence package").fill(link)
        self.press("Open the link")

    def accept(self, tx_code: str) -> None:
        self.page.get_by_label("Transaction code").fill(tx_code)
        self.press("Accept")

    def keep(self) -> None:
        self.page.get_by_role("heading", name="Keep this licence?").wait_for()
        trust = self.page.get_by_role("checkbox")
        if trust.count():
            trust.check()
        self.press("Keep")
        self.says("Kept: Driving licence")


@pytest.fixture
def holder(browser: Browser, site: Site) -> Iterator[Holder]:
    # The authority's certificate is its own; that a browser warns of such is tested with the phone.
    context = browser.new_context(viewport=PHONE, locale="en-GB", timezone_id="Asia/Shanghai", ignore_https_errors=True)
    holder = Holder(context, site)
    yield holder
    context.close()
    # Chromium writes down each refusal of a server; nothing else may stand there.
    assert [line for line in holder.lines if "Failed to load resource" not in line] == []


def test_from_an_offers_link_to_a_code_that_a_counter_accepts(holder: Holder, town: OfferingTown) -> None:
    page = holder.page
    link, tx_code = town.offered(60)
    holder.open(f"#offer={quote(link, safe='')}")
    assert page.url == holder.site.url
    holder.press("Open the link")
    holder.page.get_by_role("heading", name="Accept this offer?").wait_for()
    assert page.locator("dd").all_inner_texts() == [town.url.removeprefix("https://"), "Driving licence"]
    assert barriers(page) == []
    holder.press("Accept")
    holder.says("Please enter the transaction code")
    holder.accept(wrong(tx_code))
    holder.says(USED)
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in tx_code)
    holder.accept(f" {full_width[:3]} {full_width[3:]}")
    holder.keep()
    assert (town.newest()["state"], town.newest()["wallet_says"]) == ("issued", "credential_accepted")
    holder.press("service window")
    holder.press("Agree and show")
    page.locator("img.code[src]").wait_for()
    assert town.says_of(screen_text(page))[0] == 0
    holder.press("Close")
    holder.press("Back")
    holder.open_offer(link)
    holder.accept(tx_code)
    holder.says(USED)


def test_a_suspension_is_seen_before_a_clerk_sees_it(holder: Holder, town: OfferingTown) -> None:
    link, tx_code = town.offered(61)
    holder.open_offer(link)
    holder.accept(tx_code)
    holder.keep()
    holder.press("Back")
    card = town.newest()["licence"]
    town.issuer("suspend", card, "--reason", "测试")
    town.issuer("publish")
    holder.press("Ask the issuers for changes")
    holder.says("The issuers have been asked.")
    state = holder.page.locator(".card .state")
    assert state.inner_text() == "suspended"
    # Without a network it is still marked, and nothing is complained of.
    holder.page.route(f"{town.url}/**", lambda route: route.abort())
    holder.open()
    assert state.inner_text() == "suspended"
    assert holder.page.get_by_role("status").inner_text() == ""
    holder.page.locator(".card").click()
    holder.press("service window")
    holder.reads("Note: this licence is suspended.")
    holder.page.unroute_all()
    town.issuer("reinstate", card, "--reason", "测试")
    town.issuer("publish")
    # At its start the wallet asks by itself.
    holder.open()
    holder.page.locator(".card.valid").wait_for()


def test_a_lost_device_is_reported_by_another_which_is_then_passed_on(
    holder: Holder, browser: Browser, site: Site, town: OfferingTown
) -> None:
    holder.open_offer((first := town.offered(62))[0])
    holder.accept(first[1])
    holder.keep()
    context = browser.new_context(viewport=PHONE, locale="en-GB", timezone_id="Asia/Shanghai", ignore_https_errors=True)
    lost = Holder(context, site)
    link, tx_code = town.scanned(town.newest()["licence"])
    lost.open_offer(link)
    lost.accept(tx_code)
    lost.keep()
    lost.press("service window")
    lost.press("Agree and show")
    lost.page.locator("img.code[src]").wait_for()
    holder.press("Back")
    holder.press("Device lost or passed on")
    holder.press("Which devices hold it: Driving licence")
    report = holder.page.get_by_role("button", name=re.compile("^Report [0-9a-f]{8} lost$"))
    report.click()
    holder.press("Yes, report it lost")
    holder.says("The issuer has noted the loss.")
    holder.reads("reported lost")
    holder.reads("No other device holds this licence.")
    assert town.says_of(screen_text(lost.page))[1][0] == "E_DEVICE_LOST"
    context.close()
    holder.press("Back")
    holder.press("Report and erase this device")
    holder.press("Report this device lost")
    holder.press("Yes, report it lost")
    holder.reads("Driving licence: the loss is noted.")
    holder.press("Back")
    holder.page.get_by_role("heading", name="Device lost or passed on").wait_for()
    holder.press("Back")
    # What its holder has reported is marked here too.
    town.issuer("publish")
    holder.open()
    holder.page.locator(".card.device-lost").wait_for()


def test_another_key_is_bound_and_the_wallet_says_so(holder: Holder, town: OfferingTown, built: Path) -> None:
    page = holder.page
    link, tx_code = town.offered(68)
    holder.open_offer(link)
    holder.accept(tx_code)
    holder.keep()
    holder.press("Back")
    # Somebody else gets as far as an offer of the same licence.
    here = town.over_http()
    link, tx_code = here.scanned(here.newest()["licence"])
    (accepted,), _ = in_node(built, None, {"act": "accept", "link": link, "txCode": tx_code})
    assert accepted["gave"] == here.newest()["licence"]
    holder.press("Ask the issuers for changes")
    page.get_by_role("alert").get_by_text("Another device: was that you?").wait_for()
    holder.reads("Driving licence: bound to another device")
    (device,) = re.findall("[0-9a-f]{8}", page.locator(".news li p").inner_text())
    holder.press("That was not me")
    holder.reads(f"{device} (the one you were told of)")
    holder.press(f"Report {device} lost")
    holder.press("Yes, report it lost")
    holder.says("The issuer has noted the loss.")
    holder.press("Back")
    assert page.locator(".news").count() == 0
    # The issuer tells of the report, too; whoever made it says so.
    holder.open()
    holder.reads("Driving licence: another device was reported lost")
    holder.press("That was me")
    page.locator(".news").wait_for(state="detached")
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_a_review_waits_in_the_pack_and_goes_on(holder: Holder, town: OfferingTown) -> None:
    link, tx_code = town.offered(62, "--review", "--by-reference")
    holder.open_offer(link)
    holder.accept(tx_code)
    holder.reads("The issuer has to look at it first.")
    holder.open()
    assert holder.page.locator(".card .state").inner_text() == "in review at the issuer"
    assert barriers(holder.page) == []
    holder.page.locator(".card").click()
    holder.press("Ask now")
    holder.reads("The issuer has to look at it first.")
    town.issuer("offer-decide", town.newest()["id"], "approve")
    holder.press("Ask now")
    holder.keep()
    assert town.newest()["wallet_says"] == "credential_accepted"
    holder.press("Back")
    assert holder.page.locator(".card .state").all_inner_texts() == ["in date"]


def test_what_is_not_wanted_is_said_to_the_issuer(holder: Holder, town: OfferingTown) -> None:
    link, tx_code = town.offered(63)
    holder.open_offer(link)
    holder.accept(tx_code)
    with holder.page.expect_response(lambda answer: answer.url.endswith("/notification") and answer.status == 204):
        holder.press("Do not keep")
    holder.reads("No licence here yet")
    assert town.newest()["wallet_says"] == "credential_deleted"


def test_a_closed_page_costs_nothing(holder: Holder, town: OfferingTown) -> None:
    link, tx_code = town.offered(64)
    holder.open_offer(link)
    holder.accept(tx_code)
    holder.page.get_by_role("heading", name="Keep this licence?").wait_for()
    holder.open()
    holder.page.locator(".card").click()
    holder.press("Ask now")
    holder.keep()


def test_servers_that_make_no_sense_are_named(holder: Holder, town: OfferingTown) -> None:
    link, tx_code = town.offered(65)
    metadata = f"{town.url}/.well-known/openid-credential-issuer"
    readable = {"Access-Control-Allow-Origin": "*"}

    def garbage(route: Route) -> None:
        route.fulfill(body="<html>", headers=readable)

    def too_much(route: Route) -> None:
        route.fulfill(body=" " * 600_000, headers=readable)

    def nobody(route: Route) -> None:
        route.abort()

    holder.open_offer("openid-credential-offer://?credential_offer=%7B%7D")
    holder.says("This is not an offer of a licence.")
    unsafe = link.replace(quote(town.url, safe=""), quote("http://licences.example", safe=""))
    for fulfil, said in (
        (garbage, "The issuer's answer makes no sense."),
        (too_much, "The issuer's answer makes no sense."),
        (nobody, "The issuer cannot be reached now."),
    ):
        holder.page.route(metadata, fulfil)
        holder.page.get_by_label("Link to a licence package").fill(link)
        holder.press("Open the link")
        holder.says(said)
        holder.page.unroute_all()
    holder.page.get_by_label("Link to a licence package").fill(unsafe)
    holder.press("Open the link")
    holder.says("The address of this offer is not safe.")
    # Somebody else's package in the place of what was asked for: nothing is kept, and nothing waits.
    holder.page.get_by_label("Link to a licence package").fill(link)
    holder.press("Open the link")
    stranger = cbor.encode(Ed25519Signer(bytes(32)).public_key.cose_key)
    package = TestIssuer(FakeClock(UnixTime(int(time.time()))), failures=0).issue(stranger)
    credential = urlsafe_b64encode(package).decode()
    holder.page.route(
        "**/openid4vci/credential",
        lambda route: route.fulfill(json={"credentials": [{"credential": credential}]}, headers=readable),
    )
    holder.accept(tx_code)
    holder.says("issued to another device")
    holder.open()
    holder.reads("No licence here yet")


def test_by_keyboard_alone(holder: Holder, town: OfferingTown) -> None:
    link, tx_code = town.offered(66)
    keys = Keys(holder.page)
    keys.to("Receive a licence").press("Enter")
    keys.to("Link to a licence package, or an offer").type(link).press("Enter")
    holder.page.get_by_role("heading", name="Accept this offer?").wait_for()
    keys.to("Transaction code (the office tells you it another way)").type(tx_code).press("Enter")
    holder.page.get_by_role("heading", name="Keep this licence?").wait_for()
    keys.to("I have compared it and trust this root key").press("Space")
    keys.to("Keep").press("Enter")
    holder.says("Kept: Driving licence")


def test_an_offer_and_a_request_are_scanned(browser: Browser, site: Site, town: OfferingTown, tmp_path: Path) -> None:
    link, tx_code = town.offered(67, "--by-reference")
    request = VirtualCounter(TestIssuer(FakeClock(), failures=0), unread=0).ask({"driving-licence": ["name"]})
    reel = film(tmp_path / "reel.y4m", [*[None] * 5, *[link] * 10, *[request] * 10])
    pretended = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={reel}")
    seeing = browser.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *pretended])
    try:
        context = seeing.new_context(viewport=PHONE, locale="en-GB", ignore_https_errors=True, permissions=["camera"])
        holder = Holder(context, site)
        holder.press("Receive a licence")
        holder.press("Scan an offer with the camera")
        # The other code in the film is none of what is looked for here.
        holder.page.get_by_role("heading", name="Accept this offer?").wait_for()
        assert holder.page.locator("video").count() == 0
        holder.accept(tx_code)
        holder.keep()
        holder.press("Back")
        holder.press("Answer a terminal")
        holder.press("Scan a request with the camera")
        holder.says("This terminal's region is unknown here")
        assert holder.page.get_by_label("Text of the terminal's request").input_value() == request
        assert [line for line in holder.lines if "Failed to load resource" not in line] == []
    finally:
        seeing.close()
