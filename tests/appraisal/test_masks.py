"""What a mask leaves: by hand for every kind of name and number, and as a property for every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import masked_name
from protocol.labels import Lic
from protocol.licence.catalogue import Item, ItemType, Names, Single
from verifier_terminal.appraisal import masks


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张", "*"),
        ("张三", "张*"),
        ("张小三", "张*三"),
        ("欧阳小明", "欧**明"),
        ("测试员甲", "测**甲"),
        ("买买提·艾力", "买**·*力"),
        ("阿不都热合曼・吐尔逊", "阿*****・**逊"),
        ("阿·甲", "阿·*"),
        ("·", "·"),
        ("John Smith", "J*** ****h"),
        ("\U00020bb7田三", "\U00020bb7*三"),
        ("葛\U000e0100三", "葛\U000e0100*"),
    ],
)
def test_names(name: str, masked: str) -> None:
    assert masks.name(name) == masked


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("990101194912310028", "990***********0028"),
        ("99999999999999", "999*******9999"),
        ("9123456789123", "9***********3"),
        ("AB12", "A**2"),
        ("C1E", "***"),
        ("C1", "**"),
        ("", ""),
    ],
)
def test_numbers(number: str, masked: str) -> None:
    assert masks.number(number) == masked


def item(kind: ItemType, key: int = 99) -> Item:
    return Item(key, "item", kind, 240, True, Names("项", "項", "item"), Single())


@pytest.mark.parametrize(
    ("of", "value", "masked"),
    [
        (item(ItemType.TEXT, Lic.NAME), "张小三", "张*三"),
        (item(ItemType.TEXT, Lic.LEGAL_REPRESENTATIVE), "张三", "张*"),
        (item(ItemType.TEXT, Lic.ADDRESS), "乌有市子虚区亡是路一号", "乌有市子虚***"),
        (item(ItemType.TEXT, Lic.ADDRESS), "一", "***"),
        (item(ItemType.TEXT, Lic.LICENCE_NO), "990101194912310028", "990***********0028"),
        (item(ItemType.CITIZEN_ID), "990101194912310028", "990***********0028"),
        (item(ItemType.USCC), "99310000MA1FL0000X", "993***********000X"),
        (item(ItemType.DATE), 19491231, None),
        (item(ItemType.INTEGER), 1, None),
        (item(ItemType.DIGEST), bytes(32), None),
        (item(ItemType.TEXT), 5, None),
        (item(ItemType.CITIZEN_ID), 990101194912310028, None),
    ],
)
def test_items(of: Item, value: object, masked: object) -> None:
    assert masks.masked(of, value) == masked  # type: ignore[arg-type]  # wrong types are the point of two rows


@given(st.text(max_size=60))
def test_a_mask_shows_at_most_half_of_what_stood_there(text: str) -> None:
    for mask in (masks.name, masks.number):
        shown = mask(text)
        kept = [c for c in masked_name.clusters(shown) if c not in {*masked_name.SEPARATORS, "*"}]
        there = [c for c in masked_name.clusters(text) if c not in masked_name.SEPARATORS]
        if mask is masks.number:
            there = masked_name.clusters(text)
        # Three letters keep two: 张*三 is how counters write it.
        assert len(kept) <= max(len(there) / 2, 2 if len(there) == 3 and mask is masks.name else 0)


@given(st.text(max_size=60))
def test_a_mask_keeps_the_number_of_characters(text: str) -> None:
    for mask in (masks.name, masks.number):
        assert len(masked_name.clusters(mask(text))) == len(masked_name.clusters(text))
