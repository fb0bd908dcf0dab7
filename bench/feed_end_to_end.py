"""How long a revocation takes to terminals that poll, and what that costs each of them, over a real nginx.

    python -m bench.feed_end_to_end [--minutes 22] [--terminals 320] [--speed 1] [--json FILE] [--smoke]

Issuers publish with their real registers (bench.feed_publishers), nginx serves the folder with the shipped
configuration (bench.feed_serving), and terminals poll it from one asyncio process (bench.feed_terminals). Times are
from the end of the register's transaction until the terminal's own look-up answers with something else than valid, for
every pair of a watched change and a terminal of its region; a pair that did not happen by the end counts as endless.
Bytes are those of requests and answers at the socket, without TCP and TLS. A day is 1,440 minutes of the home region as
measured, 144 polls of each other region that followed a whole interval, and 144 of the trust metadata. Each scenario
has regions of its own, all with that many changes a day. `--speed` compresses time and is for trying out: figures that
count are taken in real time.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Timestamp

from bench import feed_serving
from bench.feed_publishers import MINUTE, Plan, served, written
from bench.feed_report import FOREIGN, SCENARIOS, Measured, Scenario, as_json, print_times, print_traffic
from bench.feed_serving import Nginx
from bench.feed_terminals import TIMESTAMP, Common, Group, Terminal, Told
from protocol import feed_names


async def measure(
    folder: Path, scenarios: tuple[Scenario, ...], *, terminals: int, minutes: float, speed: float
) -> list[Measured]:
    """All scenarios at once."""
    plans = [
        Plan(region, each.flips, each.urgent_share, 20.0 if region == each.regions[0] else None, speed)
        for each in scenarios
        for region in each.regions
    ]
    written(plans, folder / "plan.json")
    command = (sys.executable, "-m", "bench.feed_publishers", str(folder), str(folder / "plan.json"))
    publishers = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert publishers.stdout is not None
        if not (await publishers.stdout.readline()).startswith(b'{"ready"'):
            raise SystemExit("the regions did not begin")
        _publish_timestamp(folder)
        with (
            feed_serving.relay(folder / "served") as hints,
            feed_serving.nginx(folder / "nginx", folder / "served", hints_port=hints) as nginx,
        ):
            measured = await _run(folder, scenarios, publishers.stdout, nginx.port, terminals, minutes, speed)
            _print_serving(nginx, scenarios[0].regions[0], folder, seconds=5.0 if speed == 1 else 0.5)
    finally:
        publishers.terminate()
        await publishers.wait()
    return measured


async def _run(
    folder: Path,
    scenarios: tuple[Scenario, ...],
    told: asyncio.StreamReader,
    port: int,
    terminals: int,
    minutes: float,
    speed: float,
) -> list[Measured]:
    common = Common(folder, port=port, speed=speed)
    by_home: dict[str, list[Terminal]] = {}
    measured = []
    for each in scenarios:
        home, *others = each.regions
        groups = [
            Group(home, tuple(others[:count]), listens, terminals // (2 * len(FOREIGN) * len(scenarios)))
            for count in FOREIGN
            for listens in (False, True)
        ]
        # The first minutes are the terminals' beginning, and half of a minute is the first home poll's.
        measured.append(Measured(each, groups, 60 * minutes - 2 * MINUTE))
    number = 0
    async with asyncio.TaskGroup() as tasks:
        running = []
        for each in measured:
            for group in each.groups:
                for _ in range(group.size):
                    number += 1
                    terminal = Terminal(number, group, common)
                    by_home.setdefault(group.home, []).append(terminal)
                    running.append(tasks.create_task(terminal.run()))
        running.append(tasks.create_task(_hear(told, by_home, measured)))
        await asyncio.sleep(2 * MINUTE / speed)
        for each in measured:
            # What came before was for terminals that had not all begun.
            each.begin = time.monotonic()
            for group in each.groups:
                group.sent["home"] = group.sent["hints"] = group.polls["home"] = group.requests["home"] = 0
        for left in range(int(minutes) - 2, 0, -1):
            print(f"\r{left} minutes are left  ", end="", file=sys.stderr, flush=True)
            await asyncio.sleep(MINUTE / speed)
        print(file=sys.stderr)
        for each in measured:
            each.end = time.monotonic()
        for task in running:
            task.cancel()
    return measured


async def _hear(told: asyncio.StreamReader, by_home: dict[str, list[Terminal]], measured: list[Measured]) -> None:
    number = 0
    while line := await told.readline():
        content: dict[str, Any] = json.loads(line)
        number += 1
        change = Told(number, content["kind"], content["list"], content["idx"], content["at"])
        for each in measured:
            for group in each.groups:
                if group.home == content["region"]:
                    group.told.append(change)
        for terminal in by_home.get(content["region"], ()):
            terminal.tell(change)
    raise SystemExit("the regions have stopped")


def _publish_timestamp(folder: Path) -> None:
    path = folder / "served" / TIMESTAMP
    path.parent.mkdir(parents=True)
    metadata = Metadata(Timestamp())
    metadata.sign(CryptoSigner.generate_ecdsa())
    path.write_bytes(metadata.to_bytes())


def _print_serving(nginx: Nginx, region: str, folder: Path, *, seconds: float) -> None:
    # A copy, for regions go on publishing, and a client that counts bytes wants answers of one size.
    contents = {
        "checkpoint": (served(folder, region) / feed_names.CHECKPOINT).read_bytes(),
        "a file of 1 byte (peer)": b"1",
    }
    print("\n| nginx, one worker, one client beside it | requests/s | for each second of its CPU |\n|---|---|---|")
    for number, (name, content) in enumerate(contents.items(), 999_998):
        path = served(folder, str(number)) / feed_names.CHECKPOINT
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        answered, of_cpu = nginx.requests_per_second(f"targets/{number}/{feed_names.CHECKPOINT}", seconds=seconds)
        print(f"| {name} | {answered:,.0f} | {of_cpu:,.0f} |")


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="feed-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "served").mkdir()
        yield folder


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--minutes", type=float, default=22.0, help="of the terminals; 22 have each interval once")
    arguments.add_argument("--terminals", type=int, default=320)
    arguments.add_argument("--speed", type=float, default=1.0, help="compresses time; for trying out")
    arguments.add_argument("--only", type=int, action="append", metavar="N", help="this scenario alone, from 1 on")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="all figures, too")
    arguments.add_argument("--smoke", action="store_true", help="a few seconds; whether it runs, not how fast")
    chosen = arguments.parse_args()
    scenarios = tuple(SCENARIOS[each - 1] for each in chosen.only or range(1, len(SCENARIOS) + 1))
    if chosen.smoke:
        scenarios, chosen.speed, chosen.minutes, chosen.terminals = SCENARIOS[:1], 60.0, 16.0, 16
    with _folder() as folder:
        measured = asyncio.run(
            measure(folder, scenarios, terminals=chosen.terminals, minutes=chosen.minutes, speed=chosen.speed)
        )
    met = print_times(measured, speed=chosen.speed)
    met &= print_traffic(measured)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(as_json(measured, speed=chosen.speed)))
    if chosen.smoke:
        print("\ntime was compressed: no figure of this counts")
        sys.exit(any(not each.polls["home"] for one in measured for each in one.groups))
    sys.exit(not met)


if __name__ == "__main__":
    main()
