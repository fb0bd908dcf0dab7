"""The licence identifier of GB/T 36904: five public samples, and what is none."""

import pytest

from protocol.errors import SchemaError
from protocol.licence import identifier

GOOD = [
    "11100000000013338W011.11430000006122244L.20230000403.001.U",
    "11100000000013338W011.11430000006122244L.20230000403.002.S",
    "11100000MB03271699022.340100.000000016.001.9",
    "11100000000013338W009.11330105002500287C.2025052201.002.0",
    "11100000000013338W032.11220000013544541J.2430599.001.F",
]


@pytest.mark.parametrize("tail", GOOD)
def test_public_samples(tail: str) -> None:
    parsed = identifier.parse(f"1.2.156.3005.2.{tail}")
    assert parsed.check_matches
    assert str(parsed) == f"1.2.156.3005.2.{tail}"
    assert identifier.compose(parsed.type_code, parsed.issuer, parsed.serial, parsed.version) == parsed


@pytest.mark.parametrize("tail", GOOD)
def test_every_other_check_character_is_told_and_not_refused(tail: str) -> None:
    for other in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".replace(tail[-1], ""):
        assert not identifier.parse(f"1.2.156.3005.2.{tail[:-1]}{other}").check_matches


@pytest.mark.parametrize("tail", GOOD)
def test_every_single_wrong_character_is_noticed(tail: str) -> None:
    joined = tail.replace(".", "")[:-1]
    for position, character in enumerate(joined):
        other = "1" if character != "1" else "2"
        assert identifier.check_character(joined[:position] + other + joined[position + 1 :]) != tail[-1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOOD[0],
        "1.2.156.3005.3." + GOOD[0],
        "1.2.156.3005.2." + GOOD[0].lower(),
        "1.2.156.3005.2." + GOOD[0] + "\n",
        "1.2.156.3005.2." + GOOD[0][1:],
        "1.2.156.3005.2." + GOOD[0].replace(".", "．"),
        "1.2.156.3005.2." + GOOD[2].replace("340100", "34010"),
        "1.2.156.3005.2." + GOOD[4].replace("2430599", "243059"),
        "1.2.156.3005.2." + GOOD[4].replace("2430599", "2" * 33),
    ],
)
def test_what_is_no_identifier(text: str) -> None:
    with pytest.raises(SchemaError):
        identifier.parse(text)


def test_characters_that_no_identifier_has() -> None:
    with pytest.raises(SchemaError):
        identifier.check_character("1١")
