"""The queue number or case id (排队号/案件号) that the next acts carry: 1 to 32 visible characters.

It stands in the journal, so it must not be the number of a person: what looks like a citizen's number (GB 11643), or a
mobile telephone's, is refused. Not handled here: names, which no rule can tell from a queue's letters.
"""

import re
import unicodedata
from typing import Final

from verifier_terminal.staff.errors import CaseRefused

MAX_CHARACTERS: Final = 32
_OF_A_PERSON: Final = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)", re.ASCII)


def checked(text: str) -> str:
    """The text as it will stand in rows; empty: none.

    Raises:
        CaseRefused: It is too long, not printable, or the number of a person.
    """
    case = unicodedata.normalize("NFKC", text).strip()
    if len(case) > MAX_CHARACTERS or not case.isprintable():
        raise CaseRefused(f"at most {MAX_CHARACTERS} visible characters")
    if _OF_A_PERSON.search(re.sub(r"[\s-]", "", case)):
        raise CaseRefused("this looks like the number of a person")
    return case
