"""Strict deterministic CBOR (RFC 8949 section 4.2.1): the only parser of untrusted bytes.

Guaranteed for `decode`: one value and nothing after it; shortest heads; definite lengths; no duplicate keys; no floats;
map keys are integers, text or simple(59); tags 16, 18 and 60 only; bounded depth and number of items; every refusal is
a `CborError`. Map order is free on read (SD-CWT does not demand one) and deterministic on write.

Not handled here: what the values mean.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

from protocol import labels, limits
from protocol.errors import CborError
from protocol.light_dataclass import light_dataclass


class Simple(Enum):
    """The one simple value that may be a map key: where a map keeps its redacted claim hashes."""

    REDACTED_KEYS = labels.SIMPLE_REDACTED_KEYS

    # Every map is asked for it; Enum would hash the name each time.
    __hash__ = object.__hash__


@light_dataclass(frozen=True, slots=True)
class Tagged:
    """A tagged value (RFC 8949 section 3.4)."""

    tag: int
    value: "Value"


Key = int | str | Simple
Value = int | str | bytes | bool | None | tuple["Value", ...] | Mapping[Key, "Value"] | Tagged

_ALLOWED_TAGS: Final = frozenset({labels.TAG_ENCRYPT0, labels.TAG_SIGN1, labels.TAG_REDACTED_ELEMENT})
_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**63 - 1
_MAX_KEY_WIDTH: Final = 1
"""SD-CWT section 5.3: text keys have at most 255 octets, the most that one byte of length tells."""
# What a head is, in the order in which `_Reader.value` asks; an atom says its whole value in one byte.
_BSTR, _TSTR, _ATOM, _UINT, _NINT, _MAP, _ARRAY, _TAG, _SIMPLE, _REFUSED = range(10)
_FORM_OF_MAJOR: Final = (_UINT, _NINT, _BSTR, _TSTR, _ARRAY, _MAP, _TAG, _SIMPLE)
"""RFC 8949 section 3.1."""
_KEY_FORMS: Final = frozenset({_UINT, _NINT, _TSTR})
_REDACTED_KEYS: Final = bytes((0xF8, labels.SIMPLE_REDACTED_KEYS))
_SIMPLE_VALUES: Final = {20: False, 21: True, 22: None}


def _head_of(initial: int) -> tuple[int, int, int]:
    """What an initial byte says: a form, an argument, and how many bytes of argument follow.

    The argument of an atom is its value. Where bytes follow, it is the least argument that needs as many of them.
    """
    form, low = _FORM_OF_MAJOR[initial >> 5], initial & 0x1F
    if low < 24:
        return (form, low, 0) if form not in (_UINT, _NINT) else (_ATOM, low if form == _UINT else -1 - low, 0)
    if form == _SIMPLE or low > 27:
        return _REFUSED, 0, 0
    return form, (24, 2**8, 2**16, 2**32)[low - 24], 1 << (low - 24)


_HEADS: Final = tuple(_head_of(initial) for initial in range(256))
"""Looked up for every item: cheaper than taking each initial byte apart."""


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
    except UnicodeDecodeError:
        raise CborError("text that is not UTF-8") from None
    if reader.position > len(encoded):
        raise CborError("the bytes end inside an item")
    if reader.position < len(encoded):
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
        """The next item.

        Reading is half of what a verification costs besides its signatures, so what could be a method of its own stands
        here: a call costs as much as an item. A length beyond the end leaves the position there for `decode` to find,
        unless an item that should follow is missed first (IndexError).
        """
        encoded = self.encoded
        position = self.position
        form, argument, width = _HEADS[encoded[position]]
        position += 1
        if width:
            end = position + width
            least, argument = argument, int.from_bytes(encoded[position:end])
            # RFC 8949 section 4.2.1: the shortest head that holds the argument is the only one.
            if argument < least:
                raise CborError("a head longer than necessary")
            position = end
        if form <= _TSTR:
            self.position = end = position + argument
            content = encoded[position:end]
            return content if form == _BSTR else content.decode()
        self.position = position
        if form == _ATOM:
            return argument
        if form <= _NINT:
            if argument > _MAX_INT:
                raise CborError("an integer beyond 63 bits")
            return argument if form == _UINT else -1 - argument
        if form >= _SIMPLE:
            if form == _REFUSED or argument not in _SIMPLE_VALUES:
                raise CborError("a float, an indefinite length, or a simple value that may not stand here")
            return _SIMPLE_VALUES[argument]
        if depth >= limits.MAX_CBOR_DEPTH:
            raise CborError(f"nested deeper than {limits.MAX_CBOR_DEPTH} levels")
        depth += 1
        self.items_left -= 2 * argument if form == _MAP else argument if form == _ARRAY else 1
        if self.items_left < 0:
            raise CborError("more items than the bound allows")
        if form == _ARRAY:
            return tuple(map(self.value, repeat(depth, argument)))
        if form == _TAG:
            if argument not in _ALLOWED_TAGS:
                raise CborError(f"tag {argument} is not in use here")
            return Tagged(argument, self.value(depth))
        entries: dict[Any, Value] = {}
        key: Value | Simple
        for _ in range(argument):
            form, number, width = _HEADS[encoded[self.position]]
            if form == _ATOM:
                # Nearly all keys are integers of one byte.
                self.position += 1
                key = number
            elif form == _REFUSED and encoded[self.position : self.position + 2] == _REDACTED_KEYS:
                self.position += 2
                key = Simple.REDACTED_KEYS
            elif form not in _KEY_FORMS or (form == _TSTR and width > _MAX_KEY_WIDTH):
                raise CborError("a map key that is neither an integer nor a text key of at most 255 bytes")
            else:
                key = self.value(depth)
            if key in entries:
                raise CborError("a duplicate map key")
            entries[key] = self.value(depth)
        return entries


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
        return _BYTES[major << 5 | argument]
    if argument < 2**8:
        return bytes((major << 5 | 24, argument))
    for width, low in ((2, 25), (4, 26), (8, 27)):
        if argument < 1 << (8 * width):
            return _BYTES[major << 5 | low] + argument.to_bytes(width)
    raise CborError("an argument beyond 64 bits")


def _write(value: Value, out: bytearray) -> None:
    # Whoever issues millions of licences waits for this longer than for their signatures. Dispatching by the exact type
    # is one look-up; what is derived from one (an IntEnum, a view of a map) is asked for its kind.
    writer = _WRITERS.get(type(value))
    if writer is None:
        writer = next((writer for kind, writer in _DERIVED if isinstance(value, kind)), None)
        if writer is None:
            raise CborError(f"a {type(value).__name__} has no encoding here")
    writer(value, out)


def _write_atom(value: bool | None, out: bytearray) -> None:
    out.append(0xF4 if value is False else 0xF5 if value is True else 0xF6)


def _write_integer(value: int, out: bytearray) -> None:
    if not _MIN_INT <= value <= _MAX_INT:
        raise CborError("an integer beyond 63 bits")
    if 0 <= value < 24:
        out.append(value)
    else:
        out += head(0, value) if value >= 0 else head(1, -1 - value)


def _write_bytes(value: bytes, out: bytearray) -> None:
    length = len(value)
    out += _BYTES[0x40 | length] if length < 24 else head(2, length)
    out += value


def _write_text(value: str, out: bytearray) -> None:
    try:
        content = value.encode()
    except UnicodeEncodeError:
        raise CborError("text that is not Unicode scalar values") from None
    length = len(content)
    out += _BYTES[0x60 | length] if length < 24 else head(3, length)
    out += content


def _write_array(value: Sequence[Value], out: bytearray) -> None:
    out += head(4, len(value))
    for element in value:
        _WRITERS.get(type(element), _write)(element, out)


def _write_map(value: Mapping[Key, Value], out: bytearray) -> None:
    out += head(5, len(value))
    members = [(_key_bytes(key), member) for key, member in value.items()]
    members.sort(key=_first)
    for encoded_key, member in members:
        out += encoded_key
        _WRITERS.get(type(member), _write)(member, out)


def _write_tagged(value: Tagged, out: bytearray) -> None:
    if value.tag not in _ALLOWED_TAGS:
        raise CborError(f"tag {value.tag} is not in use here")
    out += head(6, value.tag)
    _write(value.value, out)


def _key_bytes(key: Key) -> bytes:
    if type(key) is int and 0 <= key < 24:
        return _BYTES[key]
    if isinstance(key, Simple):
        return _REDACTED_KEYS
    if isinstance(key, bool) or not isinstance(key, int | str):
        raise CborError("a map key that is neither integer nor text")
    return encode(key)


_BYTES: Final = tuple(bytes((each,)) for each in range(256))
_first: Final[Callable[[tuple[bytes, Value]], bytes]] = itemgetter(0)
_WRITERS: Final[Mapping[type, Callable[[Any, bytearray], None]]] = {
    bool: _write_atom,
    type(None): _write_atom,
    int: _write_integer,
    bytes: _write_bytes,
    str: _write_text,
    tuple: _write_array,
    list: _write_array,
    dict: _write_map,
    Tagged: _write_tagged,
}
_DERIVED: Final[tuple[tuple[Any, Callable[[Any, bytearray], None]], ...]] = (
    (int, _write_integer),
    (bytes, _write_bytes),
    (str, _write_text),
    (tuple | list, _write_array),
    (Mapping, _write_map),
)
