"""The terminal's side of hints: each causes one poll after a pause, and a hostile server causes little more."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from tests.terminal.serving import serving
from verifier_terminal.errors import Unreachable
from verifier_terminal.sync import hints
from verifier_terminal.sync.hints import Hints


@contextmanager
def listening(
    url: str, *, spread: Callable[[], float] = lambda: 0.0, pause: float = 0.001
) -> Iterator[tuple[list[float], Hints]]:
    """A terminal's thread; the list has a moment for each poll."""
    polls: list[float] = []
    made = Hints(url, lambda: polls.append(time.monotonic()), spread_seconds=spread, jitter=lambda _: pause)
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield polls, made
    finally:
        made.close()
        thread.join(10)
        assert not thread.is_alive()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.002)


class Events:
    """A server that sends these bytes, and then waits or hangs up."""

    def __init__(self, *sent: bytes, status: int = 200, kind: str = "text/event-stream", stays: bool = True) -> None:
        self.sent, self.status, self.kind, self.stays = sent, status, kind, stays
        self.connections = 0
        self.paths: list[str] = []
        self.over = threading.Event()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.connections += 1
        self.paths.append(handler.path)
        handler.close_connection = True
        handler.send_response(self.status)
        handler.send_header("Content-Type", self.kind)
        handler.end_headers()
        for each in self.sent:
            handler.wfile.write(each)
        if self.stays:
            self.over.wait(10)


@contextmanager
def sending(events: Events) -> Iterator[str]:
    with serving(events) as url:
        try:
            yield url
        finally:
            events.over.set()


def test_a_hint_causes_a_poll() -> None:
    events = Events(b":\n\n", b"data: 3.5000\n\n", b":\n\n", b"data: 3.5001\r\n\r\n")
    with sending(events) as url, listening(url) as (polls, _):
        until(lambda: len(polls) == 2)
    assert events.paths == ["/feed/feed/hints"]


def test_the_poll_waits_for_its_own_moment() -> None:
    """Each terminal draws its own, so that they do not come all at once."""
    drawn = iter([0.15, 0.0])
    with sending(Events(b"data: 1.1\n\n", b"data: 1.2\n\n")) as url:
        began = time.monotonic()
        with listening(url, spread=lambda: next(drawn)) as (polls, _):
            until(lambda: len(polls) == 2)
    assert polls[0] - began >= 0.15


def test_the_same_hint_again_is_none() -> None:
    """Also after a new connection: the server says first where the feed stands."""
    events = Events(b"data: 1.1\n\n", b"data: 1.1\n\n", stays=False)
    with sending(events) as url, listening(url) as (polls, _):
        until(lambda: events.connections > 3)
    assert len(polls) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"data: 1\n\n",
        b"data: 01.1\n\n",
        b"data: 1.-1\n\n",
        b"data: 1.1 \n\n",
        b"data:1.1\n\n",
        b"data: 1.12345678901\n\n",
        b"event: data: 1.1\n\n",
        "data: 1.\u0661\n\n".encode(),
        b"data: " + b"1" * 500 + b".1\n\n",
        b"\0\n",
        b"\n" * 100,
    ],
)
def test_another_line_causes_nothing(line: bytes) -> None:
    events = Events(line, stays=False)
    with sending(events) as url, listening(url) as (polls, _):
        until(lambda: events.connections >= 2)
    assert polls == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, "text/event-stream"), (302, "text/event-stream"), (200, "text/html"), (503, "text/plain")],
)
def test_a_server_without_hints_is_left_alone(status: int, kind: str) -> None:
    events = Events(b"data: 1.1\n\n", status=status, kind=kind, stays=False)
    with sending(events) as url, listening(url) as (polls, _):
        until(lambda: events.connections >= 2)
    assert polls == []


def test_a_flood_waits_for_the_terminal() -> None:
    flood = [f"data: 1.{seq}\n".encode() for seq in range(10_000)]
    with sending(Events(*flood)) as url, listening(url, spread=lambda: 0.05) as (polls, _):
        until(lambda: len(polls) >= 4)
    assert polls[3] - polls[0] >= 0.15


def test_lines_without_number_and_without_end_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "_MAX_LINES", 50)
    for sent in (b":\n" * 10_000, b":" * 100_000):
        events = Events(sent)
        with sending(events) as url, listening(url) as (polls, _):
            until(lambda events=events: events.connections >= 3)  # type: ignore[misc]
        assert polls == []


def test_pauses_grow_while_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def jitter(seconds: float) -> float:
        pauses.append(seconds)
        return 0.0

    made = Hints("http://127.0.0.1:1/feed", lambda: None, spread_seconds=lambda: 0.0, jitter=jitter)
    thread = threading.Thread(target=made.run)
    thread.start()
    until(lambda: len(pauses) > 10)
    made.close()
    thread.join(10)
    assert pauses[:8] == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 120.0, 120.0]


def test_it_ends_though_the_server_is_silent() -> None:
    events = Events()
    with sending(events) as url:
        began = time.monotonic()
        with listening(url):
            until(lambda: events.connections == 1)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("url", ["ftp://feed.example", "feed.example", "http://", "http://a:port/", "http://[::1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(Unreachable):
        Hints(url, lambda: None, spread_seconds=lambda: 0.0, jitter=lambda seconds: seconds)
