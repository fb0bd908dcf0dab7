"""How long an urgent change takes through relays to many terminals, and what a relay answers.

    python -m bench.relay [--terminals 2000] [--rounds 8] [--spread 3.0] [--smoke]

The issuer's relay looks at its folder twice a second; a site's relay listens to that one's hints. Both are processes of
the command line. So many terminals, as connections of one asyncio process, listen at the site's relay; each draws its
own pause after a hint, asks once over a new connection and is done when it has the new checkpoint. Time runs from the
file's being there. Everything is on the loopback interface of one machine, so that network time is missing and CPU is
shared. The goal is REVOCATION.md's (urgent and push: p99 of 10 s); publishing itself is measured elsewhere. Then:
requests a second for a checkpoint over kept connections, beside a bare asyncio server that answers the same bytes to
anything. The exit status says whether all goals were met.
"""

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from time import perf_counter

import numpy as np

from bench.status_sizes import Goal
from protocol import checkpoint, feed_names
from protocol.checkpoint import Inline
from tests.revocation.publisher import STATUS, Feed

URGENT_GOAL = 10.0
CONNECTIONS = 50
ASK = b"GET /feed/checkpoint.cwt HTTP/1.1\r\nHost: relay\r\n\r\n"


@contextmanager
def relay(upstream: str, *options: str) -> Iterator[int]:
    """A relay as people run it; gives its port."""
    command = [sys.executable, "-m", "liangzheng", "relay", "serve", "--upstream", upstream, "--listen", "127.0.0.1:0"]
    limits = ["--per-address", "19000", "--connections", "19000"]
    with subprocess.Popen([*command, *limits, *options], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline().decode()
        try:
            yield int(said.split(":")[3].split("/")[0])
        finally:
            process.terminate()


def publish(folder: Path, feed: Feed) -> bytes:
    encoded = checkpoint.sign(feed.claims(), STATUS, inline=Inline(tuple(feed.bodies[-3:])))
    unfinished = folder / "unfinished"
    unfinished.write_bytes(encoded)
    unfinished.replace(folder / feed_names.CHECKPOINT)
    return encoded


async def content(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    return await reader.readexactly(int(length.split(b":")[1]))


class Site:
    """Terminals at one relay. `wanted` is the checkpoint that they are to hear of."""

    def __init__(self, port: int, spread: float) -> None:
        self.port = port
        self.spread = spread
        self.wanted = b""
        self.began = 0.0
        self.hinted: list[float] = []
        self.held: list[float] = []
        self.random = Random(1)
        self.requests = 0

    async def terminal(self, ready: Callable[[], None]) -> None:
        hints, sender = await asyncio.open_connection("127.0.0.1", self.port)
        sender.write(b"GET /feed/hints HTTP/1.1\r\nHost: relay\r\n\r\n")
        await hints.readuntil(b"data: ")
        ready()
        try:
            while True:
                await hints.readuntil(b"data: ")
                self.hinted.append(perf_counter() - self.began)
                await asyncio.sleep(self.random.random() * self.spread)
                await self._ask()
        finally:
            sender.close()

    async def _ask(self) -> None:
        asking, asker = await asyncio.open_connection("127.0.0.1", self.port)
        asker.write(ASK)
        self.requests += 1
        if await content(asking) == self.wanted:
            self.held.append(perf_counter() - self.began)
        asker.close()


async def urgent(folder: Path, port: int, *, terminals: int, rounds: int, spread: float) -> Iterator[Goal]:
    site, feed = Site(port, spread), Feed()
    publish(folder, feed)
    there = 0

    def ready() -> None:
        nonlocal there
        there += 1

    tasks = []
    for begin in range(0, terminals, 200):
        tasks += [asyncio.create_task(site.terminal(ready)) for _ in range(begin, min(begin + 200, terminals))]
        while there < len(tasks):
            await asyncio.sleep(0.01)
    random = Random(2)
    for number in range(1, rounds + 1):
        await asyncio.sleep(random.random())
        feed.publish({number: 2})
        site.wanted = checkpoint.sign(feed.claims(), STATUS, inline=Inline(tuple(feed.bodies[-3:])))
        site.began = perf_counter()
        publish(folder, feed)
        while len(site.held) < number * terminals and perf_counter() - site.began < 3 * URGENT_GOAL:
            await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    missed = terminals * rounds - len(site.held)
    print(f"{terminals} terminals at one relay, {rounds} urgent changes, spread over {spread:g} s; seconds")
    for name, figures in (("hint heard", site.hinted), ("checkpoint held", site.held)):
        p50, p99 = np.quantile(figures, (0.5, 0.99)).tolist()
        print(f"  {name:16} p50 {p50:6.2f}  p99 {p99:6.2f}  max {max(figures):6.2f}")
    print(f"  requests {site.requests}, missed {missed}")
    return iter(
        [
            Goal("urgent change, p99 s", float(np.quantile(site.held, 0.99)), URGENT_GOAL),
            Goal("terminals that a change did not reach", missed, 0),
        ]
    )


async def per_second(port: int, requests: int) -> float:
    """Requests a second over kept connections, each waiting for its answer."""

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests // CONNECTIONS):
            writer.write(ASK)
            await content(reader)
        writer.close()

    begin = perf_counter()
    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return requests / (perf_counter() - begin)


BARE = """
import asyncio, sys
answer = b"HTTP/1.1 200 OK\\r\\nContent-Length: " + sys.argv[1].encode() + b"\\r\\n\\r\\n" + bytes(int(sys.argv[1]))
async def serve(reader, writer):
    try:
        while True:
            await reader.readuntil(b"\\r\\n\\r\\n")
            writer.write(answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def bare(size: int) -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", BARE, str(size)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def compare(port: int, size: int, requests: int) -> None:
    with bare(size) as floor:
        rounds = [(asyncio.run(per_second(port, requests)), asyncio.run(per_second(floor, requests))) for _ in range(3)]
    ours, theirs = (max(each) for each in zip(*rounds, strict=True))
    print(f"checkpoints over {CONNECTIONS} kept connections: {ours:,.0f} a second; a bare server {theirs:,.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--terminals", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--spread", type=float, default=3.0)
    parser.add_argument("--smoke", action="store_true", help="some seconds")
    asked = parser.parse_args()
    terminals, rounds, requests = (50, 2, 2_000) if asked.smoke else (asked.terminals, asked.rounds, 20_000)
    # Two connections for each terminal.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * terminals + 500), hard))
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        (folder / feed_names.FOLDER).mkdir()
        encoded = publish(folder, Feed())
        issuer = opened.enter_context(relay(str(folder), "--interval", "0.5"))
        site = opened.enter_context(relay(f"http://127.0.0.1:{issuer}"))
        work: Awaitable[Iterator[Goal]] = urgent(folder, site, terminals=terminals, rounds=rounds, spread=asked.spread)
        goals = list(asyncio.run(_run(work)))
        compare(site, len(encoded), requests)
    print()
    for goal in goals:
        print(f"{'met   ' if goal.met else 'MISSED'} {goal.name}: {goal.figure:.2f} (at most {goal.at_most:g})")
    sys.exit(0 if all(goal.met for goal in goals) else 1)


async def _run(work: Awaitable[Iterator[Goal]]) -> Iterator[Goal]:
    return await work


if __name__ == "__main__":
    main()
