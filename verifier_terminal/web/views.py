"""The display form of a verdict: one JSON object per language, and the only thing that the page knows of it.

`display` is pure. Its object is a contract for pages and embedding counter systems:

    lang, class ("accept" | "check" | "refuse" | "not_read"), hold (true: check with proceed "no"),
    proceed ("yes" | "after_check" | "no"), word, word_other (the same in English, or in Chinese on the English page),
    proceed_text, instruction, person_check (text or null), check_number, at, purpose, sound,
    licence: null or {kind, name (or null), authority, region, region_code, valid_to, days_left, expired,
                      items: [{label, value (null: not disclosed)}], hidden_items},
    freshness: {summary, grade, grade_text, ages: [text], recheck (text or null), skew (text or null)},
    person: null or {state ("waiting" | "matched" | "not_matched"), text, hint, headline, headline_other},
    findings: [{code, tier, tier_text, short, action, citizen}], established: [text], not_established: [text]

`person` is the comparison of holder and person, where this verdict asks for it: the clerk's answer changes `proceed`,
`proceed_text` and `instruction`, never `class` and `word`, which speak of the licence. `headline` replaces the word on
the page when the person is another one (else null).
`licence` appears only with what the verdict carries; nothing here widens what policy allows.
"""

from collections.abc import Mapping
from typing import Final, TypedDict

from protocol import cbor, unixtime
from protocol.errors import Code
from protocol.licence.catalogue import Catalogue, Item, ItemType, Kind
from protocol.unixtime import DAY, HOUR, MINUTE, Seconds, UnixTime
from verifier_terminal.appraisal.reasons import Language, Reason
from verifier_terminal.appraisal.verdict import Ages, Licence, Proceed, Tier, Verdict, VerdictClass
from verifier_terminal.store import person_check
from verifier_terminal.store.person_check import PersonCheck
from verifier_terminal.web.harmless import MAX_NAME_CHARACTERS, shown
from verifier_terminal.web.regions import province
from verifier_terminal.web.texts import TAGS, in_language, known, say

_NAME_ITEM: Final = "name"
_HEADLINE_ITEMS: Final = frozenset({_NAME_ITEM, "valid_to", "authority"})
"""Items that have a place of their own on the page."""


class ItemView(TypedDict):
    """One line; `value` None means that the holder did not disclose it."""

    label: str
    value: str | None


class LicenceView(TypedDict):
    """What may be said of the licence."""

    kind: str
    name: str | None
    authority: str
    region: str
    region_code: str
    valid_to: str | None
    days_left: str | None
    expired: bool
    items: list[ItemView]
    hidden_items: int


class FreshnessView(TypedDict):
    """How old the knowledge is on which the verdict rests."""

    summary: str
    grade: str
    grade_text: str
    ages: list[str]
    recheck: str | None
    skew: str | None


class PersonView(TypedDict):
    """How the comparison of the person stands."""

    state: str
    text: str
    hint: str
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
        return {**shown_first, "person": _person(stand, language)}
    words = person_words(verdict.verdict_class, matches=stand is PersonCheck.MATCHED, language=language)
    return {
        **shown_first,
        "proceed": words["proceed"],
        "proceed_text": words["proceed_text"],
        "instruction": words["instruction"] or shown_first["instruction"],
        "person": words["person"],
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
        "headline": say("person.headline", language) if stopped else None,
        "headline_other": say("person.headline", _other(language)) if stopped else None,
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
        "licence": _licence(verdict.licence, verdict, catalogue, language, now) if verdict.licence else None,
        "freshness": _freshness(verdict, language),
        "person": None,
        "findings": [
            {
                "code": finding.code.value,
                "tier": finding.tier.name.lower(),
                "tier_text": say(f"tier.{finding.tier.name.lower()}", language),
                "short": reasons[finding.code].texts(language).short,
                "action": reasons[finding.code].texts(language).action,
                "citizen": reasons[finding.code].texts(language).citizen,
            }
            for finding in verdict.findings
        ],
        "established": [say(f"fact.{fact}", language) for fact in verdict.established],
        "not_established": [say(f"fact.{fact}", language) for fact in verdict.not_established],
    }


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
            return reasons[finding.code].texts(language).action
    if verdict.person_check and verdict.proceed is Proceed.AFTER_CHECK:
        return say("instruction.person", language)
    key = "hold" if verdict.proceed is Proceed.NO and not _is_final(verdict) else verdict.verdict_class.value
    return say(f"instruction.{key}", language)


def _is_final(verdict: Verdict) -> bool:
    return verdict.verdict_class in (VerdictClass.REFUSE, VerdictClass.NOT_READ)


def _licence(
    licence: Licence, verdict: Verdict, catalogue: Catalogue | None, language: Language, now: UnixTime
) -> LicenceView:
    kind = catalogue.kinds.get(licence.vct) if catalogue else None
    place = province(licence.region)
    claims = licence.claims or {}
    name = claims.get(_NAME_ITEM)
    days_left, expired = _days_left(licence.valid_to, language, now)
    return {
        "kind": in_language(kind.names, language) if kind else shown(licence.slug, max_characters=MAX_NAME_CHARACTERS),
        "name": shown(name, max_characters=MAX_NAME_CHARACTERS) if isinstance(name, str) else None,
        "authority": shown(licence.authority),
        "region": in_language(place, language) if place else "",
        "region_code": shown(licence.region, max_characters=6),
        "valid_to": _day(licence.valid_to) if licence.valid_to is not None else None,
        "days_left": days_left,
        "expired": expired,
        "items": _items(kind, claims, verdict, language) if licence.claims is not None else [],
        "hidden_items": licence.hidden_items,
    }


def _items(kind: Kind | None, claims: Mapping[str, cbor.Value], verdict: Verdict, language: Language) -> list[ItemView]:
    """What was disclosed in the kind's order, then a dash for what this purpose asks and nobody disclosed."""
    if kind is None:
        # Without the catalogue there are no labels; the names of the items are plain words.
        return [
            {"label": shown(name, max_characters=MAX_NAME_CHARACTERS), "value": _value(None, value, language)}
            for name, value in claims.items()
            if name not in _HEADLINE_ITEMS
        ]
    asked = kind.views.get(verdict.purpose)
    rows: list[ItemView] = []
    dashes: list[ItemView] = []
    for item in kind.items:
        if item.name in _HEADLINE_ITEMS:
            continue
        label = in_language(item.labels, language)
        if item.name in claims:
            rows.append({"label": label, "value": _value(item, claims[item.name], language)})
        elif asked is None or item.key in asked:
            dashes.append({"label": label, "value": None})
    return rows + dashes


def _value(item: Item | None, value: cbor.Value, language: Language) -> str:
    match value:
        case bool():
            return "✓" if value else "✗"
        case str():
            return shown(value)
        case int() if item is not None and item.type is ItemType.DATE:
            return _day(value)
        case int() if item is not None and item.name == "sex" and known(f"sex.{value}"):
            return say(f"sex.{value}", language)
        case bytes():
            return shown(value.hex())
        case _:
            return shown(str(value))


def _day(value: int) -> str:
    """YYYYMMDD with hyphens; a number that is no day stays a number."""
    try:
        return unixtime.calendar_date(value).isoformat()
    except ValueError:
        return str(value)


def _days_left(valid_to: int | None, language: Language, now: UnixTime) -> tuple[str | None, bool]:
    if valid_to is None:
        return None, False
    try:
        last = unixtime.calendar_date(valid_to)
    except ValueError:
        return None, False
    left = (last - unixtime.calendar_date(unixtime.local_day(now))).days
    if left < 0:
        return say("validity.over", language, n=-left), True
    return (say("validity.left", language, n=left) if left else say("validity.today", language)), False


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
