"""The kill loop: a terminal is killed at random moments; nothing that it had shown may be missing afterwards."""

import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from verifier_terminal import wiring

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class KillResult:
    """What a loop of kills came to."""

    kills: int
    shown: int
    rows: int
    missing: tuple[str, ...]
    findings: tuple[str, ...]


def kill_loop(directory: Path, texts: Path, *, kills: int, seed: int) -> KillResult:
    """Starts and kills the terminal again and again."""
    chance = random.Random(seed)
    shown: list[str] = []
    for _ in range(kills):
        shown += _one_life(directory, texts, chance)
    with wiring.open_session(directory) as session:
        written = {act.check_number for act in session.acts(limit=10_000_000)}
        report = session.verify_journal()
    missing = tuple(number for number in shown if number not in written)
    findings = tuple(f"{finding.tampering} at {finding.seq}: {finding.text}" for finding in report.findings)
    return KillResult(kills, len(shown), report.rows, missing, findings)


def _one_life(directory: Path, texts: Path, chance: random.Random) -> list[str]:
    command = [sys.executable, "-m", "tests.terminal.kill_target", str(directory), str(texts)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        # Killed after some number of shown checks and a moment more, so that every stage of a check is met.
        lines = [process.stdout.readline() for _ in range(chance.randrange(1, 12))]
        try:
            process.wait(chance.random() * 0.02)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    # A line that the kill cut off was not shown.
    complete = (b"".join(lines) + rest).rpartition(b"\n")[0]
    return complete.decode("ascii").split()
