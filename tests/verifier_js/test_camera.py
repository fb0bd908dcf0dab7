"""Reading codes with a camera in Chromium: a film of real codes, sightings, and every way to have no camera."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask, Response, abort
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright
from werkzeug.serving import make_server

from tests.browser.conftest import ARGUMENTS, CHROMIUM, Complaints
from tests.utopia.world import World
from tests.verifier_js.film import film
from tests.wallet_js.conftest import JS, run

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; media-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
READ = """async (most) => {
  const { readCodes } = await import("/codeReader.mjs");
  const [video] = document.getElementsByTagName("video");
  const [stop, found] = [new AbortController(), []];
  window.stop = stop;
  try {
    for await (const text of readCodes(video, { signal: stop.signal })) {
      found.push(text);
      if (new Set(found).size === most) break;
    }
    return { found, isOver: video.srcObject === null };
  } catch (error) {
    return { name: error.name, problem: error.problem, isOver: video.srcObject === null };
  }
}"""
BEGIN = f"""() => new Promise((playing) => {{
  document.querySelector("video").addEventListener("playing", () => playing(), {{ once: true }});
  window.reading = ({READ})(1_000);
}})"""
TEXT = World().code()
OTHER = World(seed="another").code()


@pytest.fixture(scope="module")
def site(built: Path) -> Iterator[str]:
    app = Flask("camera", static_folder=None)
    names = {path.name for path in (built / "camera").iterdir()}

    @app.get("/")
    def page() -> str:
        return "<!doctype html><html lang=en><title>camera</title><link rel=icon href=data:,><video></video>"

    @app.get("/<name>")
    def send(name: str) -> Response:
        types = {".mjs": "text/javascript", ".wasm": "application/wasm"}
        # Whole, since a page that is left in the middle of a file would leave the file open.
        if name not in names:
            abort(404)
        return Response((built / "camera" / name).read_bytes(), mimetype=types.get(Path(name).suffix))

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"no browser: {CHROMIUM} is missing (apt install chromium)")
    with sync_playwright() as started:
        yield started


@contextmanager
def chromium(playwright: Playwright, *arguments: str) -> Iterator[BrowserContext]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
    yield browser.new_context()
    browser.close()


@pytest.fixture(scope="module")
def filmed(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A browser whose camera sees two codes, one after the other, again and again."""
    reel = film(tmp_path_factory.mktemp("film") / "codes.y4m", [TEXT] * 6 + [OTHER] * 6)
    pretended = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={reel}")
    with chromium(playwright, *pretended) as context:
        yield context


@pytest.fixture
def page(filmed: BrowserContext, site: str) -> Iterator[Page]:
    kept = Complaints()
    filmed.grant_permissions(["camera"])
    page = filmed.new_page()
    kept.watch(page)
    page.goto(site)
    yield page
    page.close()
    assert kept.lines == []


def test_what_a_camera_sees_is_read_and_the_camera_is_let_go(page: Page) -> None:
    answer = page.evaluate(READ, 2)
    assert set(answer["found"]) == {TEXT, OTHER}
    assert answer["isOver"]


def test_a_reading_ends_when_it_is_told_to(page: Page) -> None:
    page.evaluate(BEGIN)
    answer = page.evaluate("() => { stop.abort(); return reading; }")
    assert answer["isOver"]
    assert "problem" not in answer


def test_a_camera_that_is_pulled_out_has_its_name(page: Page) -> None:
    page.evaluate(BEGIN)
    lose = "document.querySelector('video').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))"
    answer = page.evaluate(f"() => {{ {lose}; return reading; }}")
    assert answer == {"name": "CameraError", "problem": "lost", "isOver": True}


@pytest.mark.parametrize(
    ("refusal", "problem"),
    [("NotReadableError", "in-use"), ("OverconstrainedError", "none"), ("InvalidStateError", "failed")],
)
def test_what_a_browser_says_has_a_name_here(page: Page, refusal: str, problem: str) -> None:
    page.evaluate(
        "name => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name)); }", refusal
    )
    assert page.evaluate(READ, 1)["problem"] == problem


def test_a_reader_that_does_not_come_is_told_apart_from_a_camera_that_does_not(page: Page) -> None:
    page.route("**/shared-*.mjs", lambda route: route.fulfill(body="throw 1", content_type="text/javascript"))
    assert page.evaluate(READ, 1) == {"name": "CameraError", "problem": "reader", "isOver": True}


def test_who_says_no_is_asked_again_by_nobody(filmed: BrowserContext, site: str) -> None:
    filmed.clear_permissions()
    page = filmed.new_page()
    page.goto(site)
    assert page.evaluate(READ, 1)["problem"] == "denied"
    page.close()


def test_no_camera_and_no_secure_page(playwright: Playwright, site: str) -> None:
    port = site.rstrip("/").rpartition(":")[2]
    with chromium(playwright, "--host-resolver-rules=MAP verifier.example 127.0.0.1") as context:
        context.grant_permissions(["camera"])
        page = context.new_page()
        page.goto(site)
        assert page.evaluate(READ, 1)["problem"] == "none"
        page.goto(f"http://verifier.example:{port}/")
        assert page.evaluate(READ, 1)["problem"] == "insecure"


def test_a_text_is_news_once_for_as_long_as_it_is_seen(packages: Path, tmp_path: Path) -> None:
    script = tmp_path / "sightings.mjs"
    script.write_text(
        f"import {{ Sightings }} from {str(JS / 'camera/sightings.ts')!r};\n"
        "const seen = new Sightings();\n"
        "const frames = [[['a'], 0], [['a'], 900], [[], 1000], [['b', 'a', 'b'], 1800], [['a'], 2800],"
        " [['b'], 2801]];\n"
        "console.log(JSON.stringify(frames.map(([texts, at]) => seen.fresh(texts, at))));\n"
    )
    bundled = tmp_path / "bundled.mjs"
    run(["node_modules/.bin/esbuild", str(script), "--bundle", "--format=esm", f"--outfile={bundled}"], packages)
    assert run(["node", str(bundled)]) == '[["a"],[],[],["b"],[],["b"]]\n'
