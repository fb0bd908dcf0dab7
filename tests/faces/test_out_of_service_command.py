"""`terminal out-of-service`: taken out, said, and put back."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.utopia.world import WUYOU, World
from verifier_terminal import config
from verifier_terminal.cli import cli
from verifier_terminal.config import TerminalSettings


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    root = World().roots[WUYOU].public_key
    settings = TerminalSettings("t1", "一号自助机", "kiosk", WUYOU, "published", root.thumbprint.hex(), "")
    config.save(tmp_path, settings, root)
    return tmp_path


def run(directory: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["out-of-service", str(directory), *options])


def test_out_and_back(directory: Path) -> None:
    assert run(directory).output == "in service\n"
    out = run(directory, "--reason", "等新纸", "--json")
    assert (out.exit_code, json.loads(out.output)["out_of_service"]["reason"]) == (0, "等新纸")
    assert "等新纸" in run(directory).output
    assert run(directory, "--end").output == "in service\n"


def test_what_is_no_terminal_is_not_taken_out_of_service(tmp_path: Path) -> None:
    assert run(tmp_path, "--reason", "x").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_both_at_once_is_a_mistake(directory: Path) -> None:
    assert run(directory, "--reason", "x", "--end").exit_code == 2
