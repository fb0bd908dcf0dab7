"""The shipped alert rules: Prometheus's own tool accepts and tries them, and they ask for figures that exist."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.terminal.conftest import Terminal
from tests.utopia.world import World
from verifier_terminal.metrics import Metrics, Tally

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
RULES = FOLDER / "liangzheng.rules.yml"


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is not here (Debian package prometheus)")
    return found


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=FOLDER)


def test_promtool_accepts_the_rules(promtool: str) -> None:
    checked = run(promtool, "check", "rules", RULES.name)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_rule_speaks_when_it_should_and_not_before(promtool: str) -> None:
    tried = run(promtool, "test", "rules", "liangzheng.test.yml")
    assert tried.returncode == 0, tried.stdout
    names = set(re.findall(r"- alert: (\w+)", RULES.read_text("utf-8")))
    tested = set(re.findall(r"alertname: (\w+)", (FOLDER / "liangzheng.test.yml").read_text("utf-8")))
    assert tested == names


def test_the_rules_ask_for_figures_that_exist(tmp_path: Path) -> None:
    terminal = Terminal(World(), tmp_path, tmp_path / "published")
    session = terminal.open()
    try:
        assert not session.sync(terminal.publish()).refused
        text = Metrics(session.status, Tally()).text().decode()
    finally:
        session.close()
    given = set(re.findall(r"(?m)^# TYPE (\w+) ", text))
    asked = set(re.findall(r"liangzheng_terminal_\w+", RULES.read_text("utf-8")))
    # Only a terminal with a certificate says when it ends.
    assert asked - given == {"liangzheng_terminal_certificate_left_seconds"}
