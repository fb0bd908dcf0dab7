"""A CBOR writer without scruples: it writes what the strict encoder refuses, so that forgeries can hold it.

Only for tests. Map order is the order of the Python map; `Pairs` may repeat a key; `Raw` is spliced in as it stands.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocol import cbor


@dataclass(frozen=True)
class Raw:
    """Bytes that stand where an item belongs."""

    encoded: bytes


@dataclass(frozen=True)
class Pairs:
    """A map whose keys may be anything, and may repeat."""

    pairs: tuple[tuple[Any, Any], ...]


@dataclass(frozen=True)
class Tag:
    """Any tag at all."""

    number: int
    value: Any


@dataclass(frozen=True)
class SimpleValue:
    """Any simple value."""

    number: int


def dump(value: Any) -> bytes:
    """The bytes of a value, with no check of anything."""
    match value:
        case Raw():
            return value.encoded
        case cbor.Simple():
            return bytes((0xF8, value.value))
        case bool() | None:
            return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
        case SimpleValue():
            return bytes((0xE0 | value.number,)) if value.number < 24 else bytes((0xF8, value.number))
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case int():
            return cbor.head(0, value) if value >= 0 else cbor.head(1, -1 - value)
        case bytes():
            return cbor.head(2, len(value)) + value
        case str():
            encoded = value.encode()
            return cbor.head(3, len(encoded)) + encoded
        case Pairs():
            return cbor.head(5, len(value.pairs)) + b"".join(dump(key) + dump(member) for key, member in value.pairs)
        case Mapping():
            return dump(Pairs(tuple(value.items())))
        case tuple() | list():
            return cbor.head(4, len(value)) + b"".join(map(dump, value))
        case Tag(number=number, value=content) | cbor.Tagged(tag=number, value=content):
            return cbor.head(6, number) + dump(content)
        case _:
            raise TypeError(type(value))


def long_head(major: int, argument: int) -> bytes:
    """A head that is eight bytes longer than it need be."""
    return bytes((major << 5 | 27,)) + argument.to_bytes(8)
