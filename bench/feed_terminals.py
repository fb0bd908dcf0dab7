"""Terminals that poll, for bench.feed_end_to_end: hundreds of them in one asyncio process.

Each has a connection of its own that it keeps, its own times, its own place in each region's feed, and verifies every
checkpoint by itself: what decides is the terminal's own `FeedIntake`, run again when bytes that it asked for have come.
Requests are those of `HttpMirror`, byte by byte. What is shared: a state that two terminals reach from the same state
by the same checkpoint is made once (one terminal's 8 MB times 300 is more than a laptop has), and nothing is written to
a disk; bench.feed_store measures that. Every byte of requests and answers is counted at the socket.
"""

import asyncio
import random
import re
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from bench.feed_serving import HOST
from issuer import wiring
from protocol import cbor, feed_document, feed_names, root_keys, trust_list
from protocol.checkpoint import VerifiedCheckpoint
from protocol.feed_document import FeedDocument
from protocol.trust_list import TrustList
from protocol.unixtime import Seconds
from revocation.advance import Held, by_aggregates, by_base, by_deltas_over, from_nothing
from revocation.guard import CoSigned
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.errors import NotPublished
from verifier_terminal.hearing import SPREAD_SECONDS
from verifier_terminal.store.held_region import RegionFeed
from verifier_terminal.store.ways import ByAggregates, ByBase, ByDeltas, Way
from verifier_terminal.sync.checkpoints import Believed
from verifier_terminal.sync.feed_intake import FeedIntake
from verifier_terminal.sync.schedule import FOREIGN_TIMES, LEAST_BETWEEN_HINTS, WHILE_HINTS_COME

MINUTE: Final = 60.0
TIMESTAMP: Final = "metadata/timestamp.json"
_HINT: Final = re.compile(rb"data: [0-9]+[.][0-9]+\r?\n")
_LENGTH: Final = re.compile(rb"\r\ncontent-length: ([0-9]+)\r\n", re.IGNORECASE)
_ETAG: Final = re.compile(rb"\r\netag: (\"[^\"]+\")\r\n", re.IGNORECASE)
_STATES: Final = 512


class Missing(Exception):
    """The intake asked for a file that has not been fetched yet."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(slots=True)
class Fetched:
    """A `Mirror` of what has come within one poll; None: it is not published."""

    files: dict[str, bytes | None] = field(default_factory=dict)

    def fetch(self, name: str, *, max_bytes: int) -> bytes:
        if name not in self.files:
            raise Missing(name)
        content = self.files[name]
        if content is None:
            raise NotPublished(name)
        assert len(content) <= max_bytes
        return content


@dataclass(frozen=True, slots=True)
class Told:
    """A change that is watched: since `at` it stands in the register."""

    number: int
    kind: str
    list_number: int
    idx: int
    at: float


@dataclass(slots=True)
class Group:
    """Terminals of one home region that listen to hints, or do not."""

    home: str
    foreign: tuple[str, ...]
    listens: bool
    size: int
    sent: Counter[str] = field(default_factory=Counter)
    """Bytes of requests and answers by what they were for."""
    polls: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    refused_after: dict[tuple[int, int], float] = field(default_factory=dict)
    """Seconds by change and terminal."""
    told: list[Told] = field(default_factory=list)


class Common:
    """What all terminals of the process share; see the module."""

    def __init__(self, folder: Path, *, port: int, speed: float) -> None:
        self.port, self.speed = port, speed
        self.random = random.Random(2)
        self._folder = folder
        self._documents: dict[str, tuple[TrustList, FeedDocument]] = {}
        self._states: OrderedDict[tuple[int, bytes], tuple[Held | None, Held]] = OrderedDict()

    def believed(self, region: str, held: RegionFeed | None) -> Believed:
        if region not in self._documents:
            published = self._folder / region / "published"
            root = root_keys.load(cbor.decode((published / "root.cbor").read_bytes()))
            trust = trust_list.verify((published / "trust.cbor").read_bytes(), root=root)
            encoded = (published / feed_names.DOCUMENT).read_bytes()
            self._documents[region] = trust, feed_document.verify(encoded, root=root, expected_region=region)
        clock = ClockReading(wiring.now(), Seconds(1), Seconds(0), plausible=True)
        return Believed(*self._documents[region], held, clock, lambda _: False)

    def state(self, old: Held | None, way: Way, checkpoint: VerifiedCheckpoint, encoded: bytes, co: CoSigned) -> Held:
        key = id(old), encoded
        if key not in self._states:
            self._states[key] = old, _advanced(old, way, checkpoint, co)
            while len(self._states) > _STATES:
                self._states.popitem(last=False)
        return self._states[key][1]


def _advanced(old: Held | None, way: Way, checkpoint: VerifiedCheckpoint, co_signed: CoSigned) -> Held:
    match way:
        case ByDeltas(bodies):
            assert old is not None
            return by_deltas_over(old, bodies, checkpoint=checkpoint, co_signed=co_signed)
        case ByAggregates(pairs, bodies):
            assert old is not None
            return by_aggregates(old, pairs, bodies, checkpoint=checkpoint, co_signed=co_signed)
        case ByBase(pointer, base, pairs, bodies) if old is not None:
            return by_base(old, base, pairs, bodies, pointer=pointer, checkpoint=checkpoint, co_signed=co_signed)
        case _:
            return from_nothing(
                way.base, way.pairs, way.bodies, pointer=way.pointer, checkpoint=checkpoint, co_signed=co_signed
            )


class Terminal:
    """One terminal: a home region and others, polled for ever by `run`."""

    def __init__(self, number: int, group: Group, common: Common) -> None:
        self.number, self.group, self._common = number, group, common
        self._wire: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._lock = asyncio.Lock()
        self._hinted = asyncio.Event()
        self._heard = float("-inf")
        self._intakes = {region: FeedIntake() for region in (group.home, *group.foreign)}
        self._held: dict[str, tuple[RegionFeed, Held]] = {}
        self._outstanding: list[Told] = []

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(self.group.home, "home", MINUTE))
            for region in self.group.foreign:
                tasks.create_task(self._follow(region, "foreign", FOREIGN_TIMES * MINUTE))
            tasks.create_task(self._documents())
            if self.group.listens:
                tasks.create_task(self._listen())

    def tell(self, change: Told) -> None:
        self._outstanding.append(change)
        self._look()

    async def _follow(self, region: str, what: str, every: float) -> None:
        # Polls after a whole interval are what a day is made of; the ones before are counted by themselves.
        random_, news = self._common.random, self._hinted if what == "home" else asyncio.Event()
        await asyncio.sleep(random_.random() * MINUTE / self._common.speed)
        await self._poll(region, "beginning")
        await self._pause(news, random_.random() * every)
        await self._poll(region, what if what == "home" else "first")
        while True:
            is_hinted = what == "home" and time.monotonic() - self._heard < MINUTE / self._common.speed
            waits = every * WHILE_HINTS_COME if is_hinted else every
            await self._pause(news, waits * (0.8 + 0.4 * random_.random()))
            await self._poll(region, what)

    async def _pause(self, news: asyncio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds / self._common.speed):
                await news.wait()
        except TimeoutError:
            return

    async def _poll(self, region: str, what: str) -> None:
        self._hinted.clear()
        file = feed_names.CHECKPOINT if what == "home" else feed_names.CHECKPOINT_10
        feed, held = self._held.get(region, (None, None))
        believed, fetched = self._common.believed(region, feed), Fetched()
        take = partial(self._take, region, held)
        while True:
            try:
                polled = self._intakes[region].poll(fetched, believed, file=file, take=take)
                break
            except Missing as missing:
                fetched.files[missing.name] = await self._get(f"targets/{region}/{missing.name}", what)
        self.group.polls[what] += 1
        self.group.ways[f"{what}: {polled.way}"] += 1
        if region == self.group.home:
            self._look()

    def _take(
        self,
        region: str,
        old: Held | None,
        way: Way,
        *,
        checkpoint: VerifiedCheckpoint,
        encoded: bytes,
        co_signed: CoSigned,
    ) -> RegionFeed:
        held = self._common.state(old, way, checkpoint, encoded, co_signed)
        lists = len(held.state.lists)
        feed = RegionFeed(region, held.position, held.as_of, checkpoint, encoded, lists, 0, 0)
        self._held[region] = feed, held
        return feed

    def _look(self) -> None:
        """Which of the watched changes this terminal refuses by now."""
        if self.group.home not in self._held:
            return
        now, state = time.monotonic(), self._held[self.group.home][1].state
        left = []
        for each in self._outstanding:
            if state.look_up(each.list_number, each.idx) == 0:
                left.append(each)
            else:
                self.group.refused_after[each.number, self.number] = now - each.at
        self._outstanding = left

    async def _documents(self) -> None:
        """What a terminal with a repository asks for when nothing has changed there: one small file, by its ETag."""
        etag, common = b"", self._common
        await asyncio.sleep(FOREIGN_TIMES * MINUTE * common.random.random() / common.speed)
        while True:
            head = (await self._ask(TIMESTAMP, "documents", etag))[0]
            if found := _ETAG.search(head):
                etag = found[1]
            self.group.polls["documents"] += 1
            await asyncio.sleep(FOREIGN_TIMES * MINUTE * (0.8 + 0.4 * common.random.random()) / common.speed)

    async def _get(self, path: str, what: str) -> bytes | None:
        head, body = await self._ask(path, what, b"")
        return body if head[9:12] == b"200" else None

    async def _ask(self, path: str, what: str, etag: bytes) -> tuple[bytes, bytes]:
        condition = b"If-None-Match: " + etag + b"\r\n" if etag else b""
        request = f"GET /{path} HTTP/1.1\r\nHost: {HOST}\r\n".encode() + condition + b"\r\n"
        async with self._lock:
            while True:
                fresh = self._wire is None
                self._wire = self._wire or await asyncio.open_connection("127.0.0.1", self._common.port)
                reader, writer = self._wire
                try:
                    writer.write(request)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = _LENGTH.search(head)
                    body = await reader.readexactly(int(length[1])) if length and head[9:12] != b"304" else b""
                except (ConnectionError, asyncio.IncompleteReadError):
                    self._wire = None
                    if fresh:
                        raise
                    self.group.requests["connections lost"] += 1
                else:
                    self.group.sent[what] += len(request) + len(head) + len(body)
                    self.group.requests[what] += 1
                    return head, body

    async def _listen(self) -> None:
        """Hints of the home region, as `verifier_terminal.sync.hints` takes them."""
        common = self._common
        path = f"targets/{self.group.home}/feed/hints"
        request = f"GET /{path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
        await asyncio.sleep(common.random.random() * MINUTE / common.speed / 2)
        reader, writer = await asyncio.open_connection("127.0.0.1", common.port)
        writer.write(request)
        self.group.sent["hints"] += len(request)
        first = True
        async for line in reader:
            self.group.sent["hints"] += len(line)
            if _HINT.fullmatch(line) is None:
                continue
            if not first:
                await asyncio.sleep(SPREAD_SECONDS * common.random.random() / common.speed)
                self._hint()
            first = False
        raise ConnectionError("the hints have ended")

    def _hint(self) -> None:
        """As `Schedule.hint`: at most once in five seconds, and what comes too soon is put off."""
        now = time.monotonic()
        if now >= self._heard:
            self._heard = max(now, self._heard + LEAST_BETWEEN_HINTS / self._common.speed)
            asyncio.get_running_loop().call_later(self._heard - now, self._hinted.set)
