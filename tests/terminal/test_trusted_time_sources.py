"""Several sources of time: no liar moves the floor alone, what is ahead waits for a second voice, revoking heals."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from tests.utopia.clock import ManualClock
from verifier_terminal.store.floors import SourceKey
from verifier_terminal.trusted_time import BELOW_FLOOR, MAX_UNCERTAINTY, TrustedTime, effective_floor

START = UnixTime(1_795_226_400)
HOME, FOREIGN, THIRD = ("990000", b"home"), ("980000", b"foreign"), ("970000", b"third")
CITY = ("990100", b"a city of home")


class Running:
    """A terminal's two clocks, and true time, which only the test knows."""

    def __init__(self, *, system_is_off_by: int = 0) -> None:
        self.true = int(START)
        self.system = ManualClock(START + system_is_off_by)
        self.counter = 0.0
        self.time = TrustedTime(now=self.system, elapsed_seconds=lambda: self.counter)

    def go_on(self, seconds: int) -> None:
        self.true += seconds
        self.system.advance(seconds)
        self.counter += seconds

    def confirm(self, **seconds_ago: int) -> None:
        """`home=30` is a moment of the home region from half a minute ago."""
        keys = {"home": HOME, "foreign": FOREIGN, "third": THIRD, "city": CITY}
        self.time.confirm({keys[name]: UnixTime(self.true - ago) for name, ago in seconds_ago.items()})

    def off_by(self) -> int:
        """How far the reading is from true time."""
        return self.time.read(online=False).at - self.true


def two_regions() -> Running:
    """Started yesterday's floors in hand, and both regions reached just now."""
    running = Running()
    running.confirm(home=DAY, foreign=DAY)
    running.confirm(home=20, foreign=400)
    return running


@pytest.mark.parametrize(
    ("floors", "expected"),
    [
        ({}, None),
        ({HOME: 10}, 10),
        ({HOME: 10, ("990000", b"another key"): 90}, 90),
        ({HOME: 10, CITY: 90}, 90),
        ({HOME: 10, FOREIGN: 90}, 10),
        ({HOME: 90, CITY: 95, FOREIGN: 10}, 10),
        ({HOME: 10, FOREIGN: 30, THIRD: 90}, 30),
    ],
)
def test_the_floor_is_what_a_second_province_says(floors: Mapping[SourceKey, UnixTime], expected: int | None) -> None:
    assert effective_floor(floors) == expected


moments = st.integers(0, 2**40).map(UnixTime)
honest = st.dictionaries(st.sampled_from([FOREIGN, THIRD, ("960000", b"fourth")]), moments, min_size=1)


@given(honest, st.lists(moments, min_size=1, max_size=3))
def test_a_hostile_province_never_moves_the_floor_beyond_a_second_one(
    others: dict[SourceKey, UnixTime], lies: list[UnixTime]
) -> None:
    hostile = {("990000" if each == 0 else f"99010{each}", bytes([each])): lie for each, lie in enumerate(lies)}
    floor = effective_floor(hostile | others)
    assert floor is not None
    assert floor <= max(others.values())


steps = st.lists(
    st.tuples(
        st.sampled_from(["wait", "step", "stuck", "home lies", "home", "foreign", "revoke home"]),
        st.integers(-3 * DAY, 400 * DAY),
    ),
    max_size=12,
)


@given(steps, st.booleans())
def test_the_reading_is_never_below_the_floor(events: list[tuple[str, int]], online: bool) -> None:
    running, floors = Running(), {HOME: UnixTime(START - DAY), FOREIGN: UnixTime(START - HOUR)}
    running.time.confirm(floors)
    for what, seconds in events:
        match what:
            case "wait":
                running.go_on(abs(seconds))
            case "step":
                running.system.advance(seconds)
            case "stuck":
                running.true += abs(seconds)
                running.counter += abs(seconds)
            case "home lies":
                floors[HOME] = UnixTime(running.true + seconds)
            case "home" | "foreign":
                floors[HOME if what == "home" else FOREIGN] = UnixTime(running.true)
            case "revoke home":
                floors.pop(HOME, None)
        running.time.confirm(floors)
        floor = effective_floor(floors)
        assert floor is not None
        assert running.time.read(online=online).at >= floor


@given(st.lists(st.integers(-400 * DAY, 400 * DAY), min_size=1, max_size=8))
def test_one_key_that_lies_moves_no_reading(lies: list[int]) -> None:
    running = two_regions()
    for lie in lies:
        running.go_on(60)
        running.confirm(home=-lie, foreign=400)
        assert abs(running.off_by()) <= 60


@pytest.mark.parametrize("step", [-2 * DAY, 400 * DAY, 61, -61])
def test_a_confirmed_terminal_goes_on_by_its_counter_when_the_clock_steps(step: int) -> None:
    running = two_regions()
    running.go_on(600)
    running.system.advance(step)
    reading = running.time.read(online=False)
    assert (running.off_by(), reading.plausible) == (0, True)
    assert reading.uncertainty <= 1


faults = st.lists(
    st.tuples(
        st.sampled_from(["wait", "step", "stuck", "spoofed by little"]), st.integers(0, 12 * HOUR), st.integers(-60, 60)
    ),
    max_size=6,
)


@given(faults, st.sampled_from([-400 * DAY, -2 * DAY, -HOUR, HOUR, 400 * DAY]))
def test_no_fault_of_a_running_clock_makes_data_look_fresher_than_they_are(
    events: list[tuple[str, int, int]], step: int
) -> None:
    """72 hours without a network: what was confirmed once is believed to within a minute, whatever the clock does."""
    running = two_regions()
    for what, seconds, little in events:
        running.true += seconds
        running.counter += seconds
        if what != "stuck":
            running.system.advance(seconds)
        if what == "step":
            running.system.advance(step)
        elif what == "spoofed by little":
            running.system.advance(little)
        reading = running.time.read(online=False)
        assert reading.plausible
        assert abs(running.off_by()) <= 60 + reading.uncertainty


def test_a_clock_that_stands_still_is_not_followed() -> None:
    running = two_regions()
    running.true += 3 * HOUR
    running.counter += 3 * HOUR
    assert running.off_by() == 0


def test_a_step_is_not_followed_although_the_feed_goes_on() -> None:
    running = two_regions()
    running.system.advance(50 * MINUTE)
    running.go_on(60)
    running.confirm(home=20, foreign=460)
    assert running.off_by() == 0


def test_a_clock_that_was_wrong_from_the_start_is_followed_once_it_is_set() -> None:
    running = Running(system_is_off_by=40 * MINUTE)
    running.confirm(home=DAY)
    running.confirm(home=20)
    running.system.advance(-40 * MINUTE)
    running.go_on(60)
    running.confirm(home=20)
    assert running.off_by() == 0


@pytest.mark.parametrize("off_by", [-2 * DAY, -20 * 365 * DAY])
def test_a_clock_below_the_floor_is_flagged_until_a_signed_moment_arrives(off_by: int) -> None:
    running = Running(system_is_off_by=off_by)
    running.confirm(home=HOUR)
    flagged = running.time.read(online=True)
    assert (flagged.plausible, flagged.confirmed_age, flagged.at) == (False, None, START - HOUR)
    running.go_on(60)
    assert running.time.read(online=True).at == START - HOUR + 60
    running.confirm(home=20)
    healed = running.time.read(online=False)
    # So uncertain that an open code is capped at "check": a signed moment says only what time it is not before.
    assert (healed.plausible, healed.uncertainty, running.off_by()) == (True, MAX_UNCERTAINTY, -20)


def test_a_clock_400_days_ahead_stays_flagged_while_signed_moments_contradict_it() -> None:
    running = Running(system_is_off_by=400 * DAY)
    running.confirm(home=HOUR)
    running.confirm(home=20)
    assert not running.time.read(online=True).plausible


def test_a_clock_a_little_behind_the_floor_is_uncertain_by_that_much() -> None:
    running = Running(system_is_off_by=-4 * MINUTE)
    running.confirm(home=0)
    reading = running.time.read(online=True)
    assert (reading.at, reading.uncertainty, reading.plausible) == (START, 4 * MINUTE, True)


@pytest.mark.parametrize(("ahead", "held_back"), [(BELOW_FLOOR, False), (BELOW_FLOOR + 2, True), (400 * DAY, True)])
def test_a_moment_of_the_future_is_held_back(ahead: int, held_back: bool) -> None:
    running = two_regions()
    assert running.time.quarantined(UnixTime(running.true + ahead), region="990000") is held_back


def test_a_second_province_that_agrees_frees_both() -> None:
    running = Running()
    running.confirm(home=3 * DAY, foreign=3 * DAY)
    running.true += 2 * DAY  # The machine slept with both clocks.
    assert running.time.quarantined(UnixTime(running.true), region="990000")
    running.go_on(60)
    assert not running.time.quarantined(UnixTime(running.true - 30), region="980000")
    assert not running.time.quarantined(UnixTime(running.true), region="990000")


@pytest.mark.parametrize("region", ["990000", "990100"])
def test_a_province_does_not_second_itself(region: str) -> None:
    running = two_regions()
    ahead = UnixTime(running.true + DAY)
    assert running.time.quarantined(ahead, region="990000")
    assert running.time.quarantined(ahead, region=region)


def test_an_honest_province_does_not_second_a_liar() -> None:
    running = two_regions()
    assert running.time.quarantined(UnixTime(running.true + DAY), region="990000")
    assert not running.time.quarantined(UnixTime(running.true), region="980000")
    assert running.time.quarantined(UnixTime(running.true + DAY), region="990000")


def test_many_small_steps_ahead_go_no_further_than_one() -> None:
    running = Running()
    running.confirm(home=60)
    for said in range(1, 20):
        iat = UnixTime(running.true + said * BELOW_FLOOR)
        if not running.time.quarantined(iat, region="990000"):
            running.time.confirm({HOME: iat})
    assert running.off_by() == BELOW_FLOOR


def test_one_province_alone_heals_a_dead_clock_and_a_person_who_sets_it() -> None:
    dead = Running(system_is_off_by=-20 * 365 * DAY)
    dead.confirm(home=3 * DAY)
    assert not dead.time.quarantined(UnixTime(dead.true), region="990000")
    slow = Running(system_is_off_by=-2 * DAY)
    slow.confirm(home=3 * DAY)
    assert slow.time.quarantined(UnixTime(slow.true), region="990000")
    slow.system.advance(2 * DAY)
    assert not slow.time.quarantined(UnixTime(slow.true), region="990000")


def test_revoking_the_key_that_spoke_of_the_future_heals() -> None:
    running = Running(system_is_off_by=-20 * 365 * DAY)
    running.confirm(home=DAY)
    running.time.confirm({HOME: UnixTime(START + 400 * DAY)})
    assert running.off_by() == 400 * DAY
    running.system.advance(20 * 365 * DAY)
    running.time.confirm({("990000", b"the next key"): START})
    assert running.off_by() == 0
    assert running.time.read(online=False).plausible


@pytest.mark.parametrize(("days_of_polls", "uncertainty"), [(10, 87), (30, 21)])
def test_a_long_run_learns_how_well_its_counter_counts(days_of_polls: int, uncertainty: int) -> None:
    running = two_regions()
    for _ in range(days_of_polls):
        running.go_on(DAY)
        running.confirm(home=20, foreign=400)
    running.go_on(2 * DAY)
    # Two days without a word: 500 ppm of them, or the 116 ppm that thirty days of polls have shown.
    assert running.time.read(online=False).uncertainty == uncertainty


def test_a_bundle_of_last_week_is_no_present_moment() -> None:
    running = Running()
    running.confirm(home=20 * DAY)
    running.confirm(home=7 * DAY)
    reading = running.time.read(online=False)
    assert (running.off_by(), reading.confirmed_age) == (0, 7 * DAY)
