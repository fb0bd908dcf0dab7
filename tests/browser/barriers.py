"""What axe finds against a page: each rule that is broken, with the first place where it is."""

from importlib import resources

from playwright.sync_api import Page

_SCRIPT = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def barriers(page: Page) -> list[str]:
    """Every violation that axe sees on the page as it stands; loaded into each page once."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_SCRIPT)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(result => result.violations)")
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]
