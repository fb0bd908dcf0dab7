"""`terminal serve` as a process with the devices that were set before: no option names any of them."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tty
import urllib.request
from pathlib import Path

from click.testing import CliRunner

from hardware.simulated.printer import VirtualPrinter
from hardware.simulated.scanner import VirtualScanner
from protocol.status_list import Status
from tests.terminal.publishing import publish
from tests.utopia.world import World
from verifier_terminal import setting_up, wiring
from verifier_terminal.cli import cli


def shown_on(display: int, words: bytes) -> bool:
    """Whether these words arrive at the display within ten seconds."""
    seen = b""
    while select.select((display,), (), (), 10.0)[0]:
        seen += os.read(display, 4_096)
        if words in seen:
            return True
    return False


def test_a_restart_needs_no_options(tmp_path: Path) -> None:
    world = World(at=wiring.now())
    published = publish(world, tmp_path / "published", values={4711: int(Status.REVOKED)})
    directory = tmp_path / "terminal"
    setting_up.initialise(directory, trust=str(published), profile="window", name="一号窗口", root_sha256=None)
    master, slave = pty.openpty()
    tty.setraw(slave)
    with VirtualScanner() as scanner, VirtualPrinter() as printer:
        named = ["--serial", str(scanner.port_path), "--lamp", "lamp:simulated", "--lock", "lock:simulated"]
        named += ["--printer", f"escpos:{printer.target}", "--display", f"display:{os.ttyname(slave)}"]
        assert CliRunner().invoke(cli, ["devices", str(directory), *named]).exit_code == 0
        command = [sys.executable, "-m", "liangzheng", "terminal", "serve", str(directory), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                origin = process.stdout.readline().split()[-1]
                assert shown_on(master, b"SHOW YOUR CODE")
                scanner.scan(world.code())
                assert shown_on(master, b"PLEASE ASK STAFF")
                rows = json.loads(CliRunner().invoke(cli, ["journal", str(directory), "--json"]).stdout)
                number = next(row["check_number"] for row in rows if row["event"] == "verdict")
                with urllib.request.urlopen(origin, timeout=10) as answer:
                    (token,) = re.findall(r'name="csrf-token" content="([^"]+)"', answer.read().decode())
                asked = urllib.request.Request(
                    f"{origin}api/v1/acts/{number}/print",
                    data=b'{"reason": null}',
                    headers={"Content-Type": "application/json", "X-CSRF-Token": token, "Origin": origin.rstrip("/")},
                )
                with urllib.request.urlopen(asked, timeout=20) as answer:
                    assert json.load(answer)["printed"] is True
            finally:
                process.send_signal(signal.SIGTERM)
                _, said = process.communicate(timeout=30)
        assert process.returncode == 0, said
        assert printer.strip.lines[0] == "办理说明"
        assert f"核验号: {number}" in printer.strip.lines
        # Cleared at the end: nothing of the last visitor stays on the glass.
        assert shown_on(master, b"\x0c")
    os.close(slave)
    os.close(master)
