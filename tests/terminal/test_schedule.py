"""When which region is asked: every minute, every ten, less and less when it fails, and at once when somebody calls."""

import threading

import pytest

from verifier_terminal.sync.schedule import DOCUMENTS, Schedule

HOME, OTHER = "310000", "330000"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def schedule(clock: Clock) -> Schedule:
    made = Schedule(now=clock, jitter=float)
    made.plan(HOME, [OTHER], every=60.0)
    return made


def run(
    schedule: Schedule, clock: Clock, *, until: float, fails: frozenset[str] = frozenset()
) -> list[tuple[str, int]]:
    """What is asked and when, second by second, nothing taking any time."""
    asked = []
    while clock.now < until:
        for home in (True, False):
            while (name := due(schedule, home=home)) is not None:
                asked.append((name, int(clock.now) - 1_000))
                schedule.done(name, worked=name not in fails)
        clock.now += 1.0
    return asked


def due(schedule: Schedule, *, home: bool) -> str | None:
    """What `next` gives at once; None where it would wait."""
    waits = threading.Event()
    news = schedule._news
    original = news.wait

    def wait(timeout: float | None = None) -> bool:
        waits.set()
        schedule._stopped = True
        return original(0)

    news.wait = wait  # type: ignore[method-assign]
    try:
        found = schedule.next(home=home)
    finally:
        news.wait = original  # type: ignore[method-assign]
        schedule._stopped = False
    return found


def test_the_home_region_is_asked_every_minute_and_everything_else_every_ten(schedule: Schedule, clock: Clock) -> None:
    asked = run(schedule, clock, until=1_000.0 + 1_201)
    assert [at for name, at in asked if name == HOME] == list(range(0, 1_201, 60))
    assert [at for name, at in asked if name == OTHER] == [0, 600, 1_200]
    assert [at for name, at in asked if name == DOCUMENTS] == [0, 600, 1_200]


def test_a_region_that_fails_is_asked_less_often_and_no_other_one_is(schedule: Schedule, clock: Clock) -> None:
    asked = run(schedule, clock, until=1_000.0 + 3_601, fails=frozenset({OTHER}))
    assert [at for name, at in asked if name == OTHER] == [0, 1_200, 3_600]
    assert len([at for name, at in asked if name == HOME]) == 61


def test_a_failing_home_region_is_asked_at_least_every_five_minutes(schedule: Schedule, clock: Clock) -> None:
    asked = [at for name, at in run(schedule, clock, until=1_000.0 + 1_500, fails=frozenset({HOME})) if name == HOME]
    assert asked == [0, 120, 360, 660, 960, 1_260]


def test_a_hint_makes_a_region_due_at_once_and_once_in_five_seconds(schedule: Schedule, clock: Clock) -> None:
    run(schedule, clock, until=1_001.0)
    for _ in range(100):
        schedule.hint(HOME)
    assert due(schedule, home=True) == HOME
    schedule.done(HOME, worked=True)
    schedule.hint(HOME)
    assert due(schedule, home=True) is None
    clock.now += 5.0
    schedule.hint(HOME)
    assert due(schedule, home=True) == HOME


def test_a_hint_that_comes_while_the_region_is_asked_is_not_lost(schedule: Schedule, clock: Clock) -> None:
    assert due(schedule, home=True) == HOME
    clock.now += 1.0
    schedule.hint(HOME)
    assert due(schedule, home=True) is None
    schedule.done(HOME, worked=True)
    assert due(schedule, home=True) == HOME


def test_a_hint_that_comes_too_soon_is_put_off_and_not_lost(schedule: Schedule, clock: Clock) -> None:
    run(schedule, clock, until=1_001.0)
    schedule.hint(HOME)
    assert due(schedule, home=True) == HOME
    schedule.done(HOME, worked=True)
    clock.now += 1.0
    schedule.hint(HOME)
    clock.now += 3.9
    assert due(schedule, home=True) is None
    clock.now += 0.1
    assert due(schedule, home=True) == HOME
    schedule.done(HOME, worked=True)
    assert due(schedule, home=True) is None


def test_a_flood_of_hints_costs_one_poll_in_five_seconds(schedule: Schedule, clock: Clock) -> None:
    run(schedule, clock, until=1_001.0)
    polls = 0
    for _ in range(300):
        schedule.hint(HOME)
        if due(schedule, home=True) is not None:
            polls += 1
            schedule.done(HOME, worked=True)
        clock.now += 0.1
    assert polls == 6


def test_while_hints_come_the_clock_waits_half_as_long_again(schedule: Schedule, clock: Clock) -> None:
    run(schedule, clock, until=1_001.0)
    schedule.hint(HOME)
    assert due(schedule, home=True) == HOME
    schedule.done(HOME, worked=True)
    begin = int(clock.now) - 1_000
    asked = [after - begin for name, after in run(schedule, clock, until=clock.now + 151) if name == HOME]
    assert asked == [90, 150]


def test_a_hint_about_a_region_that_is_not_held_does_nothing(schedule: Schedule) -> None:
    schedule.hint("990000")
    schedule.hint("../../etc")
    assert due(schedule, home=True) == HOME


def test_without_a_feed_documents_come_as_often_as_a_feed_would(clock: Clock) -> None:
    schedule = Schedule(now=clock, jitter=float)
    schedule.plan(None, [], every=60.0)
    asked = run(schedule, clock, until=1_000.0 + 121)
    assert asked == [(DOCUMENTS, 0), (DOCUMENTS, 60), (DOCUMENTS, 120)]
    schedule.plan(HOME, [], every=60.0)
    assert (HOME, 121) in run(schedule, clock, until=1_000.0 + 122)


def test_a_region_that_is_gone_is_asked_no_more_and_the_others_keep_their_time(
    schedule: Schedule, clock: Clock
) -> None:
    run(schedule, clock, until=1_030.0)
    schedule.plan(HOME, [], every=60.0)
    asked = run(schedule, clock, until=1_000.0 + 700)
    assert OTHER not in {name for name, _ in asked}
    assert asked[0] == (HOME, 60)


def test_who_waits_is_woken_by_a_hint_and_by_the_end(clock: Clock) -> None:
    schedule = Schedule(now=clock, jitter=float)
    schedule.plan(HOME, [], every=60.0)
    assert schedule.next(home=True) == HOME
    schedule.done(HOME, worked=True)
    found: list[str | None] = []
    waiting = threading.Thread(target=lambda: found.extend([schedule.next(home=True), schedule.next(home=True)]))
    waiting.start()
    schedule.hint(HOME)
    schedule.stop()
    waiting.join(5.0)
    assert not waiting.is_alive()
    assert found[-1] is None
