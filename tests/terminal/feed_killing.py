"""The feed's kill loop: what was acknowledged is there after every kill, and is the state that was signed."""

import random
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.terminal.feed_history import History, Keeping

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class FeedKillResult:
    """What a loop of kills came to."""

    kills: int
    acknowledged: int
    seq: int
    findings: tuple[str, ...]


def kill_loop(directory: Path, history: History, *, kills: int, seed: int) -> FeedKillResult:
    """Starts and kills a terminal's feed again and again, every third time two processes in one directory."""
    chance = random.Random(seed)
    file = directory.with_suffix(".history")
    history.write(file)
    findings: list[str] = []
    acknowledged, reached, seq = 0, (-1, 0), 0
    for life in range(kills):
        said = _one_life(directory, file, 2 if life % 3 == 2 else 1, chance)
        acknowledged += len(said)
        reached = max([reached, *said])
        keeping = Keeping(directory, history)
        try:
            found = _found(keeping, reached)
            seq = keeping.seq if keeping.store.regions() else 0
        finally:
            keeping.close()
        findings += [f"life {life}: {each}" for each in found]
    return FeedKillResult(kills, acknowledged, seq, tuple(findings))


def _found(keeping: Keeping, reached: tuple[int, int]) -> list[str]:
    found = [f"damaged: {each.reason}" for each in keeping.store.damaged()]
    if not keeping.store.regions():
        return found if reached[0] < 0 else [*found, f"nothing is held, {reached} was acknowledged"]
    feed = keeping.feed
    here = feed.position.seq, feed.checkpoint.claims.iat
    if here < reached:
        found.append(f"{here} is held, {reached} was acknowledged")
    if keeping.root() != keeping.history.roots[feed.position.seq]:
        found.append(f"the state at {feed.position.seq} is another one")
    if keeping.files() != [f"base-1-{feed.base_seq}.raw"]:
        found.append(f"files: {keeping.files()}")
    return found


def _one_life(directory: Path, history: Path, processes: int, chance: random.Random) -> list[tuple[int, int]]:
    """What one or two processes said before they were killed."""
    command = [sys.executable, "-m", "tests.terminal.feed_kill_target", str(directory), str(history)]
    started = [
        subprocess.Popen([*command, str(chance.random())], cwd=ROOT, stdout=subprocess.PIPE) for _ in range(processes)
    ]
    said = b""
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        assert process.stdout is not None
        # Killed after some steps and a moment more, so that every stage of a step is met.
        lines = [process.stdout.readline() for _ in range(chance.randrange(0, 6))]
        try:
            process.wait(chance.random() * 0.03)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        process.wait()
        process.stdout.close()
        assert process.returncode == -signal.SIGKILL
        # A line that the kill cut off was not said.
        said += (b"".join(lines) + rest).rpartition(b"\n")[0] + b"\n"
    return [(int(seq), int(iat)) for seq, iat in (line.split() for line in said.decode("ascii").splitlines() if line)]
