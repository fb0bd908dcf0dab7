"""The display form of what belongs to acts at the roadside: pure, and one object per language. See `views`."""

from typing import TypedDict

from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.events import JoinedWith
from verifier_terminal.web.texts import say

JoinedView = TypedDict("JoinedView", {"with": str, "linked": bool, "text": str})


def joined_view(joined: JoinedWith | None, language: Language) -> JoinedView | None:
    """With which check this one is one act, and whether both licences were shown to be one holder's."""
    if joined is None:
        return None
    key = "linked" if joined.linked else "waived" if joined.waived else "unlinked"
    return {
        "with": joined.check_number,
        "linked": joined.linked,
        "text": say(f"joined.{key}", language, number=joined.check_number),
    }
