"""From a passphrase to a key, for everything of a terminal that rests encrypted: people's keys and backups.

Argon2id (RFC 9106) over the passphrase in one Unicode form, since what is typed on one keyboard as one character and on
another as two must open the same thing. Not handled here: how often somebody may guess (`store.guesses`).
"""

import unicodedata
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

KEY_BYTES: Final = 32
MIN_CHARACTERS: Final = 8


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: Argon2id passes, KiB of memory, lanes."""

    passes: int
    memory_kib: int
    lanes: int


RFC_9106_LOW_MEMORY: Final = Cost(passes=3, memory_kib=65_536, lanes=4)
"""The second recommended option of RFC 9106 section 4: a handheld has no 2 GiB to spare."""


def stretched(passphrase: str, salt: bytes, cost: Cost) -> bytes:
    """The key of `KEY_BYTES` that this passphrase makes with this salt."""
    typed = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    stretch = Argon2id(
        salt=salt, length=KEY_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    return stretch.derive(typed)
