"""Watches checkpoints for those who wait for news: when one stands at a new place of its feed, everybody hears of it.

A hint is `<epoch>.<seq>` and says nothing but "ask now". It comes from bytes that nobody here has verified; whoever
hears it asks and verifies as always. Checkpoints are watched only while somebody listens.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from protocol import checkpoint, feed_names
from protocol.errors import ProtocolError
from protocol.published_names import PublishedName, published
from verifier_terminal.relay.cache import Cache, Kept, NothingHeld

HINTS: Final = f"{feed_names.FOLDER}/hints"
"""Below a region's folder, beside the checkpoint."""
MAX_WATCHED: Final = 64
"""Regions at once: all cities of a delta, and more than any site has to do with."""


class TooManyWatched(Exception):
    """As many regions are watched as there may be."""


@dataclass(slots=True, eq=False)
class Watched:
    """One region's checkpoint. `place` is what the last hint said; `news` wakes who waits for the next one."""

    entry: PublishedName
    place: str | None = None
    encoded: bytes | None = None
    listeners: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    hinted: asyncio.Event = field(default_factory=asyncio.Event)
    """Upstream says that there is something newer."""

    def take(self, kept: Kept | None) -> None:
        """Looks where this checkpoint stands; what is none changes nothing."""
        try:
            position = None if kept is None else checkpoint.parse(kept.content).claims.position
        except ProtocolError:
            return
        if kept is None or position is None:
            return
        self.encoded = kept.content
        place = f"{position.epoch}.{position.seq}"
        if place != self.place:
            self.place = place
            waiting, self.news = self.news, asyncio.Event()
            waiting.set()


Listen = Callable[[str, Callable[[], None]], Callable[[], None]]
"""Listens for the upstream's hints below a folder: (folder, what to call from whatever thread) -> how to end it."""


class Watch:
    """The checkpoints that somebody waits for. For one event loop."""

    def __init__(self, cache: Cache, *, interval: float, listen: Listen | None = None) -> None:
        self._cache = cache
        self._interval = interval
        self._listen = listen
        self._watched: dict[str, tuple[Watched, asyncio.Task[None]]] = {}

    @property
    def regions(self) -> list[Watched]:
        return [watched for watched, _ in self._watched.values()]

    def join(self, folder: str) -> Watched | None:
        """The region of this folder ("" or "targets/310000/"), watched from now on; None: there is no such folder.

        Raises:
            TooManyWatched: Come back later.
        """
        entry = published(folder + feed_names.CHECKPOINT)
        if entry is None:
            return None
        if folder not in self._watched:
            if len(self._watched) >= MAX_WATCHED:
                raise TooManyWatched
            watched = Watched(entry)
            self._watched[folder] = watched, asyncio.get_running_loop().create_task(self._go_on(watched, folder))
        self._watched[folder][0].listeners += 1
        return self._watched[folder][0]

    def leave(self, watched: Watched) -> None:
        """One listener has gone; with the last one the watching ends."""
        watched.listeners -= 1
        folder = watched.entry.name.removesuffix(feed_names.CHECKPOINT)
        if watched.listeners == 0:
            _, task = self._watched.pop(folder)
            task.cancel()

    async def _go_on(self, watched: Watched, folder: str) -> None:
        loop = asyncio.get_running_loop()
        end = self._listen(folder, lambda: _wake(loop, watched)) if self._listen else None
        ask: Callable[[PublishedName], Awaitable[Kept | None]] = self._cache.get
        try:
            while True:
                with suppress(NothingHeld):
                    watched.take(await ask(watched.entry))
                ask = self._cache.get
                try:
                    async with asyncio.timeout(self._interval):
                        await watched.hinted.wait()
                    watched.hinted.clear()
                    ask = self._cache.get_after_hint
                except TimeoutError:
                    continue
        finally:
            if end is not None:
                end()


def _wake(loop: asyncio.AbstractEventLoop, watched: Watched) -> None:
    try:
        loop.call_soon_threadsafe(watched.hinted.set)
    except RuntimeError:
        # The relay has ended meanwhile.
        return
