"""Grades of age: each bound belongs to the better grade, and there is no cliff on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.unixtime import Seconds
from revocation import freshness
from revocation.freshness import Grade

BOUNDS = [
    (300, Grade.FRESH, Grade.RECENT),
    (3_600, Grade.RECENT, Grade.STALE_1),
    (86_400, Grade.STALE_1, Grade.STALE_2),
    (259_200, Grade.STALE_2, Grade.STALE_3),
    (604_800, Grade.STALE_3, Grade.UNKNOWN),
]


@pytest.mark.parametrize(("bound", "inside", "beyond"), BOUNDS)
def test_a_bound_belongs_to_the_better_grade(bound: int, inside: Grade, beyond: Grade) -> None:
    assert freshness.grade(Seconds(bound)) is inside
    assert freshness.grade(Seconds(bound + 1)) is beyond


def test_the_ends() -> None:
    assert freshness.grade(Seconds(0)) is Grade.FRESH
    assert freshness.grade(None) is Grade.UNKNOWN
    assert freshness.grade(Seconds(10**9)) is Grade.UNKNOWN


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_older_is_never_better(one: int, other: int) -> None:
    younger, older = sorted((one, other))
    assert freshness.grade(Seconds(younger)) <= freshness.grade(Seconds(older))


def test_one_worse_is_the_next_column_and_unknown_stays() -> None:
    assert [grade.one_worse() for grade in Grade] == [*list(Grade)[1:], Grade.UNKNOWN]


def test_the_order_is_the_order_of_the_matrix() -> None:
    assert list(Grade) == sorted(Grade)
    assert [int(grade) for grade in Grade] == list(range(6))
