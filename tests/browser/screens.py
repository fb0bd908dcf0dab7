"""Pictures of every state of every face, for people to look at: `python -m tests.browser.screens [FOLDER]`.

They are drawn by the real pages over the twin of a session, so nothing on them is about anybody.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from protocol.errors import Code
from protocol.labels import Purpose
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Complaints
from tests.browser.kiosk_stand import Stand
from tests.terminal_web.running import running
from tests.terminal_web.twin import ID_CARD, LICENCE, ON_PAGES, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal import reasons
from verifier_terminal.appraisal.verdict import Finding, Form, Tier
from verifier_terminal.events import JoinedWith, ShownVerdict
from verifier_terminal.faces.kiosk_table import State

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
UPRIGHT = {"width": 1080, "height": 1440}
HANDHELD: ViewportSize = {"width": 412, "height": 915}
DESK: ViewportSize = {"width": 1366, "height": 768}
UNSEEN_MS = 800
"""A key within less of a second is not taken for an answer to what has just come."""
ROADSIDE = {"idle": None, **ON_PAGES}


def kiosk(browser: Browser, folder: Path) -> None:
    """The states of a kiosk, in Chinese; one of them in English and in large type too."""
    for state in State:
        if state is State.PRINTING:
            continue
        for tag, large in (("zh-Hans", False), *((("en", True),) if state is State.CONFIRM else ())):
            context = browser.new_context(viewport=UPRIGHT, locale="zh-CN", reduced_motion="reduce")
            with ExitStack() as served:
                stand = Stand(context, Complaints(), served, printer=True)
                stand.bring(state)
                stand.page.locator(f"[data-language={tag}]").click()
                if large:
                    stand.page.locator("#large").click()
                stand.page.wait_for_timeout(200)
                save(
                    stand.page.screenshot(), folder / f"kiosk-{state}{'' if tag == 'zh-Hans' else f'-{tag}-large'}.png"
                )
                stand.page.close()
            context.close()


def roadside(browser: Browser, folder: Path) -> None:
    """What an officer sees, in the sun and at night."""
    for name, verdict in ROADSIDE.items():
        for theme in ("sun", "night"):
            context = browser.new_context(viewport=HANDHELD, locale="zh-CN", reduced_motion="reduce")
            context.add_init_script(f"localStorage.setItem('liangzheng.theme', '{theme}')")
            with ExitStack() as served:
                session = TwinSession()
                session.purpose = Purpose.ROADSIDE
                page = context.new_page()
                page.goto(served.enter_context(running(session, SETTINGS, reasons=reasons.load())))
                expect(page.locator("html[data-ready]")).to_be_attached()
                expect(page.locator("#network")).to_contain_text("网络")
                if verdict is not None:
                    session.tell(shown(replace(verdict, purpose=Purpose.ROADSIDE)))
                    expect(page.locator("#word")).not_to_have_text("请出示二维码")
                save(page.screenshot(), folder / f"roadside-{name}-{theme}.png")
                page.close()
            context.close()


def window(browser: Browser, folder: Path) -> None:
    """What a clerk sees: every verdict, somebody else than the holder, and one act of two codes."""
    for name, told in {
        **{name: shown(each) for name, each in ON_PAGES.items()},
        "joined": one_act(Purpose.WINDOW),
    }.items():
        with page_of(browser, Purpose.WINDOW, DESK) as (page, session):
            session.tell(told)
            expect(page.locator("#word")).not_to_have_text("请出示二维码")
            save(page.screenshot(), folder / f"window-{name}.png")
            if name == "accept":
                page.wait_for_timeout(UNSEEN_MS)
                page.keyboard.press("n")
                expect(page.locator("body")).to_have_attribute("data-look", "not_person")
                save(page.screenshot(), folder / "window-not-person.png")


def practising(browser: Browser, folder: Path) -> None:
    """Practice on both faces: nobody may take it for anything else."""
    for purpose, size in ((Purpose.WINDOW, DESK), (Purpose.ROADSIDE, HANDHELD)):
        with page_of(browser, purpose, size) as (page, _):
            page.keyboard.press("F9")
            for case, look in (("valid", "accept"), ("suspended", "refuse")):
                page.locator(f'[data-case="{case}"]').click()
                expect(page.locator("body")).to_have_attribute("data-look", look)
                save(page.screenshot(), folder / f"practice-{purpose.word}-{case}.png")


def acts(browser: Browser, folder: Path) -> None:
    """At the roadside: two codes of one act, and what an officer signs."""
    for theme in ("sun", "night"):
        with page_of(browser, Purpose.ROADSIDE, HANDHELD, theme) as (page, session):
            for each in (shown(replace(ON_PAGES["accept"], purpose=Purpose.ROADSIDE)), one_act(Purpose.ROADSIDE)):
                session.tell(each)
            expect(page.locator("#joined")).to_be_visible()
            save(page.screenshot(full_page=True), folder / f"roadside-joined-{theme}.png")
            page.keyboard.press("k")
            page.locator('input[value="seizure"]').check()
            page.locator('input[name="officers-act-licence"]').first.check()
            page.locator("#officers-act-reason").fill("醉酒后驾驶机动车")
            save(page.screenshot(), folder / f"roadside-act-{theme}.png")
            page.locator("#officers-act-next").click()
            expect(page.locator("#officers-act-sign")).to_be_visible()
            save(page.screenshot(), folder / f"roadside-act-confirm-{theme}.png")


def one_act(purpose: Purpose) -> ShownVerdict:
    """A driving licence and an identity card that were not shown to be one person's."""
    first = replace(ON_PAGES["accept"], purpose=purpose)
    card = replace(LICENCE, vct=ID_CARD.vct, slug=ID_CARD.slug, claims={"name": "测*乙"}, valid_to=20400101)
    unlinked = (Finding(Code.W_BUNDLE_UNLINKED, Tier.WARNING),)
    second = replace(ON_PAGES["check"], licence=card, findings=unlinked, check_number="7K3-Q50", purpose=purpose)
    act = replace(second, licence=None, members=(first, second), form=Form.JOINED)
    return replace(shown(act), joined=JoinedWith(first.check_number, False, False, second))


@contextmanager
def page_of(
    browser: Browser, purpose: Purpose, size: ViewportSize, theme: str = "auto"
) -> Iterator[tuple[Page, TwinSession]]:
    """A page of this face, in Chinese and ready."""
    context = browser.new_context(viewport=size, locale="zh-CN", reduced_motion="reduce")
    context.add_init_script(f"localStorage.setItem('liangzheng.theme', '{theme}')")
    session = TwinSession()
    session.purpose = purpose
    with running(session, SETTINGS, reasons=reasons.load()) as origin:
        page = context.new_page()
        page.goto(origin)
        expect(page.locator("html[data-ready]")).to_be_attached()
        expect(page.locator("#network")).to_contain_text("网络")
        yield page, session
        page.close()
    context.close()


def save(picture: bytes, path: Path) -> None:
    """With few colours, which is all that these pages have."""
    path.write_bytes(picture)
    with Image.open(path) as opened:
        opened.convert("P", palette=Image.Palette.ADAPTIVE, colors=64).save(path, optimize=True)
    print(path.name, path.stat().st_size)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        kiosk(browser, folder)
        for draw in (roadside, window, practising, acts):
            draw(browser, folder)
        browser.close()


if __name__ == "__main__":
    main()
