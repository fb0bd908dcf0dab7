"""The officer's page: large enough for gloves, readable in the sun and at night, and in nobody's way."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from protocol.labels import Purpose
from protocol.officers_act import ActKind
from tests.browser.barriers import barriers
from tests.browser.conftest import Complaints
from tests.browser.opening import look, opened
from tests.terminal_web.running import running
from tests.terminal_web.twin import ON_PAGES, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.verdict import Form, Proceed, Verdict
from verifier_terminal.events import JoinedWith

HANDHELD = {"width": 412, "height": 915}


@pytest.fixture
def session() -> TwinSession:
    made = TwinSession()
    made.purpose = Purpose.ROADSIDE
    return made


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints, session: TwinSession) -> Iterator[Page]:
    with ExitStack() as served:
        origin = served.enter_context(running(session, SETTINGS, reasons=reasons.load()))
        made = opened(context, origin, complaints)
        made.set_viewport_size(HANDHELD)  # type: ignore[arg-type]  # a plain dict
        yield made


def set_theme(page: Page, theme: str) -> None:
    """By the menu, which stays open."""
    page.locator("#tools > summary").click()
    while page.locator("html").get_attribute("data-theme") != theme:
        page.locator("#theme").click()


@pytest.mark.parametrize("theme", ["sun", "night"])
@pytest.mark.parametrize("name", ON_PAGES)
def test_every_verdict_in_the_sun_and_at_night(page: Page, session: TwinSession, name: str, theme: str) -> None:
    set_theme(page, theme)
    verdict: Verdict = ON_PAGES[name]
    session.tell(shown(replace(verdict, purpose=Purpose.ROADSIDE)))
    look(page, name)
    for _ in range(3):
        sizes = page.locator("button:visible, summary:visible").evaluate_all(
            "each => each.map(e => [e.id, e.getBoundingClientRect().width, e.getBoundingClientRect().height])"
        )
        assert [each for each in sizes if min(each[1:]) < 72] == []
        assert page.locator("#word").evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= 72
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert barriers(page) == []
        page.locator("#language").click()


def test_neither_answer_about_the_person_lies_under_anything(page: Page, session: TwinSession) -> None:
    waits = replace(ON_PAGES["accept"], purpose=Purpose.ROADSIDE, person_check=True, proceed=Proceed.AFTER_CHECK)
    session.tell(shown(waits))
    look(page, "accept")
    for _ in range(3):
        bottom = page.locator(".bottom").evaluate("e => e.getBoundingClientRect().top")
        for answer in ("#person-yes", "#person-no"):
            assert page.locator(answer).evaluate("e => e.getBoundingClientRect().bottom") <= bottom
        page.keyboard.press("l")


def test_what_is_rare_stands_in_menus_that_close_by_themselves(page: Page, session: TwinSession) -> None:
    expect(page.locator("#show-void")).to_be_hidden()
    page.locator("#more > summary").click()
    assert large_enough(page) == []
    assert barriers(page) == []
    page.locator("#show-manual").click()
    expect(page.locator("#manual-dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#show-void")).to_be_hidden()
    page.locator("#tools > summary").click()
    expect(page.locator("#language")).to_be_visible()
    page.locator("#word").click()
    expect(page.locator("#language")).to_be_hidden()


def test_the_theme_is_kept(page: Page, complaints: Complaints) -> None:
    page.locator("#tools > summary").click()
    assert page.locator("#theme").inner_text() == "自动明暗"
    page.locator("#theme").click()
    assert page.locator("#theme").inner_text() == "日光"
    with complaints.leaving():
        page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "sun")


def test_a_window_has_no_theme(context: BrowserContext, complaints: Complaints) -> None:
    with running(TwinSession(), SETTINGS, reasons=reasons.load()) as origin:
        assert opened(context, origin, complaints).locator("#theme").count() == 0


SEVERAL = replace(
    ON_PAGES["check"],
    licence=None,
    members=(ON_PAGES["accept"], replace(ON_PAGES["check"], check_number="7K3-Q50")),
    form=Form.JOINED,
    check_number="7K3-Q50",
    purpose=Purpose.ROADSIDE,
)
APART = replace(shown(SEVERAL), joined=JoinedWith("7K3-Q43", False, False, SEVERAL))
"""Two codes of one act that were not shown to be one person's."""


def large_enough(page: Page) -> list[object]:
    sizes: list[list[object]] = page.locator(
        "button:visible, summary:visible, label.choice:visible, input[type=text]:visible"
    ).evaluate_all("each => each.map(e => [e.id, e.getBoundingClientRect().width, e.getBoundingClientRect().height])")
    return [each for each in sizes if min(each[1:]) < 72]  # type: ignore[type-var]  # figures, as the browser gives them


@pytest.mark.parametrize("theme", ["sun", "night"])
def test_an_act_is_chosen_read_again_and_only_then_signed(page: Page, session: TwinSession, theme: str) -> None:
    set_theme(page, theme)
    session.tell(shown(replace(ON_PAGES["accept"], purpose=Purpose.ROADSIDE)))
    session.tell(APART)
    expect(page.locator("#joined")).to_have_text("与 7K3-Q43 合为一次核验：未能证明是同一人")
    # Nobody is taken for the driver: no role is chosen until somebody chooses one.
    assert page.locator(".role").count() == 6
    assert page.locator('.role[aria-pressed="true"]').count() == 0
    page.locator('[data-role="owner"]').nth(1).click()
    expect(page.locator('.role[aria-pressed="true"]')).to_have_count(1)
    assert {number: str(role) for number, role in session.roles.items()} == {"7K3-Q50": "owner"}
    page.keyboard.press("k")
    expect(page.locator("#officers-act-dialog")).to_be_visible()
    assert large_enough(page) == []
    assert barriers(page) == []
    # Enter signs nothing, neither at once nor after the reason.
    page.keyboard.press("Enter")
    page.locator('input[value="seizure"]').check()
    page.locator("#officers-act-next").click()
    expect(page.locator("#officers-act-problem")).to_have_text("请选择处置并写明事由。")
    page.locator('input[name="officers-act-licence"]').first.check()
    page.locator("#officers-act-reason").fill("醉驾 {kind} <b>")
    page.locator("#officers-act-next").click()
    expect(page.locator("#officers-act-summary")).to_have_text(
        "暂扣证照 · 机动车驾驶证 · 核验号 7K3-Q43 · 事由：醉驾 {kind} <b>"
    )
    assert large_enough(page) == []
    assert barriers(page) == []
    page.keyboard.press("Enter")
    assert session.signed == []
    page.locator("#officers-act-next").click()
    page.locator("#officers-act-sign").click()
    expect(page.locator("#officers-act-dialog")).to_be_hidden()
    assert session.signed == [("7K3-Q43", ActKind.SEIZURE, "醉驾 {kind} <b>", 0)]
    expect(page.locator("#device")).to_contain_text("已签名，联网后发送")


def test_a_real_code_ends_practice_with_a_notice(page: Page, session: TwinSession) -> None:
    page.keyboard.press("F9")
    expect(page.locator("#practice-bar")).to_be_visible()
    page.locator('[data-case="person"]').click()
    look(page, "accept")
    assert large_enough(page) == []
    assert barriers(page) == []
    assert page.title().startswith("练习")
    # Nothing that a person does in practice reaches the terminal.
    page.wait_for_timeout(800)
    page.locator("#person-no").click()
    look(page, "not_person")
    page.keyboard.press("v")
    expect(page.locator("#void-dialog")).to_be_hidden()
    session.tell(shown(replace(ON_PAGES["hold"], purpose=Purpose.ROADSIDE)))
    look(page, "hold")
    expect(page.locator("#practice-bar")).to_be_hidden()
    expect(page.locator("#practice-mark")).to_be_hidden()
    expect(page.locator("#device")).to_have_text("练习已结束：现在显示的是真实核验。")
    assert not page.title().startswith("练习")
    assert (session.answers, session.voids, session.signed, session.roles) == ({}, {}, [], {})
