"""The real waitress server: live streams up to the cap, quick answers beside them, and a clean end."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from tests.terminal_web.running import running
from tests.terminal_web.twin import CHECK, GOOD, NOW, REASONS, SETTINGS, TOKEN, TwinSession, shown
from verifier_terminal.events import OutOfOrderNews
from verifier_terminal.web.app import create_app
from verifier_terminal.web.server import NotLoopback, WindowServer

TIMEOUT = 20


@contextmanager
def answered(
    origin: str, path: str, *, method: str = "GET", body: str | None = None, headers: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=TIMEOUT)
    try:
        connection.request(method, path, body, headers or {})
        with connection.getresponse() as response:
            yield response
    finally:
        connection.close()


def next_event(stream: http.client.HTTPResponse, name: str) -> dict[str, object]:
    """The next event of this name; heartbeats and other events pass."""
    current = ""
    while True:
        line = stream.readline().decode().rstrip("\n")
        if line.startswith("event: "):
            current = line.removeprefix("event: ")
        elif line.startswith("data: ") and current == name:
            content = json.loads(line.removeprefix("data: "))
            assert isinstance(content, dict)
            return content


def test_a_stream_begins_with_the_standing_and_brings_every_verdict() -> None:
    session = TwinSession()
    with running(session) as origin, answered(origin, "/events") as stream:
        assert stream.getheader("Content-Type", "").startswith("text/event-stream")
        assert next_event(stream, "standing")["link"] == "offline"
        session.tell(shown(GOOD))
        assert next_event(stream, "verdict")["check_number"] == "7K3-Q42"
        session.tell(shown(CHECK))
        assert next_event(stream, "verdict")["check_number"] == "7K3-Q44"
        session.tell(OutOfOrderNews("x"))
        assert "views" in next_event(stream, "out_of_order")


def test_a_stream_that_joins_later_sees_no_earlier_verdict() -> None:
    session = TwinSession()
    with running(session) as origin:
        session.tell(shown(GOOD))
        with answered(origin, "/events") as stream:
            next_event(stream, "standing")
            session.tell(shown(CHECK))
            assert next_event(stream, "verdict")["check_number"] == "7K3-Q44"


def test_no_content_of_an_event_can_forge_another_one() -> None:
    assert GOOD.licence is not None
    forged = "\n\nevent: verdict\ndata: {}\n\n"
    hostile = replace(GOOD, licence=replace(GOOD.licence, authority=forged), check_number="7K3-Q50")
    session = TwinSession()
    with running(session) as origin, answered(origin, "/events") as stream:
        next_event(stream, "standing")
        session.tell(shown(hostile))
        session.tell(shown(CHECK))
        assert [next_event(stream, "verdict")["check_number"] for _ in range(2)] == ["7K3-Q50", "7K3-Q44"]


def test_beyond_the_cap_503_while_quick_requests_still_answer() -> None:
    session = TwinSession()
    cap = SETTINGS.stream_cap
    headers = {"Content-Type": "application/json", "X-CSRF-Token": TOKEN}
    with running(session) as origin, ExitStack() as open_streams:
        streams = [open_streams.enter_context(answered(origin, "/events")) for _ in range(cap)]
        for stream in streams:
            next_event(stream, "standing")
        with answered(origin, "/events") as refused:
            assert refused.status == 503
            assert refused.getheader("Retry-After") == "5"
            assert json.load(refused)["error"] == "too_many_pages"
        with answered(origin, "/healthz") as quick:
            assert quick.status == 200
        with answered(
            origin, "/api/v1/scan", method="POST", body='{"text":"good"}', headers={**headers, "Origin": origin}
        ) as scan:
            assert scan.status == 200
        for stream in streams:
            assert next_event(stream, "verdict")["check_number"] == "7K3-Q42"


def test_a_page_that_went_away_gives_its_place_back_long_before_the_heartbeat() -> None:
    session = TwinSession()
    settings = replace(SETTINGS, stream_cap=2, heartbeat_seconds=3_600.0)
    with running(session, settings) as origin:
        for _ in range(settings.stream_cap):
            with answered(origin, "/events") as stream:
                next_event(stream, "standing")
        status = 503
        # The server learns of it within a second or so; a place that is lost for good would never answer 200.
        for _ in range(20_000):
            with answered(origin, "/events") as stream:
                status = stream.status
            if status == 200:
                break
        assert status == 200


def test_a_listener_that_is_too_slow_is_ended_and_connects_again() -> None:
    session = TwinSession()
    with running(session) as origin, answered(origin, "/events") as stream:
        next_event(stream, "standing")
        session.subscriptions[0].dropped = True
        assert stream.read() is not None


def test_the_server_ends_while_pages_are_live() -> None:
    session = TwinSession()
    with ExitStack() as open_streams:
        with running(session, replace(SETTINGS, heartbeat_seconds=3_600.0)) as origin:
            stream = open_streams.enter_context(answered(origin, "/events"))
            next_event(stream, "standing")
        assert next(iter([stream.readline()])) == b"\n"


def test_a_body_beyond_the_bound_is_cut_off_by_the_server_itself() -> None:
    session = TwinSession()
    with running(session) as origin:
        headers = {"Content-Type": "application/json", "Origin": origin, "X-CSRF-Token": TOKEN}
        with answered(origin, "/api/v1/scan", method="POST", body="x" * 65_537, headers=headers) as response:
            assert response.status == 413
    assert session.scanned == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "::1", "127.0.0.2", "192.0.2.1", "", "localhost", "evil.example"])
def test_it_listens_on_loopback_addresses_only(host: str) -> None:
    app = create_app(TwinSession(), settings=SETTINGS, reasons=REASONS, clock=lambda: NOW)
    with pytest.raises(NotLoopback):
        WindowServer(app, host, 0, 1)
