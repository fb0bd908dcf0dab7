"""The licence identifiers (GB/T 36904) that this issuer makes: of kinds whose type code is known, in order of versions.

Issuer code: the six digits of the region, as the standard's public samples have it beside credit codes. The serial is
drawn at random: an identifier is stable and would tell how many licences there are. A renewed licence keeps its serial
and counts the version on. Not handled here: its form and check character (`protocol.licence.identifier`).
"""

from typing import Any, Final

from issuer import draws
from issuer.draws import RandomBytes
from protocol.errors import SchemaError
from protocol.labels import Lic
from protocol.licence import identifier
from protocol.licence.catalogue import Kind

ITEM: Final = "identifier"
_SERIAL_CHARACTERS: Final = 16
"""82 bits; the standard has room for 7 to 32 characters."""
_FIRST: Final = "001"
_LAST_VERSION: Final = 999


def given(kind: Kind, written: object, *, region: str, random_bytes: RandomBytes) -> object:
    """The subject with an identifier, where the kind has a type code and the operator gave none."""
    if kind.type_code is None or kind.item(Lic.IDENTIFIER) is None or not isinstance(written, dict) or ITEM in written:
        return written
    serial = draws.capitals(random_bytes, _SERIAL_CHARACTERS)
    return {**written, ITEM: str(identifier.compose(kind.type_code, region, serial, _FIRST))}


def of_next_version(subject: dict[str, Any]) -> dict[str, Any]:
    """The subject of the licence that takes this one's place: the same identifier in the next version.

    One that is not of the standard's form, or was counted to its end, is left out, so that a new one is made.
    """
    if ITEM not in subject:
        return subject
    try:
        before = identifier.parse(str(subject[ITEM]))
    except SchemaError:
        before = None
    if before is None or int(before.version) >= _LAST_VERSION:
        return {name: value for name, value in subject.items() if name != ITEM}
    after = identifier.compose(before.type_code, before.issuer, before.serial, f"{int(before.version) + 1:03}")
    return {**subject, ITEM: str(after)}
