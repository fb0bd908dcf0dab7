"""What is drawn at random: status indices, identifiers, secrets. Randomness is an argument."""

import base64
import string
from collections.abc import Callable
from typing import Final

from protocol import limits

RandomBytes = Callable[[int], bytes]

ID_CHARACTERS: Final = 22
"""131 bits: an id is never guessed (SECURITY.md K3)."""
_SECRET_BYTES: Final = 16
_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


def idx(random_bytes: RandomBytes) -> int:
    """An index of a status list."""
    # The number of entries is a power of two, so the mask keeps every index equally likely.
    return int.from_bytes(random_bytes(4)) & limits.STATUS_LIST_ENTRIES - 1


def text(random_bytes: RandomBytes, characters: int) -> str:
    """So many characters of base62."""
    drawn = ""
    while len(drawn) < characters:
        # 248 = 4 * 62: greater bytes are thrown away, or the first characters would be more likely.
        drawn += "".join(_BASE62[byte % 62] for byte in random_bytes(characters) if byte < 248)
    return drawn[:characters]


def secret(random_bytes: RandomBytes) -> str:
    """What opens one package at the web service."""
    return base64.urlsafe_b64encode(random_bytes(_SECRET_BYTES)).rstrip(b"=").decode()
