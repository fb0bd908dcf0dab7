"""The verifier's page as it is built, beside a region's published files, in a browser whose clock the test holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Response, abort
from PIL import Image
from playwright.sync_api import BrowserContext, FilePayload, Page, ViewportSize
from werkzeug.serving import make_server
from werkzeug.wrappers import Response as AnyResponse

from demo import web_wallet
from protocol import feed_bundle
from protocol.labels import Lic
from tests.appraisal.terminal import SHOWN
from tests.terminal.publishing import publish
from tests.utopia import acts
from tests.utopia.feed import Feed
from tests.utopia.world import LIST_NUMBER, WUYOU, World

WIDE: ViewportSize = {"width": 1280, "height": 800}
SUSPENDED = 100
"""Index of the licence that is suspended."""


class Region:
    """What 乌有市 publishes, and codes of its licences."""

    def __init__(self, folder: Path, seed: str = "utopia") -> None:
        self.world = World(seed=seed)
        self.folder = publish(self.world, folder)
        (folder / "status/aggregation.json").unlink()
        (folder / f"status/{LIST_NUMBER}.cwt").unlink()
        self.feed = Feed(self.world, folder)
        self.feed.write_documents()
        self.feed.change({SUSPENDED: 2})
        self.feed.make_aggregate(0, 1)

    @property
    def root(self) -> str:
        return self.world.roots[WUYOU].public_key.thumbprint.hex()

    def bundle(self) -> bytes:
        files = [each for each in sorted(self.folder.rglob("*")) if each.is_file()]
        return feed_bundle.encode({str(each.relative_to(self.folder)): each.read_bytes() for each in files})

    def code(self, *, idx: int = 4711, shown: tuple[int, ...] = (*SHOWN, Lic.ADDRESS), **binding: Any) -> str:
        """A dynamic code of this moment, good for as long as one may be."""
        holder = self.world.holder()
        issued = self.world.credential(holder=holder, claims=self.world.claims(holder=holder, idx=idx))
        made = self.world.key_binding(**{"life": 120, **binding})
        return self.world.code(issued, shown=shown, binding=made)


@dataclass
class Site:
    """The served verifier, with the region's files below `published/`."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    app = web_wallet.create_app(folder)
    files: dict[str, bytes] = {}

    @app.get("/published/<path:name>")
    def published(name: str) -> AnyResponse:
        return Response(files[name], mimetype="application/cbor") if name in files else abort(404)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield Site(f"http://127.0.0.1:{server.server_port}/", files)
    server.shutdown()
    server.server_close()


@dataclass
class Verifier:
    """One verifier in its own browser context."""

    context: BrowserContext
    site: Site
    region: Region
    page: Page

    @classmethod
    def start(cls, context: BrowserContext, site: Site, region: Region) -> "Verifier":
        page = context.new_page()
        page.clock.install(time=region.world.clock.at)
        verifier = cls(context, site, region, page)
        verifier.open()
        return verifier

    def open(self) -> None:
        self.page.goto("about:blank")
        self.page.goto(self.site.url)
        self.page.wait_for_selector("header")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def choose(self, bundle: bytes) -> None:
        """A file of the region, as the operator chooses it."""
        chosen: FilePayload = {"name": "LZ990000.BDL", "mimeType": "application/octet-stream", "buffer": bundle}
        self.page.locator("input[type=file]").set_input_files([chosen])

    def load(self) -> None:
        """Takes the region's files in for the first time, and confirms the clock."""
        self.choose(self.region.bundle())
        self.page.get_by_role("checkbox").check()
        self.page.locator("main button.main").click()
        self.page.locator(".fingerprint").first.wait_for()
        self.page.locator(".tools button").first.click()
        self.confirm()

    def confirm(self) -> None:
        self.page.locator(".notice.late + button").click()

    def type(self, text: str) -> None:
        """What a hand scanner types, with its line end."""
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Enter")

    def scan(self, text: str) -> str:
        """The same with a cleared page; the verdict's class, and how the act goes on."""
        shown = self.page.locator(".verdict:not([data-look=idle])")
        self.page.keyboard.press("Escape")
        shown.wait_for(state="detached")
        self.type(text)
        shown.wait_for()
        return f"{shown.get_attribute('data-look')} {shown.get_attribute('data-proceed')}"

    @property
    def codes(self) -> list[str]:
        return self.page.locator(".reasons code").all_inner_texts()

    def screen(self) -> Image.Image:
        return Image.open(BytesIO(self.page.screenshot())).convert("RGB")

    def tour(self, language: str) -> Iterator[tuple[str, Page]]:
        """Every state of the page in one language, one after the other."""
        page, region = self.page, self.region
        page.locator("header select").nth(1).select_option(language)
        yield "empty", page
        self.choose(region.bundle())
        page.get_by_role("checkbox").wait_for()
        yield "root", page
        page.get_by_role("checkbox").check()
        page.locator("main button.main").click()
        page.locator("[role=status] .notice").wait_for()
        yield "held", page
        page.locator(".tools button").first.click()
        yield "clock", page
        self.confirm()
        yield "idle", page
        for name, text in (
            ("accept", region.code()),
            ("check", region.code(shown=())),
            ("refuse", region.code(idx=SUSPENDED)),
            ("not-read", acts.paper_text(region.world)),
        ):
            self.scan(text)
            yield name, page
