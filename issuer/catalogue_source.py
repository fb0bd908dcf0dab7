"""Reads the authored kinds of the catalogue (`issuer/kinds/*.toml`).

Guaranteed: what comes out has the protocol's form and agrees with itself: groups stay small, shared `lic` keys carry
their own names. Every mistake is an `AuthoringError` that names file and key. Not handled here: policy
(`policy_source`), signing and distributing (`publishing`).
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from issuer import authored_table
from issuer.authored_table import PURPOSES, Source, Table
from issuer.errors import AuthoringError
from protocol import labels, limits
from protocol.errors import ProtocolError
from protocol.labels import Lic, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import (
    Clear,
    Group,
    HolderRule,
    Holders,
    Item,
    ItemType,
    Kind,
    Layout,
    RiskClass,
    Single,
    Term,
)

MAX_GROUP_KEYS: Final = 5
"""PROTOCOL.md, "Layouts": disclosing one item of a group costs the hashes of all the others."""
_OWN_KEYS: Final = range(24, 200)
_SHARED_NAMES: Final = {int(lic): lic.name.lower() for lic in Lic} | {int(Lic.PORTRAIT_SHA256): "portrait"}
"""Holders and clerks choose the portrait; that its digest is what the issuer signs is the protocol's matter."""


def load_kinds() -> Mapping[int, Kind]:
    """The kinds that ship with this package, by number.

    Raises:
        AuthoringError: A file is wrong.
    """
    return kinds_from(authored_table.shipped("kinds"))


def kinds_from(sources: Iterable[Source]) -> Mapping[int, Kind]:
    """The kinds in these files. Raises: as `load_kinds`."""
    kinds: dict[int, Kind] = {}
    slugs: set[str] = set()
    for source in sources:
        kind = _kind(source)
        if kind.vct in kinds or kind.slug in slugs:
            raise AuthoringError(source[0], "vct, slug", "another file has this number or slug")
        kinds[kind.vct] = kind
        slugs.add(kind.slug)
    if not kinds:
        raise AuthoringError("kinds", "*.toml", "no kind at all")
    return kinds


@lru_cache(maxsize=256)
def _kind(source: Source) -> Kind:
    # Remembered: one opening of an issuer asks for the shipped files more than once.
    table = authored_table.whole(source)
    items = tuple(_item(each) for each in table.array_of_tables("item"))
    views: dict[Purpose, frozenset[int]] = {}
    for word, view in table.tables("view").items():
        views[view.member(word, PURPOSES, key="")] = view.keys("items", items)
        view.finish()
    for group in {item.layout for item in items if isinstance(item.layout, Group)}:
        if sum(item.layout == group for item in items) > MAX_GROUP_KEYS:
            table.fail("item", f"group:{group.number} has more than {MAX_GROUP_KEYS} items")
    hidden = sum(not isinstance(item.layout, Clear) for item in items)
    groups = len({item.layout for item in items if isinstance(item.layout, Group)})
    if hidden + groups > limits.MAX_DISCLOSURES:
        table.fail("item", f"more than {limits.MAX_DISCLOSURES} disclosures: hidden items, and one for each group")
    kind = Kind(
        vct=table.integer("vct"),
        slug=table.text("slug"),
        names=table.names("names"),
        holder=table.member(table.text("holder"), {str(rule): rule for rule in HolderRule}, key="holder"),
        risk=table.member(table.text("risk"), {str(risk): risk for risk in RiskClass}, key="risk"),
        lifetime_days=table.integer("lifetime_days"),
        reminder_days=table.array("reminders", int),
        type_code=table.optional_text("type_code"),
        items=items,
        views=views,
        holders=_holders(table),
        departments=table.array("departments", str),
        term=Term(table.optional_integer("validity_years"), table.optional_integer("renewal_opens_days")),
    )
    table.finish()
    try:
        # The reader that everybody else uses says whether this kind can be read at all.
        catalogue.kinds_from_value(catalogue.kinds_to_value({kind.vct: kind}))
    except ProtocolError as error:
        table.fail("", str(error))
    return kind


def _holders(table: Table) -> Holders:
    # Not `array`: exactly one holder is [1, 1].
    numbers: list[object] = table.value("holders", list)
    if [type(each) for each in numbers] != [int, int]:
        table.fail("holders", "not two whole numbers, the least and the most: [1, 1] where one person holds it")
    least, most = table.value("holders", list)
    return Holders(least, most)


def _item(table: Table) -> Item:
    key, name = table.integer("key"), table.text("name")
    if _SHARED_NAMES.get(key, name) != name:
        table.fail("key", f"key {key} is {_SHARED_NAMES[key]!r} in every kind")
    if key not in _SHARED_NAMES and key not in _OWN_KEYS and key >= 0:
        table.fail("key", f"a key of the kind's own lies in {_OWN_KEYS.start} to {_OWN_KEYS.stop - 1}")
    item = Item(
        key=key,
        name=name,
        type=table.member(table.text("type"), {str(each): each for each in ItemType}, key="type"),
        max_bytes=table.integer("max"),
        required=table.flag("required"),
        labels=table.names("labels"),
        layout=_layout(table),
    )
    table.finish()
    return item


def _layout(table: Table) -> Layout:
    layouts: dict[str, Layout] = {"clear": Clear(), "single": Single()}
    layouts |= {f"group:{number}": Group(number) for number in range(len(labels.GROUP_KEYS))}
    layout: Layout = table.member(table.text("layout"), layouts, key="layout")
    return layout
