"""Synthetic subjects of any kind of the catalogue, as an operator would write them: item names, JSON types.

Guaranteed: the same seed, kind and day give the same subjects; the n-th does not depend on those before it; each passes
the check of an issuer of a fictional region, with the warning that its holder is synthetic, and is refused by an issuer
for real persons. A licence of several holders is one subject with `holders`. Portraits and identifiers are left out:
pictures are not made up, and the issuer makes its identifiers itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import count as counting
from itertools import islice
from typing import Any, Final

from issuer import legal_terms
from issuer.joint.subjects import HOLDERS
from issuer.legal_terms import Terms
from issuer.synthetic import population, values
from issuer.synthetic.drawing import Draws
from issuer.synthetic.population import Company, Person
from issuer.synthetic.values import Scene
from protocol import unixtime
from protocol.labels import Lic
from protocol.licence.catalogue import HolderRule, Item, ItemType, Kind
from protocol.unixtime import UnixTime

OF_EACH_HOLDER: Final = frozenset(
    {
        "name",
        "sex",
        "birth_date",
        "citizen_id",
        "nation",
        "nationality",
        "uscc",
        "relation",
        "former_name",
        "birth_place",
    }
    | {"native_place", "education", "marital_status", "military_service", "occupation", "moved_in"}
    | {"spouse_name", "spouse_sex", "spouse_birth_date", "spouse_id"}
)
"""Where several hold a licence, these differ from one to the next; the others are the licence's."""

NEVER: Final = frozenset({ItemType.DIGEST, ItemType.IDENTIFIER})
"""Items that no synthetic subject has."""
_NUMBERS: Final = frozenset({ItemType.CITIZEN_ID, ItemType.USCC})
"""They show that a holder is synthetic."""
_USUAL_AGES: Final = range(24, 86)
_AGES: Final[Mapping[str, range]] = {
    "birth-certificate": range(26),
    "household-register": range(1, 91),
    "library-reader": range(8, 86),
    "transit-card": range(8, 86),
    "passport": range(16, 86),
    "hk-macau-permit": range(16, 86),
    "nurse": range(22, 56),
    "physician": range(26, 66),
}
_USUAL_YEARS: Final = 10
"""A licence without a legal term was issued within so many years."""
_USUAL_TERM: Final = 20
"""Years that such a licence lasts where it has an end."""
_MONTH: Final = 30
_MANY: Final = 4
"""Holders at most, where a kind may have more."""
_SOMETIMES: Final = 3
"""What a licence may lack, one in three lacks; one in three of what a person or a company may hold is a company's."""


def generate(kind: Kind, *, count: int | None, seed: int, at: UnixTime) -> Iterator[dict[str, Any]]:
    """Subjects of this kind; without a count, without an end."""
    return islice((subject(kind, place, seed=seed, at=at) for place in counting()), count)


def subject(
    kind: Kind, place: int, *, seed: int, at: UnixTime, about: tuple[Person, Company] | None = None
) -> dict[str, Any]:
    """The subject at this place of the row, from 0 on; about these, if they are given, whichever may hold it."""
    draws = Draws(seed=seed, slug=kind.slug, place=place)
    scenes = _scenes(kind, draws, unixtime.calendar_date(unixtime.local_day(at)), about)
    chosen = [
        item
        for item in kind.items
        if item.type not in NEVER
        and _has(item, scenes[0])
        and (item.required or item.type in _NUMBERS or _must_have(kind, item) or draws.below(_SOMETIMES))
    ]
    if kind.holders.most == 1:
        return {item.name: values.value(item, scenes[0]) for item in chosen}
    written: dict[str, Any] = {
        item.name: values.value(item, scenes[0]) for item in chosen if item.name not in OF_EACH_HOLDER
    }
    written[HOLDERS] = [
        {item.name: values.value(item, scene) for item in chosen if item.name in OF_EACH_HOLDER} for scene in scenes
    ]
    return written


def _scenes(kind: Kind, draws: Draws, today: date, about: tuple[Person, Company] | None) -> tuple[Scene, ...]:
    ages = _AGES.get(kind.slug, _USUAL_AGES)
    by_company = kind.holder is HolderRule.LEGAL or (kind.holder is HolderRule.EITHER and not draws.below(_SOMETIMES))
    most = 1 if by_company else max(kind.holders.least, min(kind.holders.most, _MANY))
    couple = kind.holders.least > 1
    sex = 1 if about is None else about[0].sex
    people = [
        population.person(draws, today=today, ages=ages, sex=(sex if place == 0 else 3 - sex) if couple else None)
        for place in range(draws.between(kind.holders.least, most))
    ]
    if about is not None:
        people[0] = about[0]
    # As a mother of whoever is born within the year, and for all else.
    stranger = population.person(draws, today=people[0].born, ages=range(22, 45), sex=2)
    company = population.company(draws) if about is None else about[1]
    begin, end = _term(kind, max(each.born for each in people), ages, draws, today)
    return tuple(
        Scene(
            kind=kind,
            draws=draws,
            today=today,
            person=person,
            company=company,
            by_company=by_company,
            other=_other(kind, people, place, stranger),
            is_shared=len(people) > 1,
            valid_from=begin,
            valid_to=end,
        )
        for place, person in enumerate(people)
    )


def _other(kind: Kind, people: Sequence[Person], place: int, stranger: Person) -> Person:
    if kind.holders.most == 1:
        return stranger
    # Of a couple the other one; of a household its head.
    return people[1 - place] if kind.holders.least > 1 else people[0]


def _term(kind: Kind, born: date, ages: range, draws: Draws, today: date) -> tuple[date, date | None]:
    if ages.start == 0:
        # A birth is certified within days.
        begin = min(today, born + timedelta(days=draws.between(1, 10)))
    else:
        since = _years_later(today, -(kind.term.years or _USUAL_YEARS)) + timedelta(days=_MONTH)
        earliest = max(since, _years_later(born, max(0, ages.start - 2)))
        begin = earliest + timedelta(days=draws.below(max(1, (today - earliest).days + 1)))
    terms = legal_terms.table().get(kind.slug)
    if terms is None:
        return begin, _years_later(begin, kind.term.years or _USUAL_TERM)
    while (end := _lawful_end(terms, born, begin)) is not None and end < today:
        # Long ago the holder was younger, and it lasted less: renewed on its last day.
        begin = end
    return begin, end


def _lawful_end(terms: Terms, born: date, begin: date) -> date | None:
    """The last day of the longest term that the law gives on this day; None: without an end."""
    step = terms.step(legal_terms.age(unixtime.day_of(born), unixtime.day_of(begin)))
    return legal_terms.years_later(begin, max(step.years)) if step.years else None


def _has(item: Item, scene: Scene) -> bool:
    if item.key == Lic.VALID_TO:
        return scene.valid_to is not None
    if item.key == Lic.CITIZEN_ID:
        return not scene.by_company
    return item.key != Lic.USCC or scene.by_company


def _must_have(kind: Kind, item: Item) -> bool:
    """Whether it is the law that gives this licence a last day, at some ages at least."""
    terms = legal_terms.table().get(kind.slug)
    return item.key == Lic.VALID_TO and terms is not None and not all(step.long_term for step in terms.steps)


def _years_later(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28))
