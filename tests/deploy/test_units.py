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
from verifier_terminal import cli_updates

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
TIMERS = sorted(UNITS.glob("*.timer"))
LASTING = [service for service in SERVICES if "Type=oneshot" not in service.read_text("utf-8")]
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
        "liangzheng-update.service",
    ]
    assert [timer.name for timer in TIMERS] == ["liangzheng-update.timer"]


def with_programs_that_exist(unit: str) -> str:
    """The unit, starting a program of this machine: systemd says a missing program is a fault, which it is not here."""
    return re.sub(r"(?m)^(Exec\w+=\+?)\S+", rf"\g<1>{sys.executable}", unit)


@pytest.mark.parametrize("service", SERVICES + TIMERS, ids=lambda path: path.name)
def test_systemd_has_nothing_to_say(service: Path, systemd_analyze: str, tmp_path: Path) -> None:
    for each in SERVICES + TIMERS:
        (tmp_path / each.name).write_text(with_programs_that_exist(each.read_text("utf-8")), "utf-8")
    said = run(systemd_analyze, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / service.name))
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_systemd_would_say_what_is_wrong(service: Path, systemd_analyze: str, tmp_path: Path) -> None:
    broken = with_programs_that_exist(service.read_text("utf-8")).replace("UMask=", "UMaks=")
    (tmp_path / service.name).write_text(broken, "utf-8")
    said = run(systemd_analyze, "verify", "--man=no", "--recursive-errors=no", str(tmp_path / service.name))
    assert "UMaks" in said.stderr


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.stem)
def test_what_is_not_needed_is_given_up(service: Path, systemd_analyze: str) -> None:
    said = run(systemd_analyze, "security", "--offline=true", "--no-pager", str(service))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
    assert found is not None, said.stderr
    assert float(found[1]) <= MAX_EXPOSURE


def command_lines(service: Path) -> list[list[str]]:
    """What it starts as its user."""
    found = re.findall(r"(?m)^Exec(?:Start|Condition)=(.+)$", service.read_text("utf-8"))
    assert found
    return [shlex.split(each) for each in found]


@pytest.mark.parametrize("service", [s for s in SERVICES if "browser" not in s.name], ids=lambda path: path.stem)
def test_what_is_started_exists(service: Path) -> None:
    for program, *words in command_lines(service):
        assert program == COMMAND
        if words[:2] == ["terminal", "launch"]:
            # It starts what stands behind the folder, in the version that is to run.
            check_exists(words[:3])
            check_exists(["terminal", *words[3:], words[2]])
        else:
            check_exists(words)


def check_exists(words: list[str]) -> None:
    """The command is there, and so are its options."""
    command: click.Command = main
    words = list(words)
    with click.Context(main) as context:
        while isinstance(command, click.Group):
            found = command.get_command(context, words.pop(0))
            assert found is not None
            command = found
        options = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_the_software_of_a_terminal_is_written_by_the_updating_service_alone() -> None:
    written = {
        service.name for service in SERVICES if re.search(r"(?m)^StateDirectory=.*software", service.read_text("utf-8"))
    }
    assert written == {"liangzheng-update.service"}
    assert all("ProtectSystem=strict" in service.read_text("utf-8") for service in SERVICES)
    unit = (UNITS / "liangzheng-update.service").read_text("utf-8")
    folder = cli_updates.SOFTWARE
    assert f"WorkingDirectory={folder}" in unit
    # Only where ExecCondition has said that something is due, and only after the switch.
    assert "ExecStartPost=+/usr/bin/systemctl try-restart liangzheng-terminal.service" in unit


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


@pytest.mark.parametrize("service", LASTING, ids=lambda path: path.stem)
def test_it_comes_back_within_ten_seconds(service: Path) -> None:
    unit = service.read_text("utf-8")
    pause = re.search(r"(?m)^RestartSec=(\d+)$", unit)
    assert pause is not None
    assert int(pause[1]) <= 5
    assert "StartLimitIntervalSec=0" in unit
