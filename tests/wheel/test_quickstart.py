"""docs/quickstart.md, typed as it stands in an empty folder; docs/cookbook.md, recipe after recipe."""

import os
import re
import sys
from pathlib import Path

import pytest

from bench import quickstart
from tests.wheel.conftest import Installed
from tests.wheel.test_wheel import run_alone

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(os.name != "posix", reason="the lines are a POSIX shell's")
def test_from_an_empty_folder_to_a_verdict(installed: Installed, tmp_path: Path) -> None:
    ran = quickstart.run(tmp_path, wheel=installed.folder, python=Path(sys.executable))
    assert ran.code == 0, ran.complaint
    assert (tmp_path / "code.txt").read_text("utf-8").startswith("LZ1:")
    assert "990000" in ran.said
    assert {"my-wallet", "sandbox", "window"} <= {path.name for path in tmp_path.iterdir()}


def recipes() -> dict[str, str]:
    """The Python of each recipe of the cookbook, by its heading; the first goes before every other one."""
    page = (ROOT / "docs" / "cookbook.md").read_text("utf-8")
    parts = re.split(r"^## (.*)\n", page, flags=re.MULTILINE)[1:]
    found = zip(parts[::2], parts[1::2], strict=True)
    code = {name: "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL)) for name, text in found}
    return {name: text for name, text in code.items() if text}


@pytest.mark.parametrize("name", list(recipes())[1:])
def test_every_recipe_runs(installed: Installed, tmp_path: Path, name: str) -> None:
    first, *_ = recipes().values()
    done = run_alone(installed, f"{first}\n{recipes()[name]}", tmp_path)
    assert done.returncode == 0, done.stderr


def test_every_recipe_in_javascript_is_a_line_of_the_sample() -> None:
    page = (ROOT / "docs" / "cookbook.md").read_text("utf-8")
    sample = ROOT / "docs" / "examples" / "miniprogram"
    shipped = "\n".join(path.read_text("utf-8") for path in sorted(sample.rglob("*.js")))
    blocks = re.findall(r"```js\n(.*?)```", page, re.DOTALL)
    assert blocks
    for block in blocks:
        assert block in shipped, block


def test_no_page_for_integrators_is_left_out() -> None:
    """Each of them is reached from the quickstart, and each link leads somewhere."""
    for name in ("quickstart", "cookbook", "sandbox", "integrator-threats"):
        page = ROOT / "docs" / f"{name}.md"
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), (name, link)
