"""Reads the authored catalogue: kinds (`issuer/kinds/*.toml`) and policy rows (`issuer/policies/*.toml`).

Guaranteed: what comes out has the protocol's form and agrees with itself: a view holds exactly the mandatory items of
its purpose's row, groups stay small, shared `lic` keys carry their own names. Every mistake is an `AuthoringError` that
names file and key. Not handled here: signing and distributing (`issuer.publishing`).
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any, Final, NoReturn

from issuer.errors import AuthoringError
from protocol import cwt, labels, limits
from protocol.appraisal_policy import PolicyRow
from protocol.errors import ProtocolError
from protocol.labels import KeyAssurance, Lic, Purpose
from protocol.licence import catalogue
from protocol.licence.catalogue import Clear, Group, HolderRule, Item, ItemType, Kind, Layout, Names, RiskClass, Single
from protocol.unixtime import Seconds

MAX_GROUP_KEYS: Final = 5
"""PROTOCOL.md, "Layouts": disclosing one item of a group costs the hashes of all the others."""
_OWN_KEYS: Final = range(24, 200)
_SHARED_NAMES: Final = {int(lic): lic.name.lower() for lic in Lic} | {int(Lic.PORTRAIT_SHA256): "portrait"}
"""Holders and clerks choose the portrait; that its digest is what the issuer signs is the protocol's matter."""
_PURPOSES: Final = {purpose.word: purpose for purpose in Purpose}
_ASSURANCES: Final = {assurance.name.lower(): assurance for assurance in KeyAssurance}

Source = tuple[str, str]
"""File name and text."""


def load_kinds() -> Mapping[int, Kind]:
    """The kinds that ship with this package, by number.

    Raises:
        AuthoringError: A file is wrong.
    """
    return kinds_from(_sources("kinds"))


def load_policy_rows(kinds: Mapping[int, Kind], *, regions: frozenset[str]) -> Mapping[tuple[int, Purpose], PolicyRow]:
    """The policy rows that ship with this package, recognising these regions.

    Raises:
        AuthoringError: A file is wrong, or a view of a kind does not fit its row.
    """
    return policy_rows_from(_sources("policies"), kinds, regions=regions)


def kinds_from(sources: Iterable[Source]) -> Mapping[int, Kind]:
    """The kinds in these files. Raises: as `load_kinds`."""
    kinds: dict[int, Kind] = {}
    slugs: set[str] = set()
    for file, text in sources:
        kind = _kind(_Table(file, "", _parsed(file, text)))
        if kind.vct in kinds or kind.slug in slugs:
            raise AuthoringError(file, "vct, slug", "another file has this number or slug")
        kinds[kind.vct] = kind
        slugs.add(kind.slug)
    if not kinds:
        raise AuthoringError("kinds", "*.toml", "no kind at all")
    return kinds


def policy_rows_from(
    sources: Iterable[Source], kinds: Mapping[int, Kind], *, regions: frozenset[str]
) -> Mapping[tuple[int, Purpose], PolicyRow]:
    """The rows in these files. Raises: as `load_policy_rows`."""
    by_slug = {kind.slug: kind for kind in kinds.values()}
    rows: dict[tuple[int, Purpose], PolicyRow] = {}
    for file, text in sources:
        table = _Table(file, "", _parsed(file, text))
        slug = table.text("kind")
        if slug not in by_slug:
            table.fail("kind", f"no kind has the slug {slug!r}; known: {', '.join(sorted(by_slug))}")
        for word, row in table.tables("row").items():
            purpose = row.member(word, _PURPOSES, key="")
            if (by_slug[slug].vct, purpose) in rows:
                row.fail("", "a second row for this kind and purpose")
            rows[by_slug[slug].vct, purpose] = _row(row, by_slug[slug], purpose, regions)
        table.finish()
    for kind in kinds.values():
        _lint_views(kind, rows)
    return rows


def _lint_views(kind: Kind, rows: Mapping[tuple[int, Purpose], PolicyRow]) -> None:
    demanded = frozenset[int]().union(*(row.mandatory for (vct, _), row in rows.items() if vct == kind.vct))
    for purpose, keys in kind.views.items():
        row, place = rows.get((kind.vct, purpose)), f"view.{purpose.word}"
        if row is None:
            raise AuthoringError(f"kinds/{kind.slug}.toml", place, "the policy has no row for this purpose")
        if keys != row.mandatory:
            # Optional items always come from F, so that the holder's choice item by item is never taken away.
            different = ", ".join(sorted(item.name for item in kind.items if item.key in keys ^ row.mandatory))
            raise AuthoringError(
                f"kinds/{kind.slug}.toml",
                place,
                f"not exactly the mandatory items of its policy row; differs in: {different}",
            )
        hidden = demanded & kind.absence_is_stated - keys
        if hidden:
            # A holder could show this view elsewhere, where the item's absence would pass for the issuer's statement.
            lacking = ", ".join(sorted(item.name for item in kind.items if item.key in hidden))
            raise AuthoringError(f"kinds/{kind.slug}.toml", place, f"lacks what another purpose relies on: {lacking}")


def _sources(folder: str) -> tuple[Source, ...]:
    files = sorted(resources.files("issuer").joinpath(folder).iterdir(), key=lambda each: each.name)
    return tuple((f"{folder}/{each.name}", each.read_text("utf-8")) for each in files if each.name.endswith(".toml"))


def _parsed(file: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AuthoringError(file, "TOML", str(error)) from None


class _Table:
    """One TOML table, read key by key; `finish` refuses what nobody asked for."""

    def __init__(self, file: str, path: str, values: Mapping[str, Any]) -> None:
        self._file, self._path, self._values = file, path, values
        self._read: set[str] = set()

    def fail(self, key: str, problem: str) -> NoReturn:
        raise AuthoringError(self._file, ".".join(part for part in (self._path, key) if part), problem)

    def value(self, key: str, expected: type, *, default: Any = None) -> Any:
        self._read.add(key)
        if key not in self._values and default is not None:
            return default
        value = self._values.get(key)
        # bool is an int in Python; true is no number of days.
        if type(value) is not expected:
            self.fail(key, f"missing, or not of type {expected.__name__}")
        return value

    def text(self, key: str) -> str:
        value: str = self.value(key, str)
        if not value or not cwt.text_is_harmless(value):
            self.fail(key, "empty, or with characters that do not show what they say")
        return value

    def optional_text(self, key: str) -> str | None:
        self._read.add(key)
        return self.text(key) if key in self._values else None

    def integer(self, key: str) -> int:
        value: int = self.value(key, int)
        return value

    def flag(self, key: str) -> bool:
        value: bool = self.value(key, bool)
        return value

    def array(self, key: str, expected: type) -> tuple[Any, ...]:
        values: list[Any] = self.value(key, list)
        if not all(type(each) is expected for each in values):
            self.fail(key, f"not an array of {expected.__name__}")
        if len(set(values)) != len(values):
            self.fail(key, "the same entry twice")
        return tuple(values)

    def table(self, key: str) -> "_Table":
        return _Table(self._file, f"{self._path}.{key}" if self._path else key, self.value(key, dict))

    def tables(self, key: str) -> Mapping[str, "_Table"]:
        inner = self.value(key, dict)
        return {
            name: _Table(self._file, f"{key}.{name}", values)
            if isinstance(values, dict)
            else self.fail(f"{key}.{name}", "not a table")
            for name, values in inner.items()
        }

    def array_of_tables(self, key: str) -> tuple["_Table", ...]:
        entries = self.value(key, list)
        return tuple(
            _Table(self._file, f"{key}[{entry.get('name', place)}]", entry)
            if isinstance(entry, dict)
            else self.fail(key, "not an array of tables")
            for place, entry in enumerate(entries, 1)
        )

    def member(self, word: str, members: Mapping[str, Any], *, key: str) -> Any:
        if word not in members:
            self.fail(key, f"{word!r} is none of: {', '.join(members)}")
        return members[word]

    def names(self, key: str) -> Names:
        inner = self.table(key)
        names = Names(inner.text("zh_hans"), inner.text("zh_hant"), inner.text("en"))
        inner.finish()
        return names

    def keys(self, key: str, kind_items: Iterable[Item]) -> frozenset[int]:
        by_name = {item.name: item.key for item in kind_items}
        return frozenset(self.member(name, by_name, key=key) for name in self.array(key, str))

    def finish(self) -> None:
        unknown = self._values.keys() - self._read
        if unknown:
            self.fail(min(unknown), "no such entry exists")


def _kind(table: _Table) -> Kind:
    items = tuple(_item(each) for each in table.array_of_tables("item"))
    views: dict[Purpose, frozenset[int]] = {}
    for word, view in table.tables("view").items():
        views[view.member(word, _PURPOSES, key="")] = view.keys("items", items)
        view.finish()
    for group in {item.layout for item in items if isinstance(item.layout, Group)}:
        if sum(item.layout == group for item in items) > MAX_GROUP_KEYS:
            table.fail("item", f"group:{group.number} has more than {MAX_GROUP_KEYS} items")
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
    )
    table.finish()
    try:
        # The reader that everybody else uses says whether this kind can be read at all.
        catalogue.kinds_from_value(catalogue.kinds_to_value({kind.vct: kind}))
    except ProtocolError as error:
        table.fail("", str(error))
    return kind


def _item(table: _Table) -> Item:
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


def _layout(table: _Table) -> Layout:
    layouts: dict[str, Layout] = {"clear": Clear(), "single": Single()}
    layouts |= {f"group:{number}": Group(number) for number in range(len(labels.GROUP_KEYS))}
    layout: Layout = table.member(table.text("layout"), layouts, key="layout")
    return layout


def _row(table: _Table, kind: Kind, purpose: Purpose, regions: frozenset[str]) -> PolicyRow:
    mandatory, optional = table.keys("mandatory", kind.items), table.keys("optional", kind.items)
    masked = table.keys("masked", kind.items)
    if not mandatory:
        table.fail("mandatory", "empty: a purpose that needs nothing needs no licence")
    if mandatory & optional:
        table.fail("optional", "an item is mandatory as well")
    if not masked <= mandatory | optional:
        table.fail("masked", "an item that is not asked for")
    if not mandatory <= {item.key for item in kind.items if item.required} | kind.absence_is_stated:
        # Without a hidden item nobody can tell whether the licence lacks it or its holder withholds it.
        table.fail("mandatory", "an item that a licence of this kind may lack, and that is not clear")
    challenge_required = table.flag("challenge_required")
    seal_required = table.value("seal_required", bool, default=False)
    if seal_required and not challenge_required:
        # Only a challenge brings a key to seal to; without one every presentation would be refused.
        table.fail("seal_required", "what is sealed answers a challenge, so challenge_required must be true too")
    holders_required = table.value("holders_required", int, default=1)
    if holders_required not in limits.HOLDERS_REQUIRED:
        table.fail("holders_required", f"not {limits.HOLDERS_REQUIRED.start} to {limits.HOLDERS_REQUIRED.stop - 1}")
    max_status_age = table.value("max_status_age", int, default=0)
    row = PolicyRow(
        vct=kind.vct,
        purpose=purpose,
        regions=regions,
        legal_basis=table.text("legal_basis"),
        mandatory=mandatory,
        optional=optional,
        masked=masked,
        challenge_required=challenge_required,
        seal_required=seal_required,
        link_waived=table.value("link_waived", bool, default=False),
        holders_required=holders_required,
        person_check=table.flag("person_check"),
        irreversible=table.flag("irreversible"),
        show_under_refusal=table.flag("show_under_refusal"),
        min_assurance=table.member(table.text("min_assurance"), _ASSURANCES, key="min_assurance"),
        max_status_age=Seconds(max_status_age) if max_status_age else None,
        retention_days=table.integer("retention_days"),
        review_path=table.text("review_path"),
    )
    table.finish()
    return row
