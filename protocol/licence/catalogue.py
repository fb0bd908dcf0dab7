"""The catalogue: kinds of licences as signed content, so that a kind is added without code.

Authored in TOML at the issuer (`issuer/kinds/*.toml`), compiled to deterministic CBOR, signed by the region's root
(typ `lz-catalogue`); issuer, wallet and terminal read only that form. Not handled here: what a terminal demands for a
purpose (`protocol.appraisal_policy`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, TypeVar, assert_never

from protocol import cbor, cwt, labels, signed_document, unixtime
from protocol.errors import SchemaError
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.labels import Purpose
from protocol.roots import Root, RootSigner
from protocol.signed_document import SignedDocument
from protocol.unixtime import UnixTime

_MAX_NAME_BYTES: Final = 120
_MAX_ITEMS: Final = 64


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
    """One licence kind. `views` lists, for a purpose, the items of its V credential (`lic` keys)."""

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


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All kinds of a region, with the age of this statement."""

    iss: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    kinds: Mapping[int, Kind]

    def named(self, slug: str) -> Kind | None:
        """The kind with this slug."""
        return next((kind for kind in self.kinds.values() if kind.slug == slug), None)


class KindLabel(IntEnum):
    """Keys of one kind's map."""

    VCT = 1
    SLUG = 2
    NAMES = 3
    HOLDER = 4
    RISK = 5
    LIFETIME_DAYS = 6
    REMINDER_DAYS = 7
    TYPE_CODE = 8
    ITEMS = 9
    VIEWS = 10


class ItemLabel(IntEnum):
    """Keys of one item's map."""

    KEY = 1
    NAME = 2
    TYPE = 3
    MAX_BYTES = 4
    REQUIRED = 5
    LABELS = 6
    LAYOUT = 7


_LAYOUT_CLEAR: Final = 0
_LAYOUT_SINGLE: Final = 1
_E = TypeVar("_E", bound=StrEnum)


def kinds_to_value(kinds: Mapping[int, Kind]) -> cbor.Value:
    """The deterministic form of the kinds: what is signed, and what the wallet directory repeats."""
    return tuple(_kind_to_value(kinds[vct]) for vct in sorted(kinds))


def kinds_from_value(value: cbor.Value) -> Mapping[int, Kind]:
    """The kinds in this form.

    Raises:
        SchemaError: Something is missing, unknown, or contradicts itself.
    """
    if not isinstance(value, tuple) or not value:
        raise SchemaError("a catalogue without kinds")
    kinds = {kind.vct: kind for kind in map(_kind_from_value, value)}
    if len(kinds) != len(value):
        raise SchemaError("two kinds have one number")
    return kinds


def sign(catalogue: Catalogue, root: RootSigner) -> bytes:
    """The signed bytes of a catalogue."""
    document = SignedDocument(
        catalogue.iss, catalogue.seq, catalogue.iat, catalogue.exp, kinds_to_value(catalogue.kinds)
    )
    return signed_document.sign(document, typ=labels.TYP_CATALOGUE, body_label=labels.CLAIM_KINDS, signer=root)


def verify(encoded: bytes, *, root: Root, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS) -> Catalogue:
    """The catalogue, once its root's signature holds.

    Raises:
        ProtocolError: By its own reason.
    """
    document = signed_document.verify(
        encoded, expected_typ=labels.TYP_CATALOGUE, body_label=labels.CLAIM_KINDS, root=root, algorithms=algorithms
    )
    return Catalogue(document.iss, document.seq, document.iat, document.exp, kinds_from_value(document.body))


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


def _kind_to_value(kind: Kind) -> cbor.Value:
    return {
        KindLabel.VCT: kind.vct,
        KindLabel.SLUG: kind.slug,
        KindLabel.NAMES: _names_to_value(kind.names),
        KindLabel.HOLDER: str(kind.holder),
        KindLabel.RISK: str(kind.risk),
        KindLabel.LIFETIME_DAYS: kind.lifetime_days,
        KindLabel.REMINDER_DAYS: kind.reminder_days,
        KindLabel.TYPE_CODE: kind.type_code,
        KindLabel.ITEMS: tuple(_item_to_value(item) for item in kind.items),
        KindLabel.VIEWS: {int(purpose): tuple(sorted(keys)) for purpose, keys in kind.views.items()},
    }


def _item_to_value(item: Item) -> cbor.Value:
    match item.layout:
        case Clear():
            layout = _LAYOUT_CLEAR
        case Single():
            layout = _LAYOUT_SINGLE
        case Group():
            layout = item.layout.key
        case _:
            assert_never(item.layout)
    return {
        ItemLabel.KEY: item.key,
        ItemLabel.NAME: item.name,
        ItemLabel.TYPE: str(item.type),
        ItemLabel.MAX_BYTES: item.max_bytes,
        ItemLabel.REQUIRED: item.required,
        ItemLabel.LABELS: _names_to_value(item.labels),
        ItemLabel.LAYOUT: layout,
    }


def _names_to_value(names: Names) -> cbor.Value:
    return (names.zh_hans, names.zh_hant, names.en)


def _kind_from_value(value: cbor.Value) -> Kind:
    if not isinstance(value, Mapping) or value.keys() != frozenset(KindLabel):
        raise SchemaError("a kind that has not exactly its entries")
    vct, lifetime, type_code = value[KindLabel.VCT], value[KindLabel.LIFETIME_DAYS], value[KindLabel.TYPE_CODE]
    items, views, reminders = value[KindLabel.ITEMS], value[KindLabel.VIEWS], value[KindLabel.REMINDER_DAYS]
    if type(vct) is not int or vct not in labels.VCT_RANGE:
        raise SchemaError("a kind without a number")
    if type(lifetime) is not int or not 1 <= lifetime <= 120:
        raise SchemaError(f"kind {vct}: a technical life of 1 to 120 days")
    if type_code is not None and not isinstance(type_code, str):
        raise SchemaError(f"kind {vct}: a type code that is no text")
    if not isinstance(items, tuple) or not 0 < len(items) <= _MAX_ITEMS or not isinstance(views, Mapping):
        raise SchemaError(f"kind {vct}: no items, or too many")
    if not isinstance(reminders, tuple):
        raise SchemaError(f"kind {vct}: reminders are not an array")
    parsed_items = tuple(_item_from_value(item) for item in items)
    known = frozenset(item.key for item in parsed_items)
    if len(known) != len(items) or len({item.name for item in parsed_items}) != len(items):
        raise SchemaError(f"kind {vct}: two items have one key or name")
    return Kind(
        vct=vct,
        slug=cwt.text(value, KindLabel.SLUG, max_bytes=_MAX_NAME_BYTES),
        names=_names_from_value(value[KindLabel.NAMES]),
        holder=_member(HolderRule, value[KindLabel.HOLDER]),
        risk=_member(RiskClass, value[KindLabel.RISK]),
        lifetime_days=lifetime,
        reminder_days=tuple(_days(each) for each in reminders),
        type_code=type_code,
        items=parsed_items,
        views={_purpose(purpose): _keys(keys, known) for purpose, keys in views.items()},
    )


def _item_from_value(value: cbor.Value) -> Item:
    if not isinstance(value, Mapping) or value.keys() != frozenset(ItemLabel):
        raise SchemaError("an item that has not exactly its entries")
    key, max_bytes, required = value[ItemLabel.KEY], value[ItemLabel.MAX_BYTES], value[ItemLabel.REQUIRED]
    if type(key) is not int or key in labels.GROUP_KEYS:
        raise SchemaError("an item without a key of its own")
    if type(max_bytes) is not int or max_bytes < 1 or not isinstance(required, bool):
        raise SchemaError(f"item {key}: no length, or not said whether it is required")
    layout = value[ItemLabel.LAYOUT]
    if type(layout) is not int or not (layout in (_LAYOUT_CLEAR, _LAYOUT_SINGLE) or layout in labels.GROUP_KEYS):
        raise SchemaError(f"item {key}: no layout")
    return Item(
        key=key,
        name=cwt.text(value, ItemLabel.NAME, max_bytes=_MAX_NAME_BYTES),
        type=_member(ItemType, value[ItemLabel.TYPE]),
        max_bytes=max_bytes,
        required=required,
        labels=_names_from_value(value[ItemLabel.LABELS]),
        layout=_layout(layout),
    )


def _layout(value: int) -> Layout:
    if value == _LAYOUT_CLEAR:
        return Clear()
    return Single() if value == _LAYOUT_SINGLE else Group(value - labels.GROUP_KEYS.start)


def _names_from_value(value: cbor.Value) -> Names:
    match value:
        case (str() as zh_hans, str() as zh_hant, str() as en):
            pass
        case _:
            raise SchemaError("names are not three texts")
    names = (zh_hans, zh_hant, en)
    if not all(0 < len(name.encode()) <= _MAX_NAME_BYTES and cwt.text_is_harmless(name) for name in names):
        raise SchemaError("a name that is empty, too long or hostile")
    return Names(zh_hans, zh_hant, en)


def _member(enum: type[_E], value: cbor.Value) -> _E:
    if not isinstance(value, str) or value not in {member.value for member in enum}:
        raise SchemaError(f"not one of {[member.value for member in enum]}")
    return enum(value)


def _days(value: cbor.Value) -> int:
    if type(value) is not int or not 1 <= value <= 365:
        raise SchemaError("a reminder that is not 1 to 365 days")
    return value


def _purpose(value: cbor.Key) -> Purpose:
    if type(value) is not int or value not in {int(purpose) for purpose in Purpose}:
        raise SchemaError("a purpose that is none")
    return Purpose(value)


def _keys(value: cbor.Value, known: frozenset[int]) -> frozenset[int]:
    if not isinstance(value, tuple):
        raise SchemaError("a view that is not an array of item keys")
    keys: set[int] = set()
    for key in value:
        if type(key) is not int or key not in known:
            raise SchemaError("a view with an item that the kind does not have")
        keys.add(key)
    return frozenset(keys)
