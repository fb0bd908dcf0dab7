"""The items of a presented licence: laid out flat, checked against the catalogue, and what of them may be shown.

Not handled here: whether anything may be shown at all (`appraise`; no item leaves it before both signatures hold).
"""

from collections.abc import Mapping

from protocol import cbor, labels
from protocol.errors import SchemaError
from protocol.licence import catalogue
from protocol.licence.catalogue import Kind
from protocol.sd_cwt import disclosure
from protocol.sd_cwt.credential import UnverifiedCredential
from verifier_terminal.appraisal import masks
from verifier_terminal.appraisal.verdict import ReceiptEvidence

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


def shown(kind: Kind, demanded: frozenset[int], masked: frozenset[int], items: Items) -> Mapping[str, cbor.Value]:
    """The items by name that may be shown: undemanded ones dropped, masked ones masked."""
    return {
        item.name: masks.masked(item, items[item.key]) if item.key in masked else items[item.key]
        for item in kind.items
        if item.key in items and item.key in demanded
    }


def evidence(parts: UnverifiedCredential, demanded: frozenset[int], items: Items) -> ReceiptEvidence | None:
    """What a receipt needs of the demanded items; None where none of them was shown.

    Undemanded items are dropped here as well, with the disclosures that hold them.

    Args:
        parts: Of the verified credential, as it stood in the code.
        demanded: `lic` keys that the act may show.
        items: What was shown.
    """
    kept = {key: value for key, value in items.items() if key in demanded}
    if not kept:
        return None
    disclosures = parts.encoded_disclosures
    if any(key not in kept and key not in parts.redacted_lic for key in items):
        disclosures = _disclosures_of(demanded, disclosures)
    return ReceiptEvidence(parts.claims.vct, kept, disclosures)


def _disclosures_of(demanded: frozenset[int], disclosures: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Those that let out a demanded item, and the groups in which these stand."""
    parsed = [disclosure.parse(each) for each in disclosures]
    kept = [each for each in parsed if each.key in demanded]
    hashes = {each.redacted_claim_hash for each in kept}
    for each in parsed:
        if each.key in labels.GROUP_KEYS and isinstance(each.value, Mapping):
            members = each.value.get(cbor.Simple.REDACTED_KEYS)
            if isinstance(members, tuple) and hashes.intersection(members):
                kept.append(each)
    return tuple(each.encoded for each in parsed if each in kept)
