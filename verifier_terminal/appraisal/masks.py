"""Showing a value in part, where policy masks it: 张*三, 990***********0028 (TERMINAL.md, "Window").

Guaranteed: a mask keeps no more than half of the characters of a short value, and what it cannot mask sensibly it
hides as a whole. Not handled here: which items are masked (the signed policy row says so).
"""

from typing import Final, assert_never

from protocol import cbor, masked_name
from protocol.labels import Lic
from protocol.licence.catalogue import Item, ItemType

STAR: Final = masked_name.STAR
name: Final = masked_name.mask
"""A person's name in part: the rule that paper codes follow too."""
_ADDRESS_KEPT: Final = 6
_NUMBER_HEAD: Final = 3
_NUMBER_TAIL: Final = 4
_LONG_NUMBER: Final = 14
"""From here on 3 + 4 characters are at most half of the value."""


def masked(item: Item, value: cbor.Value) -> cbor.Value:
    """The part of this value that may be shown; None where nothing of it may."""
    match item.type:
        case ItemType.TEXT:
            return _masked_text(item.key, value)
        case ItemType.CITIZEN_ID | ItemType.USCC | ItemType.IDENTIFIER:
            return number(value) if isinstance(value, str) else None
        case ItemType.DATE | ItemType.INTEGER | ItemType.DIGEST:
            # The year of a birth date and any part of a number or digest still narrow a person down.
            return None
        case _:
            assert_never(item.type)


def _masked_text(key: int, value: cbor.Value) -> cbor.Value:
    if not isinstance(value, str):
        return None
    if key in (Lic.NAME, Lic.LEGAL_REPRESENTATIVE):
        return name(value)
    if key == Lic.ADDRESS:
        clusters = masked_name.clusters(value)
        kept = min(_ADDRESS_KEPT, len(clusters) // 2)
        return "".join(clusters[:kept]) + STAR * 3
    return number(value)


def number(text: str) -> str:
    """A number: the first three and the last four characters stay; of a short one the first and the last, or none."""
    clusters = masked_name.clusters(text)
    if len(clusters) >= _LONG_NUMBER:
        head, tail = _NUMBER_HEAD, _NUMBER_TAIL
    elif len(clusters) >= 4:
        head, tail = 1, 1
    else:
        return STAR * len(clusters)
    hidden = STAR * (len(clusters) - head - tail)
    return "".join(clusters[:head]) + hidden + "".join(clusters[-tail:])
