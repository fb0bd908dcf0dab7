"""kill -9 at any moment loses no acceptance that waits and no alarm, and makes none twice."""

import random
import signal
import subprocess
import sys
from pathlib import Path

from tests.terminal.recheck_kill_target import Later
from tests.utopia.randomness import Drbg
from verifier_terminal.store.store import Store

ROOT = Path(__file__).resolve().parents[2]
KILLS = 8


def one_life(directory: Path, life: int, chance: random.Random) -> list[str]:
    """What the process said before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.terminal.recheck_kill_target", str(directory), str(life)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    said = [process.stdout.readline() for _ in range(chance.randrange(0, 30))]
    try:
        process.wait(chance.random() * 0.02)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.wait()
    process.stdout.close()
    assert process.returncode == -signal.SIGKILL
    # A line that the kill cut off was not said.
    return (b"".join(said) + rest).rpartition(b"\n")[0].decode("ascii").splitlines()


def test_nothing_that_was_said_is_lost_by_eight_kills(tmp_path: Path) -> None:
    chance = random.Random(20261125)
    said = [line for life in range(KILLS) for line in one_life(tmp_path, life, chance)]
    assert len(said) > KILLS
    store = Store(tmp_path, terminal_id="t1", random_bytes=Drbg("after the kills"))
    try:
        # All rows open: the key that the first life made is whole, and no row is half written.
        waiting = {each.check_number: each for each in store.rechecks.answered_by(Later())}
        assert all(each.change is not None for each in waiting.values())
        alarmed = {each.check_number for each in store.rechecks.alarms()}
        assert not alarmed & waiting.keys()
        for line in said:
            what, number = line.split()
            is_revoked = int(number.rpartition("-")[2]) % 2 == 0
            if what == "alarms":
                assert number in alarmed
            elif is_revoked:
                assert number in alarmed or number in waiting, line
        assert any(line.startswith("alarms") for line in said)
    finally:
        store.close()
