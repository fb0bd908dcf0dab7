"""The shipped systemd units: systemd finds nothing to say against them, they give up what they do not need, and what
they start is a command that exists, with options that exist."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from liangzheng.cli import main

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
COMMAND = "/opt/liangzheng/.venv/bin/liangzheng"
MAX_EXPOSURE = 2.0


@pytest.fixture
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze is not here (Debian package systemd)")
    return found


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_there_are_units() -> None:
    assert [service.name for service in SERVICES] == [
        "liangzheng-issuer.service",
        "liangzheng-kiosk-browser.service",
        "liangzheng-relay.service",
        "liangzheng-terminal.service",
    ]


def with_programs_that_exist(unit: str) -> str:
    """The unit, starting a program of this machine: systemd says a missing program is a fault, which it is not here."""
    return re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={sys.executable}", unit)


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_systemd_has_nothing_to_say(service: Path, systemd_analyze: str, tmp_path: Path) -> None:
    for each in SERVICES:
        (tmp_path / each.name).write_text(with_programs_that_exist(each.read_text("utf-8")), "utf-8")
    said = run(systemd_analyze, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / service.name))
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_systemd_would_say_what_is_wrong(service: Path, systemd_analyze: str, tmp_path: Path) -> None:
    broken = with_programs_that_exist(service.read_text("utf-8")).replace("Restart=", "Restrat=")
    (tmp_path / service.name).write_text(broken, "utf-8")
    said = run(systemd_analyze, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / service.name))
    assert "Restrat" in said.stderr


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_what_is_not_needed_is_given_up(service: Path, systemd_analyze: str) -> None:
    said = run(systemd_analyze, "security", "--offline=true", "--no-pager", str(service))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
    assert found is not None, said.stderr
    assert float(found[1]) <= MAX_EXPOSURE


def command_line(service: Path) -> list[str]:
    found = re.search(r"(?m)^ExecStart=(.+)$", service.read_text("utf-8"))
    assert found is not None
    return shlex.split(found[1])


@pytest.mark.parametrize("service", [s for s in SERVICES if "browser" not in s.name], ids=lambda path: path.stem)
def test_what_is_started_exists(service: Path) -> None:
    program, *words = command_line(service)
    assert program == COMMAND
    command: click.Command = main
    with click.Context(main) as context:
        while isinstance(command, click.Group):
            found = command.get_command(context, words.pop(0))
            assert found is not None
            command = found
        options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_screen_shows_the_terminals_own_page() -> None:
    unit = (UNITS / "liangzheng-kiosk-browser.service").read_text("utf-8")
    with click.Context(main) as context:
        terminal = main.get_command(context, "terminal")
        assert isinstance(terminal, click.Group)
        serve = terminal.get_command(context, "serve")
        assert serve is not None
    port = next(parameter.default for parameter in serve.params if "--port" in parameter.opts)
    assert f"PAGE=http://127.0.0.1:{port}/" in unit
    assert "IPAddressDeny=any" in unit
    assert "IPAddressAllow=localhost" in unit


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_it_comes_back_within_ten_seconds(service: Path) -> None:
    unit = service.read_text("utf-8")
    pause = re.search(r"(?m)^RestartSec=(\d+)$", unit)
    assert pause is not None
    assert int(pause[1]) <= 5
    assert "StartLimitIntervalSec=0" in unit
