"""Guesses at a PIN or a passphrase: counted before they are made, and waiting longer each time."""

from pathlib import Path

from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from tests.utopia.randomness import Drbg
from verifier_terminal.store.store import Store

NOON = UnixTime(1_790_000_000)


def opened(directory: Path) -> Store:
    return Store(directory, terminal_id="t1", random_bytes=Drbg("store"))


def count(store: Store, at: UnixTime, secret: str = "pin") -> Seconds | None:
    with store.writing():
        return store.guesses.count_one(secret, at=at)


def test_a_thousand_guesses_as_fast_as_it_lets_them(tmp_path: Path) -> None:
    store, at, made = opened(tmp_path), NOON, 0
    waits: list[int] = []
    while made < 1_000 and at < NOON + 30 * DAY:
        wait = count(store, at)
        if wait is None:
            made += 1
        else:
            waits.append(wait)
            at = UnixTime(at + wait)
    store.close()
    assert waits[:6] == [60, 300, 900, 3_600, 10_800, 43_200]
    assert set(waits[6:]) == {DAY}
    # Five at once, six behind the growing waits, then one a day: below the 100 that NIST allows in a row.
    assert made == 40


def test_a_restart_forgets_no_try(tmp_path: Path) -> None:
    for _ in range(5):
        store = opened(tmp_path)
        assert count(store, NOON) is None
        store.close()
    store = opened(tmp_path)
    assert count(store, NOON) == 60
    store.close()


def test_a_right_one_begins_anew_and_touches_no_other_secret(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for _ in range(5):
        assert count(store, NOON) is None
        assert count(store, NOON, "passphrase") is None
    with store.writing():
        store.guesses.was_right("pin")
    assert count(store, NOON) is None
    assert count(store, NOON, "passphrase") == 60
    store.close()


def test_a_clock_that_was_set_back_shortens_no_wait(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for _ in range(5):
        count(store, NOON)
    assert count(store, UnixTime(NOON - HOUR)) == 60
    assert count(store, UnixTime(NOON + 59)) == 1
    store.close()
