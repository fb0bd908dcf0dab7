"""`./run --phone`: https with a certificate of its own, which a browser warns of, and a licence to try it with."""

import ssl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Error as BrowserError

from demo import real_phone, wiring
from demo.real_phone import Certificate
from tests.browser.conftest import browser
from tests.wallet_js.web import PHONE
from wallet_sdk.testing import FakeClock

__all__ = ["browser"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return real_phone.certify("127.0.0.1", tmp_path, wiring.now())


@pytest.fixture
def url(built: Path, certificate: Certificate, clock: FakeClock) -> Iterator[str]:
    with real_phone.serving(built / "web", "127.0.0.1", 0, certificate, clock) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_the_printed_fingerprint_is_the_servers_and_its_key_is_private(url: str, certificate: Certificate) -> None:
    shown = ssl.get_server_certificate(("127.0.0.1", int(url.split(":")[2][:-1])))
    assert sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest() == certificate.fingerprint.replace(":", "").lower()
    assert certificate.key.stat().st_mode & 0o077 == 0


def test_the_policy_is_served_and_no_key_gets_no_licence(url: str, certificate: Certificate) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate.certificate))
    trusting.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    with urlopen(url, context=trusting) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';")
    assert policy.endswith("frame-ancestors 'none'")
    for key in ("x", "oQ", "%C3%A9"):
        with pytest.raises(HTTPError, match="400"), urlopen(f"{url}sample/{key}", context=trusting):
            pass


def test_a_phone_that_goes_past_the_warning_shows_a_code(browser: Browser, url: str, clock: FakeClock) -> None:
    page = browser.new_page(viewport=PHONE, locale="en-GB")
    with pytest.raises(BrowserError, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(url)
    page.close()
    page = browser.new_page(viewport=PHONE, locale="en-GB", ignore_https_errors=True)
    page.clock.install(time=clock())
    page.goto(url)
    page.get_by_role("button", name="Receive a licence").click()
    key = page.locator("#device-key").inner_text()
    page.get_by_label("Link to a licence package").fill(f"{url}sample/{key}")
    page.get_by_role("button", name="Open the link").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("button", name="service window").click()
    page.get_by_role("button", name="Agree and show").click()
    page.locator("img.code[src]").wait_for()
    page.close()
