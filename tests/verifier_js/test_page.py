"""The verifier's page in Chromium: a camera, verdicts, material, offline, and who can use it."""

import gzip
import json
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Route, sync_playwright

from protocol.labels import AnimatedKind
from protocol.qr import animated, envelope
from protocol.unixtime import DAY, HOUR
from tests.browser.barriers import barriers
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Complaints, complaints
from tests.utopia import acts
from tests.utopia.persons import JIA
from tests.verifier_js import reason_table
from tests.verifier_js.film import film
from tests.verifier_js.page import SUSPENDED, WIDE, Region, Site, Verifier, served
from tests.wallet_js.conftest import JS, run
from tests.wallet_js.web import Keys
from verifier_terminal.web import texts as terminal_texts

__all__ = ["complaints"]

TERMINAL = Path(terminal_texts.__file__).parent


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its camera sees a code of the region for a while, then nothing, again and again."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip(f"no browser: {CHROMIUM} is missing (apt install chromium)")
    directory = tmp_path_factory.mktemp("film")
    reel = film(directory / "code.y4m", [Region(directory / "region").code()] * 8 + [None] * 25)
    pretended = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={reel}"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *pretended])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def served_site(built: Path) -> Iterator[Site]:
    with served(built / "verifier") as site:
        yield site


@pytest.fixture
def site(served_site: Site) -> Site:
    served_site.files.clear()
    return served_site


@pytest.fixture
def context(browser: Browser, complaints: Complaints) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport=WIDE, locale="en-GB", timezone_id="Asia/Shanghai", permissions=["camera"])
    made.on("page", complaints.watch)
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path / "published")


@pytest.fixture
def verifier(context: BrowserContext, site: Site, region: Region) -> Verifier:
    return Verifier.start(context, site, region)


def test_from_a_camera_to_a_verdict_and_what_was_used_is_used(verifier: Verifier) -> None:
    verifier.load()
    page = verifier.page
    verifier.press("Open the camera")
    page.locator(".verdict[data-look=accept]").wait_for()
    assert page.locator(".word").inner_text() == "VALID"
    assert page.locator(".proceed").inner_text() == "You may proceed"
    assert JIA.name in page.locator(".licence").inner_text()
    assert "status data just now" in page.locator(".freshness").inner_text()
    # The film comes to the same code again.
    page.locator(".verdict[data-look=refuse]").wait_for()
    assert verifier.codes[0] == "E_REPLAY"
    assert JIA.name not in page.locator("main").inner_text()
    verifier.press("Close the camera")
    verifier.press("Open the camera")
    page.locator("video").wait_for()


def test_the_four_verdicts_by_hand_scanner(verifier: Verifier, region: Region) -> None:
    verifier.load()
    assert verifier.scan(region.code()) == "accept yes"
    assert verifier.scan(region.code(idx=SUSPENDED)) == "refuse no"
    assert verifier.codes[0] == "E_SUSPENDED"
    assert verifier.scan(region.code(idx=7, shown=())) == "hold no"
    assert verifier.codes[0] == "W_CLAIM_MISSING"
    assert verifier.scan(acts.paper_text(region.world)) == "not_read no"
    assert verifier.codes == ["V_FORM"]
    assert verifier.scan("https://pay.example/1") == "not_read no"
    assert verifier.codes == ["E_PREFIX"]
    forged = region.code(idx=8)
    assert verifier.scan(forged[:-3] + ("AAA" if forged[-3:] != "AAA" else "BBB")) == "refuse no"
    assert verifier.scan(region.code(idx=9, aud="lz:p")) == "refuse no"
    assert verifier.codes[0] == "E_AUD"
    verifier.page.get_by_label("Purpose").select_option("roadside")
    verifier.page.get_by_label("Code from a hand scanner, or pasted").focus()
    assert verifier.scan(region.code(idx=9, aud="lz:p")) == "accept yes"


def test_a_bundle_has_a_word_for_each_licence_and_uses_each_up(verifier: Verifier, region: Region) -> None:
    verifier.load()
    world = region.world
    binding = world.key_binding(life=120)
    licences = [acts.licence(world, 1), acts.licence(world, SUSPENDED)]
    shown = [world.presentation(each, shown=(1, 3, 5), binding=binding) for each in licences]
    assert verifier.scan(acts.bundle_text(shown)) == "refuse no"
    assert verifier.page.locator(".member-word").all_inner_texts() == ["VALID", "REFUSED"]
    good, refused = verifier.page.locator(".licence").all_inner_texts()
    assert JIA.name in good
    assert JIA.name not in refused
    assert verifier.scan(envelope.wrap(shown[0])) == "refuse no"
    assert verifier.codes[0] == "E_REPLAY"


def test_a_portrait_beside_its_code_changes_no_verdict_and_other_frames_are_named_once(
    verifier: Verifier, region: Region
) -> None:
    verifier.load()
    verifier.page.evaluate(
        """() => {
          window.shown = [];
          const seen = () => shown.push(document.querySelector(".verdict").dataset.look);
          new MutationObserver(seen).observe(document.querySelector(".shown"), { childList: true });
        }"""
    )
    content = bytes(range(250)) * 3
    portrait, bundle = (animated.animate(content, kind) for kind in (AnimatedKind.PORTRAIT, AnimatedKind.BUNDLE))
    texts = [portrait.text(0), region.code(), portrait.text(1), portrait.text(2), bundle.text(0), bundle.text(1)]
    for text in (*texts, "https://pay.example/1"):
        verifier.type(text)
    verifier.page.get_by_text("This is not a licence code").first.wait_for()
    looks = [each for each in verifier.page.evaluate("shown") if each != "idle"]
    assert looks == ["accept", "not_read", "not_read"]


def test_a_scanner_that_reads_twice_is_one_act_and_a_later_one_is_a_replay_also_after_a_restart(
    verifier: Verifier, region: Region
) -> None:
    verifier.load()
    verifier.page.clock.pause_at(region.world.clock.at + 3_600)
    region.world.clock.advance(3_600)
    text = region.code()
    assert verifier.scan(text) == "accept yes"
    verifier.type(text)
    verifier.type("LZ1:")
    verifier.page.locator(".verdict[data-look=not_read]").wait_for()
    assert verifier.scan(text) == "refuse no"
    assert verifier.codes[0] == "E_REPLAY"
    verifier.open()
    verifier.confirm()
    assert verifier.scan(text) == "refuse no"
    assert verifier.codes[0] == "E_REPLAY"


def test_without_a_clock_that_somebody_confirmed_nothing_is_accepted(verifier: Verifier, region: Region) -> None:
    verifier.load()
    verifier.open()
    verifier.page.get_by_label("Code from a hand scanner, or pasted").focus()
    assert verifier.scan(region.code()) == "check after_check"
    assert "W_CLOCK" in verifier.codes
    verifier.confirm()
    assert verifier.scan(region.code(idx=7)) == "accept yes"
    # The device's clock is set while the page is open.
    verifier.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 30_000; }")
    verifier.page.locator(".notice.late + button").wait_for()
    assert verifier.scan(region.code(idx=8)) == "check after_check"


def test_old_material_says_so_and_comes_to_no_acceptance(verifier: Verifier, region: Region) -> None:
    verifier.load()
    region.world.clock.advance(2 * HOUR + 60)
    verifier.page.clock.set_fixed_time(region.world.clock.at)
    verifier.page.get_by_text("status data 2 h ago").wait_for()
    verifier.confirm()
    assert verifier.scan(region.code(idx=7)) == "accept yes"
    region.world.clock.advance(5 * DAY)
    verifier.page.clock.set_fixed_time(region.world.clock.at)
    verifier.page.get_by_text("status data 5 d ago").wait_for()
    verifier.confirm()
    assert verifier.scan(region.code(idx=8)) == "check after_check"
    assert verifier.codes[0] == "W_STATUS_STALE"


def test_nothing_is_decided_without_material_and_only_a_compared_root_is_taken(
    verifier: Verifier, region: Region
) -> None:
    page = verifier.page
    page.get_by_text("No lists and rules are loaded").wait_for()
    verifier.choose(region.bundle())
    assert page.locator(".fingerprint").inner_text().replace(" ", "") == region.root
    verifier.press("Load")
    page.get_by_text("Compare it and tick the box first.").wait_for()
    verifier.press("Back to checking")
    verifier.confirm()
    assert verifier.scan(region.code()) == "hold no"
    assert verifier.codes[0] == "W_TRUST_MISSING"
    verifier.press("Lists and rules")
    verifier.choose(b"PK\x03\x04")
    page.get_by_text("This is no file of a region").wait_for()
    verifier.choose(region.bundle())
    page.get_by_role("checkbox").check()
    verifier.press("Load")
    page.get_by_text("Updated").wait_for()
    # From then on only that root, and nothing older.
    verifier.choose(region.bundle()[:-1])
    page.get_by_text("This is no file of a region").wait_for()
    verifier.choose(Region(region.folder.parent / "stranger", seed="stranger").bundle())
    page.get_by_text("It is not signed by the root key that you compared").wait_for()
    region.feed.change({11: 12})
    newer, older = region.bundle(), region.feed.signed(region.feed.claims(1, age=60))
    verifier.choose(newer)
    page.get_by_text("Updated").wait_for()
    (region.folder / "feed/checkpoint-10.cwt").write_bytes(older)
    verifier.choose(region.bundle())
    page.get_by_text("What is held is newer").wait_for()


def test_a_region_is_followed_where_it_publishes(
    verifier: Verifier, region: Region, site: Site, complaints: Complaints
) -> None:
    page = verifier.page

    def publish() -> None:
        files = [each for each in region.folder.rglob("*") if each.is_file()]
        site.files |= {str(each.relative_to(region.folder)): each.read_bytes() for each in files}

    page.get_by_label("Where the region publishes").fill("gopher://a.example")
    verifier.press("Update")
    page.get_by_text("This is no address").wait_for()
    publish()
    page.get_by_label("Where the region publishes").fill(f"{site.url}published")
    verifier.press("Update")
    page.get_by_role("checkbox").check()
    verifier.press("Load")
    page.get_by_text("Updated").wait_for()
    region.feed.change({1: 12})
    seq = region.feed.change({1: 0}, co_signed=True)
    region.feed.list_co_signed(seq)
    publish()
    # What is held goes on without the base.
    del site.files["feed/base-1-0"]
    verifier.press("Update")
    page.get_by_text("Updated").wait_for()
    site.files["trust.cbor"] = site.files["trust.cbor"][:-1] + bytes([site.files["trust.cbor"][-1] ^ 1])
    verifier.press("Update")
    page.get_by_text("A signature or what it signs does not hold").wait_for()
    page.route("**/published/**", lambda route: route.fulfill(status=503))
    with complaints.leaving():
        verifier.press("Update")
        page.get_by_text("The files could not be fetched").wait_for()
    verifier.press("Back to checking")
    verifier.confirm()
    assert verifier.scan(region.code(idx=SUSPENDED)) == "refuse no"
    # The console names each answer that is none; what of them nobody reads to its end may be called failed, later.
    assert {each for each in complaints.lines if "503" not in each and "/published/" not in each} == set()
    complaints.lines.clear()


def test_what_was_stored_is_believed_no_more_than_what_was_published(verifier: Verifier, region: Region) -> None:
    verifier.load()
    verifier.page.evaluate(
        """async () => {
          const opened = await new Promise((done) => {
            const opening = indexedDB.open("liangzheng-verifier");
            opening.onsuccess = () => done(opening.result);
          });
          const store = () => opened.transaction("kept", "readwrite").objectStore("kept");
          const kept = await new Promise((done) => (store().get("material").onsuccess = (e) => done(e.target.result)));
          const list = kept.lists.find((each) => each instanceof Uint8Array);
          list[50] = 0;
          await new Promise((done) => (store().put(kept, "material").onsuccess = done));
        }"""
    )
    verifier.open()
    verifier.page.get_by_text("What was stored can no longer be relied upon").wait_for()
    verifier.press("Back to checking")
    verifier.confirm()
    assert verifier.scan(region.code(idx=SUSPENDED)) == "hold no"


def test_nothing_of_a_holder_stays(verifier: Verifier, region: Region) -> None:
    verifier.load()
    page = verifier.page
    start = region.world.clock.at + 600
    page.clock.pause_at(start)
    region.world.clock.advance(600)
    assert verifier.scan(region.code()) == "accept yes"
    assert JIA.name in page.locator("main").inner_text()
    page.clock.run_for(19_000)
    assert JIA.name in page.locator("main").inner_text()
    page.clock.run_for(2_000)
    assert JIA.name not in page.content()
    assert page.locator(".word").inner_text() == "VALID"
    page.clock.run_for(40_000)
    assert page.locator(".word").inner_text() == "Show the code"
    kept = page.evaluate(
        """async () => {
          const opened = await new Promise((done) => {
            const opening = indexedDB.open("liangzheng-verifier");
            opening.onsuccess = () => done(opening.result);
          });
          const all = (name, read) =>
            new Promise((done) => {
              opened.transaction(name).objectStore(name)[read]().onsuccess = (event) => done(event.target.result);
            });
          return {
            names: [...opened.objectStoreNames],
            kept: await all("kept", "getAllKeys"),
            used: await all("used", "getAllKeys"),
            until: await all("used", "getAll"),
            local: localStorage.length + sessionStorage.length,
          };
        }"""
    )
    assert kept["names"] == ["kept", "used"]
    assert set(kept["kept"]) <= {"material", "language", "purpose", "address"}
    assert [bool(re.fullmatch("[0-9a-f]{64}", each)) for each in kept["used"]] == [True]
    assert kept["until"] == [region.world.clock.at + 120 + 30]
    assert kept["local"] == 0


def test_it_can_be_installed_and_then_needs_no_network(
    verifier: Verifier, context: BrowserContext, region: Region
) -> None:
    verifier.load()
    verifier.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    asking = context.new_cdp_session(verifier.page)
    assert asking.send("Page.getAppManifest")["errors"] == []
    found = asking.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {each["errorId"] for each in found} <= {"in-incognito"}  # so are all contexts of the tests
    context.set_offline(True)
    verifier.open()
    verifier.confirm()
    verifier.press("Open the camera")
    verifier.page.locator(".verdict[data-look=accept]").wait_for()


def test_a_second_tab_and_plain_http_are_told_what_is_wrong(
    verifier: Verifier, context: BrowserContext, built: Path
) -> None:
    second = context.new_page()
    second.goto(verifier.site.url)
    second.get_by_text("The verifier is open in another tab.").wait_for()
    assert second.get_by_role("button").count() == 0

    def file(route: Route) -> None:
        route.fulfill(path=built / "verifier" / (route.request.url.rsplit("/", 1)[1] or "index.html"))

    second.route("http://verifier.example/**", file)
    second.goto("http://verifier.example/")
    second.get_by_text("This page came over plain http").wait_for()
    second.get_by_text("此页面不是安全连接").wait_for()


STATES = {"empty", "root", "held", "clock", "idle", "accept", "check", "refuse", "not-read"}


@pytest.mark.parametrize(("language", "theme"), [("zh-Hans", "light"), ("zh-Hant", "dark"), ("en", "light")])
def test_every_state_is_for_everybody(verifier: Verifier, language: str, theme: Literal["dark", "light"]) -> None:
    """axe (contrast and names are among its rules), on 640 pixels: a counter's screen at 200 %."""
    verifier.page.set_viewport_size({"width": WIDE["width"] // 2, "height": WIDE["height"] // 2})
    verifier.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    seen = set()
    for name, page in verifier.tour(language):
        seen.add(name)
        assert barriers(page) == [], name
        assert page.locator("html").get_attribute("lang") == language
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert seen == STATES


def test_the_word_is_read_from_two_metres_and_said_and_texts_of_a_licence_are_texts(
    verifier: Verifier, region: Region
) -> None:
    verifier.load()
    for text, said in (
        (region.code(), "VALID You may proceed"),
        (region.code(idx=SUSPENDED), "REFUSED Do not proceed The licence is suspended"),
    ):
        verifier.scan(text)
        word = verifier.page.locator(".word")
        assert word.evaluate("each => parseFloat(getComputedStyle(each).fontSize)") >= 72
        assert verifier.page.locator(".spoken").inner_text().startswith(said[:20])
        assert JIA.name not in verifier.page.locator(".spoken").inner_text()
    markup = "<img src=x onerror=alert(1)><b>甲</b>"
    holder = region.world.holder()
    items = {1: markup, 2: "C1", 5: "1", 7: 20320101}
    issued = region.world.credential(holder=holder, claims=region.world.claims(holder=holder), items=items)
    text = region.world.code(issued, shown=(1, 5), binding=region.world.key_binding(life=120))
    assert verifier.scan(text) == "accept yes"
    assert markup in verifier.page.locator(".licence").inner_text()
    assert verifier.page.locator(".licence img, .licence b").count() == 0


def test_every_task_by_keyboard(verifier: Verifier, region: Region) -> None:
    verifier.choose(region.bundle())
    keys = Keys(verifier.page)
    verifier.page.get_by_role("checkbox").wait_for()
    keys.press("Space").to("Load").press("Enter")
    verifier.page.get_by_text("Updated").wait_for()
    keys.to("Back to checking").press("Enter")
    keys.to("The time is right").press("Enter")
    keys.type("LZ1:").press("Enter")
    verifier.page.locator(".verdict[data-look=not_read]").wait_for()
    keys.press("Escape")
    verifier.page.get_by_text("Show the code").wait_for()
    keys.to("Open the camera").press("Enter")
    verifier.page.locator(".verdict[data-look=accept]").wait_for()
    keys.to("Close the camera").press("Enter")
    keys.to("Lists and rules").press("Enter")
    keys.to("Remove everything").press("Enter").press("Enter")
    verifier.page.get_by_text("No lists and rules are loaded").wait_for()


def test_words_and_shapes_are_the_terminals(packages: Path) -> None:
    assert reason_table.TABLE.read_text("utf-8") == reason_table.made(), "python -m tests.verifier_js.reason_table"
    for name in ("accept", "check", "refuse", "not_read"):
        shape = (JS / f"verifier/web/{name}.svg").read_bytes()
        assert shape == (TERMINAL / f"static/shapes/{name}.svg").read_bytes()
    page = (JS / "verifier/web/texts.ts").read_text("utf-8")
    table = tomllib.loads((TERMINAL / "window.toml").read_text("utf-8"))
    for part, keys in (
        ("word", ("accept", "check", "refuse", "not_read")),
        ("proceed", ("accept_yes", "check_no", "refuse_no")),
    ):
        for key in keys:
            said = table[part][key]
            written = f"{key}: names({json.dumps(said['zh_hans'], ensure_ascii=False)}"
            assert written in page, key
            assert json.dumps(said["en"], ensure_ascii=False) in page, key


def test_the_types_hold(packages: Path) -> None:
    """Of the page, and of the camera and the appraisal, which it imports."""
    run(["node", "node_modules/typescript/bin/tsc", "--noEmit", "-p", "verifier/web"])


def test_the_page_is_small(built: Path) -> None:
    """60 kB without a camera; what reads pictures comes when one is opened. Nothing is fetched from elsewhere."""
    folder = built / "verifier"
    size = {each.name: len(gzip.compress(each.read_bytes(), 9)) for each in folder.iterdir()}
    reader = {name for name in size if name.startswith("frameReader-") or name.endswith(".wasm")}
    assert len(reader) == 2
    assert sum(each for name, each in size.items() if name not in reader) <= 60_000
    assert sum(size[name] for name in reader) <= 450_000
    policy = re.search('Content-Security-Policy" content="([^"]+)"', (folder / "index.html").read_text("utf-8"))
    assert policy is not None
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy[1]
