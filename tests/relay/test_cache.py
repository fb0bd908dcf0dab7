"""What a relay holds: asked for once, served while the upstream is gone, never for good, and never without bound."""

import asyncio
import threading
from functools import partial

import pytest

from protocol import feed_names
from protocol.published_names import PublishedName, published
from tests.relay.upstream import Relay, Upstream, relaying, until
from verifier_terminal.errors import Redirected, ServerRefused, TooLarge, TooSlow
from verifier_terminal.relay import cache as caches
from verifier_terminal.relay.cache import Intervals, NothingHeld


def named(name: str) -> PublishedName:
    entry = published(name)
    assert entry is not None
    return entry


CHECKPOINT, TRUST, DELTA = named(feed_names.CHECKPOINT), named("trust.cbor"), named(feed_names.delta(1, 5))


async def content(relay: Relay, entry: PublishedName) -> bytes | None:
    kept = await relay.cache.get(entry)
    return None if kept is None else kept.content


def test_one_request_however_many_ask() -> None:
    async def scenario() -> None:
        upstream, gate = Upstream({feed_names.CHECKPOINT: b"c"}), threading.Event()
        upstream.gate = partial(gate.wait, 10)
        async with relaying(upstream) as relay:
            asking = [asyncio.create_task(content(relay, CHECKPOINT)) for _ in range(200)]
            await until(lambda: bool(upstream.asked))
            gate.set()
            assert await asyncio.gather(*asking) == [b"c"] * 200
            assert await content(relay, CHECKPOINT) == b"c"
            assert upstream.asked == [feed_names.CHECKPOINT]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("entry", "seconds"),
    [(CHECKPOINT, Intervals().checkpoint), (TRUST, Intervals().documents), (DELTA, Intervals().objects)],
)
def test_one_request_in_each_interval(entry: PublishedName, seconds: float) -> None:
    async def scenario() -> None:
        upstream = Upstream({entry.name: b"1"})
        async with relaying(upstream) as relay:
            assert await content(relay, entry) == b"1"
            upstream.files[entry.name] = b"2"
            relay.clock.now += seconds - 0.1
            assert await content(relay, entry) == b"1"
            relay.clock.now += 0.1
            assert await content(relay, entry) == b"2"
            assert len(upstream.asked) == 2

    asyncio.run(scenario())


def test_a_missing_file_is_asked_for_again_soon() -> None:
    """Else whoever asks for the next delta too early would keep it from everybody."""

    async def scenario() -> None:
        upstream = Upstream()
        async with relaying(upstream) as relay:
            for _ in range(5):
                assert await content(relay, DELTA) is None
            upstream.files[DELTA.name] = b"5"
            relay.clock.now += Intervals().checkpoint
            assert await content(relay, DELTA) == b"5"
            assert len(upstream.asked) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "failure",
    [
        Redirected("302"),
        ServerRefused("500"),
        TooLarge("endless"),
        TooSlow("dripped"),
        b"\r\n <html>sign in</html>",
        b"",
    ],
)
def test_what_was_held_is_served_for_days_with_its_age(failure: Exception | bytes) -> None:
    async def scenario() -> None:
        upstream = Upstream({CHECKPOINT.name: b"good"})
        async with relaying(upstream) as relay:
            await content(relay, CHECKPOINT)
            if isinstance(failure, bytes):
                upstream.files[CHECKPOINT.name] = failure
            else:
                upstream.fails = failure
            for day in range(1, 4):
                relay.clock.now += 86_400
                kept = await relay.cache.get(CHECKPOINT)
                assert kept is not None
                assert kept.content == b"good"
                assert relay.cache.age(kept) == day * 86_400
            assert len(upstream.asked) == 4
            upstream.fails, upstream.files[CHECKPOINT.name] = None, b"newer"
            relay.clock.now += Intervals().checkpoint
            assert await content(relay, CHECKPOINT) == b"newer"

    asyncio.run(scenario())


def test_nothing_held_and_nobody_there() -> None:
    async def scenario() -> None:
        async with relaying() as relay:
            relay.upstream.goes_away()
            for _ in range(3):
                with pytest.raises(NothingHeld):
                    await relay.cache.get(TRUST)
            assert relay.upstream.asked == [TRUST.name]

    asyncio.run(scenario())


def test_a_file_that_was_taken_away_is_gone() -> None:
    async def scenario() -> None:
        async with relaying(Upstream({TRUST.name: b"1"})) as relay:
            await content(relay, TRUST)
            del relay.upstream.files[TRUST.name]
            relay.clock.now += Intervals().documents
            assert await content(relay, TRUST) is None
            assert relay.cache.held_bytes == 0

    asyncio.run(scenario())


def test_wrong_bytes_are_wrong_for_some_minutes_only() -> None:
    async def scenario() -> None:
        upstream = Upstream({DELTA.name: b"poisoned"})
        async with relaying(upstream) as relay:
            assert await content(relay, DELTA) == b"poisoned"
            upstream.files[DELTA.name] = b"right"
            relay.clock.now += Intervals().objects
            assert await content(relay, DELTA) == b"right"

    asyncio.run(scenario())


def test_a_slow_upstream_keeps_nobody_waiting_who_can_be_served() -> None:
    async def scenario() -> None:
        upstream, gate = Upstream({CHECKPOINT.name: b"1"}), threading.Event()
        async with relaying(upstream, patience=0.05) as relay:
            await content(relay, CHECKPOINT)
            upstream.gate = partial(gate.wait, 10)
            upstream.files[CHECKPOINT.name] = b"2"
            relay.clock.now += 60
            assert await content(relay, CHECKPOINT) == b"1"
            # The request goes on, and whoever comes after it has its answer.
            gate.set()
            await until(lambda: relay.cache.held_bytes == 1 and relay.cache.last_success == relay.clock.now)
            assert await content(relay, CHECKPOINT) == b"2"
            assert len(upstream.asked) == 2

    asyncio.run(scenario())


def test_a_long_base_does_not_keep_the_checkpoint_waiting() -> None:
    async def scenario() -> None:
        base, gate = named(feed_names.base(1, 5)), threading.Event()
        upstream = Upstream({CHECKPOINT.name: b"c", base.name: b"b"})
        upstream.gate = lambda: upstream.asked[-1] != base.name or gate.wait(10)
        async with relaying(upstream) as relay:
            long = asyncio.create_task(content(relay, base))
            await until(lambda: upstream.asked == [base.name])
            assert await content(relay, CHECKPOINT) == b"c"
            gate.set()
            assert await long == b"b"

    asyncio.run(scenario())


def test_memory_is_bounded_and_the_last_asked_for_stays() -> None:
    async def scenario() -> None:
        bases = [named(feed_names.base(1, seq)) for seq in range(20)]
        async with relaying(Upstream({each.name: bytes(100) for each in bases}), max_bytes=500) as relay:
            for each in bases:
                assert await content(relay, each) == bytes(100)
                assert relay.cache.held_bytes <= 500
            asked = len(relay.upstream.asked)
            await content(relay, bases[-5])
            assert len(relay.upstream.asked) == asked
            await content(relay, bases[0])
            assert len(relay.upstream.asked) == asked + 1

    asyncio.run(scenario())


def test_one_file_larger_than_the_memory_is_served_alone() -> None:
    async def scenario() -> None:
        async with relaying(Upstream({DELTA.name: bytes(900), TRUST.name: b"1"}), max_bytes=500) as relay:
            await content(relay, TRUST)
            assert await content(relay, DELTA) == bytes(900)
            assert await content(relay, TRUST) == b"1"
            assert relay.cache.held_bytes <= 500

    asyncio.run(scenario())


def test_names_that_nobody_has_do_not_fill_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(caches, "MAX_NAMES", 50)
        async with relaying(Upstream({TRUST.name: b"1"})) as relay:
            for seq in range(200):
                assert await content(relay, named(feed_names.delta(1, seq))) is None
                await content(relay, TRUST)
            assert relay.upstream.asked.count(TRUST.name) == 1

    asyncio.run(scenario())


def test_a_crowd_of_names_waits_for_the_upstream_in_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr(caches, "MAX_RUNNING", 4)
        upstream, gate = Upstream({TRUST.name: b"1"}), threading.Event()
        async with relaying(upstream) as relay:
            await content(relay, TRUST)
            upstream.gate = partial(gate.wait, 10)
            waiting = [asyncio.create_task(content(relay, named(feed_names.delta(1, seq)))) for seq in range(4)]
            await until(lambda: len(upstream.asked) == 2)
            with pytest.raises(NothingHeld):
                await content(relay, named(feed_names.delta(1, 99)))
            assert await content(relay, TRUST) == b"1"
            gate.set()
            assert await asyncio.gather(*waiting) == [None] * 4
            assert await content(relay, named(feed_names.delta(1, 98))) is None

    asyncio.run(scenario())


def test_a_hint_asks_before_the_interval_is_over_and_not_at_once_again() -> None:
    async def scenario() -> None:
        upstream = Upstream({CHECKPOINT.name: b"1"})
        async with relaying(upstream) as relay:
            await content(relay, CHECKPOINT)
            upstream.files[CHECKPOINT.name] = b"2"
            relay.clock.now += Intervals().after_hint
            kept = await relay.cache.get_after_hint(CHECKPOINT)
            assert kept is not None
            assert kept.content == b"2"
            early = asyncio.create_task(relay.cache.get_after_hint(CHECKPOINT))
            done, _ = await asyncio.wait({early}, timeout=0.05)
            assert not done
            assert len(upstream.asked) == 2
            early.cancel()

    asyncio.run(scenario())
