"""Check numbers: short, speakable, e.g. `7K3-Q42`; six Crockford characters, so nobody confuses O and 0 or I and 1."""

import re
from collections.abc import Callable
from typing import Final

ADDRESS: Final = re.compile(r"[0-9A-Z]{1,8}(?:-[0-9A-Z]{1,8}){0,3}")
"""What may stand for a check number in an address: of its form, if not one that was ever given."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_HALF: Final = 3
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def draw(random_bytes: Callable[[int], bytes]) -> str:
    """A number drawn at random from 2^30; whether it is free is the journal's to say."""
    drawn = "".join(_ALPHABET[byte & 0x1F] for byte in random_bytes(2 * _HALF))
    return f"{drawn[:_HALF]}-{drawn[_HALF:]}"


def normalise(spoken: str) -> str:
    """The number as the journal has it, from what somebody typed: any case, dash or none, O for 0, I or L for 1."""
    characters = "".join(each for each in spoken.upper().translate(_READ_AS) if each in _ALPHABET)
    return f"{characters[:_HALF]}-{characters[_HALF:]}"
