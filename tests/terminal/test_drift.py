"""The learned bound is never better than the truth, never leaves its limits, and is learned slowly."""

from hypothesis import given
from hypothesis import strategies as st

from protocol.unixtime import DAY, UnixTime
from verifier_terminal.drift import DEFAULT_PER_MILLION, LEAST_PER_MILLION, MAX_DELAY, MIN_SPAN, Drift

START = 1_795_226_400

delays = st.integers(0, MAX_DELAY)
arrivals = st.lists(st.tuples(st.integers(0, 200 * DAY), delays), min_size=2, max_size=20).map(sorted)


@given(st.integers(-DEFAULT_PER_MILLION, DEFAULT_PER_MILLION), arrivals)
def test_the_bound_is_never_smaller_than_the_real_rate(rate: int, heard: list[tuple[int, int]]) -> None:
    drift = Drift()
    for true_seconds, delay in heard:
        drift.heard(UnixTime(START + true_seconds - delay), true_seconds / (1 + rate / 1_000_000))
        assert abs(rate) <= drift.per_million <= DEFAULT_PER_MILLION


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 400 * DAY)), max_size=8))
def test_whatever_is_heard_the_bound_keeps_its_limits(heard: list[tuple[int, int]]) -> None:
    drift = Drift()
    for signed, counter in sorted(heard, key=lambda each: each[1]):
        drift.heard(UnixTime(signed), float(counter))
        assert LEAST_PER_MILLION <= drift.per_million <= DEFAULT_PER_MILLION


def test_a_good_crystal_is_learned_in_weeks_and_never_before() -> None:
    drift = Drift()
    drift.heard(UnixTime(START), 0.0)
    drift.heard(UnixTime(START + MIN_SPAN - 1), MIN_SPAN - 1.0)
    assert drift.per_million == DEFAULT_PER_MILLION
    drift.heard(UnixTime(START + 30 * DAY), 30.0 * DAY)
    assert drift.per_million == 116
    drift.heard(UnixTime(START + 200 * DAY), 200.0 * DAY)
    assert drift.per_million == LEAST_PER_MILLION
