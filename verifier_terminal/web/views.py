"""The display form of a verdict: one JSON object per language, and the only thing that the page knows of it.

`display` is pure. Its object is a contract for pages and embedding counter systems:

    lang, class ("accept" | "check" | "refuse" | "not_read"), hold (true: check with proceed "no"),
    proceed ("yes" | "after_check" | "no"), word, word_other (the same in English, or in Chinese on the English page),
    proceed_text, instruction, person_check (text or null), check_number, at, purpose, sound,
    licence: null or {kind, name (or null), authority, region, region_code, valid_to, days_left, expired,
                      items: [{label, value (null: not disclosed)}], hidden_items, shown_by (text or null), portrait},
    members: [{class, hold, word, place, reasons: [text], licence}] of a bundle, else [],
    freshness: {summary, grade, grade_text, ages: [text], recheck (text or null), skew (text or null)},
    person: null or {state ("waiting" | "matched" | "not_matched"), text, hint, hint_portrait (once a portrait is
                     shown), yes, no (the two answers), headline, headline_other},
    findings: [{code, tier, tier_text, short, action, citizen}], established: [text], not_established: [text]

`person` is the comparison of holder and person, where this verdict asks for it: the clerk's answer changes `proceed`,
`proceed_text` and `instruction`, never `class` and `word`, which speak of the licence. `headline` replaces the word on
the page when the person is another one (else null).
`shown_by` warns that the person in front is not the holder (an agent), or need not be (a paper code). `portrait` says
that a portrait of this licence may come by itself; then `person` asks for a look at it.
`licence` appears only with what the verdict carries; nothing here widens what policy allows.
"""

from collections.abc import Mapping
from typing import TypedDict

from protocol import unixtime
from protocol.errors import Code
from protocol.licence.catalogue import Catalogue
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from verifier_terminal.appraisal.reasons import Language, Reason
from verifier_terminal.appraisal.verdict import Ages, Proceed, Tier, Verdict, VerdictClass
from verifier_terminal.store import person_check
from verifier_terminal.store.person_check import PersonCheck
from verifier_terminal.web.licence_views import LicenceView, licence_view
from verifier_terminal.web.texts import TAGS, say


class FreshnessView(TypedDict):
    """How old the knowledge is on which the verdict rests."""

    summary: str
    grade: str
    grade_text: str
    ages: list[str]
    recheck: str | None
    skew: str | None


class PersonHints(TypedDict):
    """What the clerk compares the person with, as long as no portrait is here and then; and the two answers."""

    hint: str
    hint_portrait: str
    yes: str
    no: str


class PersonView(PersonHints):
    """How the comparison of the person stands."""

    state: str
    text: str
    headline: str | None
    headline_other: str | None


class PersonWords(TypedDict):
    """What the clerk's answer changes; an instruction of None leaves the one that stands."""

    proceed: str
    proceed_text: str
    instruction: str | None
    person: PersonView


class FindingView(TypedDict):
    """One reason with its texts."""

    code: str
    tier: str
    tier_text: str
    short: str
    action: str
    citizen: str


MemberView = TypedDict(
    "MemberView",
    {
        "class": str,
        "hold": bool,
        "word": str,
        "place": str,
        "reasons": list[str],
        "licence": LicenceView | None,
    },
)


VerdictView = TypedDict(
    "VerdictView",
    {
        "lang": str,
        "class": str,
        "hold": bool,
        "proceed": str,
        "word": str,
        "word_other": str,
        "proceed_text": str,
        "instruction": str,
        "person_check": str | None,
        "check_number": str,
        "at": str,
        "purpose": str,
        "sound": str,
        "licence": LicenceView | None,
        "members": list[MemberView],
        "freshness": FreshnessView,
        "person": PersonView | None,
        "findings": list[FindingView],
        "established": list[str],
        "not_established": list[str],
    },
)


def display(
    verdict: Verdict,
    catalogue: Catalogue | None,
    reasons: Mapping[Code, Reason],
    language: Language,
    now: UnixTime,
    *,
    person_matches: bool | None = None,
) -> VerdictView:
    """The verdict in words of this language; `now` counts the days that a licence has left.

    `person_matches` is the clerk's answer so far. Where the verdict asks for none, it changes nothing.
    """
    stand = person_check.of_verdict(verdict, matches=person_matches)
    shown_first = _display(verdict, catalogue, reasons, language, now)
    if stand is PersonCheck.NOT_DEMANDED:
        return shown_first
    if stand is PersonCheck.WAITING:
        waiting: VerdictView = {**shown_first, "person": {**_person(stand, language), **_hints(verdict, language)}}
        return _about_agent(waiting, verdict, language) if _is_by_agent(verdict) else waiting
    words = person_words(verdict.verdict_class, matches=stand is PersonCheck.MATCHED, language=language)
    return {
        **shown_first,
        "proceed": words["proceed"],
        "proceed_text": words["proceed_text"],
        "instruction": words["instruction"] or shown_first["instruction"],
        "person": {**words["person"], "text": _answer_text(verdict, stand, language)},
    }


def person_words(verdict_class: VerdictClass, *, matches: bool, language: Language) -> PersonWords:
    """What the clerk's answer changes on the page, for an accepted licence or one that is to be checked."""
    if not matches:
        return {
            "proceed": Proceed.NO.value,
            "proceed_text": say("person.stop", language),
            "instruction": say("person.stop_instruction", language, word=say(f"word.{verdict_class}", language)),
            "person": _person(PersonCheck.NOT_MATCHED, language),
        }
    # What a finding asks to be checked is not answered by the person's face, so its sentence stays.
    instruction = say("instruction.accept", language) if verdict_class is VerdictClass.ACCEPT else None
    return {
        "proceed": Proceed.YES.value,
        "proceed_text": say(f"proceed.{verdict_class}_{Proceed.YES}", language),
        "instruction": instruction,
        "person": _person(PersonCheck.MATCHED, language),
    }


def _person(stand: PersonCheck, language: Language) -> PersonView:
    stopped = stand is PersonCheck.NOT_MATCHED
    return {
        "state": stand.value,
        "text": say(f"person.{stand}", language),
        "hint": say("person.hint", language),
        "hint_portrait": say("person.hint", language),
        "yes": say("person.yes", language),
        "no": say("person.no", language),
        "headline": say("person.headline", language) if stopped else None,
        "headline_other": say("person.headline", _other(language)) if stopped else None,
    }


def _is_by_agent(verdict: Verdict) -> bool:
    return any(each.licence is not None and each.licence.mandate for each in verdict.members or (verdict,))


def _answer_text(verdict: Verdict, stand: PersonCheck, language: Language) -> str:
    """What the clerk has answered: of an agent nobody says that it is the holder."""
    hints = _hints(verdict, language)
    return hints["yes"] if stand is PersonCheck.MATCHED else hints["no"]


def _about_agent(view: VerdictView, verdict: Verdict, language: Language) -> VerdictView:
    """Where an agent stands in front: nobody is to be compared with the licence holder."""
    # What a finding asks to be done first keeps its sentence.
    own = view["instruction"] == say("instruction.person", language)
    return {
        **view,
        "proceed_text": say("person.proceed_mandate", language)
        if verdict.verdict_class is VerdictClass.ACCEPT
        else view["proceed_text"],
        "instruction": say("person.instruction_mandate", language) if own else view["instruction"],
        "person_check": say("person.instruction_mandate", language),
    }


def _hints(verdict: Verdict, language: Language) -> PersonHints:
    """What to compare with: an agent is never compared with the holder's portrait."""
    if _is_by_agent(verdict):
        hint = say("person.hint_mandate", language)
        return {
            "hint": hint,
            "hint_portrait": hint,
            "yes": say("person.yes_mandate", language),
            "no": say("person.no_mandate", language),
        }
    licences = [each.licence for each in verdict.members or (verdict,) if each.licence is not None]
    coming = any(licence.portrait_sha256 is not None for licence in licences)
    return {
        "hint": say("person.hint_coming" if coming else "person.hint", language),
        "hint_portrait": say("person.hint_portrait", language),
        "yes": say("person.yes", language),
        "no": say("person.no", language),
    }


def _other(language: Language) -> Language:
    return Language.ZH_HANS if language is Language.EN else Language.EN


def _display(
    verdict: Verdict,
    catalogue: Catalogue | None,
    reasons: Mapping[Code, Reason],
    language: Language,
    now: UnixTime,
) -> VerdictView:
    """As the verdict itself has it."""
    word = f"word.{verdict.verdict_class}"
    return {
        "lang": TAGS[language],
        "class": verdict.verdict_class.value,
        "hold": is_hold(verdict),
        "proceed": verdict.proceed.value,
        "word": say(word, language),
        "word_other": say(word, _other(language)),
        "proceed_text": say(f"proceed.{verdict.verdict_class}_{verdict.proceed}", language),
        "instruction": _instruction(verdict, reasons, language),
        "person_check": say("instruction.person", language) if verdict.person_check else None,
        "check_number": verdict.check_number,
        "at": unixtime.iso_local(verdict.at),
        "purpose": say(f"purpose.{verdict.purpose.word}", language),
        "sound": verdict.verdict_class.value,
        "licence": _licence(verdict, catalogue, language, now),
        "members": [
            {
                "class": each.verdict_class.value,
                "hold": is_hold(each),
                "word": say(f"word.{each.verdict_class}", language),
                "place": say("shown_by.member", language, n=number, of=len(verdict.members)),
                "reasons": _reasons(each, reasons, language),
                "licence": _licence(each, catalogue, language, now),
            }
            for number, each in enumerate(verdict.members, 1)
        ],
        "freshness": _freshness(verdict, language),
        "person": None,
        "findings": [
            {
                "code": finding.code.value,
                "tier": finding.tier.name.lower(),
                "tier_text": say(f"tier.{finding.tier.name.lower()}", language),
                "short": _earlier_use(finding.code, verdict, language) or reasons[finding.code].texts(language).short,
                "action": reasons[finding.code].texts(language).action,
                "citizen": reasons[finding.code].texts(language).citizen,
            }
            for finding in verdict.findings
        ],
        "established": [say(f"fact.{fact}", language) for fact in verdict.established],
        "not_established": [say(f"fact.{fact}", language) for fact in verdict.not_established],
    }


def _licence(verdict: Verdict, catalogue: Catalogue | None, language: Language, now: UnixTime) -> LicenceView | None:
    licence = verdict.licence
    return None if licence is None else licence_view(licence, verdict.purpose, catalogue, language, now)


def _reasons(verdict: Verdict, reasons: Mapping[Code, Reason], language: Language) -> list[str]:
    """Why one licence of a bundle is not simply valid."""
    return [
        reasons[finding.code].texts(language).short for finding in verdict.findings if finding.tier > Tier.AFFIRMING
    ]


def is_hold(verdict: Verdict) -> bool:
    """Whether evidence is missing and the act must wait, with nobody at fault."""
    return verdict.verdict_class is VerdictClass.CHECK and verdict.proceed is Proceed.NO


def age_text(age: Seconds, language: Language) -> str:
    """An age as people say it: just now, 12 min ago, 3 h ago, 2 d ago."""
    if age < MINUTE:
        return say("age.now", language)
    if age < HOUR:
        return say("age.minutes", language, n=age // MINUTE)
    if age < DAY:
        return say("age.hours", language, n=age // HOUR)
    return say("age.days", language, n=age // DAY)


def _instruction(verdict: Verdict, reasons: Mapping[Code, Reason], language: Language) -> str:
    """One sentence: the action of the most useful finding that counts, else what the class demands."""
    for finding in verdict.findings:
        if finding.tier > Tier.AFFIRMING:
            action = reasons[finding.code].texts(language).action
            used = _earlier_use(finding.code, verdict, language)
            return action if used is None else used + (" " if language is Language.EN else "") + action
    if verdict.person_check and verdict.proceed is Proceed.AFTER_CHECK:
        return say("instruction.person", language)
    key = "hold" if verdict.proceed is Proceed.NO and not _is_final(verdict) else verdict.verdict_class.value
    return say(f"instruction.{key}", language)


def _earlier_use(code: Code, verdict: Verdict, language: Language) -> str | None:
    """Where a used code was used, and how long ago; by another window's clock it may be a little off."""
    use = next((each.earlier_use for each in verdict.members or (verdict,) if each.earlier_use is not None), None)
    if code is not Code.E_REPLAY or use is None:
        return None
    return say("earlier_use.here" if use.here else "earlier_use.elsewhere", language, n=max(0, verdict.at - use.at))


def _is_final(verdict: Verdict) -> bool:
    return verdict.verdict_class in (VerdictClass.REFUSE, VerdictClass.NOT_READ)


def _freshness(verdict: Verdict, language: Language) -> FreshnessView:
    status = verdict.ages.status
    status_text = (
        say("freshness.status_none", language)
        if status is None
        else say("freshness.status", language, age=age_text(status, language))
    )
    grade = verdict.status_grade.name.lower()
    return {
        "summary": f"{say('freshness.offline', language)} · {status_text}",
        "grade": grade,
        "grade_text": say(f"grade.{grade}", language),
        "ages": [_age_line(name, age, language) for name, age in _other_ages(verdict.ages)],
        "recheck": say("freshness.recheck", language) if verdict.recheck else None,
        "skew": _skew(verdict.skew, language),
    }


def _other_ages(ages: Ages) -> tuple[tuple[str, Seconds | None], ...]:
    return (("trust", ages.trust), ("policy", ages.policy), ("clock", ages.clock))


def _age_line(name: str, age: Seconds | None, language: Language) -> str:
    if age is None:
        return say(f"freshness.{name}_none", language)
    return say(f"freshness.{name}", language, age=age_text(age, language))


def _skew(skew: Seconds | None, language: Language) -> str | None:
    if not skew:
        return None
    return say("skew.ahead" if skew > 0 else "skew.behind", language, n=abs(skew))
