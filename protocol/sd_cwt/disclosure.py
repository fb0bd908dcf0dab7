"""Salted disclosed claims (SD-CWT section 4.1): one redacted claim, readable by whoever is given its disclosure.

The redacted claim hash covers the disclosure as it stands in sd_claims, its byte string head included: 41 of 41 signed
examples of the draft do so, two of its figures print the other (PROTOCOL.md, "Draft-08 contradictions").
"""

from hashlib import sha256
from typing import Final

from protocol import cbor, limits
from protocol.errors import CborError, DisclosureShape
from protocol.light_dataclass import light_dataclass

_MAX_ITEMS: Final = 128
"""Items of one disclosure: a group of five items with a long list inside stays far below."""


@light_dataclass(frozen=True, slots=True)
class Disclosure:
    """One of [salt], [salt, value], [salt, value, key]: a decoy, an array element, a map entry."""

    encoded: bytes
    value: cbor.Value
    key: int | str | None
    is_decoy: bool

    @property
    def redacted_claim_hash(self) -> bytes:
        """32 bytes that stand for this claim in the signed payload."""
        return sha256(cbor.head(2, len(self.encoded)) + self.encoded).digest()


def disclose_key(salt: bytes, value: cbor.Value, key: int) -> Disclosure:
    """The disclosure of a map entry. The salt is 16 random bytes, used once."""
    return Disclosure(cbor.encode((_checked(salt), value, key)), value, key, is_decoy=False)


def disclose_element(salt: bytes, value: cbor.Value) -> Disclosure:
    """The disclosure of an array element. The salt is 16 random bytes, used once."""
    return Disclosure(cbor.encode((_checked(salt), value)), value, None, is_decoy=False)


def decoy(salt: bytes) -> Disclosure:
    """A hash that hides nothing (SD-CWT section 10); the holder gets it too, so that it knows."""
    return Disclosure(cbor.encode((_checked(salt),)), None, None, is_decoy=True)


def parse(encoded: bytes) -> Disclosure:
    """The disclosure in these bytes.

    Raises:
        DisclosureShape: It is not strict CBOR, none of the three forms, or its salt has not 16 bytes.
    """
    try:
        content = cbor.decode(encoded, max_items=_MAX_ITEMS)
    except CborError as wrong:
        # The code itself was read: E_CBOR would tell the clerk that it was not.
        raise DisclosureShape("a disclosure that is not strict CBOR") from wrong
    match content:
        case (bytes() as salt,) if len(salt) == limits.SALT_BYTES:
            return Disclosure(encoded, None, None, is_decoy=True)
        case (bytes() as salt, value) if len(salt) == limits.SALT_BYTES:
            return Disclosure(encoded, value, None, is_decoy=False)
        case (bytes() as salt, value, int() | str() as key) if len(salt) == limits.SALT_BYTES:
            if isinstance(key, bool):
                raise DisclosureShape("a claim key that is a bool")
            return Disclosure(encoded, value, key, is_decoy=False)
        case _:
            raise DisclosureShape("not [salt], [salt, value] or [salt, value, key]")


def _checked(salt: bytes) -> bytes:
    if len(salt) != limits.SALT_BYTES:
        raise CborError(f"a salt of {len(salt)} bytes")
    return salt
