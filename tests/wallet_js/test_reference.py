"""docs/reference says what the sources say today."""

from pathlib import Path

import pytest

from liangzheng.reference import error_page, python_pages
from liangzheng.reference.__main__ import FOLDER
from tests.wallet_js.conftest import run

AGAIN = "./run reference"


def test_the_python_page_is_current() -> None:
    assert (FOLDER / "python.md").read_text("utf-8") == python_pages.page(), AGAIN


def test_the_errors_are_current_and_complete() -> None:
    page = error_page.page()
    assert (FOLDER / "errors.md").read_text("utf-8") == page, AGAIN
    for code in ("OFFER_TX_CODE", "WALLET_", "CONSENT_MISSING", "KEY_"):
        assert f"`{code}" in page


def test_the_typescript_page_is_current(packages: Path, tmp_path: Path) -> None:
    run(["node", "tools/makeReference.mjs", str(tmp_path / "typescript.md")])
    assert (tmp_path / "typescript.md").read_text("utf-8") == (FOLDER / "typescript.md").read_text("utf-8"), AGAIN


@pytest.mark.parametrize(
    ("written", "rendered"),
    [
        (None, ""),
        ("One line.", "One line."),
        (
            "First.\n\nArgs:\n    name: Of it,\n        and more.\n    other: That.\n\nRaises:\n    Wrong: Nothing.",
            "First.\n\n**Args:**\n\n- `name`: Of it, and more.\n- `other`: That.\n\n**Raises:**\n\n- `Wrong`: Nothing.",
        ),
        ("First.\n\nRaises: Wrong, Other.", "First.\n\n**Raises:** Wrong, Other."),
    ],
)
def test_a_docstring_becomes_a_list(written: str | None, rendered: str) -> None:
    assert python_pages.docstring(written) == rendered
