"""What the items of one licence must have to do with one another: days in their order, and terms that kinds have.

By the items' names, in whatever kind they stand, so that an added kind is checked as those that ship. Not handled here:
each value by itself (`issuer.subject`), the holders of one licence together (`issuer.joint.holders`), terms by the age
of a holder (`issuer.legal_terms`).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from protocol import cbor
from protocol.labels import Lic
from protocol.licence.catalogue import Item, ItemType, Kind
from protocol.unixtime import LocalDay

_YEAR: Final = 10_000
"""Between two local days written as YYYYMMDD."""
_MAY_COME: Final = frozenset({"valid_to", "inspected_to"})
"""Days that may lie ahead; valid_from may not either, and is named by its own words."""
_IN_ORDER: Final = (
    ("birth_date", "valid_from"),
    ("birth_date", "first_issue"),
    ("first_issue", "valid_from"),
    ("registered", "valid_from"),
    ("event_date", "valid_from"),
    ("enrolled", "graduated"),
    ("graduated", "valid_from"),
)
_UNLIKE: Final = (("citizen_id", "spouse_id"), ("mother_id", "father_id"))


def in_the_future(kind: Kind, items: Mapping[int, cbor.Value], today: LocalDay) -> Iterator[Item]:
    """Days that must have come and have not."""
    for item in kind.items:
        if item.type is ItemType.DATE and item.name not in _MAY_COME and item.key != Lic.VALID_FROM:
            day = items.get(item.key)
            if type(day) is int and day > today:
                yield item


def out_of_order(kind: Kind, items: Mapping[int, cbor.Value], today: LocalDay) -> Iterator[tuple[Item, Item]]:
    """Pairs of which the first lies after the second. What lies in the future is named by `in_the_future`."""
    for earlier, later in _both(kind, _IN_ORDER):
        first, second = items.get(earlier.key), items.get(later.key)
        if type(first) is int and type(second) is int and second < first <= today:
            yield earlier, later


def alike(kind: Kind, items: Mapping[int, cbor.Value]) -> Iterator[tuple[Item, Item]]:
    """Pairs that name one person where two are meant."""
    for one, other in _both(kind, _UNLIKE):
        if one.key in items and items.get(one.key) == items.get(other.key):
            yield one, other


def is_longer_than_its_term(kind: Kind, begin: int | None, end: int | None) -> bool:
    """Whether the licence lasts longer than the longest that its kind has."""
    years = kind.term.years
    return years is not None and begin is not None and end is not None and end > begin + years * _YEAR


def _both(kind: Kind, pairs: tuple[tuple[str, str], ...]) -> Iterator[tuple[Item, Item]]:
    for names in pairs:
        one, other = map(kind.item_named, names)
        if one is not None and other is not None:
            yield one, other
