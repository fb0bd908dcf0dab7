"""Text for a strip of paper: made harmless, measured in columns, and wrapped.

Guaranteed: what `harmless` gives has only printable characters of one direction each: no control character, so nothing
of it can be a command of the printer; no bidirectional control, no zero-width or private character, no combining mark
that a printer would put elsewhere. What is taken out between two words becomes a space.

A printer's columns are its own: ASCII takes one and every character of its Chinese font two, also those that Unicode
calls narrow or ambiguous (UAX #11), because GB18030 printers draw each multi-byte character in a square cell.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

_SPACES: Final = frozenset({"Zs", "Zl", "Zp", "Cc"})
_TAKEN_OUT: Final = frozenset({"Cf", "Cs", "Co", "Cn", "Mn", "Me"})
_CLOSING: Final = frozenset("，。、；：？！）》」』】”’")
"""No line begins with these (GB/T 15834, clause 5.1)."""
MISSING: Final = "〓"
"""The printers' own sign for a character that they do not have (GB2312 A1FE)."""


def harmless(text: str, *, max_characters: int) -> str:
    """The text as it may be shown; longer text ends in an ellipsis."""
    kept = []
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in _SPACES:
            kept.append(" ")
        elif category not in _TAKEN_OUT:
            kept.append(character)
    said = " ".join("".join(kept).split())
    return said if len(said) <= max_characters else said[: max_characters - 1] + "…"


def cells(text: str) -> int:
    """How many columns it takes."""
    return sum(1 if character.isascii() else 2 for character in text)


def encoded(text: str, *, four_bytes: bool) -> bytes:
    """GB18030 as printers have it.

    Args:
        text: harmless.
        four_bytes: the printer knows the four-byte characters too; else they become a sign that one is missing.
    """
    parts = []
    for character in text:
        raw = character.encode("gb18030")
        parts.append(raw if len(raw) < 4 or four_bytes else MISSING.encode("gb18030"))
    return b"".join(parts)


def wrapped(text: str, columns: int, *, indent: int = 0) -> tuple[str, ...]:
    """Lines of at most so many columns: broken at spaces, and between any two Chinese characters.

    Args:
        text: harmless.
        columns: of the paper.
        indent: columns that every line but the first begins with.
    """
    lines, line = [], ""
    for piece in _pieces(text):
        for part in _cut(piece, columns - indent):
            if line.strip() and cells(line) + cells(part.rstrip()) > columns:
                lines.append(line.rstrip())
                line = " " * indent + part.lstrip()
            else:
                line += part
    return (*lines, line.rstrip()) if line.strip() else tuple(lines)


def _pieces(text: str) -> Iterator[str]:
    """What is never broken: a word with the space after it, or one character of another script with what closes it."""
    piece = ""
    for character in text:
        if piece and (character in _CLOSING or (character.isascii() and piece[-1].isascii() and piece[-1] != " ")):
            piece += character
        else:
            if piece:
                yield piece
            piece = character
    if piece:
        yield piece


def _cut(piece: str, columns: int) -> Iterator[str]:
    """What is longer than a line has to be broken after all."""
    while cells(piece.rstrip()) > columns:
        fits = columns
        while cells(piece[:fits]) > columns:
            fits -= 1
        yield piece[:fits]
        piece = piece[fits:]
    yield piece
