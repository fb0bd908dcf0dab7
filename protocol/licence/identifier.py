"""The licence identifier of GB/T 36904-2018: `1.2.156.3005.2.<type 21>.<issuer>.<serial>.<version 3>.<check 1>`.

The check character is ISO 7064 MOD 37,36 over type, issuer, serial and version joined without dots and without the
root. Two of seven public samples carry another character from a known faulty routine, so that a mismatch is a warning
(W_ID_CHECK_LEGACY) and never a refusal; hence `parse` reports it instead of raising.
"""

import re
from dataclasses import dataclass
from typing import Final

from protocol.errors import SchemaError

ROOT: Final = "1.2.156.3005.2"
_CHARACTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FORM: Final = re.compile(
    r"1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{6,18})\.([0-9A-Z]{7,32})\.([0-9]{3})\.([0-9A-Z])", re.ASCII
)


@dataclass(frozen=True, slots=True)
class LicenceIdentifier:
    """The parts; `type_code` has 21 characters (18 of the ministry's credit code and 3)."""

    type_code: str
    issuer: str
    serial: str
    version: str
    check: str

    @property
    def check_matches(self) -> bool:
        """Whether the check character is the one that the standard's routine gives."""
        return self.check == check_character(self.type_code + self.issuer + self.serial + self.version)

    def __str__(self) -> str:
        return ".".join((ROOT, self.type_code, self.issuer, self.serial, self.version, self.check))


def parse(identifier: str) -> LicenceIdentifier:
    """The parts of an identifier.

    Raises:
        SchemaError: It does not have the form of the standard.
    """
    matched = _FORM.fullmatch(identifier)
    if matched is None:
        raise SchemaError("not an identifier of GB/T 36904")
    return LicenceIdentifier(*matched.groups())


def compose(type_code: str, issuer: str, serial: str, version: str) -> LicenceIdentifier:
    """The identifier of these parts, with its check character.

    Raises:
        SchemaError: A part has not its form.
    """
    check = check_character(type_code + issuer + serial + version)
    return parse(str(LicenceIdentifier(type_code, issuer, serial, version, check)))


def check_character(joined: str) -> str:
    """ISO 7064 MOD 37,36 of [0-9A-Z]*.

    Raises:
        SchemaError: Another character.
    """
    product = 36
    for character in joined:
        value = _CHARACTERS.find(character)
        if value < 0:
            raise SchemaError("a character that an identifier does not have")
        product = (product + value) % 36 or 36
        product = product * 2 % 37
    return _CHARACTERS[(37 - product) % 36]
