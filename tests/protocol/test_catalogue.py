"""The catalogue: one entry of a kind or an item forged at a time, its numbers' edges, values that items may have."""

from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, labels, limits
from protocol.errors import SchemaError
from protocol.labels import Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Item, ItemLabel, ItemType, KindLabel
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.world import World

KIND = World().kinds[DRIVING_LICENCE]
ITEM = KIND.items[0]
WINDOW = int(Purpose.WINDOW)


def entries() -> dict[cbor.Key, Any]:
    """The kind as it stands in a document."""
    encoded = cbor.encode(catalogue.kinds_to_value({KIND.vct: KIND}))
    content: Any = cbor.decode(encoded, max_items=limits.MAX_DOCUMENT_ITEMS)
    return dict(content[0])


def read(kind: dict[cbor.Key, Any]) -> catalogue.Kind:
    (found,) = catalogue.kinds_from_value((kind,)).values()
    return found


def items(count: int) -> tuple[dict[cbor.Key, Any], ...]:
    first = entries()[KindLabel.ITEMS][0]
    return tuple({**first, ItemLabel.KEY: 1_000 + number, ItemLabel.NAME: f"item{number}"} for number in range(count))


def test_what_is_written_is_what_is_read() -> None:
    assert read(entries()) == KIND
    assert read({**entries(), KindLabel.TYPE_CODE: "11100000"}).type_code == "11100000"
    assert {type(item.layout) for item in KIND.items} == {catalogue.Clear, catalogue.Single, catalogue.Group}


@pytest.mark.parametrize(
    ("label", "good", "wrong"),
    [
        (KindLabel.VCT, (labels.VCT_RANGE[0], labels.VCT_RANGE[-1]), (labels.VCT_RANGE[0] - 1, "65004", None)),
        (KindLabel.LIFETIME_DAYS, (1, 120), (0, 121, True, "90", None)),
        (KindLabel.TYPE_CODE, (None, "11100000"), (1, b"", ())),
        (KindLabel.REMINDER_DAYS, ((), (1, 365)), ((0,), (366,), (True,), ("1",), {}, None)),
        (KindLabel.SLUG, ("a", "a" * 120), ("", "a" * 121, 1)),
        (KindLabel.NAMES, (("名", "名", "n" * 120), ("名" * 40, "名", "n")),
         (("名" * 40 + "n", "名", "n"), ("名", "名"), ("", "名", "n"), ("名", "名", "n" * 121),
          ("名", "a\u202eb", "n"), ("名", "名", 1), "名名n", None)),
        (KindLabel.HOLDERS, ((1, 1), (1, 16), (16, 16)),
         ((0, 1), (2, 1), (1, 17), (1,), (1, 1, 1), (True, 1), (1, True), ("1", 1), {}, 1, None)),
        (KindLabel.DEPARTMENTS, (("a",), ("a-1",), ("a" * 32,), tuple("abcdefgh")),
         ((), ("",), ("A",), ("1a",), ("a" * 33,), ("a", "a"), tuple("abcdefghi"), ("交警",), (1,), "a", None)),
        (KindLabel.TERM, ((None, None), (1, None), (100, 365), (None, 1)),
         ((0, None), (101, None), (True, None), (1, 0), (1, 366), (1, True), ("1", None), (1,), (1, 1, 1), 1, None)),
        (KindLabel.HOLDER, (), ("nobody", 1, None)),
        (KindLabel.RISK, (), ("Z", 1, None)),
        (KindLabel.VIEWS, ({}, {WINDOW: (int(ITEM.key),)}), ({WINDOW: (999,)}, {WINDOW: (True,)}, {WINDOW: {}},
                                                             {WINDOW: "1"}, {ord("z"): ()}, {"w": ()}, (), None)),
    ],
    ids=lambda value: value.name if isinstance(value, KindLabel) else "",
)  # fmt: skip
def test_entries_of_a_kind(label: KindLabel, good: tuple[Any, ...], wrong: tuple[Any, ...]) -> None:
    for value in good:
        read({**entries(), label: value})
    for value in wrong:
        with pytest.raises(SchemaError):
            read({**entries(), label: value})


@pytest.mark.parametrize(
    ("label", "good", "wrong"),
    [
        (ItemLabel.KEY, (30, 1_000), (labels.GROUP_KEYS[0], "1", None)),
        (ItemLabel.NAME, ("a", "a" * 120), ("", "a" * 121, 1)),
        (ItemLabel.TYPE, ("text", "digest"), ("float", 1, None)),
        (ItemLabel.MAX_BYTES, (1, 2**40), (0, True, "1", None)),
        (ItemLabel.REQUIRED, (True, False), (1, 0, None)),
        (ItemLabel.LABELS, (), (("", "名", "n"), None)),
        (ItemLabel.LAYOUT, (0, 1, labels.GROUP_KEYS[0], labels.GROUP_KEYS[-1]), (2, -1, True, "0", None)),
    ],
    ids=lambda value: value.name if isinstance(value, ItemLabel) else "",
)
def test_entries_of_an_item(label: ItemLabel, good: tuple[Any, ...], wrong: tuple[Any, ...]) -> None:
    (item,) = items(1)
    kind = {**entries(), KindLabel.VIEWS: {}}
    for value in good:
        read({**kind, KindLabel.ITEMS: ({**item, label: value},)})
    for value in wrong:
        with pytest.raises(SchemaError):
            read({**kind, KindLabel.ITEMS: ({**item, label: value},)})


def test_how_many_items_a_kind_has() -> None:
    kind = {**entries(), KindLabel.VIEWS: {}}
    for good in (items(1), items(64)):
        assert len(read({**kind, KindLabel.ITEMS: good}).items) == len(good)
    (first, second) = items(2)
    for wrong in (
        (),
        items(65),
        (first, {**second, ItemLabel.KEY: first[ItemLabel.KEY]}),
        (first, {**second, ItemLabel.NAME: first[ItemLabel.NAME]}),
        {0: first},
        None,
    ):
        with pytest.raises(SchemaError):
            read({**kind, KindLabel.ITEMS: wrong})


@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        (ItemType.TEXT, ("a", "a" * 240, "证" * 80), ("", "a" * 241, "证" * 81, "a\u202eb", 1, b"a", None)),
        (ItemType.DATE, (20260101, 19700101), (20260229, 0, True, "20260101")),
        (ItemType.INTEGER, (0, 1, 2**53 - 1), (-1, 2**53, True, "1", None)),
        (ItemType.DIGEST, (bytes(32),), (bytes(31), bytes(33), "0" * 32, None)),
    ],
    ids=lambda value: str(value) if isinstance(value, ItemType) else "",
)
def test_values_that_an_item_may_have(kind: ItemType, good: tuple[Any, ...], wrong: tuple[Any, ...]) -> None:
    item: Item = replace(ITEM, type=kind, max_bytes=240)
    for value in good:
        catalogue.check_value(item, value)
    for value in wrong:
        with pytest.raises(SchemaError):
            catalogue.check_value(item, value)
