"""The relay's web server on real sockets, and the attacks on it: each ends its own connection and nobody else's."""

import asyncio
import json
import time
from contextlib import suppress

import pytest

from protocol import feed_names
from tests.relay.upstream import Relay, Upstream, relaying, split, until
from verifier_terminal.relay.server import Bounds

FILES = {feed_names.CHECKPOINT: b"checkpoint", "trust.cbor": b"trust", feed_names.base(1, 5): bytes(range(256)) * 2_000}
IMPATIENT = Bounds(request_seconds=0.2, idle_seconds=0.4, grace_seconds=0.2, least_bytes_per_second=10_000_000)


async def still_serves(relay: Relay) -> None:
    assert (await relay.get("/trust.cbor"))[::2] == (200, b"trust")


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_published_file(name: str) -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES)) as relay:
            status, headers, content = await relay.get(f"/{name}")
            assert (status, content) == (200, FILES[name])
            assert headers["Content-Length"] == str(len(content))
            assert headers["Age"] == "0"
            assert headers["Connection"] == "close"
            relay.clock.now += 4
            status, headers, content = await relay.get(f"/{name}", method="HEAD")
            assert (status, content) == (200, b"")
            assert headers["Content-Length"] == str(len(FILES[name]))
            assert headers["Age"] == "4"
            status, headers, content = await relay.get(f"/{name}", f"If-None-Match: {headers['ETag']}")
            assert (status, content) == (304, b"")
            assert "Content-Length" not in headers
            assert (await relay.get(f"/{name}", 'If-None-Match: "other"'))[0] == 200
            assert relay.upstream.asked == [name]

    asyncio.run(scenario())


def test_one_connection_for_many_polls() -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES)) as relay:
            once = b"GET /trust.cbor HTTP/1.1\r\nHost: a\r\n\r\n"
            # In one piece, and in pieces of one byte.
            answers = await relay.raw(once * 3 + once[:-2] + b"Connection: close\r\n\r\n")
            assert answers.count(b"HTTP/1.1 200 OK\r\n") == 4
            reader, writer = await relay.connect()
            for byte in once * 2:
                writer.write(bytes([byte]))
                await writer.drain()
            answer = await reader.readuntil(b"trust") + await reader.readuntil(b"trust")
            assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
            writer.close()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/index.html", 404),
        ("/feed/delta-1-9", 404),
        ("/feed/../trust.cbor", 404),
        ("/../../etc/passwd", 404),
        ("//issuer.example/trust.cbor", 404),
        ("/./trust.cbor", 404),
        ("/trust.cbor/", 404),
        ("/targets/310000/../trust.cbor", 404),
        ("/%2e%2e/etc/passwd", 400),
        ("/trust.cbor?x", 400),
        ("http://issuer.example/trust.cbor", 400),
        ("http://169.254.169.254/latest", 400),
        ("issuer.example:443", 400),
    ],
)
def test_no_open_proxy_and_no_other_files(path: str, status: int) -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES)) as relay:
            assert (await relay.get(path))[0] == status
            # Only what could be published is ever asked for.
            assert relay.upstream.asked in ([], ["feed/delta-1-9"])
            await still_serves(relay)

    asyncio.run(scenario())


def test_host_decides_nothing() -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES)) as relay:
            for host in (b"issuer.example", b"127.0.0.1:1", b"", b"a\tb", b"[::1]"):
                sent = b"GET /trust.cbor HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
                assert split(await relay.raw(sent))[::2] == (200, b"trust")
            assert (await relay.get("/trust.cbor", "Host: second"))[0] == 400

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /trust.cbor HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n",
        b"GET /trust.cbor HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n",
        b"GET /trust.cbor HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /trust.cbor HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /trust.cbor HTTP/1.1\nHost: a\n\nX: \r\n\r\n",
        b"\x16\x03\x01\x00\xee\x01\x00\x00\xea\x03\x03\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_a_request_inside_of_a_request_is_never_answered(sent: bytes) -> None:
    async def scenario() -> None:
        inner = b"GET /feed/checkpoint.cwt HTTP/1.1\r\nHost: a\r\n\r\n"
        async with relaying(Upstream(FILES)) as relay:
            answer = await relay.raw(sent + inner)
            assert answer.count(b"HTTP/1.1") == 1
            assert split(answer)[0] in (400, 405)
            assert relay.upstream.asked == []
            await still_serves(relay)

    asyncio.run(scenario())


def test_headers_without_end() -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES)) as relay:
            answer = await relay.raw(b"GET /trust.cbor HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000)
            assert split(answer)[0] == 431
            await still_serves(relay)

    asyncio.run(scenario())


@pytest.mark.parametrize("begun", [b"", b"G", b"GET /trust.cbor HTTP/1.1\r\nHost: a\r\n"])
def test_a_connection_that_does_not_ask(begun: bytes) -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES), bounds=IMPATIENT) as relay:
            assert await relay.raw(begun) == b""
            assert relay.server.counts.cut_off == 1

    asyncio.run(scenario())


def test_slow_loris() -> None:
    """Hundreds of connections that drip a header byte now and then: all are over in time, and others are served."""

    async def drip(relay: Relay) -> float:
        reader, writer = await relay.connect()
        began = time.monotonic()
        writer.write(b"GET /trust.cbor HTTP/1.1\r\nHost: a\r\nX: ")
        while not reader.at_eof():
            writer.write(b"a")
            try:
                await asyncio.wait_for(reader.read(1), 0.05)
            except TimeoutError:
                continue
            except ConnectionError:
                break
        writer.close()
        return time.monotonic() - began

    async def scenario() -> None:
        async with relaying(Upstream(FILES), bounds=IMPATIENT) as relay:
            dripping = [asyncio.create_task(drip(relay)) for _ in range(200)]
            await until(lambda: relay.server.counts.cut_off > 0)
            await still_serves(relay)
            assert max(await asyncio.gather(*dripping)) < 5
            assert relay.server.counts.cut_off == 200

    asyncio.run(scenario())


def test_a_kept_connection_that_nobody_uses_is_ended() -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES), bounds=IMPATIENT) as relay:
            answer = await relay.raw(b"GET /trust.cbor HTTP/1.1\r\nHost: a\r\n\r\n")
            assert split(answer)[2] == b"trust"

    asyncio.run(scenario())


def test_somebody_who_does_not_take_the_answer() -> None:
    async def scenario() -> None:
        files = FILES | {feed_names.base(1, 6): bytes(20_000_000)}
        async with relaying(Upstream(files), bounds=IMPATIENT, max_bytes=30_000_000) as relay:
            slow = [await relay.connect() for _ in range(5)]
            for _, writer in slow:
                writer.write(b"GET /feed/base-1-6 HTTP/1.1\r\nHost: a\r\n\r\n")
            await until(lambda: relay.server.counts.cut_off == 5)
            await still_serves(relay)
            for _, writer in slow:
                writer.close()

    asyncio.run(scenario())


def test_connections_are_bounded_for_each_address_and_in_all() -> None:
    async def scenario() -> None:
        for bounds in (Bounds(per_address=3), Bounds(connections=3)):
            async with relaying(Upstream(FILES), bounds=bounds) as relay:
                held = [await relay.connect() for _ in range(3)]
                await until(lambda relay=relay: b'"connections": 3' in relay.server._health())  # type: ignore[misc]
                reader, writer = await relay.connect()
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.close()
                assert relay.server.counts.turned_away == 1
                for _, each in held:
                    each.close()
                await until(lambda relay=relay: b'"connections": 0' in relay.server._health())  # type: ignore[misc]
                await still_serves(relay)

    asyncio.run(scenario())


def test_nothing_held_and_the_upstream_gone_is_no_missing_file() -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES)) as relay:
            await still_serves(relay)
            relay.upstream.goes_away()
            relay.clock.now += 3 * 86_400
            await still_serves(relay)
            assert (await relay.get("/trust.cbor"))[1]["Age"] == str(3 * 86_400)
            assert (await relay.get("/catalogue.cbor"))[0] == 503

    asyncio.run(scenario())


def test_health_says_how_it_stands() -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES)) as relay:
            status, headers, content = await relay.get("/healthz")
            assert (status, headers["Content-Type"]) == (200, "application/json")
            assert json.loads(content)["upstream"]["reachable"] is None
            await still_serves(relay)
            relay.clock.now += 100
            relay.upstream.goes_away()
            await still_serves(relay)
            stated = json.loads((await relay.get("/healthz"))[2])
            assert stated["upstream"] == {
                "reachable": False,
                "last_success_seconds_ago": 100,
                "last_failure": str(relay.upstream.fails),
                "requests": 2,
            }
            assert stated["held_bytes"] == 5
            assert stated["answers"] == {"200": 3}
            relay.upstream.fails = None
            relay.clock.now += 100
            await still_serves(relay)
            assert json.loads((await relay.get("/healthz"))[2])["upstream"]["reachable"] is True

    asyncio.run(scenario())


def test_it_stops_though_people_are_connected() -> None:
    async def scenario() -> None:
        async with relaying(Upstream(FILES)) as relay:
            idle = await relay.connect()
            listening = await relay.connect()
            listening[1].write(b"GET /feed/hints HTTP/1.1\r\nHost: a\r\n\r\n")
            await listening[0].readuntil(b"\r\n\r\n")
            began = time.monotonic()
            await relay.server.close()
            assert time.monotonic() - began < 5
            for reader, writer in (idle, listening):
                with suppress(ConnectionError):
                    await reader.read()
                writer.close()
            with pytest.raises(ConnectionError):
                await relay.connect()

    asyncio.run(scenario())
