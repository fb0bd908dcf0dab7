"""A checkpoint from one host to two others of a segment: each has a network of its own, with a bridge between them.

No switch is in between, so nothing is said here about snooping.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from protocol import checkpoint
from protocol.checkpoint import Inline
from tests.revocation.publisher import STATUS, Feed
from tests.utopia.world import WUYOU

PROJECT_ROOT = Path(__file__).resolve().parents[2]
GROUP, PORT = "239.255.77.1", 8472
NET = "192.0.2"
"""RFC 5737, TEST-NET-1; it is seen by these three hosts alone."""
PATIENCE_SECONDS = 20

HEAR = f"""
import sys, threading, time
from verifier_terminal.sync.multicast import MulticastEar
came = threading.Event()
def offer(region, packet):
    print(region, packet.hex(), flush=True)
    came.set()
held, here = lambda: ({WUYOU!r},), sys.argv[1]
ear = MulticastEar({GROUP!r}, {PORT}, offer, regions=held, monotonic=time.monotonic, interface=here)
threading.Thread(target=ear.run, daemon=True).start()
print("hears", flush=True)
came.wait({PATIENCE_SECONDS})
"""
SEND = f"""
import sys
from verifier_terminal.relay.multicast import Group, datagram, sending_socket
sending_socket(Group({GROUP!r}, {PORT}, sys.argv[1])).send(datagram(bytes.fromhex(sys.argv[2])))
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS)


@contextmanager
def segment(hosts: int) -> Iterator[list[str]]:
    """So many hosts on one bridge, which stands in a network of its own too; host n is NET.n."""
    names = [f"lz{os.getpid()}-{number}" for number in range(hosts + 1)]
    switch = names[0]
    with ExitStack() as made:
        for name in names:
            ip("netns", "add", name)
            made.callback(ip, "netns", "delete", name)
        ip("-n", switch, "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        ip("-n", switch, "link", "set", "bridge", "up")
        for number, name in enumerate(names[1:], 1):
            port = f"port{number}"
            ip("-n", switch, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("-n", switch, "link", "set", port, "master", "bridge", "up")
            ip("-n", name, "address", "add", f"{NET}.{number}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        yield names[1:]


def started(host: str, script: str, *words: str) -> subprocess.Popen[str]:
    command = ["ip", "netns", "exec", host, sys.executable, "-c", script, *words]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)


def test_what_one_host_sends_every_other_one_hears() -> None:
    if shutil.which("ip") is None or subprocess.run(["unshare", "--net", "true"], check=False).returncode:
        pytest.skip("this user may make no networks")
    feed = Feed()
    feed.publish({1: 2})
    sent = checkpoint.sign(feed.claims(seq=1), STATUS, inline=Inline())
    with segment(3) as (relay, *terminals), ExitStack() as running:
        ears = [running.enter_context(started(host, HEAR, f"{NET}.{n}")) for n, host in enumerate(terminals, 2)]
        for ear in ears:
            running.callback(ear.kill)
            assert ear.stdout is not None
            assert ear.stdout.readline() == "hears\n"
        with started(relay, SEND, f"{NET}.1", sent.hex()) as sender:
            assert sender.wait(PATIENCE_SECONDS) == 0
        for ear in ears:
            assert ear.stdout is not None
            assert ear.stdout.readline() == f"{WUYOU} {sent.hex()}\n"
            assert ear.wait(PATIENCE_SECONDS) == 0
