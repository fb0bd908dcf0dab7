"""The clerk's page in a real browser on a real server: what is seen, for how long, and what no licence can do to it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from hardware.devices import Connected, Lost, LostReason
from protocol.errors import Code
from protocol.status_list import Status
from tests.browser.conftest import Complaints
from tests.browser.opening import look, opened, style
from tests.terminal_web.running import running
from tests.terminal_web.twin import (
    CHECK,
    GOOD,
    HOLD,
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
from verifier_terminal.appraisal.foreign_codes import NAMES
from verifier_terminal.appraisal.foreign_codes import ForeignCode as Named
from verifier_terminal.appraisal.verdict import Finding, Tier, Verdict
from verifier_terminal.events import ActsChanged, DeviceNews, ForeignCode, OutOfOrderNews, RecheckAlarm

COLOURS = {
    "accept": ("rgb(0, 96, 92)", "rgb(255, 255, 255)"),
    "check": ("rgb(255, 221, 51)", "rgb(0, 0, 0)"),
    "hold": ("rgb(255, 221, 51)", "rgb(0, 0, 0)"),
    "refuse": ("rgb(122, 0, 16)", "rgb(255, 255, 255)"),
    "not_read": ("rgb(163, 171, 176)", "rgb(0, 0, 0)"),
}
VERDICTS = {
    "accept": GOOD,
    "check": CHECK,
    "hold": HOLD,
    "refuse": REFUSE,
    "not_read": NOT_READ,
}
WORDS = {"accept": "有效", "check": "请核对", "hold": "请核对", "refuse": "不予采信", "not_read": "未能读取"}
PICTURES = {
    **VERDICTS,
    "accept-person-check": PERSON_CHECK,
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


@pytest.mark.parametrize("name", VERDICTS)
def test_each_verdict_has_its_colour_shape_and_word(page: Page, session: TwinSession, name: str) -> None:
    look(page, "idle")
    session.tell(shown(VERDICTS[name]))
    look(page, name)
    expect(page.locator("#word")).to_have_text(WORDS[name])
    background, ink = COLOURS[name]
    assert style(page, "#verdict", "backgroundColor") == background
    assert style(page, "#word", "color") == ink
    assert float(style(page, "#word", "fontSize").removesuffix("px")) >= 72
    shape = "check" if name == "hold" else name
    drawn = page.locator("#verdict img:visible")
    expect(drawn).to_have_count(1)
    expect(drawn).to_have_attribute("src", f"/static/shapes/{shape}.svg")
    assert drawn.evaluate("image => image.naturalWidth") > 0
    expect(page.locator("#announce")).to_contain_text(WORDS[name])


def test_a_code_that_is_typed_goes_through_the_real_post(page: Page, session: TwinSession) -> None:
    page.keyboard.press("m")
    expect(page.locator("#manual-text")).to_be_focused()
    page.keyboard.insert_text("refuse")
    page.keyboard.press("Enter")
    look(page, "refuse")
    expect(page.locator("#manual-dialog")).to_be_hidden()
    assert session.scanned == [("refuse", "manual")]


def test_a_typing_scanner_is_read_without_any_dialog_and_triggers_no_shortcut(page: Page, session: TwinSession) -> None:
    # Every letter is a shortcut of the page; a scanner types them within a few milliseconds each.
    page.evaluate(
        """() => { for (const key of [..."vlmd/?person", "Enter"])
            document.body.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true})); }"""
    )
    look(page, "not_read")
    assert session.scanned == [("vlmd/?person", "manual")]
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


def test_the_next_scan_replaces_everything_of_the_one_before(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    expect(page.locator("#facts")).to_contain_text("测*甲")
    page.keyboard.press("m")
    expect(page.locator("#manual-dialog")).to_be_visible()
    session.tell(shown(NOT_READ))
    look(page, "not_read")
    expect(page.locator("#manual-dialog")).to_be_hidden()
    expect(page.locator("#facts")).not_to_contain_text("测*甲")
    expect(page.locator("#facts")).to_contain_text("7K3-Q47")


def test_the_facts_of_an_accepted_licence(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    facts = page.locator("#facts")
    for text in ("机动车驾驶证", "演示市公安局", "上海 310000", "2032-01-01", "还有", "7K3-Q42", "窗口办事"):
        expect(facts).to_contain_text(text)
    expect(facts).to_contain_text("离线核验 · 状态数据 12 分钟前")
    expect(facts.locator("dd.none").first).to_have_text("—")
    expect(page.locator("#network")).to_have_text("网络中断，自 11-22 09:00 起")
    expect(page.locator("#waiting")).to_have_text("待复核 3 笔")


def test_personal_data_blank_first_and_the_word_later(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    expect(page.locator("#countdown")).to_be_hidden()
    page.clock.fast_forward(12_000)
    expect(page.locator("#countdown")).to_contain_text("秒后隐去个人信息")
    page.clock.fast_forward(9_000)
    expect(page.locator("#facts")).to_contain_text("个人信息已隐去")
    assert "测*甲" not in page.content()
    assert "机动车驾驶证" not in page.locator("main").inner_text()
    look(page, "accept")
    page.clock.fast_forward(40_000)
    look(page, "idle")
    expect(page.locator("#word")).to_have_text("请出示二维码")


def test_any_key_keeps_personal_data_but_not_for_ever(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    for _ in range(18):
        page.clock.fast_forward(15_000)
        expect(page.locator("#countdown")).to_be_visible()
        expect(page.locator("#facts")).to_contain_text("测*甲")
        page.keyboard.press("ArrowDown")
        expect(page.locator("#countdown")).to_be_hidden()
    for _ in range(3):
        page.clock.fast_forward(12_000)
        page.keyboard.press("ArrowDown")
    assert "测*甲" not in page.content()


@pytest.mark.parametrize("key", ["Escape", "Enter"])
def test_escape_and_enter_blank_now(page: Page, session: TwinSession, key: str) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    page.keyboard.press(key)
    look(page, "idle")
    assert "测*甲" not in page.content()


def test_details_rank_the_findings_with_the_citizens_sentence(page: Page, session: TwinSession) -> None:
    second = Finding(Code.W_NEAR_EXPIRY, Tier.INFORMATION)
    session.tell(shown(replace(CHECK, findings=(*CHECK.findings, second))))
    look(page, "check")
    page.keyboard.press("d")
    expect(page.locator("#details li")).to_have_count(2)
    expect(page.locator("#details li").first).to_contain_text("W_STATUS_STALE")
    expect(page.locator("#details li").first).to_contain_text("可以对持证人说")
    page.keyboard.press("d")
    expect(page.locator("#details")).to_be_hidden()


def test_out_of_order_hides_the_verdict_stays_and_is_not_red(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    session.broken = True
    session.tell(OutOfOrderNews("disk full"))
    look(page, "out_of_order")
    expect(page.locator("#word")).to_have_text("本机停用")
    expect(page.locator("#instruction")).to_contain_text("叫主管")
    assert "测*甲" not in page.content()
    assert style(page, "#verdict", "backgroundColor") == "rgb(27, 37, 89)"
    page.clock.fast_forward(120_000)
    look(page, "out_of_order")
    page.keyboard.press("Escape")
    look(page, "out_of_order")
    session.broken = False
    session.tell(shown(CHECK))
    look(page, "check")


def test_a_device_says_what_is_wrong_until_it_is_back(page: Page, session: TwinSession) -> None:
    session.tell(DeviceNews(Lost("scanner-1", LostReason.UNPLUGGED)))
    expect(page.locator("#device")).to_contain_text("扫码枪断开了")
    session.tell(DeviceNews(Lost("camera 0", LostReason.NOT_FOUND)))
    expect(page.locator("#device")).to_contain_text("摄像头没有找到")
    session.tell(DeviceNews(Connected("scanner-1")))
    expect(page.locator("#device")).not_to_contain_text("扫码枪")
    session.tell(DeviceNews(Connected("camera 0")))
    expect(page.locator("#device")).to_be_hidden()


def test_an_alarm_stays_until_a_person_has_seen_to_it(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    session.alarms = (RecheckAlarm("7K3-Q42", NOW, Status.REVOKED),)
    session.tell(session.alarms[0])
    expect(page.locator("#alarms")).to_contain_text("7K3-Q42 复核结果有变")
    expect(page.locator("#alarms")).to_contain_text("已吊销")
    session.tell(shown(CHECK))
    look(page, "check")
    page.locator("#alarms button").click()
    expect(page.locator("#alarms p")).to_have_count(0)
    assert session.alarms == ()


def test_the_same_act_read_twice_says_so(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    session.tell(shown(GOOD, same_act=True))
    expect(page.locator("#facts")).to_contain_text("同一次扫码")


def test_acts_are_searched_and_voided_by_keyboard_alone(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    session.tell(shown(REFUSE))
    look(page, "refuse")
    page.keyboard.press("/")
    expect(page.locator("#acts-search")).to_be_focused()
    expect(page.locator("#acts-rows tr")).to_have_count(2)
    page.keyboard.type("q42")
    expect(page.locator("#acts-rows tr")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#void-number")).to_have_text("7K3-Q42")
    expect(page.locator("#void-reason")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#void-problem")).to_contain_text("作废原因")
    page.keyboard.insert_text("持证人走错窗口")
    page.keyboard.press("Enter")
    expect(page.locator("#void-dialog")).to_be_hidden()
    expect(page.locator("#acts-rows")).to_contain_text("已作废: 持证人走错窗口")
    assert session.voids == {"7K3-Q42": "持证人走错窗口"}


def test_v_voids_the_verdict_on_the_screen(page: Page, session: TwinSession) -> None:
    page.keyboard.press("v")
    expect(page.locator("#device")).to_contain_text("没有可作废的核验")
    session.tell(shown(GOOD))
    look(page, "accept")
    page.keyboard.press("v")
    expect(page.locator("#void-reason")).to_be_focused()
    page.keyboard.insert_text("误扫")
    page.keyboard.press("Enter")
    look(page, "idle")
    assert session.voids == {"7K3-Q42": "误扫"}
    session.tell(ActsChanged("7K3-Q42"))


def test_every_control_is_reached_by_tab_and_shows_its_focus(page: Page) -> None:
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "4px"
        if reached[-1] == "more-summary":
            page.keyboard.press("Space")
    assert reached == [
        "known-summary", "sound", "language", "help", "next", "blank", "show-details", "show-manual",
        "show-acts", "show-ask", "show-receipt", "more-summary", "second", "show-void", "show-problem",
        "practice",
    ]  # fmt: skip


def test_what_is_known_opens_by_keyboard_and_closes_when_a_verdict_comes(page: Page, session: TwinSession) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#known-list")).to_be_visible()
    expect(page.locator("#known-list")).to_contain_text("签发机构名单 1 小时前")
    session.tell(shown(GOOD))
    look(page, "accept")
    expect(page.locator("#known-list")).to_be_hidden()


def test_language_changes_on_the_spot_and_is_remembered(
    page: Page, session: TwinSession, context: BrowserContext, origin: str, complaints: Complaints
) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    page.keyboard.press("l")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hant")
    page.keyboard.press("l")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#word")).to_have_text("VALID")
    expect(page.locator("#facts")).to_contain_text("Driving licence")
    expect(page.locator("#word-other")).to_have_attribute("lang", "zh-Hans")
    again = opened(context, origin, complaints)
    expect(again.locator("#word")).to_have_text("Please show the code")
    assert context.cookies() == []


def test_the_help_names_the_keys(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help-dialog")).to_be_hidden()


def test_sound_is_off_until_switched_on(page: Page) -> None:
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "false")
    page.locator("#sound").click()
    expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#sound")).to_have_text("声音：开")


XSS = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "\"><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "</script><script>alert(1)</script>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<style>*{display:none}</style>",
    "\u202e有效 DILAV\u2066",
    "A\nVALID 有效",
]  # fmt: skip


@pytest.mark.parametrize("text", XSS, ids=range(len(XSS)))
def test_licence_fields_are_text_and_nothing_else(page: Page, session: TwinSession, text: str) -> None:
    """0 dialogs, 0 policy violations and 0 extra nodes: the same page with plain text has exactly as many."""

    def nodes_with(value: str, number: str) -> int:
        claims = dict.fromkeys(("name", "class", "licence_no", "address", "citizen_id", "birth_date"), value)
        hostile = replace(LICENCE, claims=claims, authority=value, slug=value)
        session.tell(shown(replace(GOOD, licence=hostile, check_number=number)))
        expect(page.locator(".number")).to_have_text(number)
        return int(page.evaluate("document.querySelectorAll('*').length"))

    assert nodes_with(text, "XSS-001") == nodes_with("测试", "XSS-002")
    expect(page.locator("#word")).to_have_text("有效")


def test_a_hostile_void_reason_is_text_too(page: Page, session: TwinSession) -> None:
    session.tell(shown(GOOD))
    look(page, "accept")
    session.void("7K3-Q42", "<img src=x onerror=alert(1)>")
    page.keyboard.press("/")
    expect(page.locator("#acts-rows")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(page.locator("#acts-rows img")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("name", PICTURES)
def test_at_200_percent_nothing_runs_off_the_side(
    context: BrowserContext,
    origin: str,
    complaints: Complaints,
    session: TwinSession,
    tmp_path: Path,
    name: str,
    language: str,
) -> None:
    page = opened(context, f"{origin}/?lang={language}", complaints)
    # A page at 200 % has half as many CSS pixels in each direction.
    page.set_viewport_size({"width": 640, "height": 400})
    long = replace(LICENCE, authority="长" * 120, claims={"name": "A" * 96, "address": "字" * 240, "class": "C" * 24})
    verdict: Verdict = PICTURES[name]
    session.tell(shown(verdict if verdict.licence is None else replace(verdict, licence=long)))
    expect(page.locator(".number")).to_have_text(verdict.check_number)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert float(style(page, "#word", "fontSize").removesuffix("px")) >= 72
    _picture(page, tmp_path, name)


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
@pytest.mark.parametrize("name", PICTURES)
def test_at_1280_by_800_the_check_number_is_in_view_without_scrolling(
    context: BrowserContext, origin: str, complaints: Complaints, session: TwinSession, name: str, language: str
) -> None:
    page = opened(context, f"{origin}/?lang={language}", complaints)
    session.tell(shown(PICTURES[name]))
    expect(page.locator(".number")).to_have_text(PICTURES[name].check_number)
    assert page.evaluate("scrollY") == 0
    number, bottom = page.locator(".number").bounding_box(), page.locator(".bottom").bounding_box()
    assert number is not None
    assert bottom is not None
    assert number["y"] + number["height"] <= bottom["y"]
    assert bottom["y"] + bottom["height"] <= 800


def test_the_page_says_when_the_terminal_is_gone(context: BrowserContext, session: TwinSession) -> None:
    complaints = Complaints()
    with running(session, SETTINGS, reasons=reasons.load()) as served:
        page = opened(context, served, complaints)
    page.clock.fast_forward(5_000)
    look(page, "lost")
    expect(page.locator("#word")).to_have_text("与核验程序失去联系")
    # The browser itself reports the refused connection; that is the only complaint there may be.
    assert {line for line in complaints.lines if "ERR_CONNECTION_REFUSED" not in line and "ERR_" not in line} == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_for_people_to_look_at(
    context: BrowserContext, origin: str, complaints: Complaints, session: TwinSession, tmp_path: Path, scheme: str
) -> None:
    page = opened(context, origin, complaints)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    taken = [_picture(page, tmp_path, f"{scheme}-idle")]
    for name, verdict in PICTURES.items():
        session.tell(shown(verdict, foreign=_payment() if verdict is NOT_READ else None))
        expect(page.locator(".number")).to_have_text(verdict.check_number)
        taken.append(_picture(page, tmp_path, f"{scheme}-{name}"))
    session.tell(shown(PERSON_CHECK))
    page.keyboard.press("d")
    expect(page.locator("#details")).to_be_visible()
    page.clock.fast_forward(14_000)
    expect(page.locator("#countdown")).to_be_visible()
    taken.append(_picture(page, tmp_path, f"{scheme}-countdown-details"))
    page.keyboard.press("/")
    expect(page.locator("#acts-rows tr").first).to_be_visible()
    taken.append(_picture(page, tmp_path, f"{scheme}-acts"))
    session.broken = True
    session.tell(OutOfOrderNews("disk full"))
    look(page, "out_of_order")
    taken.append(_picture(page, tmp_path, f"{scheme}-out-of-order"))
    assert all(picture.stat().st_size > 5_000 for picture in taken)
    # Two verdicts that look the same to a camera look the same to a tired clerk.
    assert len({picture.read_bytes() for picture in taken}) == len(taken)


def _picture(page: Page, folder: Path, name: str) -> Path:
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    return path


def _payment() -> ForeignCode:
    return ForeignCode(Named.PAYMENT.value, NAMES[Named.PAYMENT])
