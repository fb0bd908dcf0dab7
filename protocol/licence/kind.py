"""What one licence kind is: its items, how they are laid out, who holds it, and what a value of an item may be.

Not handled here: the signed form (`protocol.licence.catalogue`), what is demanded (`protocol.appraisal_policy`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from protocol import cbor, cwt, labels, unixtime
from protocol.errors import SchemaError
from protocol.labels import Purpose


class ItemType(StrEnum):
    """What a value of an item is. Dates are YYYYMMDD at UTC+8; a digest is 32 bytes."""

    TEXT = "text"
    DATE = "date"
    INTEGER = "integer"
    CITIZEN_ID = "citizen-id"
    USCC = "uscc"
    DIGEST = "digest"
    IDENTIFIER = "identifier"


class RiskClass(StrEnum):
    """TERMINAL.md, "Default matrix": how much harm a wrong acceptance does."""

    L = "L"
    M = "M"
    G = "G"
    X = "X"


class HolderRule(StrEnum):
    """Who may hold a kind."""

    NATURAL = "natural"
    LEGAL = "legal"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Holders:
    """How many persons hold one licence together; each of them has a credential of their own."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Term:
    """The longest legal term in years, and how many days before its end renewal opens; None where there is none."""

    years: int | None
    renewal_opens_days: int | None


@dataclass(frozen=True, slots=True)
class Names:
    """One name in the three languages."""

    zh_hans: str
    zh_hant: str
    en: str


@dataclass(frozen=True, slots=True)
class Clear:
    """The item stands readable in the credential."""


@dataclass(frozen=True, slots=True)
class Single:
    """The item has a redacted claim hash of its own."""


@dataclass(frozen=True, slots=True)
class Group:
    """The item is hidden inside the nested group with this number (0 … 15; `lic` key 200 + number)."""

    number: int

    @property
    def key(self) -> int:
        return labels.GROUP_KEYS.start + self.number


Layout = Clear | Single | Group


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a kind: its `lic` key, its name in files and commands, what it may be, and how F lays it out."""

    key: int
    name: str
    type: ItemType
    max_bytes: int
    required: bool
    labels: Names
    layout: Layout


@dataclass(frozen=True, slots=True)
class Kind:
    """One licence kind.

    Attributes:
        departments: Words of the offices that issue it, such as "traffic-police".
        views: For a purpose, the items of its V credential (`lic` keys).
    """

    vct: int
    slug: str
    names: Names
    holder: HolderRule
    risk: RiskClass
    lifetime_days: int
    reminder_days: tuple[int, ...]
    type_code: str | None
    items: tuple[Item, ...]
    views: Mapping[Purpose, frozenset[int]]
    holders: Holders
    departments: tuple[str, ...]
    term: Term

    @property
    def absence_is_stated(self) -> frozenset[int]:
        """Items whose absence the issuer itself signs: a licence may lack them, and clear, nobody can withhold them.

        "Mandatory" means for these: shown where the licence has it. A card without an end (长期) lacks `valid_to`.
        """
        return frozenset(item.key for item in self.items if not item.required and isinstance(item.layout, Clear))

    def item(self, key: int) -> Item | None:
        """The item with this `lic` key."""
        return next((item for item in self.items if item.key == key), None)

    def item_named(self, name: str) -> Item | None:
        """The item with this name."""
        return next((item for item in self.items if item.name == name), None)


def check_value(item: Item, value: cbor.Value) -> None:
    """Return if this value is one that the item may have.

    Raises:
        SchemaError: It is not; the message names the item, never the value.
    """
    match item.type:
        case ItemType.TEXT | ItemType.CITIZEN_ID | ItemType.USCC | ItemType.IDENTIFIER:
            # Harmless first: a lone surrogate, which JSON lets through, has no UTF-8 to be measured.
            fits = isinstance(value, str) and cwt.text_is_harmless(value) and 0 < len(value.encode()) <= item.max_bytes
        case ItemType.DATE:
            fits = type(value) is int and _is_day(value)
        case ItemType.INTEGER:
            fits = type(value) is int and 0 <= value < 2**53
        case ItemType.DIGEST:
            fits = isinstance(value, bytes) and len(value) == 32
        case _:
            assert_never(item.type)
    if not fits:
        raise SchemaError(f"item {item.name} is not a {item.type} of at most {item.max_bytes} bytes")


def _is_day(value: int) -> bool:
    try:
        unixtime.calendar_date(value)
    except ValueError:
        return False
    return True
