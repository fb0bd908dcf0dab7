"""The last barrier before a screen: text that came with a licence shows what it says and stays in its place.

The protocol refuses hostile text already; this stands behind it, so that one mistake there draws no fake verdict here.
"""

import unicodedata
from typing import Final

MAX_VALUE_CHARACTERS: Final = 240
"""The longest item of the catalogue (an address) in characters."""
MAX_NAME_CHARACTERS: Final = 60
_MAX_STACKED_MARKS: Final = 3
_HOSTILE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def shown(text: str, *, max_characters: int = MAX_VALUE_CHARACTERS) -> str:
    """The text without control, bidi, zero-width, private or line-break characters and towers of marks, cut to length.

    What was taken away leaves a replacement character, because a silent repair would hide an attack.
    """
    if len(text) <= max_characters and text.isascii() and text.isprintable():
        # Nearly everything on a page of figures and codes; among these characters none is hostile.
        return text
    out: list[str] = []
    marks = 0
    for character in text[: max_characters + 1]:
        category = unicodedata.category(character)
        marks = marks + 1 if category.startswith("M") else 0
        out.append(_REPLACEMENT if category in _HOSTILE or marks > _MAX_STACKED_MARKS else character)
    return "".join(out[:max_characters]) + ("…" if len(out) > max_characters else "")
