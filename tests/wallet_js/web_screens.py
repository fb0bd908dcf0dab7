"""Pictures of the web wallet for people to look at: `python -m tests.wallet_js.web_screens [FOLDER]`.

They are drawn by the wallet as it is built; the licences are of invented people.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.screens import save
from tests.wallet_js.conftest import JS
from tests.wallet_js.web import PHONE, Phone, served

FOLDER = Path(__file__).parents[2] / "docs" / "screens" / "wallet"
LOOKS = (("zh-Hans", "light"), ("zh-Hant", "dark"), ("en", "light"))


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as built, sync_playwright() as playwright:
        subprocess.run(["node", "build.mjs", built], cwd=JS, check=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with served(Path(built) / "web") as site:
            for language, theme in LOOKS:
                context = browser.new_context(viewport=PHONE, color_scheme=theme, timezone_id="Asia/Shanghai")  # type: ignore[arg-type]
                for name, page in Phone.start(context, site).tour(language):
                    save(page.screenshot(full_page=name != "code"), folder / f"{name}-{language}-{theme}.png")
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
