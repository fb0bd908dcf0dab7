"""`terminal serve` as a process: the page answers, a scanner's code reaches the journal, and it ends when told to."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from click.testing import CliRunner

from hardware.simulated.scanner import VirtualScanner
from tests.terminal.publishing import publish
from tests.utopia.world import World
from verifier_terminal import setting_up, wiring
from verifier_terminal.cli import cli


def test_a_code_from_a_scanner_reaches_the_journal_of_the_running_terminal(tmp_path: Path) -> None:
    world = World(at=wiring.now())
    published = publish(world, tmp_path / "published")
    directory = tmp_path / "terminal"
    setting_up.initialise(directory, trust=str(published), profile="window", name="一号窗口", root_sha256=None)
    with VirtualScanner() as scanner:
        command = [sys.executable, "-m", "liangzheng", "terminal", "serve", str(directory), "--port", "0"]
        with subprocess.Popen(
            [*command, "--serial", str(scanner.port_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                assert line.startswith("window page: http://127.0.0.1:")
                with urllib.request.urlopen(f"{line.split()[-1]}healthz", timeout=10) as answer:
                    assert answer.status == 200
                with urllib.request.urlopen(f"{line.split()[-1]}events", timeout=20) as events:
                    scanner.scan(world.code())
                    lines = (each.decode() for each in events)
                    assert any(each.startswith("event: verdict") for each in lines)
            finally:
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    rows = json.loads(CliRunner().invoke(cli, ["journal", str(directory), "--json"]).stdout)
    assert [(row["event"], row["class"], row["source"]) for row in rows] == [
        ("verdict", "accept", str(scanner.port_path))
    ]
