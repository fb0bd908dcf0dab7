"""The page asks: what stands on the screen, when it goes, and that it is never taken for a verdict."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from protocol.errors import Code
from protocol.labels import AnimatedKind, Purpose
from protocol.unixtime import UnixTime
from tests.browser.conftest import Complaints
from tests.browser.opening import look, opened, style
from tests.terminal_web.running import running
from tests.terminal_web.twin import (
    CERTIFIED,
    CHECK,
    GOOD,
    LICENCE,
    NOT_READ,
    NOW,
    PERSON_CHECK,
    REFUSE,
    SETTINGS,
    TwinSession,
    shown,
)
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.verdict import Finding, Form, MandateShown, Tier
from verifier_terminal.events import AnimationProgress, PortraitShown
from verifier_terminal.request_book import Ended

Opened = Callable[[TwinSession], Page]


def webp(colour: tuple[int, int, int] = (200, 150, 100)) -> bytes:
    made = BytesIO()
    Image.new("RGB", (60, 80), colour).save(made, "WEBP")
    return made.getvalue()


PORTRAIT = webp()
WITH_PORTRAIT = replace(LICENCE, portrait_sha256=sha256(PORTRAIT).digest())
ID_CARD = replace(LICENCE, vct=65001, slug="id-card", claims={"name": "测*甲", "citizen_id": "990***********0028"})
BUNDLE = replace(
    CHECK,
    licence=None,
    form=Form.BUNDLE,
    members=(replace(GOOD, licence=WITH_PORTRAIT), replace(CHECK, licence=ID_CARD)),
    check_number="7K3-Q60",
)


def window() -> TwinSession:
    session = TwinSession()
    session.certification, session.site = CERTIFIED, "NF6Y"
    return session


def kiosk() -> TwinSession:
    session = window()
    session.purpose, session.always_asks = Purpose.KIOSK, True
    return session


@pytest.fixture
def page_of(context: BrowserContext, complaints: Complaints) -> Iterator[Opened]:
    with ExitStack() as served:

        def open_page(session: TwinSession) -> Page:
            origin = served.enter_context(running(session, SETTINGS, reasons=reasons.load()))
            return opened(context, origin, complaints)

        yield open_page


def read(page: Page, tmp_path: Path) -> str:
    """What a phone before the screen reads; nothing when there is no code."""
    import cv2
    import zxingcpp

    path = tmp_path / "screen.png"
    page.screenshot(path=str(path))
    found = zxingcpp.read_barcodes(cv2.imread(str(path)), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    return str(found[0].text) if found else ""


def ask(page: Page, reason: str = "换领驾驶证") -> None:
    page.keyboard.press("a")
    expect(page.locator("#ask-reason")).to_be_focused()
    page.locator("#ask-reason").fill(reason)
    # The page asks once more when it hears of its request: only then it rests.
    with page.expect_response(lambda each: each.request.method == "GET" and each.url.endswith("/api/v1/requests")):
        page.keyboard.press("Enter")
    # That may be before the answer to the asking itself, which closes the dialog; until then Escape belongs to it.
    expect(page.locator("#ask-dialog")).to_be_hidden()
    expect(page.locator("#request")).to_be_visible()


def test_at_a_window_nothing_is_asked_until_the_clerk_asks(page_of: Opened, tmp_path: Path) -> None:
    session = window()
    page = page_of(session)
    expect(page.locator("#request")).to_be_hidden()
    assert session.all_opened == []
    ask(page)
    (request,) = session.all_opened
    assert (request.reason, list(request.wanted)) == ("换领驾驶证", [65004])
    expect(page.locator("#request-kinds")).to_contain_text("机动车驾驶证（姓名、证号、准驾车型、有效期止）")
    expect(page.locator("#request-reason")).to_have_text("事由：换领驾驶证")
    expect(page.locator("#request-left")).to_have_text("还有 120 秒")
    assert read(page, tmp_path) == request.text


def test_several_licences_and_at_most_four(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    page.keyboard.press("a")
    page.locator("#ask-kinds input").nth(1).check()
    page.locator("#ask-send").click()
    expect(page.locator("#request-kinds")).to_contain_text("居民身份证")
    assert list(session.all_opened[0].wanted) == [65004, 65001]


def test_no_licence_and_no_reason_are_named_and_ask_nobody(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    page.keyboard.press("a")
    page.locator("#ask-kinds input").first.uncheck()
    page.locator("#ask-send").click()
    expect(page.locator("#ask-problem")).to_have_text("请至少选一种证照。")
    page.locator("#ask-kinds input").first.check()
    page.locator("#ask-reason").fill("  ")
    page.locator("#ask-send").click()
    expect(page.locator("#ask-problem")).to_contain_text("事由")
    assert session.all_opened == []


def refused_once(complaints: Complaints) -> None:
    """The browser notes the refused request, and nothing else happened."""
    assert [line for line in complaints.lines if "409" not in line] == []
    assert len(complaints.lines) == 1
    complaints.lines.clear()


def test_a_terminal_without_certificate_says_so(page_of: Opened, complaints: Complaints) -> None:
    page = page_of(TwinSession())
    page.keyboard.press("a")
    expect(page.locator("#ask-problem")).to_contain_text("没有有效的终端证书")
    refused_once(complaints)


def test_escape_cancels_and_blanks(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    ask(page)
    page.keyboard.press("Escape")
    expect(page.locator("#request")).to_be_hidden()
    look(page, "idle")
    page.wait_for_timeout(300)
    assert session.opened == {}


def test_the_answer_takes_the_code_away(page_of: Opened, tmp_path: Path) -> None:
    session = window()
    page = page_of(session)
    ask(page)
    session.end_request(1, Ended.ANSWERED)
    session.tell(shown(GOOD))
    look(page, "accept")
    expect(page.locator("#request")).to_be_hidden()
    assert read(page, tmp_path) == ""


def test_a_wrong_code_leaves_the_request_beside_the_verdict(page_of: Opened, tmp_path: Path) -> None:
    session = window()
    page = page_of(session)
    ask(page)
    session.tell(shown(NOT_READ))
    look(page, "not_read")
    expect(page.locator("#request")).to_be_visible()
    assert read(page, tmp_path) == session.all_opened[0].text
    assert float(style(page, "#word", "fontSize").removesuffix("px")) >= 72
    # The next person is not asked what this one was asked.
    page.keyboard.press("Enter")
    expect(page.locator("#request")).to_be_hidden()


def test_its_time_runs_out_and_that_is_said(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    ask(page)
    page.clock.run_for(60_000)
    expect(page.locator("#request-left")).to_have_text("还有 60 秒")
    page.clock.run_for(59_500)
    session.end_request(1, Ended.OVER)
    expect(page.locator("#request")).to_be_hidden()
    expect(page.locator("#device")).to_contain_text("没有人应答")


def test_an_answer_that_comes_late_brings_no_request_back(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    late: list[tuple[Route, APIResponse]] = []

    def hold_the_first(route: Route) -> None:
        if route.request.method == "GET" and not late:
            late.append((route, route.fetch()))
        else:
            route.continue_()

    # The dialog has asked already; what is held is what the page asks when it hears of the request.
    page.keyboard.press("a")
    expect(page.locator("#ask-reason")).to_be_focused()
    page.route("**/api/v1/requests", hold_the_first)
    page.locator("#ask-reason").fill("换领驾驶证")
    page.keyboard.press("Enter")
    expect(page.locator("#request")).to_be_visible()
    while not late:
        page.wait_for_timeout(10)
    session.end_request(1, Ended.ANSWERED)
    expect(page.locator("#request")).to_be_hidden()
    with page.expect_response("**/api/v1/requests"):
        late[0][0].fulfill(response=late[0][1])
    page.wait_for_timeout(100)
    expect(page.locator("#request")).to_be_hidden()


def test_a_page_that_is_reloaded_shows_what_is_still_asked(
    page_of: Opened, tmp_path: Path, complaints: Complaints
) -> None:
    session = window()
    page = page_of(session)
    ask(page)
    with complaints.leaving():
        page.reload()
    expect(page.locator("#request")).to_be_visible()
    assert read(page, tmp_path) == session.all_opened[0].text


def test_a_short_code_instead(page_of: Opened) -> None:
    page = page_of(window())
    page.keyboard.press("a")
    page.locator("#ask-short").click()
    expect(page.locator("#request-short-code")).to_have_text("NF6Y-XBG25Y")
    expect(page.locator("#request-code")).to_be_hidden()
    expect(page.locator(".request-scan")).to_be_hidden()


def test_a_kiosk_always_shows_its_request(page_of: Opened, tmp_path: Path) -> None:
    session = kiosk()
    page = page_of(session)
    expect(page.locator("#request")).to_be_visible()
    expect(page.locator(".request-scan")).to_contain_text("请用钱包扫描此码")
    expect(page.locator("#request-short-code")).to_have_text("NF6Y-XBG25Y")
    expect(page.locator("#verdict")).to_be_hidden()
    assert read(page, tmp_path) == session.all_opened[0].text
    # Neutral: no colour of any verdict anywhere on it.
    assert style(page, "#request", "backgroundColor") == "rgba(0, 0, 0, 0)"
    assert style(page, "#request-code", "backgroundColor") == "rgb(255, 255, 255)"
    assert float(style(page, ".request-scan", "fontSize").removesuffix("px")) >= 48


def test_a_kiosk_renews_at_once_after_an_answer_and_before_the_end(page_of: Opened, tmp_path: Path) -> None:
    session = kiosk()
    page = page_of(session)
    expect(page.locator("#request")).to_be_visible()
    first = next(each for each in session.all_opened if not each.is_short)
    session.end_request(first.number, Ended.ANSWERED)
    session.tell(shown(GOOD))
    look(page, "accept")
    expect(page.locator("#request-code")).not_to_have_attribute("data-drawn", str(first.number))
    second = [each for each in session.all_opened if not each.is_short][-1]
    assert read(page, tmp_path) == second.text != first.text
    session.opened[second.number] = replace(second, seconds_left=59.0)
    page.clock.run_for(61_000)
    expect(page.locator("#request-code")).not_to_have_attribute("data-drawn", str(second.number))
    # Somebody may just be deciding about the one before: it is open to its end.
    assert second.number in session.opened


def test_a_visitor_chooses_the_licence(page_of: Opened) -> None:
    session = kiosk()
    page = page_of(session)
    choice = page.locator("#request-choices button", has_text="居民身份证")
    assert choice.evaluate("button => button.getBoundingClientRect().height") >= 60
    choice.click()
    expect(choice).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#request-kinds")).to_contain_text("居民身份证")
    assert [list(each.wanted) for each in session.opened.values() if not each.is_short] == [[65001]]


def test_a_kiosk_without_certificate_shows_no_code_and_says_why(page_of: Opened, tmp_path: Path) -> None:
    session = kiosk()
    session.certification = TwinSession().certification
    page = page_of(session)
    expect(page.locator("#request-trouble")).to_contain_text("没有终端证书")
    assert read(page, tmp_path) == ""


def test_while_nothing_can_be_recorded_nobody_is_asked(page_of: Opened, tmp_path: Path) -> None:
    session = kiosk()
    page = page_of(session)
    expect(page.locator("#request")).to_be_visible()
    session.broken = True
    page.keyboard.press("m")
    page.keyboard.insert_text("good")
    page.keyboard.press("Enter")
    look(page, "out_of_order")
    expect(page.locator("#request")).to_be_hidden()
    assert read(page, tmp_path) == ""


@pytest.mark.parametrize("zoom", [1, 2])
@pytest.mark.parametrize("lang", ["zh-Hans", "zh-Hant", "en"])
def test_the_code_and_its_words_are_in_view_at_any_zoom(
    context: BrowserContext, complaints: Complaints, zoom: int, lang: str, tmp_path: Path
) -> None:
    session = kiosk()
    with running(session, SETTINGS, reasons=reasons.load()) as origin:
        page = opened(context, f"{origin}/?lang={lang}", complaints)
        page.set_viewport_size({"width": 1280 // zoom, "height": 800 // zoom})
        expect(page.locator("#request")).to_be_visible()
        for part in (".request-scan", "#request-code"):
            box = page.locator(part).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 800 // zoom
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280 // zoom
        assert read(page, tmp_path) == session.all_opened[0].text
        context.close()


# What the verdict shows.


def test_each_licence_of_a_bundle_has_its_own_word_under_the_acts(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    session.tell(shown(BUNDLE))
    look(page, "check")
    members = page.locator("#facts .member")
    expect(members).to_have_count(2)
    expect(members.nth(0).locator(".member-word")).to_have_text("✓ 有效")
    expect(members.nth(1).locator(".member-word")).to_have_text("! 请核对")
    expect(members.nth(1)).to_contain_text("居民身份证")
    expect(members.nth(1)).to_contain_text("990***********0028")
    chips = page.locator("#facts .member-chip")
    expect(chips).to_have_text([re.compile("有效.*机动车驾驶证"), re.compile("请核对.*居民身份证")])
    box = chips.nth(1).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 740
    page.clock.run_for(20_000)
    expect(page.locator("#facts")).not_to_contain_text("测*甲")
    expect(page.locator("#word")).to_have_text("请核对")


def test_an_agent_is_never_taken_for_the_holder(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    mandate = MandateShown(2, UnixTime(NOW + 30 * 86_400))
    session.tell(shown(replace(PERSON_CHECK, licence=replace(WITH_PORTRAIT, mandate=mandate))))
    look(page, "accept")
    for text in ("先核对代办人", "面前的人不是持证人", "不要与代办人比对", "代办人已核对"):
        expect(page.locator("#verdict")).to_contain_text(text)
    expect(page.locator("#verdict")).not_to_contain_text("是本人")
    expect(page.locator(".shown-by")).to_contain_text("第 2 级受托人")
    page.clock.run_for(1_000)
    page.keyboard.press("y")
    expect(page.locator("#facts .foot")).to_contain_text("代办人已核对")
    expect(page.locator("#facts .foot")).not_to_contain_text("是本人")


def test_a_paper_code_says_what_it_does_not_show(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    finding = (Finding(Code.W_STATIC, Tier.WARNING),)
    session.tell(shown(replace(CHECK, form=Form.PAPER, findings=finding, licence=replace(LICENCE, is_paper=True))))
    expect(page.locator(".shown-by")).to_contain_text("不能证明出示人就是持证人")


# Portraits.


def with_portrait(page: Page, session: TwinSession) -> None:
    session.tell(shown(replace(PERSON_CHECK, licence=WITH_PORTRAIT)))
    look(page, "accept")


def test_a_portrait_shows_its_progress_and_then_itself(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    with_portrait(page, session)
    expect(page.locator(".photo")).to_have_text("照片待传")
    expect(page.locator("#person-hint")).to_contain_text("照片正在传来")
    session.tell(AnimationProgress(AnimatedKind.PORTRAIT, 5, 9, "camera 0"))
    expect(page.locator(".photo")).to_have_text("照片 5/9")
    session.tell(PortraitShown("7K3-Q43", 0, PORTRAIT))
    canvas = page.locator(".photo canvas")
    expect(canvas).to_be_visible()
    assert canvas.evaluate("c => [c.width, c.height]") == [60, 80]
    red, green, blue, _ = canvas.evaluate("c => [...c.getContext('2d').getImageData(30, 40, 1, 1).data]")
    assert abs(red - 200) + abs(green - 150) + abs(blue - 100) < 40
    expect(page.locator("#person-hint")).to_have_text("请对照照片与面前的人")
    box = page.locator(".photo").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 740


def test_a_portrait_goes_with_the_personal_data(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    with_portrait(page, session)
    session.tell(PortraitShown("7K3-Q43", 0, PORTRAIT))
    expect(page.locator("canvas")).to_have_count(1)
    page.clock.run_for(20_000)
    expect(page.locator("canvas")).to_have_count(0)
    # One that arrives afterwards does not bring it back.
    session.tell(PortraitShown("7K3-Q43", 0, PORTRAIT))
    page.wait_for_timeout(300)
    expect(page.locator("canvas")).to_have_count(0)


@pytest.mark.parametrize(("number", "image"), [("7K3-Q99", PORTRAIT), ("7K3-Q43", b"no picture")])
def test_another_acts_portrait_and_one_that_is_no_picture_are_not_shown(
    page_of: Opened, number: str, image: bytes
) -> None:
    session = window()
    page = page_of(session)
    with_portrait(page, session)
    session.tell(PortraitShown(number, 0, image))
    page.wait_for_timeout(300)
    expect(page.locator("canvas")).to_have_count(0)
    expect(page.locator(".photo")).to_have_text("照片待传" if image == PORTRAIT else "照片无法显示")


def test_frames_without_a_place_have_a_line_that_goes_again(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    session.tell(AnimationProgress(AnimatedKind.BUNDLE, 3, 9, "camera 0"))
    expect(page.locator("#progress")).to_contain_text("3/9")
    look(page, "idle")
    page.clock.run_for(4_500)
    expect(page.locator("#progress")).to_be_hidden()


# Receipts.


def test_a_receipt_and_its_copy_are_saved_as_files(page_of: Opened) -> None:
    session = window()
    page = page_of(session)
    session.tell(shown(GOOD))
    look(page, "accept")
    page.keyboard.press("r")
    page.locator("#receipt-reason").fill("换领驾驶证")
    page.keyboard.press("Enter")
    links = page.locator("#receipt-files a")
    expect(links).to_have_count(2)
    for link, name in ((links.nth(0), "receipt"), (links.nth(1), "copy")):
        with page.expect_download() as saved:
            link.click()
        assert saved.value.suggested_filename == f"{name}-7K3-Q42.cbor"
        content = Path(saved.value.path()).read_bytes()
        assert "换领驾驶证".encode() in content
    page.keyboard.press("Escape")
    expect(page.locator("#receipt-files a")).to_have_count(0)


def test_there_is_no_receipt_without_a_check_or_a_certificate(page_of: Opened, complaints: Complaints) -> None:
    session = TwinSession()
    page = page_of(session)
    page.keyboard.press("r")
    expect(page.locator("#device")).to_contain_text("没有可出具回执的核验")
    session.tell(shown(REFUSE))
    look(page, "refuse")
    page.keyboard.press("r")
    page.locator("#receipt-reason").fill("换领驾驶证")
    page.keyboard.press("Enter")
    expect(page.locator("#receipt-problem")).to_contain_text("终端证书")
    refused_once(complaints)
