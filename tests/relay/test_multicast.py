"""Checkpoints by datagram, sent and heard on the loopback interface (IP_MULTICAST_LOOP); no real network is used."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from protocol import checkpoint, feed_names, limits
from protocol.checkpoint import Ban, Inline
from tests.relay.upstream import Upstream, relaying, until
from tests.revocation.publisher import STATUS, TRUST, Feed
from tests.utopia.world import BEGINNING, WUYOU
from verifier_terminal.relay import multicast
from verifier_terminal.relay.multicast import MAX_DATAGRAM_BYTES, Group
from verifier_terminal.sync.multicast import MulticastEar

GROUP = "239.255.77.1"
LOOPBACK = "127.0.0.1"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def feed() -> Feed:
    made = Feed()
    for seq in range(1, 13):
        made.publish({seq: 2})
    return made


def signed(feed: Feed, seq: int, *, inline: Inline | None = None) -> bytes:
    return checkpoint.sign(feed.claims(seq=seq), STATUS, inline=inline or Inline())


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def hearing(port: int, *, clock: Clock | None = None) -> Iterator[tuple[MulticastEar, list[tuple[str, bytes]]]]:
    offered: list[tuple[str, bytes]] = []
    ear = MulticastEar(
        GROUP,
        port,
        lambda region, packet: offered.append((region, packet)),
        regions=lambda: (WUYOU,),
        monotonic=clock or time.monotonic,
        interface=LOOPBACK,
    )
    thread = threading.Thread(target=ear.run)
    thread.start()
    try:
        yield ear, offered
    finally:
        ear.close()
        thread.join(10)
        assert not thread.is_alive()


def wait_for(ear: MulticastEar, **counts: int) -> None:
    end = time.monotonic() + 10
    while any(getattr(ear.heard, name) < count for name, count in counts.items()):
        assert time.monotonic() < end, ear.heard
        time.sleep(0.002)


def test_a_checkpoint_goes_as_it_is() -> None:
    assert multicast.datagram(b"x" * MAX_DATAGRAM_BYTES) == b"x" * MAX_DATAGRAM_BYTES


def test_what_does_not_fit_goes_without_what_rides_along(feed: Feed) -> None:
    bans = tuple(Ban(f"{WUYOU}.GA", bytes([number]) * 8, BEGINNING) for number in range(limits.MAX_BANS))
    long = checkpoint.sign(feed.claims(bans=bans), STATUS, inline=Inline((bytes(1_000),)))
    assert len(long) > MAX_DATAGRAM_BYTES
    packet = multicast.datagram(long)
    assert packet is not None
    assert len(packet) <= MAX_DATAGRAM_BYTES
    alone = checkpoint.parse(packet)
    assert alone.inline == Inline()
    assert checkpoint.verify(alone, trust=TRUST, expected_region=WUYOU, at=feed.at).claims.bans == bans


@pytest.mark.parametrize("nonsense", [bytes(1_401), b"\xd2" * 1_500, b"<html>" * 300])
def test_what_is_no_checkpoint_and_too_long_is_not_sent(nonsense: bytes) -> None:
    assert multicast.datagram(nonsense) is None


def test_a_relay_sends_what_it_has_and_at_once_when_the_feed_moves(feed: Feed) -> None:
    async def scenario() -> None:
        port = free_port()
        upstream = Upstream({feed_names.CHECKPOINT: signed(feed, 1)})
        with (
            hearing(port) as (_, offered),
            multicast.sending_socket(Group(GROUP, port, LOOPBACK)) as sender,
        ):
            async with relaying(upstream) as relay:
                watched = relay.watch.join("")
                assert watched is not None
                sending = asyncio.create_task(multicast.send(watched, sender, every_seconds=60))
                await until(lambda: len(offered) == 1)
                upstream.files[feed_names.CHECKPOINT] = signed(feed, 2)
                relay.clock.now += 10
                await until(lambda: len(offered) == 2)
                sending.cancel()
                relay.watch.leave(watched)
        assert [region for region, _ in offered] == [WUYOU, WUYOU]
        for seq, (_, packet) in enumerate(offered, 1):
            # Bytes came in; who signed them is asked here as for a fetched one.
            verified = checkpoint.verify(checkpoint.parse(packet), trust=TRUST, expected_region=WUYOU, at=feed.at)
            assert verified.claims.position.seq == seq

    asyncio.run(scenario())


def test_every_minute_the_same_again(feed: Feed) -> None:
    async def scenario() -> None:
        port = free_port()
        upstream = Upstream({feed_names.CHECKPOINT: signed(feed, 1)})
        with (
            hearing(port) as (ear, offered),
            multicast.sending_socket(Group(GROUP, port, LOOPBACK)) as sender,
        ):
            async with relaying(upstream) as relay:
                watched = relay.watch.join("")
                assert watched is not None
                sending = asyncio.create_task(multicast.send(watched, sender, every_seconds=0.02))
                await until(lambda: ear.heard.repeated >= 3)
                sending.cancel()
                relay.watch.leave(watched)
        assert len(offered) == 1

    asyncio.run(scenario())


def test_garbage_is_counted_and_dropped(feed: Feed) -> None:
    port = free_port()
    with hearing(port) as (ear, offered), multicast.sending_socket(Group(GROUP, port, LOOPBACK)) as sender:
        for packet in (b"", b"x", bytes(1_400), signed(feed, 1)[:-1], b"\xd2" + bytes(60_000)):
            sender.send(packet)
        wait_for(ear, garbage=5)
        sender.send(signed(feed, 1))
        wait_for(ear, taken=1)
    assert len(offered) == 1
    assert len(offered[0][1]) <= limits.MAX_CHECKPOINT_BYTES


def test_another_region_is_dropped(feed: Feed) -> None:
    port = free_port()
    with hearing(port) as (ear, offered), multicast.sending_socket(Group(GROUP, port, LOOPBACK)) as sender:
        foreign = signed(feed, 1).replace(b"990000", b"980000")
        sender.send(foreign)
        wait_for(ear, foreign=1)
    assert offered == []


def test_a_flood_of_forgeries_is_looked_at_now_and_then_only(feed: Feed) -> None:
    """Each is of the right form, so that each would cost a signature check."""
    port, clock = free_port(), Clock()
    with (
        hearing(port, clock=clock) as (ear, offered),
        multicast.sending_socket(Group(GROUP, port, LOOPBACK)) as sender,
    ):
        good = signed(feed, 1)
        for number in range(40):
            sender.send(good[:-1] + bytes([number]))
            wait_for(ear, **({"taken": number + 1} if number < 16 else {"too_fast": number - 15}))
        assert (ear.heard.taken, ear.heard.too_fast) == (16, 24)
        clock.now += 1
        for number in range(40, 44):
            sender.send(good[:-1] + bytes([number]))
        wait_for(ear, taken=18, too_fast=26)
    assert len(offered) == 18


def test_what_is_sent_to_this_machine_alone_is_not_heard(feed: Feed) -> None:
    port = free_port()
    with (
        hearing(port) as (ear, offered),
        multicast.sending_socket(Group(GROUP, port, LOOPBACK)) as sender,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as direct,
    ):
        direct.sendto(signed(feed, 1), (LOOPBACK, port))
        sender.send(signed(feed, 2))
        wait_for(ear, taken=1)
    assert offered == [(WUYOU, signed(feed, 2))]


def test_two_terminals_on_one_machine_hear_the_same(feed: Feed) -> None:
    port = free_port()
    with (
        hearing(port) as (one, _),
        hearing(port) as (other, _),
        multicast.sending_socket(Group(GROUP, port, LOOPBACK)) as sender,
    ):
        sender.send(signed(feed, 1))
        wait_for(one, taken=1)
        wait_for(other, taken=1)


def test_a_group_that_cannot_be_joined() -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        MulticastEar("127.0.0.1", 0, lambda *_: None, regions=tuple, monotonic=time.monotonic)
