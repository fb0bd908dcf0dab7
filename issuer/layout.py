"""Lays out the items of a licence: F (flexible: clear, single and grouped redactions) and V (view: all clear).

A group is a redacted map whose entries are redacted one by one (PROTOCOL.md, "Layouts"), so that rarely shown items
cost one hash as long as nobody asks for them, and the holder still chooses each of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from protocol import cbor, limits
from protocol.licence.catalogue import Clear, Group, Kind, Single
from protocol.sd_cwt import disclosure, redaction
from protocol.sd_cwt.credential import LicenceItems
from protocol.sd_cwt.disclosure import Disclosure

RandomBytes = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """The map `lic` to sign, and the encoded disclosure of every hash in it."""

    lic: LicenceItems
    disclosures: tuple[bytes, ...]


def flexible(kind: Kind, items: Mapping[int, cbor.Value], *, random_bytes: RandomBytes) -> LaidOut:
    """Layout F of these items, with a fresh salt for each disclosure."""

    def hide(key: int, value: cbor.Value) -> Disclosure:
        return disclosure.disclose_key(random_bytes(limits.SALT_BYTES), value, key)

    clear: dict[cbor.Key, cbor.Value] = {}
    hidden: list[Disclosure] = []
    grouped: dict[int, list[Disclosure]] = {}
    for item in kind.items:
        if item.key not in items:
            continue
        match item.layout:
            case Clear():
                clear[item.key] = items[item.key]
            case Single():
                hidden.append(hide(item.key, items[item.key]))
            case Group():
                grouped.setdefault(item.layout.key, []).append(hide(item.key, items[item.key]))
            case _:
                assert_never(item.layout)
    inner = [each for members in grouped.values() for each in members]
    hidden += [hide(key, redaction.redacted_map({}, members)) for key, members in grouped.items()]
    return LaidOut(redaction.redacted_map(clear, hidden), tuple(each.encoded for each in (*hidden, *inner)))


def view(keys: frozenset[int], items: Mapping[int, cbor.Value]) -> LaidOut:
    """Layout V: exactly these items, nothing redacted. Every one of them must be there (`issuance` lints it)."""
    return LaidOut({key: items[key] for key in sorted(keys)}, ())
