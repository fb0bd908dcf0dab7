"""Base45 (RFC 9285), strict: one text for each byte string, one byte string for each text.

Digits in base 45 are unique, so with overflow refused the decoder is injective and the text need not be encoded again
to prove it. Nothing is stripped: a text may begin with a space, and a newline is not of the alphabet.
"""

from array import array
from sys import byteorder
from typing import Final

from protocol.errors import Base45Error

ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_DIGITS: Final = bytes(ALPHABET.find(byte) if byte in ALPHABET else 0 for byte in range(256))


def encode(content: bytes) -> str:
    """The text of these bytes: three characters for two bytes, two for a last odd one."""
    out = bytearray()
    for high, low in zip(content[::2], content[1::2], strict=False):
        rest, first = divmod(high << 8 | low, 45)
        third, second = divmod(rest, 45)
        out += bytes((ALPHABET[first], ALPHABET[second], ALPHABET[third]))
    if len(content) % 2:
        second, first = divmod(content[-1], 45)
        out += bytes((ALPHABET[first], ALPHABET[second]))
    return out.decode("ascii")


def decode(text: str) -> bytes:
    """The bytes of this text.

    Raises:
        Base45Error: A character outside the alphabet, a length of 3n+1, or a group beyond its 16 or 8 bits.
    """
    try:
        characters = text.encode("ascii")
    except UnicodeEncodeError:
        raise Base45Error("a character outside the alphabet") from None
    if characters.translate(None, ALPHABET):
        raise Base45Error("a character outside the alphabet")
    full, rest = divmod(len(characters), 3)
    if rest == 1:
        raise Base45Error("a length that no byte string has")
    digits = characters.translate(_DIGITS)
    groups = digits[: 3 * full]
    try:
        # RFC 9285 section 4: c + 45 d + 2025 e; an array of unsigned 16-bit numbers refuses what is beyond 65535.
        words = array(
            "H",
            [
                first + 45 * second + 2025 * third
                for first, second, third in zip(groups[::3], groups[1::3], groups[2::3], strict=True)
            ],
        )
    except OverflowError:
        raise Base45Error("a group of three beyond 65535") from None
    if byteorder == "little":
        words.byteswap()
    content = words.tobytes()
    if rest:
        last = digits[-2] + 45 * digits[-1]
        if last > 0xFF:
            raise Base45Error("a group of two beyond 255")
        content += bytes((last,))
    return content
