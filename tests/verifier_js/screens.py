"""Pictures of the verifier's page for people to look at: `python -m tests.verifier_js.screens [FOLDER]`.

They are drawn by the page as it is built; the licences are of invented people.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.screens import save
from tests.verifier_js.page import WIDE, Region, Verifier, served
from tests.wallet_js.conftest import JS
from tests.wallet_js.web import PHONE

FOLDER = Path(__file__).parents[2] / "docs" / "screens" / "verifier"
LOOKS: tuple[tuple[str, Literal["dark", "light"], ViewportSize], ...] = (
    ("zh-Hans", "light", WIDE),
    ("zh-Hant", "dark", WIDE),
    ("en", "light", {"width": PHONE["width"], "height": PHONE["height"]}),
)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as built, sync_playwright() as playwright:
        subprocess.run(["node", "build.mjs", built], cwd=JS, check=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with served(Path(built) / "verifier") as site:
            for language, theme, size in LOOKS:
                context = browser.new_context(viewport=size, color_scheme=theme, timezone_id="Asia/Shanghai")
                verifier = Verifier.start(context, site, Region(Path(built) / language))
                for name, page in verifier.tour(language):
                    save(page.screenshot(full_page=True), folder / f"{name}-{language}-{theme}.png")
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
