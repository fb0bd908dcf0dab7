"""Each date at its very second."""

from dataclasses import replace

import pytest

from protocol import unixtime
from protocol.errors import Code
from protocol.labels import Lic
from protocol.unixtime import DAY, Seconds, UnixTime
from tests.utopia.world import World
from verifier_terminal.appraisal import validity
from verifier_terminal.appraisal.context import ClockReading

READING = ClockReading(UnixTime(1_795_226_400), Seconds(1), None, True)


def at(moment: int) -> ClockReading:
    return replace(READING, at=UnixTime(moment))


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(-1, [Code.W_CRED_NOT_YET]), (0, []), (DAY - 1, []), (DAY, [Code.W_CRED_EXPIRED])],
)
def test_technical_dates_begin_with_nbf_and_end_before_exp(offset: int, expected: list[Code]) -> None:
    world = World()
    claims = replace(world.claims(holder=world.holder()), nbf=UnixTime(10**9), exp=UnixTime(10**9 + DAY))
    assert [each.code for each in validity.technical_dates(claims, at(10**9 + offset))] == expected


@pytest.mark.parametrize(("offset", "expected"), [(-1, [Code.E_LIC_NOT_YET]), (0, []), (1, [])])
def test_the_first_day_begins_with_its_first_second(offset: int, expected: list[Code]) -> None:
    begin = unixtime.local_midnight(20261122)
    found = validity.legal_dates({Lic.VALID_FROM: 20261122}, at(begin + offset))
    assert [each.code for each in found] == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (30 * DAY + 1, []),
        (30 * DAY, [Code.W_NEAR_EXPIRY]),
        (1, [Code.W_NEAR_EXPIRY]),
        (0, [Code.E_LIC_EXPIRED]),
        (-1, [Code.E_LIC_EXPIRED]),
    ],
)
def test_the_last_day_ends_with_the_midnight_after_it(left: int, expected: list[Code]) -> None:
    end = unixtime.local_midnight(20261123)
    found = validity.legal_dates({Lic.VALID_TO: 20261122}, at(end - left))
    assert [each.code for each in found] == expected


@pytest.mark.parametrize(("newest", "plausible"), [(31, True), (32, False)])
def test_a_signed_moment_ahead_of_clock_uncertainty_and_skew_tells_that_the_clock_is_wrong(
    newest: int, plausible: bool
) -> None:
    checked = validity.against_signed_moments(READING, UnixTime(READING.at + newest))
    assert checked.plausible is plausible
    assert checked.at == READING.at
