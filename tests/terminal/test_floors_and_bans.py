"""Floors, bans, what is behind: only ever stricter, the same after a restart, and over with the trust in their key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.checkpoint import Ban
from protocol.unixtime import UnixTime
from tests.utopia.randomness import Drbg
from verifier_terminal.store.store import Store

HOME, FOREIGN = ("990000", b"home"), ("980000", b"foreign")
KEY, OTHER = ("990000.GA", b"one"), ("990000.GA", b"two")


def opened(directory: Path) -> Store:
    return Store(directory, terminal_id="t1", random_bytes=Drbg("store"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = opened(tmp_path)
    try:
        yield made
    finally:
        made.close()


def moments(**at: int) -> dict[tuple[str, bytes], UnixTime]:
    return {{"home": HOME, "foreign": FOREIGN}[name]: UnixTime(moment) for name, moment in at.items()}


def test_a_floor_is_raised_and_never_lowered_and_is_there_after_a_restart(store: Store, tmp_path: Path) -> None:
    with store.writing():
        store.floors.record(moments(home=10, foreign=20), trusted=(HOME, FOREIGN))
    with store.writing():
        store.floors.record(moments(home=5, foreign=21), trusted=(HOME, FOREIGN))
    again = opened(tmp_path)
    assert again.floors.held() == moments(home=10, foreign=21)
    again.close()


def test_a_key_that_is_trusted_no_more_loses_its_floor_and_gets_none(store: Store) -> None:
    with store.writing():
        store.floors.record(moments(home=10, foreign=2**40), trusted=(HOME, FOREIGN))
    with store.writing():
        store.floors.record(moments(foreign=2**41), trusted=(HOME,))
    assert store.floors.held() == moments(home=10)


def ban(key: tuple[str, bytes], since: int) -> Ban:
    return Ban(*key, UnixTime(since))


def record(store: Store, *bans: Ban, trusted: tuple[tuple[str, bytes], ...] = (KEY, OTHER)) -> None:
    with store.writing():
        store.bans.record(bans, trusted=trusted)


def test_a_ban_outlives_its_checkpoint_and_a_restart(store: Store, tmp_path: Path) -> None:
    record(store, ban(KEY, 100))
    record(store)
    again = opened(tmp_path)
    assert again.bans.held() == {KEY: 100}
    again.close()


@pytest.mark.parametrize(("later", "since"), [(99, 99), (101, 100)])
def test_the_earliest_moment_stays(store: Store, later: int, since: int) -> None:
    record(store, ban(KEY, 100))
    record(store, ban(KEY, later), ban(OTHER, 7))
    assert store.bans.held() == {KEY: since, OTHER: 7}


def test_behind_since_the_first_checkpoint_that_said_so_over_restarts(store: Store, tmp_path: Path) -> None:
    with store.writing():
        store.behind.note("990000", since=UnixTime(10))
        store.behind.note("990000", since=UnixTime(11))
        store.behind.note("980000", since=UnixTime(12))
    again = opened(tmp_path)
    assert again.behind.held() == {"990000": 10, "980000": 12}
    with again.writing():
        again.behind.forget("990000")
    assert again.behind.held() == {"980000": 12}
    again.close()


def test_a_ban_ends_with_the_key_and_none_is_taken_of_a_key_that_nobody_trusts(store: Store) -> None:
    record(store, ban(KEY, 100))
    record(store, ban(KEY, 50), trusted=(OTHER,))
    assert store.bans.held() == {}
