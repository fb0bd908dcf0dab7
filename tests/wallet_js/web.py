"""The web wallet as it is built, served, in a browser whose clock the test holds."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import zxingcpp
from flask import Response
from PIL import Image
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import make_server

from demo import web_wallet
from protocol import licence_package
from protocol.directory import Office, WalletDirectory
from protocol.place import Place, Point
from protocol.unixtime import UnixTime
from tests.wallet_js import paper_offer
from wallet_sdk.testing import FakeClock, TestIssuer, VirtualCounter

_NAME = """(() => {
  const at = document.activeElement;
  const [label] = at.labels ?? [];
  return at.ariaLabel ?? (label?.querySelector("span") ?? label ?? at).innerText;
})()"""
PHONE = {"width": 390, "height": 844}
WAITING = {"zh-Hans": "等待领取", "zh-Hant": "等待領取", "en": "Waiting to be received"}


PORTRAIT = b"RIFF" + (892).to_bytes(4, "little") + b"WEBPVP8 " + bytes(range(256)) * 3 + bytes(116)
OFFICES = (
    ("虚构市远郊办证厅", "样例路1号", "000-0001", Place("990200", Point(250000, 1050000))),
    ("虚构市城区办证厅", "样例路2号", "000-0002", Place("990101", Point(300000, 1100000))),
    ("虚构市无处办证厅", "样例路3号", "000-0003", None),
)


class Region(TestIssuer):
    """The test region with offices, and with licences that have portraits and an issuer to ask."""

    def directory(self, at: UnixTime) -> WalletDirectory:
        told = super().directory(at)
        offices = tuple(Office(*each[:3], frozenset(told.kinds), each[3]) for each in OFFICES)
        return replace(told, offices=offices)

    def issue(
        self,
        public_key: bytes,
        kind: str = "driving-licence",
        *,
        portrait: bytes | None = None,
        refresh_url: str | None = None,
        items: Any = None,
        **wishes: Any,
    ) -> bytes:
        shown = {} if portrait is None else {"portrait": sha256(portrait).digest()}
        issued = super().issue(public_key, kind, items={**(items or {}), **shown}, **wishes)
        package = replace(licence_package.decode(issued), portrait=portrait, refresh_url=refresh_url)
        return licence_package.encode(package)


@dataclass
class Site:
    """The served wallet, and the packages that lie beside it."""

    url: str
    packages: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    app = web_wallet.create_app(folder)
    packages: dict[str, bytes] = {}
    app.add_url_rule("/packages/<name>", "package", lambda name: Response(packages[name], mimetype="application/cbor"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Site(f"http://127.0.0.1:{server.server_port}/", packages)
    server.shutdown()
    server.server_close()


@dataclass
class Phone:
    """One wallet in its own browser context, a region's issuer, and their one clock."""

    context: BrowserContext
    site: Site
    page: Page
    clock: FakeClock
    issuer: Region

    @classmethod
    def start(cls, context: BrowserContext, site: Site) -> "Phone":
        clock = FakeClock()
        page = context.new_page()
        page.clock.install(time=clock())
        phone = cls(context, site, page, clock, Region(clock, failures=0))
        phone.open()
        return phone

    def open(self, fragment: str = "") -> None:
        self.page.goto("about:blank")
        self.page.goto(self.site.url + fragment)
        self.page.wait_for_selector("header")

    def advance(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.page.clock.run_for(seconds * 1_000)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def choose(self, number: int) -> None:
        """One of the three ways on from the pack: receive, answer, history."""
        self.page.locator("nav button").nth(number).click()

    def back(self) -> None:
        self.page.locator("header button").first.click()
        self.page.locator("nav").wait_for()

    def public_key(self) -> bytes:
        self.choose(0)
        key = self.page.locator("#device-key").inner_text()
        self.back()
        return urlsafe_b64decode(key + "=" * (-len(key) % 4))

    def ask_for(self, kind: str, **wishes: Any) -> None:
        """Opens the link to a new licence, up to the question whether to keep it."""
        self.site.packages["one"] = self.issuer.issue(self.public_key(), kind, **wishes)
        self.choose(0)
        self.page.locator("#link").fill(f"{self.site.url}packages/one")
        self.page.locator("form button").click()
        self.page.locator(".decide").wait_for()

    def receive(self, kind: str = "driving-licence", **wishes: Any) -> None:
        """Takes a licence in by its link, and trusts its region at the first time."""
        self.ask_for(kind, **wishes)
        trust = self.page.get_by_role("checkbox")
        if trust.count():
            trust.check()
        self.page.locator(".decide button").first.click()
        self.page.locator(".purposes").wait_for()

    def newest(self) -> str:
        """The id of the licence that was received last."""
        return licence_package.decode(self.site.packages["one"]).licence_id

    def code(self) -> str:
        """What a camera reads from the screen as it stands."""
        self.page.locator("img.code").wait_for()
        (read,) = zxingcpp.read_barcodes(self.screen(), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
        return str(read.text)

    def screen(self) -> Image.Image:
        return Image.open(BytesIO(self.page.screenshot())).convert("RGB")

    def tour(self, language: str) -> Iterator[tuple[str, Page]]:
        """Every page of the wallet in one language, one after the other."""
        page = self.page
        page.locator("header select").select_option(language)
        self.choose(0)
        yield "receive", page
        page.locator("main > button").click()
        page.locator("video, .spoken:not(:empty)").first.wait_for()
        yield "scan", page
        page.locator(".decide button").click()
        page.locator("nav").wait_for()
        self.choose(0)
        page.locator("#link").fill(paper_offer.lying_at(page))
        page.locator("form button").click()
        page.locator("#tx-code").wait_for()
        yield "offer", page
        page.locator("#tx-code").fill("123456")
        page.locator("form button").first.click()
        page.get_by_role("heading", level=1).get_by_text(WAITING[language]).wait_for()
        yield "waiting", page
        page.locator(".decide button").nth(1).click()
        page.locator("nav").wait_for()
        self.ask_for("disability-certificate", valid_days=20)
        yield "keep", page
        page.locator(".decide button").nth(1).click()
        for kind, days in (("disability-certificate", 20), ("driving-licence", None), ("business-licence", None)):
            is_driving = kind == "driving-licence"
            more = {"portrait": PORTRAIT, "refresh_url": paper_offer.URL} if is_driving else {}
            self.receive(kind, valid_days=days, **more)
            if is_driving:
                page.locator("#group").fill("车")
                page.locator("form button").click()
                page.locator(".spoken:not(:empty)").wait_for()
                driving = self.newest()
            self.back()
        yield "pack", page
        paper_offer.lying_at(page, notices=paper_offer.told(paper_offer.bound(driving)))
        page.locator("nav button").last.click()
        page.locator(".news").wait_for()
        yield "news", page
        page.locator(".news button").first.click()
        page.locator(".news").wait_for(state="detached")
        page.locator(".card").nth(1).click()
        page.locator("section > button").click()
        yield "card", page
        page.locator(".purposes button").first.click()
        yield "sheet", page
        page.locator(".decide button").first.click()
        page.locator("img.code[src]").wait_for()
        yield "code", page
        page.locator(".decide button").first.click()
        page.locator(".purposes").wait_for()
        self.back()
        self.choose(1)
        yield "answer", page
        page.locator("#challenge").fill(
            VirtualCounter(self.issuer).ask({"driving-licence": ["name", "class", "address"]})
        )
        page.locator("form button").click()
        page.locator(".decide").wait_for()
        yield "request", page
        self.back()
        self.choose(2)
        page.locator("dd").first.wait_for()
        yield "history", page
        self.back()
        yield from self.tour_of_several()
        self.choose(4)
        page.locator(".offices").wait_for()
        yield "reminders", page
        self.back()
        self.choose(5)
        page.locator("h3").wait_for()
        yield "lost", page
        page.locator("li button").first.click()
        page.locator("main dd").first.wait_for()
        yield "devices", page
        page.locator("header button").first.click()
        page.locator("h3").wait_for()
        page.locator("section > button").first.click()
        page.locator(".removal").nth(1).wait_for()
        yield "give-away", page
        page.locator(".removal button").nth(1).click()
        page.locator(".removal button").nth(1).click()
        page.locator("nav").wait_for(state="detached")
        page.locator("header button").nth(1).wait_for(state="detached")
        yield "emptied", page

    def tour_of_several(self) -> Iterator[tuple[str, Page]]:
        """Several at once in both ways, a portrait, and a short code: from the pack and back to it."""
        page = self.page
        self.choose(3)
        page.locator("fieldset").first.wait_for()
        yield "several", page
        for box in page.get_by_role("checkbox").all()[:2]:
            box.check()
        page.locator(".decide button").first.click()
        page.locator(".caution").first.wait_for()
        yield "several-sheet", page
        # The portrait, which needs a consent of its own.
        driving = page.locator("main > div > section").nth(1)
        driving.locator("fieldset").first.get_by_role("checkbox").check()
        page.locator(".decide button").first.click()
        page.locator("img.code[src]").wait_for()
        page.locator(".decide button").nth(1).click()
        page.locator(".hint:not(:empty)").wait_for()
        page.clock.run_for(125)
        yield "portrait", page
        page.locator(".decide button").nth(2).click()
        page.locator("#short-code").wait_for()
        yield "short-code", page
        page.locator(".decide button").nth(1).click()
        page.locator("nav").wait_for()
        self.choose(3)
        page.locator("fieldset").first.wait_for()
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.get_by_role("radio").nth(1).check()
        page.locator(".decide button").first.click()
        page.locator("section").first.wait_for()
        page.locator(".decide button").first.click()
        page.locator("img.code[src]").wait_for()
        yield "turn", page
        while page.locator("img.code").count():
            turn = page.locator("p.kind").inner_text()
            page.locator(".decide button").first.click()
            page.wait_for_function("kind => document.querySelector('p.kind')?.innerText !== kind", arg=turn)
        yield "over", page
        self.back()


@dataclass(frozen=True)
class Keys:
    """Somebody who has only a keyboard."""

    page: Page

    def to(self, name: str) -> "Keys":
        """Tabs on until something of this name has the focus."""
        for _ in range(40):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(_NAME) == name:
                return self
        raise AssertionError(f"no way to {name!r} by keyboard")

    def press(self, key: str) -> "Keys":
        self.page.keyboard.press(key)
        return self

    def type(self, text: str) -> "Keys":
        self.page.keyboard.type(text)
        return self
