"""The comparison of the person on the clerk's page: who is asked, what an answer shows, and what answers nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Frame, Page, expect

from tests.browser.conftest import Complaints
from tests.browser.opening import look, opened, style
from tests.terminal_web.running import running
from tests.terminal_web.twin import (
    CHECK,
    GOOD,
    HOLD,
    LICENCE,
    NOT_READ,
    PERSON_CHECK,
    PERSON_TO_CHECK,
    REFUSE,
    SETTINGS,
    TwinSession,
    shown,
)
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.verdict import Verdict
from verifier_terminal.events import PersonChecked

WAITING = {"accept": PERSON_CHECK, "check": PERSON_TO_CHECK}
LANGUAGES = ["zh-Hans", "zh-Hant", "en"]
STOP = {
    "zh-Hans": "不予办理：人证不符",
    "zh-Hant": "不予辦理：人證不符",
    "en": "Do not go on: not the same person",
}


@pytest.fixture
def session() -> TwinSession:
    return TwinSession()


@pytest.fixture
def origin(session: TwinSession) -> Iterator[str]:
    with running(session, SETTINGS, reasons=reasons.load()) as served:
        yield served


@pytest.fixture
def page(context: BrowserContext, origin: str, complaints: Complaints) -> Page:
    return opened(context, origin, complaints)


def ask(page: Page, session: TwinSession, verdict: Verdict = PERSON_CHECK) -> None:
    """Shows a verdict for long enough that an answer is meant for it."""
    session.tell(shown(verdict))
    expect(page.locator(".number")).to_have_text(verdict.check_number)
    page.clock.fast_forward(1_000)


@pytest.mark.parametrize("name", WAITING)
def test_a_verdict_that_waits_offers_two_unlike_answers(page: Page, session: TwinSession, name: str) -> None:
    ask(page, session, WAITING[name])
    look(page, name)
    expect(page.locator("body")).to_have_attribute("data-proceed", "after_check")
    yes, no = page.locator("#person-yes"), page.locator("#person-no")
    expect(yes).to_contain_text("已核对，是本人")
    expect(no).to_contain_text("不是本人")
    expect(page.locator("#person-hint")).to_have_text("无照片：请提问或查看第二份证件")
    assert style(page, "#person-yes", "backgroundColor") != style(page, "#person-no", "backgroundColor")
    left, right = yes.bounding_box(), no.bounding_box()
    assert left is not None
    assert right is not None
    # A finger that misses one must not hit the other.
    assert right["x"] - (left["x"] + left["width"]) >= 18
    assert min(left["height"], right["height"]) >= 60


@pytest.mark.parametrize("verdict", [GOOD, CHECK, HOLD, REFUSE, NOT_READ], ids=lambda each: each.check_number)
@pytest.mark.parametrize("key", ["y", "n"])
def test_nobody_is_asked_where_no_answer_is_waited_for(
    page: Page, session: TwinSession, verdict: Verdict, key: str
) -> None:
    ask(page, session, verdict)
    expect(page.locator("#person")).to_be_hidden()
    page.keyboard.press(key)
    expect(page.locator("#device")).to_contain_text("没有待核对本人的核验")
    assert session.answers == {}


@pytest.mark.parametrize(("name", "text"), [("accept", "可以办理"), ("check", "可以办理，请留意")])
@pytest.mark.parametrize("by", ["key", "pointer"])
def test_yes_lets_the_act_go_on_and_the_class_stays(
    page: Page, session: TwinSession, name: str, text: str, by: str
) -> None:
    ask(page, session, WAITING[name])
    word = page.locator("#word").inner_text()
    if by == "key":
        page.keyboard.press("y")
    else:
        page.locator("#person-yes").click()
    expect(page.locator("#proceed")).to_have_text(text)
    look(page, name)
    expect(page.locator("body")).to_have_attribute("data-proceed", "yes")
    expect(page.locator("#word")).to_have_text(word)
    expect(page.locator("#person")).to_be_hidden()
    expect(page.locator("#facts")).to_contain_text("已核对，是本人")
    expect(page.locator("#facts")).to_contain_text("测*甲")
    assert session.answers == {WAITING[name].check_number: True}


@pytest.mark.parametrize("name", WAITING)
@pytest.mark.parametrize("by", ["key", "pointer"])
def test_no_stops_the_act_unmistakably_and_is_no_refused_code(
    page: Page, session: TwinSession, name: str, by: str
) -> None:
    ask(page, session, WAITING[name])
    if by == "key":
        page.keyboard.press("N")
    else:
        page.locator("#person-no").click()
    look(page, "not_person")
    expect(page.locator("#word")).to_have_text("人证不符")
    expect(page.locator("#proceed")).to_have_text(STOP["zh-Hans"])
    expect(page.locator("#announce")).to_contain_text(STOP["zh-Hans"])
    expect(page.locator("#person")).to_be_hidden()
    assert "不予采信" not in page.locator("body").inner_text()
    # The colours of a refusal stand on the band alone, and nothing green or yellow is left to be seen from afar.
    assert style(page, "#proceed", "backgroundColor") == "rgb(122, 0, 16)"
    assert style(page, "#verdict", "backgroundColor") == "rgb(255, 255, 255)"
    expect(page.locator("#verdict img:visible")).to_have_attribute("src", "/static/shapes/not_person.svg")
    assert session.answers == {WAITING[name].check_number: False}


@pytest.mark.parametrize(("key", "text"), [("y", "可以办理"), ("n", STOP["zh-Hans"])])
def test_every_open_page_shows_the_answer(
    page: Page, session: TwinSession, context: BrowserContext, origin: str, complaints: Complaints, key: str, text: str
) -> None:
    other = opened(context, origin, complaints)
    ask(page, session)
    expect(other.locator("#person")).to_be_visible()
    page.keyboard.press(key)
    for each in (page, other):
        expect(each.locator("#proceed")).to_have_text(text)
        expect(each.locator("#person")).to_be_hidden()


def test_an_answer_about_another_check_changes_nothing_here(page: Page, session: TwinSession) -> None:
    session.tell(shown(PERSON_CHECK))
    ask(page, session, PERSON_TO_CHECK)
    session.confirm_person(PERSON_CHECK.check_number, True)
    page.keyboard.press("/")
    expect(page.locator("#acts-rows")).to_contain_text("已核对，是本人")
    page.keyboard.press("Escape")
    expect(page.locator("body")).to_have_attribute("data-proceed", "after_check")
    expect(page.locator("#person")).to_be_visible()


def test_a_hasty_answer_is_not_taken_for_the_verdict_that_just_came(page: Page, session: TwinSession) -> None:
    page.clock.pause_at(page.evaluate("Date.now()") + 1_000)
    session.tell(shown(PERSON_CHECK))
    look(page, "accept")
    page.locator("#person-yes").click()
    page.keyboard.press("m")
    page.clock.run_for(100)
    # The dialog shows that the page has dealt with the click before it.
    expect(page.locator("#manual-dialog")).to_be_visible()
    assert session.answers == {}
    page.keyboard.press("Escape")
    page.clock.run_for(1_000)
    page.locator("#person-yes").click()
    expect(page.locator("#proceed")).to_have_text("可以办理")


def test_blanking_and_the_next_scan_answer_nothing(page: Page, session: TwinSession) -> None:
    ask(page, session)
    page.clock.fast_forward(21_000)
    expect(page.locator("#facts")).to_contain_text("个人信息已隐去")
    expect(page.locator("body")).to_have_attribute("data-proceed", "after_check")
    expect(page.locator("#person")).to_be_visible()
    session.tell(shown(GOOD))
    expect(page.locator(".number")).to_have_text(GOOD.check_number)
    page.clock.fast_forward(61_000)
    look(page, "idle")
    expect(page.locator("#person")).to_be_hidden()
    assert session.answers == {}
    page.keyboard.press("/")
    row = page.locator("#acts-rows tr", has_text=PERSON_CHECK.check_number)
    expect(row).to_contain_text("待核对本人")
    row.locator("button.person-no").click()
    expect(row).to_contain_text("不是本人")
    expect(row.locator("button.person-no")).to_have_count(0)
    assert session.answers == {PERSON_CHECK.check_number: False}


def test_an_answer_after_blanking_brings_no_personal_data_back(page: Page, session: TwinSession) -> None:
    ask(page, session)
    page.clock.fast_forward(21_000)
    expect(page.locator("#facts")).to_contain_text("个人信息已隐去")
    page.keyboard.press("y")
    expect(page.locator("#proceed")).to_have_text("可以办理")
    assert "测*甲" not in page.content()


@pytest.mark.parametrize(("matches", "name"), [(True, "accept"), (False, "not_person")])
def test_a_code_that_stays_in_view_keeps_its_answer(page: Page, session: TwinSession, matches: bool, name: str) -> None:
    ask(page, session)
    page.keyboard.press("y" if matches else "n")
    expect(page.locator("#person")).to_be_hidden()
    session.tell(replace(shown(PERSON_CHECK, same_act=True), person_matches=matches))
    expect(page.locator("#facts")).to_contain_text("同一次扫码")
    look(page, name)
    expect(page.locator("#person")).to_be_hidden()


def test_a_void_act_cannot_be_answered(page: Page, session: TwinSession, complaints: Complaints) -> None:
    ask(page, session)
    session.void(PERSON_CHECK.check_number, "误扫")
    page.keyboard.press("y")
    expect(page.locator("#device")).to_contain_text("这一笔已经作废")
    expect(page.locator("body")).to_have_attribute("data-proceed", "after_check")
    assert session.answers == {}
    assert [line for line in complaints.lines if "409" in line]
    complaints.lines.clear()


def test_what_cannot_be_recorded_is_no_answer(page: Page, session: TwinSession, complaints: Complaints) -> None:
    ask(page, session)
    confirm = session.confirm_person

    def full(number: str, matches: bool) -> PersonChecked:
        # Not before: the standing that is told every 0.2 s would be faster than the key.
        session.broken = True
        return confirm(number, matches)

    session.confirm_person = full  # type: ignore[method-assign]
    page.keyboard.press("y")
    look(page, "out_of_order")
    assert session.answers == {}
    assert [line for line in complaints.lines if "503" in line]
    complaints.lines.clear()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WAITING)
@pytest.mark.parametrize("key", ["", "y", "n"], ids=["waiting", "yes", "no"])
def test_at_1280_by_800_all_that_matters_is_in_view(
    context: BrowserContext,
    origin: str,
    complaints: Complaints,
    session: TwinSession,
    tmp_path: Path,
    language: str,
    name: str,
    key: str,
) -> None:
    page = opened(context, f"{origin}/?lang={language}", complaints)
    ask(page, session, WAITING[name])
    wanted = ["#word", "#proceed", "#instruction", ".number", "#person-yes", "#person-no"]
    if key:
        page.keyboard.press(key)
        expect(page.locator("#person")).to_be_hidden()
        wanted = wanted[:4]
    if key == "n":
        expect(page.locator("#proceed")).to_have_text(STOP[language])
    bottom = page.locator(".bottom").bounding_box()
    assert bottom is not None
    assert bottom["y"] + bottom["height"] <= 800
    assert page.evaluate("scrollY") == 0
    for each in wanted:
        box = page.locator(each).bounding_box()
        assert box is not None, each
        assert box["y"] + box["height"] <= bottom["y"], each
    page.screenshot(path=tmp_path / "view.png")


@pytest.mark.parametrize("language", LANGUAGES)
def test_embedded_at_640_the_word_stays_large_and_nothing_runs_off_the_side(
    context: BrowserContext, session: TwinSession, complaints: Complaints, tmp_path: Path, language: str
) -> None:
    long = replace(LICENCE, authority="长" * 120, claims={"name": "A" * 96, "address": "字" * 240, "class": "C" * 24})
    with town(tmp_path) as outside:
        settings = replace(SETTINGS, frame_ancestors=(outside,))
        with running(session, settings, reasons=reasons.load()) as served:
            inside = f'<!doctype html><iframe src="{served}/?lang={language}" width="640" height="864"></iframe>'
            (tmp_path / "index.html").write_text(inside, "utf-8")
            page = context.new_page()
            complaints.watch(page)
            page.clock.install()
            page.goto(f"{outside}/index.html")
            inner = page.locator("iframe").element_handle().content_frame()
            assert inner is not None
            expect(inner.locator("#terminal")).to_have_text("演示窗口 1")
            for verdict in (GOOD, CHECK, HOLD, REFUSE, NOT_READ, PERSON_TO_CHECK, PERSON_CHECK):
                session.tell(shown(verdict if verdict.licence is None else replace(verdict, licence=long)))
                expect(inner.locator(".number")).to_have_text(verdict.check_number)
                assert_fits(inner)
            page.clock.fast_forward(1_000)
            inner.locator("#person-no").click()
            expect(inner.locator("#proceed")).to_have_text(STOP[language])
            assert_fits(inner)
            # The page is gone before its server is, which would be a complaint of its own.
            page.close()


def assert_fits(inner: Frame) -> None:
    assert inner.evaluate("innerWidth") == 640
    assert inner.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert inner.locator("#word").evaluate("word => parseFloat(getComputedStyle(word).fontSize)") >= 72


@contextmanager
def town(folder: Path) -> Iterator[str]:
    """Another program's pages on this machine, as the demonstration's are."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_said: object) -> None:
            pass

    (folder / "favicon.ico").touch()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
