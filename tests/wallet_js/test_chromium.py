"""The TypeScript wallet in Chromium: a key that WebCrypto made and does not let out, codes that Python reads."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Complaints, browser, complaints
from wallet_sdk.testing import FakeClock, TestIssuer, VirtualCounter

__all__ = ["browser", "complaints"]

OPENED = """async () => {
  const sdk = await import("/wallet.mjs");
  const pair = await sdk.makeKeyPair(crypto.subtle);
  const signer = await sdk.webCryptoSigner(crypto.subtle, pair);
  let saved = null;
  window.now = 0;
  window.wallet = await sdk.Wallet.open({
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    now: () => window.now,
    storage: { load: async () => saved, save: async (content) => { saved = content; } },
    signer,
    curves: sdk.webCryptoCurves(crypto.subtle),
  });
  window.pair = pair;
  return Array.from(window.wallet.publicKey());
}"""
SHOWN = """async ([content, now]) => {
  window.now = now;
  const licence = await wallet.receive(Uint8Array.from(content));
  const consent = wallet.request(licence, "window").approve();
  const showing = wallet.show(licence, { audience: "window", consent });
  document.body.innerHTML = (await showing.frame()).svg;
  return (await showing.frame()).text;
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, modules by their type, and says nothing."""

    extensions_map: ClassVar[dict[str, str]] = {".mjs": "text/javascript", ".html": "text/html", "": "text/plain"}

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[str]:
    (built / "index.html").write_text("<!doctype html><html lang=en><title>wallet</title><link rel=icon href=data:,>")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(browser: Browser, site: str, complaints: Complaints) -> Iterator[Page]:
    page = browser.new_page()
    complaints.watch(page)
    page.goto(site)
    yield page
    page.close()


def test_a_code_of_a_key_that_stays_in_the_browser_is_read(page: Page) -> None:
    clock = FakeClock()
    issuer = TestIssuer(clock, failures=0)
    public = bytes(page.evaluate(OPENED))
    package = issuer.issue(public)
    text = page.evaluate(SHOWN, [list(package), int(clock())])
    answer = VirtualCounter(issuer, unread=0).read(text)
    assert answer.reason == ""
    assert page.locator("svg").bounding_box() is not None
    refused = page.evaluate(
        "async () => crypto.subtle.exportKey('pkcs8', pair.privateKey).then(() => 'given', error => error.name)"
    )
    assert refused == "InvalidAccessError"
