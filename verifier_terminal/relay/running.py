"""Puts a relay together and runs it until it is told to stop.

Two lanes to the upstream, each with a connection of its own: what is replaced every minute, and objects, of which a
base takes minutes on a bad line. The upstream's own hints are listened to where it has any.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from verifier_terminal.errors import Unreachable
from verifier_terminal.relay import multicast
from verifier_terminal.relay.cache import Cache, Fetch, Intervals
from verifier_terminal.relay.multicast import Group
from verifier_terminal.relay.server import Bounds, RelayServer
from verifier_terminal.relay.watch import Listen, Watch
from verifier_terminal.sync.hints import Hints
from verifier_terminal.sync.http_mirror import HttpMirror
from verifier_terminal.sync.mirror import Mirror

_DATAGRAM_EVERY: Final = 60.0


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Where from, where to, and how much it may take."""

    upstream: str
    host: str
    port: int
    max_bytes: int
    intervals: Intervals = field(default_factory=Intervals)
    bounds: Bounds = field(default_factory=Bounds)
    group: Group | None = None
    regions: tuple[str, ...] = ("",)
    """Folders whose checkpoints go out by multicast: "" for a region's own folder, or "targets/310000/"."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The real things that only wiring names."""

    open_mirror: Callable[[], Mirror]
    monotonic: Callable[[], float]
    jitter: Callable[[float], float]


async def run(
    settings: RelaySettings, around: Surroundings, *, ready: Callable[[int], None], stop: asyncio.Event | None = None
) -> None:
    """Serve until `stop` is set, or a signal asks for an end; `ready` hears the port.

    Raises:
        OSError: The address or the multicast group cannot be used.
        FetchError: The upstream's address is none.
    """
    stopping = stop or asyncio.Event()
    with ExitStack() as ended:
        lanes = {each: _lane(around.open_mirror(), ended) for each in (False, True)}
        cache = Cache(lanes, monotonic=around.monotonic, intervals=settings.intervals, max_bytes=settings.max_bytes)
        watch = Watch(cache, interval=settings.intervals.checkpoint, listen=_listening(settings, around))
        server = RelayServer(cache, watch, monotonic=around.monotonic, bounds=settings.bounds)
        sending: list[asyncio.Task[None]] = []
        joined = []
        if settings.group is not None:
            sender = ended.enter_context(multicast.sending_socket(settings.group))
            for folder in settings.regions:
                if (watched := watch.join(folder)) is None:
                    raise OSError(f"{folder} is no folder of a region")
                joined.append(watched)
                sending.append(asyncio.create_task(multicast.send(watched, sender, every_seconds=_DATAGRAM_EVERY)))
        try:
            port = await server.listen(settings.host, settings.port)
            loop = asyncio.get_running_loop()
            if stop is None:
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.add_signal_handler(number, stopping.set)
            ready(port)
            await stopping.wait()
        finally:
            for task in sending:
                task.cancel()
            await server.close()
            for watched in joined:
                watch.leave(watched)
            await asyncio.gather(*sending, return_exceptions=True)


def _lane(mirror: Mirror, ended: ExitStack) -> tuple[Fetch, Executor]:
    """A thread with a connection of its own. At the end what waits for it is let go, and the connection closed."""
    executor = ThreadPoolExecutor(1, thread_name_prefix="upstream")
    over = threading.Event()

    def fetch(name: str, max_bytes: int) -> bytes:
        if over.is_set():
            raise Unreachable("the relay ends")
        return mirror.fetch(name, max_bytes=max_bytes)

    def end() -> None:
        over.set()
        if isinstance(mirror, HttpMirror):
            # In its turn: the thread may be in the middle of an answer.
            executor.submit(mirror.close)
        executor.shutdown(wait=False)

    ended.callback(end)
    return fetch, executor


def _listening(settings: RelaySettings, around: Surroundings) -> Listen | None:
    """How to hear the upstream's own hints; a folder has none, and is looked at instead."""
    if not settings.upstream.startswith(("http://", "https://")):
        return None

    def listen(folder: str, heard: Callable[[], None]) -> Callable[[], None]:
        url = f"{settings.upstream.rstrip('/')}/{folder}".rstrip("/")
        # One relay asks for many terminals, at once: the terminals spread themselves.
        hints = Hints(url, heard, spread_seconds=lambda: 0.0, jitter=around.jitter)
        threading.Thread(target=hints.run, name="hints", daemon=True).start()
        return hints.close

    return listen
