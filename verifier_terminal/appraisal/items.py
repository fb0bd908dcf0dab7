"""The items of a presented licence: laid out flat, checked against the catalogue, and what of them may be shown.

Not handled here: whether anything may be shown at all (`appraise`; no item leaves it before both signatures hold).
"""

from collections.abc import Mapping

from protocol import cbor, labels
from protocol.appraisal_policy import PolicyRow
from protocol.errors import SchemaError
from protocol.licence import catalogue
from protocol.licence.catalogue import Kind
from verifier_terminal.appraisal import masks

Items = Mapping[int, cbor.Value]
"""By `lic` key, the members of disclosed groups among them."""


def flatten(disclosed: Mapping[cbor.Key, cbor.Value]) -> Items:
    """The items without their groups.

    Raises:
        SchemaError: A group that is no map, a group inside a group, or one item in two places.
    """
    flat: dict[int, cbor.Value] = {}
    for key, value in disclosed.items():
        if key in labels.GROUP_KEYS:
            if not isinstance(value, Mapping):
                raise SchemaError("a group that is no map")
            for inner, member in value.items():
                _place(flat, inner, member)
        else:
            _place(flat, key, value)
    return flat


def _place(flat: dict[int, cbor.Value], key: cbor.Key, value: cbor.Value) -> None:
    if type(key) is not int or key in flat or key in labels.GROUP_KEYS:
        raise SchemaError("an item in two places, or a group inside a group")
    flat[key] = value


def check(kind: Kind, items: Items) -> None:
    """Return if every item that the catalogue knows has the form that it gives.

    Items that it does not know (a regional extension, a newer issuer) are left alone: they are never shown.

    Raises:
        SchemaError: One has not.
    """
    for item in kind.items:
        if item.key in items:
            catalogue.check_value(item, items[item.key])


def shown(kind: Kind, row: PolicyRow, items: Items) -> Mapping[str, cbor.Value]:
    """The items by name that policy shows for its purpose: undemanded ones dropped, masked ones masked."""
    return {
        item.name: masks.masked(item, items[item.key]) if item.key in row.masked else items[item.key]
        for item in kind.items
        if item.key in items and item.key in row.maximum
    }
