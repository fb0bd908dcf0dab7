"""The kiosk's screen in a real browser: every state in three languages, by touch and by keys, large enough, and empty
after each visitor."""

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from hardware.devices import Connected, GuidanceGiven, Hint, Lost, LostReason
from protocol import receipt
from protocol.labels import PREFIX_RECEIPT
from protocol.qr import envelope
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.browser.kiosk_stand import ACCEPTED, PERSONAL, Stand
from tests.terminal_web.twin import CERTIFIED, GOOD, HOLD, LICENCE, REFUSE, shown
from verifier_terminal.appraisal import reasons
from verifier_terminal.certification import Trouble
from verifier_terminal.events import DeviceNews, StatusChanged
from verifier_terminal.faces.kiosk_table import Cue, State

TAGS = ("zh-Hans", "zh-Hant", "en")
STATES = [state for state in State if state is not State.PRINTING]
"""Printing ends at once here; the table's tests walk through it."""


@pytest.fixture
def stand(context: BrowserContext, complaints: Complaints) -> Iterator[Stand]:
    with ExitStack() as served:
        yield Stand(context, complaints, served, printer=True)


def test_a_whole_visit_by_touch(stand: Stand) -> None:
    stand.press("touched")
    stand.is_in(State.READING)
    expect(stand.page.locator("#request-code")).to_be_visible()
    expect(stand.page.locator("#request-short-code")).to_have_text("NF6Y-XBG25Y")
    stand.session.tell(ACCEPTED)
    stand.is_in(State.RESULT)
    stand.says("核验通过")
    assert PERSONAL not in stand.page.locator("main").inner_text()
    stand.press("go_on")
    stand.is_in(State.CONFIRM)
    stand.says(PERSONAL)
    stand.press("print")
    stand.is_in(State.TAKE_RECEIPT)
    assert stand.printed == [GOOD.check_number]
    stand.wait(15)
    stand.is_in(State.CLEARED)
    stand.says("已经清除")
    stand.wait(4)
    stand.is_in(State.ATTRACT)


def test_nothing_of_a_visitor_stays(stand: Stand) -> None:
    stand.page.locator("[data-language=en]").click()
    stand.page.locator("#large").click()
    stand.bring(State.CONFIRM)
    expect(stand.page.locator("html")).to_have_attribute("data-large", "")
    stand.page.locator("#leave").click()
    stand.is_in(State.CLEARED)
    assert PERSONAL not in stand.page.content()
    assert stand.kiosk.view().shown is None
    stand.wait(4)
    stand.is_in(State.ATTRACT)
    expect(stand.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    assert stand.page.locator("html[data-large]").count() == 0


def copy_on_screen(stand: Stand) -> str:
    return stand.page.locator("#copy-path").get_attribute("d") or ""


@pytest.mark.parametrize("ending", ["time", "leave", "back", "print"])
def test_the_holders_copy_stands_there_for_the_phone_and_is_gone_afterwards(stand: Stand, ending: str) -> None:
    stand.bring(State.COPY)
    expect(stand.page.locator("#copy-code")).to_be_visible()
    stand.says("只给您本人")
    expect(stand.page.locator("#copy-path")).not_to_have_attribute("d", "")
    matrix = stand.page.locator("#copy-code").screenshot()
    (read,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(matrix)), formats=zxingcpp.BarcodeFormat.QRCodeModel2)
    copy = receipt.decode_copy(envelope.unwrap(read.text, expected_prefix=PREFIX_RECEIPT))
    assert GOOD.check_number.encode() in copy.receipt
    assert PERSONAL not in stand.page.locator("main").inner_text()
    match ending:
        case "time":
            stand.wait(60)
            stand.is_in(State.MORE_TIME)
        case "leave":
            stand.press("leave")
            stand.is_in(State.CLEARED)
        case "back":
            stand.press("go_on")
            stand.is_in(State.CONFIRM)
        case _:
            stand.press("print")
            stand.is_in(State.TAKE_RECEIPT)
    assert copy_on_screen(stand) == ""
    expect(stand.page.locator("#copy-code")).to_be_hidden()


def test_a_copy_that_cannot_be_given_takes_nothing_away(stand: Stand) -> None:
    stand.bring(State.CONFIRM)
    stand.session.certification = replace(CERTIFIED, trouble=Trouble.OVER)
    stand.press("copy")
    expect(stand.page.locator("#notice")).to_contain_text("不能出具副本")
    # The browser itself notes that the answer was a refusal.
    stand.complaints.lines = [line for line in stand.complaints.lines if "409" not in line]
    expect(stand.page.locator("#number")).to_contain_text(GOOD.check_number)
    stand.press("go_on")
    stand.is_in(State.CONFIRM)


def test_a_browser_that_was_killed_goes_on_where_it_was(stand: Stand) -> None:
    stand.bring(State.CONFIRM)
    stand.open()
    stand.is_in(State.CONFIRM)
    stand.says(PERSONAL)


def test_who_is_slow_is_asked_and_waited_for(stand: Stand) -> None:
    stand.bring(State.READING)
    for _ in range(10):
        stand.wait(90)
        stand.is_in(State.MORE_TIME)
        expect(stand.page.locator("#hint")).to_contain_text("20")
        stand.press("keep")
        stand.is_in(State.READING)
    stand.wait(90)
    stand.wait(20)
    stand.is_in(State.CLEARED)


def test_an_answer_that_comes_late_brings_nothing_back(stand: Stand) -> None:
    stand.bring(State.RESULT)
    stand.page.evaluate(
        """() => {
            const real = window.fetch;
            const held = (answer) => new Promise((done) => { window.letGo = () => done(answer); });
            window.fetch = (url, ...rest) =>
                real(url, ...rest).then((answer) => (url.includes("/cue") ? held(answer) : answer));
        }"""
    )
    stand.press("go_on")
    # The terminal's event says so, too; and whoever stood here leaves before the answer to their touch has come.
    stand.is_in(State.CONFIRM)
    stand.kiosk.visitor(Cue.LEAVE)
    stand.is_in(State.CLEARED)
    stand.page.evaluate("() => window.letGo()")
    stand.page.wait_for_timeout(100)
    stand.is_in(State.CLEARED)
    expect(stand.page.locator("body")).not_to_contain_text(PERSONAL)


def test_a_licence_that_is_not_accepted_leads_to_people(stand: Stand) -> None:
    stand.bring(State.STOPPED)
    stand.says("未能通过")
    stand.says(reasons.load()[REFUSE.findings[0].code].zh_hans.citizen)
    stand.press("print")
    stand.is_in(State.TAKE_RECEIPT)
    assert stand.printed == [REFUSE.check_number]


def test_what_cannot_be_decided_here_is_nobodys_fault(stand: Stand) -> None:
    stand.bring(State.READING)
    stand.session.tell(shown(HOLD))
    stand.is_in(State.STOPPED)
    expect(stand.page.locator("body")).to_have_attribute("data-look", "check")
    stand.says("需要人工核对")


def test_what_was_not_read_is_tried_again_by_itself(stand: Stand) -> None:
    stand.bring(State.TRY_AGAIN)
    stand.says("没有读到证照")
    stand.wait(8)
    stand.is_in(State.READING)


def test_a_printer_without_paper_takes_nothing_away(stand: Stand) -> None:
    stand.paper = False
    stand.bring(State.CONFIRM)
    stand.press("print")
    stand.is_in(State.CONFIRM)
    expect(stand.page.locator("#notice")).to_contain_text("打印机现在不能用")
    stand.paper = True
    stand.press("print")
    stand.is_in(State.TAKE_RECEIPT)


def test_without_a_printer_nothing_offers_one(context: BrowserContext, complaints: Complaints) -> None:
    with ExitStack() as served:
        stand = Stand(context, complaints, served, printer=False)
        stand.bring(State.CONFIRM)
        assert stand.page.locator("[data-cue=print]").count() == 0
        stand.press("leave")
        stand.is_in(State.CLEARED)


def test_a_fault_ends_by_itself_and_what_staff_said_does_not(stand: Stand) -> None:
    stand.break_down()
    stand.is_in(State.OUT_OF_ORDER)
    stand.session.broken = False
    stand.wait(6)
    stand.is_in(State.ATTRACT)
    stand.take_out()
    stand.is_in(State.MAINTENANCE)
    stand.session.tell(ACCEPTED)
    stand.session.tell(StatusChanged())
    stand.wait(600)
    stand.is_in(State.MAINTENANCE)
    stand.notice = None
    stand.wait(1)
    stand.is_in(State.ATTRACT)


def test_guidance_and_a_scanner_that_is_gone(stand: Stand) -> None:
    stand.bring(State.READING)
    stand.session.tell(DeviceNews(GuidanceGiven("camera 0", Hint.TILT)))
    expect(stand.page.locator("#notice")).to_contain_text("反光")
    stand.session.tell(DeviceNews(Lost("camera 0", LostReason.UNPLUGGED)))
    expect(stand.page.locator("#notice")).to_contain_text("正在恢复")
    stand.session.tell(DeviceNews(Connected("camera 0")))
    expect(stand.page.locator("#notice")).not_to_contain_text("正在恢复")


def test_a_whole_visit_by_keys(stand: Stand) -> None:
    stand.page.locator("[data-cue=touched]").focus()
    stand.page.keyboard.press("Enter")
    stand.is_in(State.READING)
    stand.session.tell(ACCEPTED)
    stand.is_in(State.RESULT)
    expect(stand.page.locator("#word")).to_be_focused()
    for _ in range(12):
        stand.page.keyboard.press("Tab")
        if stand.page.evaluate("document.activeElement.dataset.cue") == "go_on":
            break
    stand.page.keyboard.press("Space")
    stand.is_in(State.CONFIRM)
    stand.page.keyboard.press("Escape")
    stand.is_in(State.CLEARED)


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_large_enough_and_without_barriers(stand: Stand, state: State) -> None:
    stand.bring(state)
    for tag in TAGS:
        stand.page.locator(f"[data-language={tag}]").click()
        expect(stand.page.locator("html")).to_have_attribute("lang", tag)
        sizes = stand.page.locator("button:visible").evaluate_all(
            "each => each.map(e => [e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
        )
        assert all(width >= 60 and height >= 60 for width, height in sizes)
        assert stand.page.locator("#word").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 72
        small = stand.page.locator("body *:visible").evaluate_all(
            "each => each.filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()))"
            ".map(e => parseFloat(getComputedStyle(e).fontSize))"
        )
        assert min(small) >= 24
        assert stand.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert barriers(stand.page) == []


def test_large_type_is_half_as_large_again(stand: Stand) -> None:
    before = stand.page.locator("#hint").evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
    stand.page.locator("#large").click()
    assert stand.page.locator("#hint").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") == before * 1.5
    assert stand.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_text_of_a_licence_stays_text(stand: Stand) -> None:
    hostile = "<img src=x onerror=alert(1)>\u202e"
    stand.bring(State.READING)
    stand.session.tell(shown(replace(GOOD, licence=replace(LICENCE, claims={"name": hostile}))))
    stand.press("go_on")
    stand.is_in(State.CONFIRM)
    assert stand.page.locator("#content img").count() == 0


def test_the_clerks_routes_are_not_here(stand: Stand) -> None:
    for path in ("/api/v1/acts", "/api/v1/scan"):
        assert stand.page.request.get(f"{stand.origin}{path}").status == 404
