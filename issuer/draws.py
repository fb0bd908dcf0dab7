"""What is drawn at random: which of several lists or moments, identifiers, secrets. Randomness is an argument."""

import base64
import string
from collections.abc import Callable
from typing import Final

RandomBytes = Callable[[int], bytes]

ID_CHARACTERS: Final = 22
"""131 bits: an id is never guessed (SECURITY.md K3)."""
_SECRET_BYTES: Final = 16
_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CAPITALS: Final = string.digits + string.ascii_uppercase
_NUMBER_BYTES: Final = 4


def below(random_bytes: RandomBytes, bound: int) -> int:
    """A number from 0 to the bound less one, each equally likely."""
    space = 1 << 8 * _NUMBER_BYTES
    assert 0 < bound <= space
    while True:
        drawn = int.from_bytes(random_bytes(_NUMBER_BYTES))
        # What is left of the space above the greatest multiple is thrown away, or small numbers would be more likely.
        if drawn < space - space % bound:
            return drawn % bound


def text(random_bytes: RandomBytes, characters: int) -> str:
    """So many characters of base62."""
    drawn = ""
    while len(drawn) < characters:
        # 248 = 4 * 62: greater bytes are thrown away, or the first characters would be more likely.
        drawn += "".join(_BASE62[byte % 62] for byte in random_bytes(characters) if byte < 248)
    return drawn[:characters]


def capitals(random_bytes: RandomBytes, characters: int) -> str:
    """So many of 0-9 and A-Z."""
    return "".join(_CAPITALS[below(random_bytes, len(_CAPITALS))] for _ in range(characters))


def secret(random_bytes: RandomBytes) -> str:
    """What opens one package at the web service."""
    return base64.urlsafe_b64encode(random_bytes(_SECRET_BYTES)).rstrip(b"=").decode()
