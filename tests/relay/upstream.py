"""A fictional upstream and a relay over it, on a clock that a test moves; real sockets on the loopback address only."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from verifier_terminal.errors import NotPublished, Unreachable
from verifier_terminal.relay.cache import Cache, Intervals
from verifier_terminal.relay.server import Bounds, RelayServer
from verifier_terminal.relay.watch import Listen, Watch


@dataclass
class Upstream:
    """Files by name; `fails` is raised instead of answering, `gate` is waited for before."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: Exception | None = None
    gate: Callable[[], object] = lambda: None

    def fetch(self, name: str, max_bytes: int) -> bytes:
        self.asked.append(name)
        self.gate()
        if self.fails is not None:
            raise self.fails
        if name not in self.files:
            raise NotPublished(name)
        assert len(self.files[name]) <= max_bytes
        return self.files[name]

    def goes_away(self) -> None:
        self.fails = Unreachable("no route")


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Relay:
    upstream: Upstream
    clock: Clock
    cache: Cache
    watch: Watch
    server: RelayServer
    port: int

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def raw(self, sent: bytes) -> bytes:
        """Everything that comes back until the relay ends the connection."""
        reader, writer = await self.connect()
        writer.write(sent)
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()

    async def get(self, path: str, *headers: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        lines = [f"{method} {path} HTTP/1.1", "Host: relay", "Connection: close", *headers, "", ""]
        return split(await self.raw("\r\n".join(lines).encode()))


def split(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, content = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("ascii").split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), content


@asynccontextmanager
async def relaying(
    upstream: Upstream | None = None,
    *,
    bounds: Bounds | None = None,
    max_bytes: int = 1_000_000,
    patience: float = 0.2,
    listen: Listen | None = None,
    watching_every: float = 0.02,
) -> AsyncIterator[Relay]:
    """A relay that listens; its clock stands still unless the test moves it."""
    source, clock = upstream or Upstream(), Clock()
    executors = {each: ThreadPoolExecutor(1) for each in (False, True)}
    cache = Cache(
        {each: (source.fetch, executor) for each, executor in executors.items()},
        monotonic=clock,
        intervals=Intervals(),
        max_bytes=max_bytes,
        patience_seconds=patience,
    )
    watch = Watch(cache, interval=watching_every, listen=listen)
    server = RelayServer(cache, watch, monotonic=clock, bounds=bounds)
    port = await server.listen("127.0.0.1", 0)
    try:
        yield Relay(source, clock, cache, watch, server, port)
    finally:
        await server.close()
        for executor in executors.values():
            executor.shutdown(wait=False, cancel_futures=True)


async def until(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Return as soon as this holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        await asyncio.sleep(0.002)
