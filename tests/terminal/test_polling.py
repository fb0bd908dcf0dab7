"""A running terminal's polls by real threads: it comes up to date by itself, and a hint needs no waiting."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocol.status_list import Status
from tests.terminal.feeding import SHOWN, Fed, fed
from tests.utopia.world import WUYOU
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import NotListening
from verifier_terminal.polling import Polling


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Fed]:
    with fed(tmp_path) as made:
        yield made


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_hint_brings_a_revocation_at_once_and_stopping_ends_every_thread(at: Fed) -> None:
    told: list[str] = []
    seconds = time.monotonic
    session = at.terminal.open(elapsed=seconds)
    polling = Polling(session, lambda: at.mirror, every=3_600.0, tell=told.append)
    polling.start()
    try:
        until(lambda: bool(session.status().connectivity.last_success))
        at.terminal.world.clock.advance(60)
        at.feed.change({SHOWN: Status.REVOKED})
        session.poll_now(WUYOU)
        until(lambda: session.status().regions[0].seq == 2)
    finally:
        polling.stop(patience=5.0)
    assert session.scan(at.world.code(), source="s").verdict.verdict_class is VerdictClass.REFUSE
    assert told == []
    assert not any(thread.is_alive() for thread in polling._threads)


def test_what_fails_is_told_and_ends_nothing(at: Fed) -> None:
    told: list[str] = []

    class Gone:
        def fetch(self, name: str, *, max_bytes: int) -> bytes:
            raise NotListening(name)

    session = at.terminal.open(elapsed=time.monotonic)
    polling = Polling(session, Gone, every=3_600.0, tell=told.append)
    polling.start()
    try:
        until(lambda: len(told) >= 2)
    finally:
        polling.stop(patience=5.0)
    assert all("refuses connections" in each for each in told)
    assert at.show().verdict_class is VerdictClass.ACCEPT


def test_a_poll_that_breaks_down_is_told_and_ends_no_thread(at: Fed) -> None:
    told: list[str] = []

    class Broken:
        def fetch(self, name: str, *, max_bytes: int) -> bytes:
            raise ZeroDivisionError

    session = at.terminal.open(elapsed=time.monotonic)
    polling = Polling(session, Broken, every=3_600.0, tell=told.append)
    polling.start()
    try:
        until(lambda: len(told) >= 2)
        assert all(thread.is_alive() for thread in polling._threads)
    finally:
        polling.stop(patience=5.0)
    assert all("ZeroDivisionError" in each for each in told)
