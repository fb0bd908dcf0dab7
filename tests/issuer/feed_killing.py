"""Kills a publisher again and again, and looks each time at what a terminal finds."""

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from protocol import feed_names
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation.advance import Held
from tests.issuer.feed_kill_target import STEP
from tests.issuer.feed_terminal import FeedTerminal
from tests.issuer.feeds import FeedWorld, closing

ROOT = Path(__file__).resolve().parents[2]
_LONGEST = 0.4
"""Seconds from a publisher's first change to its end: some ticks."""


@dataclass
class Killed:
    """What came of it."""

    kills: int = 0
    ticks: int = 0
    acknowledged: int = 0
    seq: int = 0
    findings: list[str] = field(default_factory=list)


def kill_loop(folder: Path, *, kills: int, seed: int, said: Callable[[str], None] = lambda _: None) -> Killed:
    """Begin a feed here, and kill its publisher so many times."""
    draw, killed, acknowledged = random.Random(seed), Killed(), 0
    with closing(FeedWorld(folder)) as world:
        world.tick()
        terminal = world.terminal
    states = [terminal.begin()]
    for number in range(kills):
        acknowledged = max(acknowledged, _killed_after(folder, draw.uniform(0, _LONGEST), killed))
        killed.kills += 1
        states.append(_looked_at(terminal, draw.sample(states, min(4, len(states))), killed))
        if number % 20 == 19:
            said(f"{number + 1} kills, seq {states[-1].position.seq}")
    with closing(FeedWorld(folder, is_new=False)) as world:
        world.at = UnixTime(max(each.iat for each in world.feed.log.epochs()))
        world.terminal = terminal
        # Later than whatever the last publisher has recorded.
        world.tick(seconds=2 * STEP)
        _looked_at(terminal, states, killed)
        lost = [idx for idx in range(1, acknowledged + 1) if terminal.status(1, idx) != Status.REVOKED]
        if lost:
            killed.findings.append(f"{len(lost)} acknowledged changes are not published, {lost[0]} for one")
        for each in world.feed.log.deltas(1, after=0):
            published = folder / "published" / feed_names.delta(1, each.seq)
            if published.read_bytes() != each.body:
                killed.findings.append(f"delta {each.seq} is another one in the log")
        killed.acknowledged, killed.seq = acknowledged, terminal.poll().position.seq
    return killed


def _killed_after(folder: Path, seconds: float, killed: Killed) -> int:
    """Start a publisher, kill it, and return the last change that it has acknowledged."""
    command = [sys.executable, "-W", "error", "-m", "tests.issuer.feed_kill_target", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
        else:
            killed.findings.append("a publisher ended by itself")
        # A line that was cut off was never acknowledged.
        lines = [line.strip() for line in (first, *child.stdout) if line.endswith("\n")]
    killed.ticks += lines.count("tick")
    return max((int(line) for line in lines if line.isdecimal()), default=0)


def _looked_at(terminal: FeedTerminal, earlier: list[Held], killed: Killed) -> Held:
    """Whoever has any earlier state, or none, comes to the same one."""
    held = terminal.begin()
    for each in earlier:
        try:
            came = terminal.from_held(each)
        except FileNotFoundError:
            came = terminal.by_aggregates(each)
        if came.head != held.head:
            killed.findings.append(f"from seq {each.position.seq} one comes to another head")
    for path in (terminal.folder / feed_names.FOLDER).iterdir():
        if path.name.startswith("."):
            continue  # Half written when the publisher was killed; nobody asks for it.
        try:
            terminal.read(f"{feed_names.FOLDER}/{path.name}")
        except AssertionError as changed:
            killed.findings.append(str(changed))
    return held
