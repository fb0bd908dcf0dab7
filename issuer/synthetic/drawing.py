"""Draws of one synthetic subject: the same numbers for the same seed, kind and place in the row, whatever was before.

Not random in any sense that protects something: keys and indices never come from here.
"""

from collections.abc import Sequence
from hashlib import shake_256
from typing import Final, TypeVar

_T = TypeVar("_T")
_BYTES: Final = 128
"""1,024 bits, of which a subject takes some 300."""


class Draws:
    """Numbers one after another, taken off one long number."""

    def __init__(self, *, seed: int, slug: str, place: int) -> None:
        self._left = int.from_bytes(shake_256(f"{seed}/{slug}/{place}".encode()).digest(_BYTES))

    def below(self, bound: int) -> int:
        """0 to the bound less one."""
        self._left, drawn = divmod(self._left, bound)
        return drawn

    def between(self, least: int, most: int) -> int:
        """Both ends included; the least where nothing lies between."""
        return least + self.below(max(1, most - least + 1))

    def one_of(self, choices: Sequence[_T]) -> _T:
        return choices[self.below(len(choices))]

    def digits(self, count: int) -> str:
        return f"{self.below(10**count):0{count}}"

    def once_in(self, times: int) -> bool:
        return self.below(times) == 0
