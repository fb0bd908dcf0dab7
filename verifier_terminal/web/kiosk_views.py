"""The display form of a kiosk: its state, what runs out, and of a check only what its visitor may read.

Like `views`: pure, one object per language. The sentence is the one for the citizen, since no clerk is there to act.
"""

from collections.abc import Mapping
from typing import assert_never

from protocol.errors import Code
from protocol.licence.catalogue import Catalogue
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.reasons import Language, Reason
from verifier_terminal.appraisal.verdict import Tier, VerdictClass
from verifier_terminal.events import ShownVerdict
from verifier_terminal.faces.kiosk import View
from verifier_terminal.faces.kiosk_table import TABLE, Sound
from verifier_terminal.web.licence_views import licence_view
from verifier_terminal.web.texts import TAGS, in_language, say

Json = Mapping[str, object]


def kiosk_json(view: View, *, catalogue: Catalogue | None, reasons: Mapping[Code, Reason], now: UnixTime) -> Json:
    """What the screen shows now."""
    position = view.position
    return {
        "state": position.state.value,
        "left": view.left,
        "may_extend": position.may_extend,
        "can_print": view.can_print,
        "notice": None
        if view.notice is None
        else {tag: say(f"kiosk_notice.{view.notice}", language) for language, tag in TAGS.items()},
        "sound": _sound(view),
        "check": None if view.shown is None else _check(view.shown, catalogue, reasons, now),
    }


def _sound(view: View) -> str | None:
    sound = TABLE[view.position.state].sound
    match sound:
        case Sound.NONE:
            return None
        case Sound.VERDICT:
            return view.shown.verdict.verdict_class.value if view.shown else None
        case Sound.TICK | Sound.ATTENTION:
            return sound.value
        case _:
            assert_never(sound)


def _check(shown: ShownVerdict, catalogue: Catalogue | None, reasons: Mapping[Code, Reason], now: UnixTime) -> Json:
    verdict = shown.verdict
    return {
        "check_number": verdict.check_number,
        "class": verdict.verdict_class.value,
        "views": {
            tag: {
                "word": say(f"kiosk_word.{verdict.verdict_class}", language),
                "sentence": _sentence(shown, reasons, language),
                "foreign": say("foreign.seems", language, what=in_language(shown.foreign.names, language))
                if shown.foreign
                else None,
                "licences": [
                    licence_view(each.licence, verdict.purpose, catalogue, language, now)
                    for each in verdict.members or (verdict,)
                    if each.licence is not None
                ],
            }
            for language, tag in TAGS.items()
        },
    }


def _sentence(shown: ShownVerdict, reasons: Mapping[Code, Reason], language: Language) -> str:
    for finding in shown.verdict.findings:
        if finding.tier > Tier.AFFIRMING:
            return reasons[finding.code].texts(language).citizen
    if shown.verdict.verdict_class is VerdictClass.ACCEPT:
        return say("kiosk_word.accepted_hint", language)
    return say("kiosk_word.person_needed", language)
