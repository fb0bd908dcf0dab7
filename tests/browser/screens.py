"""Pictures of every state of every face, for people to look at: `python -m tests.browser.screens [FOLDER]`.

They are drawn by the real pages over the twin of a session, so nothing on them is about anybody.
"""

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright

from protocol.labels import Purpose
from tests.browser.conftest import ARGUMENTS, CHROMIUM, Complaints
from tests.browser.kiosk_stand import Stand
from tests.terminal_web.running import running
from tests.terminal_web.twin import ON_PAGES, SETTINGS, TwinSession, shown
from verifier_terminal.appraisal import reasons
from verifier_terminal.faces.kiosk_table import State

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
UPRIGHT = {"width": 1080, "height": 1440}
HANDHELD = {"width": 412, "height": 915}
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
        roadside(browser, folder)
        browser.close()


if __name__ == "__main__":
    main()
