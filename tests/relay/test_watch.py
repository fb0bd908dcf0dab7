"""Hints: told when a checkpoint has moved, to everybody who listens, and to nobody's harm whatever comes instead."""

import asyncio
import json
from collections.abc import Callable

import pytest

from protocol import checkpoint, feed_names
from protocol.checkpoint import Inline
from tests.relay.upstream import Relay, Upstream, relaying, until
from tests.revocation.publisher import STATUS, Feed
from verifier_terminal.relay import watch as watching
from verifier_terminal.relay.server import Bounds

IMPATIENT = Bounds(grace_seconds=0.2, heartbeat_seconds=0.05)


@pytest.fixture(scope="module")
def feed() -> Feed:
    made = Feed()
    for seq in range(1, 4):
        made.publish({seq: 2})
    return made


def signed(feed: Feed, seq: int) -> bytes:
    return checkpoint.sign(feed.claims(seq=seq), STATUS, inline=Inline())


class Listener:
    """Somebody who listens for hints."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def of(cls, relay: Relay, folder: str = "") -> "Listener":
        reader, writer = await relay.connect()
        writer.write(f"GET /{folder}feed/hints HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
        return cls(reader, writer)

    async def next(self) -> bytes:
        """The next hint, heartbeats left out."""
        while (line := (await asyncio.wait_for(self._reader.readuntil(b"\n\n"), 10)).strip()) == b":":
            pass
        return line

    def close(self) -> None:
        self._writer.close()


async def soon(relay: Relay) -> None:
    """The interval of checkpoints is over."""
    relay.clock.now += 10


def test_everybody_hears_of_a_new_place_once(feed: Feed) -> None:
    async def scenario() -> None:
        upstream = Upstream({feed_names.CHECKPOINT: signed(feed, 1)})
        async with relaying(upstream, bounds=IMPATIENT) as relay:
            listeners = [await Listener.of(relay) for _ in range(50)]
            assert {await each.next() for each in listeners} == {b"data: 1.1"}
            # The same place again a minute later is no news.
            feed_later = checkpoint.sign(feed.claims(seq=1, base=0), STATUS, inline=Inline())
            upstream.files[feed_names.CHECKPOINT] = feed_later
            await soon(relay)
            await until(lambda: len(upstream.asked) == 2)
            upstream.files[feed_names.CHECKPOINT] = signed(feed, 3)
            await soon(relay)
            assert {await each.next() for each in listeners} == {b"data: 1.3"}
            assert len(upstream.asked) == 3
            stated = json.loads((await relay.get("/healthz"))[2])
            assert stated["watched"] == [{"checkpoint": "feed/checkpoint.cwt", "place": "1.3", "listeners": 50}]
            assert stated["hints"] == 100
            for each in listeners:
                each.close()
            # Nobody listens, nobody watches.
            await until(lambda: not relay.watch.regions)

    asyncio.run(scenario())


@pytest.mark.parametrize("nonsense", [b"", b"\xd2", b"<html>", b"{}", bytes(2_000)])
def test_what_is_no_checkpoint_is_no_news(feed: Feed, nonsense: bytes) -> None:
    async def scenario() -> None:
        upstream = Upstream({feed_names.CHECKPOINT: nonsense})
        async with relaying(upstream, bounds=IMPATIENT) as relay:
            listener = await Listener.of(relay)
            await until(lambda: len(upstream.asked) == 1)
            upstream.goes_away()
            await soon(relay)
            await until(lambda: len(upstream.asked) == 2)
            upstream.fails = None
            upstream.files[feed_names.CHECKPOINT] = signed(feed, 2)
            await soon(relay)
            assert await listener.next() == b"data: 1.2"
            listener.close()

    asyncio.run(scenario())


def test_the_upstreams_hint_is_followed_at_once(feed: Feed) -> None:
    async def scenario() -> None:
        heard: list[Callable[[], None]] = []
        ended: list[str] = []

        def listen(folder: str, hear: Callable[[], None]) -> Callable[[], None]:
            heard.append(hear)
            return lambda: ended.append(folder)

        upstream = Upstream({f"targets/990000/{feed_names.CHECKPOINT}": signed(feed, 1)})
        async with relaying(upstream, bounds=IMPATIENT, listen=listen, watching_every=60) as relay:
            listener = await Listener.of(relay, "targets/990000/")
            assert await listener.next() == b"data: 1.1"
            upstream.files[f"targets/990000/{feed_names.CHECKPOINT}"] = signed(feed, 2)
            # A second later; the interval of five is not over.
            relay.clock.now += 1
            heard[0]()
            assert await listener.next() == b"data: 1.2"
            listener.close()
            await until(lambda: ended == ["targets/990000/"])
        heard[0]()

    asyncio.run(scenario())


def test_only_regions_have_hints_and_only_so_many_are_watched(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(watching, "MAX_WATCHED", 2)
        async with relaying(bounds=IMPATIENT) as relay:
            for path in ("/metadata/feed/hints", "/../feed/hints", "/feed/hints/feed/hints", "/xfeed/hints"):
                assert (await relay.get(path))[0] == 404
            listeners = [await Listener.of(relay, folder) for folder in ("", "targets/990000/", "")]
            assert (await relay.get("/targets/980000/feed/hints"))[0] == 503
            assert (await relay.get("/feed/hints", method="HEAD"))[0] == 200
            for each in listeners:
                each.close()
            await until(lambda: not relay.watch.regions)

    asyncio.run(scenario())
