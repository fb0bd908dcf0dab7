"""Items laid out flat, and dates that are none: forms that an honest issuer never makes."""

import pytest

from protocol import cbor
from protocol.errors import Code, SchemaError
from protocol.labels import Lic
from protocol.unixtime import Seconds, UnixTime
from verifier_terminal.appraisal import items, validity
from verifier_terminal.appraisal.context import ClockReading


def test_members_of_groups_stand_beside_the_others() -> None:
    disclosed: dict[cbor.Key, cbor.Value] = {1: "甲", 200: {10: 1, 9: "局"}, 215: {}, -5: "extension"}
    assert items.flatten(disclosed) == {1: "甲", 10: 1, 9: "局", -5: "extension"}


@pytest.mark.parametrize(
    "disclosed",
    [
        {200: "no map"},
        {200: {201: {}}},
        {1: "甲", 200: {1: "乙"}},
        {200: {1: "甲"}, 201: {1: "乙"}},
        {"name": "甲"},
        {200: {"name": "甲"}},
    ],
)
def test_contradicting_layouts_are_refused(disclosed: dict[cbor.Key, cbor.Value]) -> None:
    with pytest.raises(SchemaError):
        items.flatten(disclosed)


@pytest.mark.parametrize("value", ["20320101", True, 0, -1, 20321301, 20320230, 99991232, 2**62, None, b"", (1,)])
@pytest.mark.parametrize("key", [Lic.VALID_FROM, Lic.VALID_TO])
def test_a_date_that_is_none_is_refused_whatever_the_catalogue_says(key: Lic, value: cbor.Value) -> None:
    clock = ClockReading(UnixTime(1_795_226_400), Seconds(1), None, True)
    assert [each.code for each in validity.legal_dates({key: value}, clock)] == [Code.E_SCHEMA]


@pytest.mark.parametrize("value", [99991231, 20991231])
def test_a_licence_may_have_no_end_in_sight(value: int) -> None:
    clock = ClockReading(UnixTime(1_795_226_400), Seconds(1), None, True)
    assert list(validity.legal_dates({Lic.VALID_TO: value}, clock)) == []
