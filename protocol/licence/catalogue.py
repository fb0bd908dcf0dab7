"""The catalogue: kinds of licences as signed content, so that a kind is added without code.

Authored in TOML at the issuer (`issuer/kinds/*.toml`), compiled to deterministic CBOR, signed by the region's root
(typ `lz-catalogue`); issuer, wallet and terminal read only that form. Not handled here: what a terminal demands for a
purpose (`protocol.appraisal_policy`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, TypeGuard, TypeVar, assert_never

from protocol import cbor, cwt, labels, limits, signed_document
from protocol.errors import SchemaError
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.labels import Purpose
from protocol.licence.kind import Clear as Clear
from protocol.licence.kind import Group as Group
from protocol.licence.kind import HolderRule as HolderRule
from protocol.licence.kind import Holders as Holders
from protocol.licence.kind import Item as Item
from protocol.licence.kind import ItemType as ItemType
from protocol.licence.kind import Kind as Kind
from protocol.licence.kind import Layout as Layout
from protocol.licence.kind import Names as Names
from protocol.licence.kind import RiskClass as RiskClass
from protocol.licence.kind import Single as Single
from protocol.licence.kind import Term as Term
from protocol.licence.kind import check_value as check_value
from protocol.roots import Root, RootSigner
from protocol.signed_document import SignedDocument
from protocol.unixtime import UnixTime

_MAX_NAME_BYTES: Final = 120
_MAX_ITEMS: Final = 64
_DEPARTMENT: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)


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
    HOLDERS = 11
    DEPARTMENTS = 12
    TERM = 13


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
        KindLabel.HOLDERS: (kind.holders.least, kind.holders.most),
        KindLabel.DEPARTMENTS: kind.departments,
        KindLabel.TERM: (kind.term.years, kind.term.renewal_opens_days),
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
        holders=_holders(value[KindLabel.HOLDERS]),
        departments=_departments(value[KindLabel.DEPARTMENTS]),
        term=_term(value[KindLabel.TERM]),
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


def _holders(value: cbor.Value) -> Holders:
    match value:
        case (least, most) if type(least) is int and type(most) is int:
            if least in limits.HOLDERS and most in limits.HOLDERS and least <= most:
                return Holders(least, most)
    raise SchemaError("holders that are not a least and a greatest number")


def _departments(value: cbor.Value) -> tuple[str, ...]:
    if not isinstance(value, tuple) or not 0 < len(value) <= limits.MAX_KIND_DEPARTMENTS:
        raise SchemaError("a kind that no department issues, or too many")
    words: list[str] = []
    for word in value:
        if not isinstance(word, str) or not _DEPARTMENT.fullmatch(word) or word in words:
            raise SchemaError("a department that is not one word, or stands twice")
        words.append(word)
    return tuple(words)


def _term(value: cbor.Value) -> Term:
    match value:
        case (years, opens) if _is_none_or(years, limits.TERM_YEARS) and _is_none_or(opens, limits.RENEWAL_OPENS_DAYS):
            return Term(years, opens)
    raise SchemaError("a term that is not years and the days before its end at which renewal opens")


def _is_none_or(value: cbor.Value, allowed: range) -> TypeGuard[int | None]:
    return value is None or (type(value) is int and value in allowed)


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
