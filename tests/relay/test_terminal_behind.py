"""A terminal whose only way out is a relay, over an upstream that people attack: it refuses, goes on, comes back."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from protocol import checkpoint, feed_names
from protocol.checkpoint import Inline
from tests.revocation.published_feed import published_files
from tests.revocation.publisher import STATUS, Feed
from tests.terminal.conftest import Terminal
from tests.terminal.serving import answers, quick, serving
from tests.utopia.world import WUYOU, World
from verifier_terminal.errors import DocumentRefused, OlderThanHeld
from verifier_terminal.relay import running
from verifier_terminal.relay.running import RelaySettings, Surroundings
from verifier_terminal.session import Session
from verifier_terminal.sync.http_mirror import HttpMirror


class Clock:
    """The relay's; each poll of a test comes a day later."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


class Upstream:
    """A published folder on a web server; `instead` answers in its place."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.instead: Callable[[BaseHTTPRequestHandler], None] | None = None

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.removeprefix("/feed/")
        if self.instead is not None:
            self.instead(handler)
        elif name in self.files:
            answers(200, self.files[name])(handler)
        else:
            answers(404, b"no such file\n")(handler)


@contextmanager
def relay_over(url: str) -> Iterator[str]:
    """A relay in a thread of its own."""
    ports: list[int] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    around = Surroundings(lambda: quick(url, total_seconds=0.5), CLOCK, lambda seconds: seconds)
    settings = RelaySettings(url, "127.0.0.1", 0, max_bytes=10_000_000)
    thread = threading.Thread(
        target=lambda: loop.run_until_complete(running.run(settings, around, ready=ports.append, stop=stop))
    )
    thread.start()
    try:
        until(lambda: bool(ports))
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        assert not thread.is_alive()
        loop.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


@pytest.fixture
def feed() -> Feed:
    made = Feed(lists=2)
    for seq in range(1, 4):
        made.publish({seq: 2})
    return made


@pytest.fixture
def upstream(feed: Feed) -> Upstream:
    return Upstream(published_files(feed))


@pytest.fixture
def behind(tmp_path: Path, upstream: Upstream) -> Iterator[tuple[Session, HttpMirror]]:
    """A terminal that has taken in everything by way of a relay."""
    directory = tmp_path / "terminal"
    directory.mkdir()
    terminal = Terminal(World(), directory, tmp_path)
    terminal.world.clock.advance(3_600)
    session = terminal.open()
    try:
        with serving(upstream) as url, relay_over(url) as relay:
            mirror = quick(relay)
            report = session.sync(mirror)
            assert {each.name for each in report.refused} <= {"status/aggregation.json"}
            assert seq_of(session) == 3
            # Whoever holds something asks for the other one of the two checkpoints.
            assert poll(session, mirror) == []
            yield session, mirror
    finally:
        session.close()


def seq_of(session: Session) -> int | None:
    (region,) = session.status().regions
    return region.seq


def poll(session: Session, mirror: HttpMirror) -> list[type[Exception]]:
    """One poll when all of the relay's intervals are over; the reasons of what was refused."""
    CLOCK.now += 86_400
    return [type(each.why) for each in session.poll(WUYOU, mirror).refused]


def go_on(feed: Feed, upstream: Upstream) -> None:
    feed.publish({50 + feed.seq: 2})
    upstream.files = published_files(feed)


def test_news_come_through(behind: tuple[Session, HttpMirror], feed: Feed, upstream: Upstream) -> None:
    go_on(feed, upstream)
    assert poll(*behind) == []
    assert seq_of(behind[0]) == 4


@pytest.mark.parametrize("poison", ["garbage", "older", "bit", "another signer", "page"])
def test_a_poisoned_checkpoint_is_refused_and_the_relay_recovers(
    behind: tuple[Session, HttpMirror], feed: Feed, upstream: Upstream, poison: str
) -> None:
    session, mirror = behind
    go_on(feed, upstream)
    good = upstream.files
    encoded = good[feed_names.CHECKPOINT]
    bad = {
        "garbage": b"\xd2" * 300,
        "older": checkpoint.sign(feed.claims(seq=2), STATUS, inline=Inline()),
        "bit": encoded[:-1] + bytes([encoded[-1] ^ 1]),
        "another signer": checkpoint.sign(feed.claims(), World().roots[WUYOU], inline=Inline()),
        "page": b"<html>sign in</html>",
    }[poison]
    upstream.files = good | dict.fromkeys((feed_names.CHECKPOINT, feed_names.CHECKPOINT_10), bad)
    refused = poll(session, mirror)
    if poison == "page":
        # The relay keeps what it has: the same moment once more.
        assert refused == []
    else:
        assert len(refused) == 1
        assert issubclass(refused[0], DocumentRefused)
        assert (refused[0] is OlderThanHeld) is (poison == "older")
    assert seq_of(session) == 3
    upstream.files = good
    assert poll(session, mirror) == []
    assert seq_of(session) == 4


def test_a_poisoned_delta_is_refused_and_the_relay_recovers(
    behind: tuple[Session, HttpMirror], feed: Feed, upstream: Upstream
) -> None:
    session, mirror = behind
    for _ in range(5):
        go_on(feed, upstream)
    good = upstream.files
    upstream.files = good | {feed_names.delta(1, 5): good[feed_names.delta(1, 4)]}
    assert all(issubclass(each, DocumentRefused) for each in poll(session, mirror))
    assert seq_of(session) == 3
    upstream.files = good
    assert poll(session, mirror) == []
    assert seq_of(session) == 8


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(65_536))


def _silent(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "300")
    handler.end_headers()
    threading.Event().wait(0.7)


@pytest.mark.parametrize(
    "answer",
    [
        _endless,
        _silent,
        answers(302, b"", Location="http://169.254.169.254/"),
        answers(200, b"<html>sign in</html>"),
        answers(500, b"broken"),
        answers(200, b""),
    ],
    ids=["endless", "silent", "redirect", "page", "broken", "empty"],
)
def test_an_upstream_that_is_no_use_costs_nothing_but_age(
    behind: tuple[Session, HttpMirror],
    feed: Feed,
    upstream: Upstream,
    answer: Callable[[BaseHTTPRequestHandler], None],
) -> None:
    session, mirror = behind
    upstream.instead = answer
    poll(session, mirror)
    assert seq_of(session) == 3
    go_on(feed, upstream)
    upstream.instead = None
    until(lambda: poll(session, mirror) == [] and seq_of(session) == 4)
