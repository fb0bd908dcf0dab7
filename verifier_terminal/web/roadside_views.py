"""The display form of what belongs to acts at the roadside: pure, and one object per language. See `views`."""

from typing import TypedDict

from verifier_terminal.appraisal.reasons import Language
from verifier_terminal.events import JoinedWith
from verifier_terminal.officers_acts import ActStanding, ActState
from verifier_terminal.web.harmless import shown
from verifier_terminal.web.texts import TAGS, say

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


def act_text(act: ActStanding, language: Language) -> str:
    """What an officer did, and what became of it: signed is never said as if it were confirmed."""
    kind = say(f"officers_act.{act.kind.name.lower()}", language)
    if act.answer is not None:
        state = say("officers_act.answered", language, state=say(f"answer.{act.answer.name.lower()}", language))
    elif act.state is ActState.REJECTED:
        why = say("officers_act.no_reason", language) if act.why is None else shown(act.why)
        state = say("officers_act.rejected", language, why=why)
    else:
        state = say(f"officers_act.{act.state}", language)
    return say("officers_act.line", language, kind=kind, state=state)


def act_views(act: ActStanding) -> dict[str, str]:
    """The same in every language."""
    return {tag: act_text(act, language) for language, tag in TAGS.items()}
