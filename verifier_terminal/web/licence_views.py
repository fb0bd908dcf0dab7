"""The display form of one licence: what may be said of it in words of one language, never wider than policy allows.

Pure, as `views`, whose contract names the fields.
"""

from collections.abc import Mapping
from typing import Final, NotRequired, TypedDict

from protocol import cbor, unixtime
from protocol.labels import Lic, Purpose
from protocol.licence.catalogue import Catalogue, Item, ItemType, Kind
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.appraisal.verdict import Licence
from verifier_terminal.web.harmless import MAX_NAME_CHARACTERS, shown
from verifier_terminal.web.regions import province
from verifier_terminal.web.texts import in_language, known, say

_NAME_ITEM: Final = "name"
_HEADLINE_ITEMS: Final = frozenset({_NAME_ITEM, "valid_to", "authority"})
"""Items that have a place of their own on the page."""


class ItemView(TypedDict):
    """One line; `value` None means that the holder did not disclose it."""

    label: str
    value: str | None
    large: NotRequired[bool]
    """What an officer looks for first: what the holder may drive."""


class LicenceView(TypedDict):
    """What may be said of the licence."""

    kind: str
    name: str | None
    authority: str
    region: str
    region_code: str
    valid_to: str | None
    days_left: str | None
    expired: bool
    items: list[ItemView]
    hidden_items: int
    shown_by: str | None
    portrait: bool


def licence_view(
    licence: Licence, purpose: Purpose, catalogue: Catalogue | None, language: Language, now: UnixTime
) -> LicenceView:
    """The licence in words; `now` counts the days that it has left."""
    kind = catalogue.kinds.get(licence.vct) if catalogue else None
    place = province(licence.region)
    claims = licence.claims or {}
    name = claims.get(_NAME_ITEM)
    days_left, expired = _days_left(licence.valid_to, language, now)
    return {
        "kind": in_language(kind.names, language) if kind else shown(licence.slug, max_characters=MAX_NAME_CHARACTERS),
        "name": shown(name, max_characters=MAX_NAME_CHARACTERS) if isinstance(name, str) else None,
        "authority": shown(licence.authority),
        "region": in_language(place, language) if place else "",
        "region_code": shown(licence.region, max_characters=6),
        "valid_to": _day(licence.valid_to) if licence.valid_to is not None else None,
        "days_left": days_left,
        "expired": expired,
        "items": _items(kind, claims, purpose, language) if licence.claims is not None else [],
        "hidden_items": licence.hidden_items,
        "shown_by": _shown_by(licence, language),
        "portrait": licence.portrait_sha256 is not None,
    }


def _shown_by(licence: Licence, language: Language) -> str | None:
    """What a clerk must know who would take the person in front for the holder."""
    if licence.is_paper:
        return say("shown_by.paper", language)
    if licence.mandate is None:
        return None
    until = unixtime.iso_local(licence.mandate.until)[:10]
    return say("shown_by.mandate", language, level=licence.mandate.level, until=until)


def _items(kind: Kind | None, claims: Mapping[str, cbor.Value], purpose: Purpose, language: Language) -> list[ItemView]:
    """What was disclosed in the kind's order, then a dash for what this purpose asks and nobody disclosed."""
    if kind is None:
        # Without the catalogue there are no labels; the names of the items are plain words.
        return [
            {"label": shown(name, max_characters=MAX_NAME_CHARACTERS), "value": _value(None, value, language)}
            for name, value in claims.items()
            if name not in _HEADLINE_ITEMS
        ]
    asked = kind.views.get(purpose)
    rows: list[ItemView] = []
    dashes: list[ItemView] = []
    for item in kind.items:
        if item.name in _HEADLINE_ITEMS or item.key == Lic.PORTRAIT_SHA256:
            # The portrait itself is shown, and its digest says nothing to anybody.
            continue
        label = in_language(item.labels, language)
        if item.name in claims and item.key == Lic.CLASS and purpose is Purpose.ROADSIDE:
            rows.insert(0, {"label": label, "value": _value(item, claims[item.name], language), "large": True})
        elif item.name in claims:
            rows.append({"label": label, "value": _value(item, claims[item.name], language)})
        elif asked is None or item.key in asked:
            dashes.append({"label": label, "value": None})
    return rows + dashes


def _value(item: Item | None, value: cbor.Value, language: Language) -> str:
    match value:
        case bool():
            return "✓" if value else "✗"
        case str():
            return shown(value)
        case int() if item is not None and item.type is ItemType.DATE:
            return _day(value)
        case int() if item is not None and item.name == "sex" and known(f"sex.{value}"):
            return say(f"sex.{value}", language)
        case bytes():
            return shown(value.hex())
        case _:
            return shown(str(value))


def _day(value: int) -> str:
    """YYYYMMDD with hyphens; a number that is no day stays a number."""
    try:
        return unixtime.calendar_date(value).isoformat()
    except ValueError:
        return str(value)


def _days_left(valid_to: int | None, language: Language, now: UnixTime) -> tuple[str | None, bool]:
    if valid_to is None:
        return None, False
    try:
        last = unixtime.calendar_date(valid_to)
    except ValueError:
        return None, False
    left = (last - unixtime.calendar_date(unixtime.local_day(now))).days
    if left < 0:
        return say("validity.over", language, n=-left), True
    return (say("validity.left", language, n=left) if left else say("validity.today", language)), False
