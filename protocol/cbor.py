"""Strict deterministic CBOR (RFC 8949 section 4.2.1): the only parser of untrusted bytes.

Guaranteed for `decode`: one value and nothing after it; shortest heads; definite lengths; no duplicate keys; no floats;
map keys are integers, text or simple(59); tags 16, 18 and 60 only; bounded depth and number of items; every refusal is
a `CborError`. Map order is free on read (SD-CWT does not demand one) and deterministic on write.

Not handled here: what the values mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from protocol import labels, limits
from protocol.errors import CborError


class Simple(Enum):
    """The one simple value that may be a map key: where a map keeps its redacted claim hashes."""

    REDACTED_KEYS = labels.SIMPLE_REDACTED_KEYS


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tagged value (RFC 8949 section 3.4)."""

    tag: int
    value: "Value"


Key = int | str | Simple
Value = int | str | bytes | bool | None | tuple["Value", ...] | Mapping[Key, "Value"] | Tagged

_ALLOWED_TAGS: Final = frozenset({labels.TAG_ENCRYPT0, labels.TAG_SIGN1, labels.TAG_REDACTED_ELEMENT})
_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**63 - 1
_MAX_KEY_BYTES: Final = 255
"""SD-CWT section 5.3: text keys have at most 255 octets."""


def decode(encoded: bytes, *, max_items: int = limits.MAX_CBOR_ITEMS) -> Value:
    """The value of exactly these bytes.

    Args:
        encoded: One CBOR item; its length was bounded by the caller.
        max_items: How many items (array elements, map keys and map values all count) may occur.

    Raises:
        CborError: The bytes are not the strict CBOR described above.
    """
    reader = _Reader(encoded, max_items)
    try:
        value = reader.value(0)
    except IndexError:
        raise CborError("the bytes end inside an item") from None
    if reader.position != len(encoded):
        raise CborError(f"{len(encoded) - reader.position} bytes after the end of the item")
    return value


class _Reader:
    """One pass over one byte string."""

    __slots__ = ("encoded", "items_left", "position")

    def __init__(self, encoded: bytes, max_items: int) -> None:
        self.encoded = encoded
        self.position = 0
        self.items_left = max_items

    def value(self, depth: int) -> Value:
        encoded = self.encoded
        position = self.position
        initial = encoded[position]
        position += 1
        major = initial >> 5
        argument = initial & 0x1F
        if argument == 24 and major != 7:
            # One byte of length is by far the most frequent; the end of the bytes is an IndexError here.
            argument = encoded[position]
            position += 1
            if argument < 24:
                raise CborError("a head longer than necessary")
        elif argument >= 24:
            if major == 7:
                raise CborError(f"a float or a simple value outside a map key (head {initial:#04x})")
            if argument > 27:
                raise CborError("indefinite or reserved length")
            width = 1 << (argument - 24)
            end = position + width
            if end > len(encoded):
                raise CborError("the bytes end inside a head")
            wide = int.from_bytes(encoded[position:end])
            # RFC 8949 section 4.2.1: the shortest head that holds the argument is the only one.
            if wide >> (4 * width) == 0:
                raise CborError("a head longer than necessary")
            argument = wide
            position = end
        self.position = position
        if major == 0:
            if argument > _MAX_INT:
                raise CborError("an integer beyond 63 bits")
            return argument
        if major == 2 or major == 3:  # noqa: PLR1714 — two comparisons are faster than building a tuple here
            end = position + argument
            if end > len(encoded):
                raise CborError("a string longer than the bytes left")
            self.position = end
            content = encoded[position:end]
            if major == 2:
                return content
            try:
                return str(content, "utf-8")
            except UnicodeDecodeError:
                raise CborError("text that is not UTF-8") from None
        if major == 5:
            return self._map(argument, depth)
        if major == 4:
            self._enter(argument, depth)
            return tuple([self.value(depth + 1) for _ in range(argument)])
        if major == 1:
            if argument > _MAX_INT:
                raise CborError("an integer beyond 63 bits")
            return -1 - argument
        if major == 6:
            if argument not in _ALLOWED_TAGS:
                raise CborError(f"tag {argument} is not in use here")
            self._enter(1, depth)
            return Tagged(argument, self.value(depth + 1))
        if argument == 20:
            return False
        if argument == 21:
            return True
        if argument == 22:
            return None
        raise CborError(f"simple value {argument} is not in use here")

    def _enter(self, items: int, depth: int) -> None:
        if depth >= limits.MAX_CBOR_DEPTH:
            raise CborError(f"nested deeper than {limits.MAX_CBOR_DEPTH} levels")
        self.items_left -= items
        if self.items_left < 0:
            raise CborError("more items than the bound allows")

    def _map(self, pairs: int, depth: int) -> Mapping[Key, Value]:
        self._enter(2 * pairs, depth)
        entries: dict[Key, Value] = {}
        for _ in range(pairs):
            initial = self.encoded[self.position]
            # Nearly all keys are integers of one byte; they need no further look.
            if initial < 0x18:
                self.position += 1
                key: Key = initial
            elif 0x20 <= initial < 0x38:
                self.position += 1
                key = 0x1F - initial
            else:
                key = self._key(depth + 1)
            if key in entries:
                raise CborError("a duplicate map key")
            entries[key] = self.value(depth + 1)
        return entries

    def _key(self, depth: int) -> Key:
        encoded = self.encoded
        initial = encoded[self.position]
        if initial == 0xF8:
            if encoded[self.position + 1] != labels.SIMPLE_REDACTED_KEYS:
                raise CborError("a simple value other than 59 as map key")
            self.position += 2
            return Simple.REDACTED_KEYS
        if initial >> 5 not in (0, 1, 3):
            raise CborError("a map key that is neither integer nor text")
        key = self.value(depth)
        assert isinstance(key, int | str)
        if isinstance(key, str) and len(key.encode()) > _MAX_KEY_BYTES:
            raise CborError(f"a text key longer than {_MAX_KEY_BYTES} bytes")
        return key


def encode(value: Value) -> bytes:
    """Deterministic bytes of a value: shortest heads, map keys in bytewise order of their encoding.

    Raises:
        CborError: The value has no encoding here (a float, a foreign tag, an integer beyond 63 bits).
    """
    out = bytearray()
    _write(value, out)
    return bytes(out)


def head(major: int, argument: int) -> bytes:
    """The shortest head of a major type (0 … 7) with this argument."""
    if argument < 24:
        return bytes((major << 5 | argument,))
    for width, low in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if argument < 1 << (8 * width):
            return bytes((major << 5 | low,)) + argument.to_bytes(width)
    raise CborError("an argument beyond 64 bits")


def _write(value: Value, out: bytearray) -> None:
    if value is False or value is True or value is None:
        out.append(0xF4 if value is False else 0xF5 if value is True else 0xF6)
    elif isinstance(value, int):
        if not _MIN_INT <= value <= _MAX_INT:
            raise CborError("an integer beyond 63 bits")
        out += head(0, value) if value >= 0 else head(1, -1 - value)
    elif isinstance(value, bytes):
        out += head(2, len(value))
        out += value
    elif isinstance(value, str):
        try:
            content = value.encode()
        except UnicodeEncodeError:
            raise CborError("text that is not Unicode scalar values") from None
        out += head(3, len(content))
        out += content
    elif isinstance(value, tuple | list):
        out += head(4, len(value))
        for element in value:
            _write(element, out)
    elif isinstance(value, Mapping):
        out += head(5, len(value))
        encoded_keys = {_key_bytes(key): member for key, member in value.items()}
        for key in sorted(encoded_keys):
            out += key
            _write(encoded_keys[key], out)
    elif isinstance(value, Tagged):
        if value.tag not in _ALLOWED_TAGS:
            raise CborError(f"tag {value.tag} is not in use here")
        out += head(6, value.tag)
        _write(value.value, out)
    else:
        raise CborError(f"a {type(value).__name__} has no encoding here")


def _key_bytes(key: Key) -> bytes:
    if isinstance(key, Simple):
        return bytes((0xF8, key.value))
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise CborError("a map key that is neither integer nor text")
    return encode(key)
