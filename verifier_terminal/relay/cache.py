"""What a relay holds of its upstream: the last bytes under each name, in bounded memory, as fresh as they are.

Guaranteed: at most one upstream request for a name at a time, and one in each interval however many ask; what was held
is served when the upstream is slow, gone or answers nonsense, with its age; nothing is older than upstream's last good
answer and this interval. Memory and the number of names are bounded, the least asked for goes first.

Nothing here is believed or looked into. What never changes is fetched anew after some minutes all the same, so that
wrong bytes from upstream are no wrong bytes for good: terminals refuse them, and the next ones are right.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from protocol.published_names import PublishedName
from verifier_terminal.errors import FetchError, NotPublished, ServerRefused, WebPage

Fetch = Callable[[str, int], bytes]
"""As `Mirror.fetch`; it may block."""

MAX_NAMES: Final = 4_096
MAX_RUNNING: Final = 64
"""Upstream requests that run or wait; asking for names that nobody has takes a place for one round trip."""
_ETAG_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Intervals:
    """For how long an answer of the upstream is good enough, in seconds."""

    checkpoint: float = 5.0
    documents: float = 60.0
    objects: float = 300.0
    after_hint: float = 1.0
    """The least time between two requests for a checkpoint when a hint says that there is a newer one."""

    def of(self, entry: PublishedName) -> float:
        if entry.never_changes:
            return self.objects
        return self.checkpoint if "checkpoint" in entry.name else self.documents


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes as upstream gave them at that moment of the monotonic clock."""

    content: bytes
    etag: str
    at: float


class NothingHeld(Exception):
    """The upstream does not answer, and nothing was held under this name."""


@dataclass(slots=True, eq=False)
class _Slot:
    """All that is known of one name."""

    kept: Kept | None = None
    is_missing: bool = False
    tried: float = float("-inf")
    due: float = float("-inf")
    running: asyncio.Task[None] | None = None


class Cache:
    """For one event loop."""

    def __init__(
        self,
        lanes: Mapping[bool, tuple[Fetch, Executor]],
        *,
        monotonic: Callable[[], float],
        intervals: Intervals,
        max_bytes: int,
        patience_seconds: float = 2.0,
    ) -> None:
        """Lanes are by `PublishedName.never_changes`: a long base must not keep the next checkpoint waiting.

        Whoever asks for what is held waits at most `patience_seconds` for something newer.
        """
        self._lanes = lanes
        self._monotonic = monotonic
        self._intervals = intervals
        self._max_bytes = max_bytes
        self._patience_seconds = patience_seconds
        self._slots: OrderedDict[str, _Slot] = OrderedDict()
        self._running = 0
        self.held_bytes = 0
        self.requests = 0
        """Made of the upstream."""
        self.last_success: float | None = None
        self.last_failure: tuple[float, str] | None = None

    def age(self, kept: Kept) -> int:
        """Whole seconds since upstream last gave these bytes."""
        return int(self._monotonic() - kept.at)

    async def get(self, entry: PublishedName) -> Kept | None:
        """What is held under a name, after asking the upstream if that is due; None where it has no such file.

        Raises:
            NothingHeld: The upstream does not answer, and nothing is held.
        """
        slot = self._slots.setdefault(entry.name, _Slot())
        self._slots.move_to_end(entry.name)
        if slot.running is None and self._monotonic() >= slot.due and self._running < MAX_RUNNING:
            self._running += 1
            slot.running = asyncio.get_running_loop().create_task(self._renew(entry, slot))
        if slot.running is not None:
            # Whoever asks now waits for the one request that runs; it goes on when they have gone.
            await asyncio.wait({slot.running}, timeout=None if slot.kept is None else self._patience_seconds)
        self._bound()
        if slot.kept is not None:
            return slot.kept
        if slot.is_missing:
            return None
        raise NothingHeld(entry.name)

    async def get_after_hint(self, entry: PublishedName) -> Kept | None:
        """The same, asking the upstream even if its last answer would be good for some seconds more."""
        slot = self._slots.setdefault(entry.name, _Slot())
        if slot.running is not None:
            await asyncio.wait({slot.running})
        slot.due = min(slot.due, slot.tried + self._intervals.after_hint)
        if (early := slot.due - self._monotonic()) > 0:
            await asyncio.sleep(early)
        return await self.get(entry)

    async def _renew(self, entry: PublishedName, slot: _Slot) -> None:
        fetch, executor = self._lanes[entry.never_changes]
        slot.tried = self._monotonic()
        self.requests += 1
        wait = self._intervals.checkpoint
        try:
            content = await asyncio.get_running_loop().run_in_executor(executor, fetch, entry.name, entry.max_bytes)
            # Neither is ever published, and whoever holds something better keeps it.
            if not content:
                raise ServerRefused(f"{entry.name}: an empty file")
            if content.lstrip()[:1] == b"<":
                raise WebPage(entry.name)
        except NotPublished:
            self._keep(slot, None)
            self.last_success = self._monotonic()
        except (FetchError, WebPage) as failure:
            self.last_failure = self._monotonic(), str(failure)
        else:
            etag = f'"{sha256(content).hexdigest()[:_ETAG_DIGITS]}"'
            self._keep(slot, Kept(content, etag, self._monotonic()))
            self.last_success = self._monotonic()
            wait = self._intervals.of(entry)
        finally:
            slot.due = slot.tried + wait
            slot.running = None
            self._running -= 1

    def _keep(self, slot: _Slot, kept: Kept | None) -> None:
        self.held_bytes += _size(kept) - _size(slot.kept)
        slot.kept, slot.is_missing = kept, kept is None

    def _bound(self) -> None:
        """Forgets the least asked for, and never the last one; whoever is being answered has its bytes until then."""
        for name in list(self._slots)[:-1] if self._is_full() else ():
            if not self._is_full():
                return
            if (slot := self._slots[name]).running is None:
                self.held_bytes -= _size(slot.kept)
                del self._slots[name]

    def _is_full(self) -> bool:
        return len(self._slots) > MAX_NAMES or self.held_bytes > self._max_bytes


def _size(kept: Kept | None) -> int:
    return 0 if kept is None else len(kept.content)
