"""Mutations that know CBOR: one node of the tree is bent, also inside byte strings, and the heads around it follow.

Bytes changed blindly seldom get behind the first head; they are a third of all changes, for what no encoder writes.
The same content and the same chance give the same mutant.
"""

import random
from collections.abc import Mapping
from typing import Any, Final

from protocol import cbor, limits
from protocol.cbor import Simple, Tagged
from protocol.errors import CborError

_DEEP: Any = 0
for _ in range(limits.MAX_CBOR_DEPTH):
    _DEEP = (_DEEP,)

ODD: Final[tuple[Any, ...]] = (
    *(0, 1, -1, 23, 24, 255, 256, 2**32, 2**53, 2**63 - 1, -(2**63), limits.MAX_TIME, limits.MAX_TIME + 1),
    *(101, 10101, 20260229, 20261131, 99991231, 99991232, True, False, None),
    *(b"", bytes(8), bytes(16), bytes(32), b"\xff" * 32, bytes(64), bytes(65), bytes(1025)),
    *("", " ", "a", "a" * 1024, "证" * 342, "\u202e", "e\u0301", "a\u0300\u0316" * 40, "\u0000", "\ud7ff", "\ufdd0"),
    *("lz:990000/3", "lz:990000/", "lz:w", "990000.GA", "٣٣٣٣٣٣", "9" * 18, "11010119491231002X"),
    *((), {}, (0,), {0: 0}, {"a": 0}, {Simple.REDACTED_KEYS: ()}, {Simple.REDACTED_KEYS: (bytes(32),)}, _DEEP),
    *(Tagged(60, bytes(32)), Tagged(18, ()), Tagged(16, (b"", {}, b""))),
)
_HOSTILE: Final = ("\u202e", "\u200b", "\n", "\x1b[2J", "\u0301", "\ufffe", "\U000e0001", "𠮷", "<b>", " ", "\ue000")


def mutate(content: bytes, chance: random.Random) -> bytes:
    """A mutant of this content, one to three changes away."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        content = _changed(content, chance)
    return content


def _changed(content: bytes, chance: random.Random) -> bytes:
    if chance.random() < 1 / 3:
        return _bytes_changed(content, chance)
    try:
        return cbor.encode(_bent(cbor.decode(content, max_items=limits.MAX_DOCUMENT_ITEMS), chance))
    except CborError:
        return _bytes_changed(content, chance)


def _bytes_changed(content: bytes, chance: random.Random) -> bytes:
    changed = bytearray(content)
    at = chance.randrange(len(changed) + 1)
    match chance.randrange(6):
        case 0 if at < len(changed):
            changed[at] ^= 1 << chance.randrange(8)
        case 1 if at < len(changed):
            changed[at] = chance.choice(
                (0, 0x7F, 0x80, 0xFF, 0x1B, 0x3B, 0x5F, 0x9F, 0xF8, 0xF9, chance.randrange(256))
            )
        case 2:
            changed[at:at] = chance.randbytes(chance.randrange(1, 5))
        case 3:
            del changed[at : at + chance.randrange(1, 9)]
        case 4:
            begin = chance.randrange(len(changed) + 1)
            changed[at:at] = changed[begin : begin + chance.randrange(1, 33)]
        case _:
            del changed[at:]
    return bytes(changed)


def _bent(value: Any, chance: random.Random) -> Any:
    """The same tree with one node replaced; deeper ones are more, and therefore likelier."""
    if chance.random() < 0.9:
        match value:
            case Tagged():
                return Tagged(value.tag, _bent(value.value, chance))
            case tuple() if value:
                at = chance.randrange(len(value))
                return (*value[:at], _bent(value[at], chance), *value[at + 1 :])
            case Mapping() if value:
                key = chance.choice(list(value))
                return {**value, key: _bent(value[key], chance)}
            case bytes() if len(value) > 8:
                try:
                    return cbor.encode(_bent(cbor.decode(value), chance))
                except CborError:
                    pass
    return _replaced(value, chance)


def _replaced(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.4:
        return chance.choice(ODD)
    match value:
        case bool() | None:
            return chance.choice((True, False, None, 0, 1))
        case int():
            return chance.choice(
                (value + 1, value - 1, -value, value * 2, value ^ 1 << chance.randrange(63), value % 100)
            )
        case str():
            at = chance.randrange(len(value) + 1)
            return value[:at] + chance.choice(_HOSTILE) + value[at + chance.randrange(2) :]
        case bytes():
            return _bytes_changed(value, chance)
        case tuple():
            return _array_changed(value, chance)
        case Mapping():
            return _map_changed(value, chance)
        case _:
            return chance.choice(ODD)


def _array_changed(value: tuple[Any, ...], chance: random.Random) -> tuple[Any, ...]:
    at = chance.randrange(len(value) + 1)
    match chance.randrange(4):
        case 0:
            return value[:at] + value[at + 1 :]
        case 1:
            return value[:at] + value[max(at - 1, 0) :]
        case 2:
            return tuple(reversed(value))
        case _:
            return (*value[:at], chance.choice(ODD), *value[at:])


def _map_changed(value: Mapping[Any, Any], chance: random.Random) -> Mapping[Any, Any]:
    entries = list(value.items())
    match chance.randrange(4):
        case 0 if entries:
            entries.pop(chance.randrange(len(entries)))
        case 1 if entries:
            _, moved = entries.pop(chance.randrange(len(entries)))
            entries.append((chance.randrange(-300, 300), moved))
        case 2:
            chance.shuffle(entries)
        case _:
            entries.append((chance.choice((*range(12), 200, 215, -1, "a", Simple.REDACTED_KEYS)), chance.choice(ODD)))
    return dict(entries)
