"""Values of the path of every scan: what they lose against a frozen dataclass is the refusal while running, no more."""

from dataclasses import dataclass, fields, replace

import pytest
from mypy import api

from protocol.light_dataclass import light_dataclass

SETS_A_FIELD = """
from protocol.light_dataclass import light_dataclass

@light_dataclass(frozen=True, slots=True)
class Pair:
    left: int
    right: int

Pair(1, 2).left = 3
"""


@light_dataclass(frozen=True, slots=True)
class Light:
    left: int
    right: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Frozen:
    left: int
    right: tuple[int, ...] = ()


def test_it_is_compared_hashed_shown_and_replaced_as_the_frozen_one() -> None:
    light, frozen = Light(1, (2,)), Frozen(1, (2,))
    assert light == Light(1, (2,)) != Light(1, (3,))
    assert hash(light) == hash(frozen)
    assert repr(light).replace("Light", "Frozen") == repr(frozen)
    assert replace(light, left=5) == Light(5, (2,))
    assert [each.name for each in fields(light)] == [each.name for each in fields(frozen)]


def test_it_has_its_fields_and_no_others() -> None:
    with pytest.raises(AttributeError):
        Light(1).further = 2  # type: ignore[attr-defined]


def test_the_type_checker_refuses_to_set_a_field() -> None:
    report, _, status = api.run(["--config-file=", "--strict", "--cache-dir=/dev/null", "-c", SETS_A_FIELD])
    assert status == 1
    assert 'Property "left" defined in "Pair" is read-only' in report
