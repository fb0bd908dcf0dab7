"""A person's name in part: 张*三. One rule for what a terminal shows of a name and for what a paper code carries.

Guaranteed: at most the first and the last character stay, and of every name at least one does not.
"""

import unicodedata
from typing import Final

STAR: Final = "*"
SEPARATORS: Final = frozenset("·•・‧. ")
"""Middle dots of transcribed names (买买提·艾力) in the forms that registers use; spaces of Latin names."""


def mask(text: str) -> str:
    """A person's name: the first and the last character stay, of two only the first; separators stay.

    张三 → 张* · 张三丰 → 张*丰 · 欧阳小明 → 欧**明 · 买买提·艾力 → 买**·*力 · one character → *.
    """
    parts = clusters(text)
    letters = [place for place, cluster in enumerate(parts) if cluster not in SEPARATORS]
    kept = {letters[0]} if len(letters) == 2 else {letters[0], letters[-1]} if len(letters) > 2 else set()
    return "".join(cluster if place in kept or cluster in SEPARATORS else STAR for place, cluster in enumerate(parts))


def clusters(text: str) -> list[str]:
    """Characters with the marks and variation selectors that belong to them (rare name characters carry one)."""
    found: list[str] = []
    for character in text:
        if found and unicodedata.category(character).startswith("M"):
            found[-1] += character
        else:
            found.append(character)
    return found
