"""The feed's log and leader over SQLite and over PostgreSQL: the same outcome, one leader at a time."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.issuer.feeds import FeedWorld, closing


@pytest.fixture
def world(tmp_path: Path, register_url: str | None) -> Iterator[FeedWorld]:
    with closing(FeedWorld(tmp_path / "i", url=register_url)) as made:
        yield made


def test_changes_come_through_with_aggregates_and_a_base(world: FeedWorld) -> None:
    world.trust_offline()
    world.tick()
    away = world.terminal.poll()
    for idx in range(1, 6):
        world.change(idx, Status.REVOKED)
        world.change(100 + idx, Status.CANCELLED, due=30, urgent=False)
        world.tick(seconds=11 * HOUR)
    world.tick(seconds=DAY)
    assert [world.terminal.status(1, idx) for idx in (1, 5, 101, 105)] == [
        Status.REVOKED,
        Status.REVOKED,
        Status.CANCELLED,
        Status.CANCELLED,
    ]
    assert world.terminal.by_aggregates(away).head == world.terminal.begin().head
    stuck = world.change(1, Status.VALID, old=Status.REVOKED)
    assert world.tick().final == (stuck,)


def test_many_publishers_take_turns(world: FeedWorld) -> None:
    world.tick()
    feeds = [world.feed_of() for _ in range(4)]
    errors: list[Exception] = []

    def publish(number: int) -> None:
        try:
            for turn in range(3):
                world.change(10 * number + turn, Status.REVOKED)
                feeds[number].tick(at=UnixTime(world.at + 60 * turn))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(len(feeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    world.tick(seconds=600)
    changed = [10 * number + turn for number in range(4) for turn in range(3)]
    assert [world.terminal.status(1, idx) for idx in changed] == [Status.REVOKED] * 12
    assert world.terminal.begin().head == world.terminal.poll().head
