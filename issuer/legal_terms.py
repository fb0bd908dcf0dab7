"""Whether the law gives a licence this term: so many years by the age of its holder, or none, from `terms.toml`.

What contradicts it is a warning and no refusal: a register has licences from before the law was changed, and those that
another authority wrote. A term ends on its day, or on the one before. Not handled here: kinds without such terms, whose
longest one is in their file (`issuer.kind_rules`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Final

from issuer import authored_table
from issuer.authored_table import Table
from protocol import unixtime

_FILE: Final = "terms.toml"


@dataclass(frozen=True, slots=True)
class Step:
    """From this age on: so many years, or without an end where `long_term` is true."""

    from_age: int
    years: tuple[int, ...]
    long_term: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one kind: the article that gives them, and its steps, the youngest first."""

    law: str
    steps: tuple[Step, ...]

    def step(self, age: int) -> Step:
        """The one for a holder of this age in full years."""
        return max((each for each in self.steps if each.from_age <= max(0, age)), key=lambda each: each.from_age)

    @property
    def warning(self) -> str:
        """What is said where a licence has another term; of the kind and not of its holder."""
        return f"valid_to is not as {self.law} has it: {'; '.join(self._stated())}"

    def _stated(self) -> Sequence[str]:
        if len(self.steps) == 1:
            return [_named(self.steps[0])]
        ends = [*(f"to {following.from_age - 1}" for following in self.steps[1:]), "and over"]
        return [f"aged {step.from_age} {end}, {_named(step)}" for step, end in zip(self.steps, ends, strict=True)]


@cache
def table() -> Mapping[str, Terms]:
    """The terms of each kind that has some, by its slug. Raises: AuthoringError."""
    return read(resources.files("issuer").joinpath(_FILE).read_text("utf-8"))


def read(text: str) -> Mapping[str, Terms]:
    """What such a file says. Raises: AuthoringError."""
    whole = authored_table.whole((_FILE, text))
    found = {slug: _terms(each) for slug, each in whole.tables("terms").items()}
    whole.finish()
    return found


def _terms(entry: Table) -> Terms:
    steps = []
    for each in entry.array_of_tables("steps"):
        years = each.array("years", int)
        long_term = each.flag("long_term") if each.has("long_term") else False
        steps.append(Step(each.integer("from_age"), years, long_term))
        if not (years or long_term) or any(number < 1 for number in years):
            each.fail("years", "no term at all, or one of no years")
        each.finish()
    ages = [step.from_age for step in steps]
    if ages[:1] != [0] or ages != sorted(set(ages)):
        entry.fail("steps", "not from 0 on, each age higher than the one before")
    terms = Terms(entry.text("law"), tuple(steps))
    entry.finish()
    return terms


def contradiction(slug: str, begin: int, end: int | None, born: int | None) -> str | None:
    """What is to be said of these days, if the law has none such; None too where the holder's age would be needed.

    Args:
        slug: The kind.
        begin: The first day, as YYYYMMDD, not in the future.
        end: The last one; None: there is none.
        born: The holder's day of birth, if it is known.

    Raises:
        AuthoringError: terms.toml is damaged.
    """
    terms = table().get(slug)
    if terms is None or (born is None and len(terms.steps) > 1):
        return None
    step = terms.step(0 if born is None else age(born, begin))
    first = unixtime.calendar_date(begin)
    fits = step.long_term if end is None else any(_ends(first, years, end) for years in step.years)
    return None if fits else terms.warning


def years_later(day: date, years: int) -> date:
    """The same day so many years later; after 29 February the first of March."""
    return date(day.year + years, day.month, 1) + timedelta(days=day.day - 1)


def age(born: int, on: int) -> int:
    """In full years; both days as YYYYMMDD."""
    # A birthday that has not come in its year borrows from it.
    return (on - born) // 10_000


def _ends(first: date, years: int, end: int) -> bool:
    last = years_later(first, years)
    return end in (unixtime.day_of(last), unixtime.day_of(last - timedelta(days=1)))


def _named(step: Step) -> str:
    years = " or ".join(str(each) for each in step.years)
    ends = [*([f"{years} years"] if years else []), *(["no last day (long-term)"] if step.long_term else [])]
    return ", or ".join(ends)
