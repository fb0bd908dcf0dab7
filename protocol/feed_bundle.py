"""Bundles: published files of a region or a repository in one map, for a stick or from one terminal to another.

Guaranteed on reading: one deterministic CBOR map from the names of `published_names`, each once, to bytes within the
bounds of their kind; bounds are checked before a value is read, so that whoever reads from a file needs memory for one
entry. Nothing in a bundle is believed: it stands in the place of a server, and all checks are those of an ordinary
poll. Not handled here: files and sticks (`revocation.bundle_file`), and what goes in (`revocation.bundling`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, limits
from protocol.errors import CborError, SchemaError, ShapeError, SizeError
from protocol.published_names import published

Read = Callable[[int, int], bytes]
"""The bytes from an offset on, at most so many; fewer only at the end."""

_MAP, _TEXT, _BYTES = 5, 3, 2
_MAX_HEAD: Final = 5
"""Of a length below 2^32."""
_MAX_NAME_BYTES: Final = 128


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the bytes of an entry lie."""

    offset: int
    size: int


def encode(entries: Mapping[str, bytes]) -> bytes:
    """The bytes of a bundle.

    Raises:
        ProtocolError: A reader would refuse it; nothing is returned.
    """
    value: dict[cbor.Key, cbor.Value] = dict(entries.items())
    encoded = cbor.encode(value)
    index(_reader(encoded), len(encoded))
    return encoded


def decode(encoded: bytes) -> dict[str, bytes]:
    """The entries of a bundle that is in memory. Raises: as `index`."""
    extents = index(_reader(encoded), len(encoded))
    return {name: encoded[each.offset : each.offset + each.size] for name, each in extents.items()}


def index(read: Read, size: int) -> dict[str, Extent]:
    """Where each entry lies, from the heads and names alone.

    Args:
        read: Gives bytes of the bundle.
        size: How many the bundle has.

    Raises:
        SizeError: The bundle, an entry or their number is beyond its bound.
        ShapeError: Not a map of names to bytes.
        SchemaError: A name that nobody publishes.
        CborError: Not deterministic, cut off, a name twice, or bytes after the end.
    """
    if size > limits.MAX_FEED_BUNDLE_BYTES:
        raise SizeError(f"a bundle of {size} bytes")
    count, at = _head(read(0, _MAX_HEAD), _MAP)
    if not 0 < count <= limits.MAX_FEED_BUNDLE_ENTRIES:
        raise SizeError(f"a bundle of {count} entries")
    extents: dict[str, Extent] = {}
    before = b""
    for _ in range(count):
        window = read(at, _MAX_HEAD + _MAX_NAME_BYTES + _MAX_HEAD)
        length, begin = _head(window, _TEXT)
        if length > _MAX_NAME_BYTES:
            raise SizeError(f"a name of {length} bytes")
        key = window[: begin + length]
        # RFC 8949 section 4.2.1: ascending by their bytes, so that nothing stands twice either.
        if key <= before:
            raise CborError("entries that are not ascending, or one name twice")
        entry = published(key[begin:].decode("ascii", "replace"))
        if entry is None:
            raise SchemaError("an entry of a name that nobody publishes")
        length, begin = _head(window[len(key) :], _BYTES)
        if not 0 < length <= entry.max_bytes:
            raise SizeError(f"{entry.name}: {length} bytes")
        extents[entry.name] = Extent(at + len(key) + begin, length)
        before, at = key, at + len(key) + begin + length
    if at != size:
        raise CborError("the bytes end inside an entry" if at > size else f"{size - at} bytes after the end")
    return extents


def _reader(encoded: bytes) -> Read:
    return lambda offset, count: encoded[offset : offset + count]


def _head(window: bytes, major: int) -> tuple[int, int]:
    """The argument of the head that begins here, and the head's length."""
    if not window:
        raise CborError("the bytes end inside an entry")
    if window[0] >> 5 != major:
        raise ShapeError("not a map of names to bytes")
    low = window[0] & 0x1F
    width = 0 if low < 24 else {24: 1, 25: 2, 26: 4}.get(low)
    if width is None:
        raise CborError("an indefinite length, or one beyond 32 bits")
    argument = int.from_bytes(window[1 : 1 + width]) if width else low
    # The shortest head that holds the argument is the only one.
    if window[: 1 + width] != cbor.head(major, argument):
        raise CborError("a head longer than necessary, or cut off")
    return argument, 1 + width
