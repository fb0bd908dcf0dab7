"""A relay as people run it: from the command line, over a folder or over another relay, until it is told to stop."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from liangzheng.cli import main
from protocol import checkpoint, feed_names
from protocol.checkpoint import Inline
from tests.relay.upstream import split, until
from tests.revocation.publisher import STATUS, Feed
from verifier_terminal.errors import Unreachable
from verifier_terminal.relay import running
from verifier_terminal.relay.cache import Intervals
from verifier_terminal.relay.multicast import Group
from verifier_terminal.relay.running import RelaySettings, Surroundings
from verifier_terminal.sync.mirror import open_mirror


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feed").mkdir()
    (tmp_path / "trust.cbor").write_bytes(b"trust")
    (tmp_path / "secret.txt").write_bytes(b"secret")
    return tmp_path


def publish(folder: Path, feed: Feed) -> None:
    encoded = checkpoint.sign(feed.claims(), STATUS, inline=Inline())
    unfinished = folder / "unfinished"
    unfinished.write_bytes(encoded)
    unfinished.replace(folder / feed_names.CHECKPOINT)


@asynccontextmanager
async def relay(upstream: str, *, interval: float, group: Group | None = None) -> AsyncIterator[int]:
    stop, ports = asyncio.Event(), []
    settings = RelaySettings(
        upstream,
        "127.0.0.1",
        0,
        max_bytes=1_000_000,
        intervals=Intervals(checkpoint=interval, after_hint=0.01),
        group=group,
    )
    around = Surroundings(
        lambda: open_mirror(upstream, monotonic=time.monotonic), time.monotonic, lambda seconds: seconds / 10
    )
    task = asyncio.create_task(running.run(settings, around, ready=ports.append, stop=stop))
    await until(lambda: bool(ports) or task.done())
    try:
        yield ports[0]
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)


async def get(port: int, path: str) -> tuple[int, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    try:
        return split(await reader.read())
    finally:
        writer.close()


def test_an_urgent_change_goes_from_relay_to_relay(folder: Path) -> None:
    """A folder is looked at often; the relay over it hints to the relay of a site, which need not wait for its turn."""

    async def scenario() -> None:
        feed = Feed()
        publish(folder, feed)
        async with (
            relay(str(folder), interval=0.05) as first,
            relay(f"http://127.0.0.1:{first}", interval=60) as second,
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", second)
            writer.write(b"GET /feed/hints HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readuntil(b"data: 1.0\n\n")
            # The site's relay listens to the first one as soon as somebody listens to it.
            health = {}
            while not (health.get("watched") and health["watched"][0]["listeners"]):
                health = json.loads((await get(first, "/healthz"))[2])
            feed.publish({7: 2})
            began = time.monotonic()
            publish(folder, feed)
            await asyncio.wait_for(reader.readuntil(b"data: 1.1\n\n"), 10)
            assert time.monotonic() - began < 5
            assert (await get(second, "/feed/checkpoint.cwt"))[2] == (folder / "feed/checkpoint.cwt").read_bytes()
            writer.close()

    asyncio.run(scenario())


def test_a_site_goes_on_when_the_issuer_is_gone(folder: Path) -> None:
    async def scenario() -> None:
        async with relay(str(folder), interval=0.05) as first:
            port = first
            async with relay(f"http://127.0.0.1:{first}", interval=0.05) as second:
                assert (await get(second, "/trust.cbor"))[2] == b"trust"
                assert (await get(second, "/secret.txt"))[0] == 404
        async with relay(f"http://127.0.0.1:{port}", interval=0.05) as alone:
            assert (await get(alone, "/trust.cbor"))[0] == 503

    asyncio.run(scenario())


def test_datagrams_from_the_running_relay(folder: Path) -> None:
    async def scenario() -> None:
        feed = Feed()
        publish(folder, feed)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            ear.bind(("239.255.77.2", 0))
            ear.setsockopt(
                socket.IPPROTO_IP,
                socket.IP_ADD_MEMBERSHIP,
                socket.inet_aton("239.255.77.2") + socket.inet_aton("127.0.0.1"),
            )
            ear.setblocking(False)
            group = Group("239.255.77.2", ear.getsockname()[1], "127.0.0.1")
            async with relay(str(folder), interval=0.05, group=group):
                packet = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(ear, 2_000), 10)
        assert packet == (folder / "feed/checkpoint.cwt").read_bytes()

    asyncio.run(scenario())


def test_a_taken_port_and_an_upstream_that_is_none(folder: Path) -> None:
    async def scenario() -> None:
        around = Surroundings(
            lambda: open_mirror("http://", monotonic=time.monotonic), time.monotonic, lambda seconds: seconds
        )
        with pytest.raises(Unreachable):
            await running.run(RelaySettings("http://", "127.0.0.1", 0, 1_000), around, ready=lambda _: None)
        async with relay(str(folder), interval=1) as port:
            good = Surroundings(
                lambda: open_mirror(str(folder), monotonic=time.monotonic), time.monotonic, lambda seconds: seconds
            )
            with pytest.raises(OSError, match="in use"):
                await running.run(RelaySettings(str(folder), "127.0.0.1", port, 1_000), good, ready=lambda _: None)

    asyncio.run(scenario())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_and_stops(folder: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "liangzheng", "relay", "serve", "--upstream", str(folder), "--listen"]
    with subprocess.Popen([*command, "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline().decode()
        assert said.startswith("relay: http://127.0.0.1:")
        port = int(said.split(":")[3].split("/")[0])
        assert asyncio.run(get(port, "/trust.cbor"))[2] == b"trust"
        process.send_signal(number)
        assert process.wait(20) == 0
        assert process.stdout.read() == b"stopped\n"
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--listen", "relay.example:80"], "is not ADDRESS:PORT"),
        (["--listen", "127.0.0.1:http"], "is no port"),
        (["--listen", "127.0.0.1:65536"], "is no port"),
        (["--multicast", "192.0.2.1:8472"], "is no multicast address"),
        (["--multicast", "[ff02::1]:8472"], "is no multicast address"),
        (["--multicast", "239.1.2.3:8472", "--interface", "eth0"], "is not an IPv4 address"),
        (["--interface", "127.0.0.1"], "belong to --multicast"),
        (["--multicast", "239.1.2.3:8472", "--region", "31"], "is no region"),
        (["--listen", "192.0.2.1:8470"], "cannot be used"),
    ],
)
def test_wrong_options_are_explained(folder: Path, options: list[str], words: str) -> None:
    done = CliRunner().invoke(main, ["relay", "serve", "--upstream", str(folder), *options])
    assert done.exit_code == 2
    assert words in done.output


def test_an_upstream_that_is_none_is_explained() -> None:
    done = CliRunner().invoke(main, ["relay", "serve", "--upstream", "http://", "--listen", "127.0.0.1:0"])
    assert done.exit_code == 1
    assert "cannot be reached" in done.output
