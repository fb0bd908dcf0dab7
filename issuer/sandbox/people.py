"""Who the sandbox's licences are about: one row of people who do not exist, and every kind for each of them.

Guaranteed: the same number is the same person in every kind that a person holds alone or with others; each licence says
in its authority that it is of the sandbox. What a company holds is about the company of the same number.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from issuer.joint.subjects import HOLDERS
from issuer.synthetic import population, subjects
from issuer.synthetic.drawing import Draws
from issuer.synthetic.population import Company, Person
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

MARK: Final = "沙箱"
"""Before the name of the authority that every licence shows."""
MOST: Final = 10_000
_SEED: Final = 990_000
"""Fixed, so that the same number is the same person after a restart, whatever else goes wrong."""
_AGES: Final = range(26, 56)
"""Ages at which one may hold every kind."""
_COUNTED_FROM: Final = date(2026, 1, 1)
"""So that nobody is born on another day tomorrow."""


def person(number: int) -> Person:
    """The person of this number."""
    draws = Draws(seed=_SEED, slug="sandbox-person", place=number)
    return population.person(draws, today=_COUNTED_FROM, ages=_AGES)


def company(number: int) -> Company:
    """The company of this number."""
    return population.company(Draws(seed=_SEED, slug="sandbox-company", place=number))


def subject(kind: Kind, number: int, *, at: UnixTime) -> Mapping[str, Any]:
    """A licence of this kind for the person of this number."""
    written = dict(together(kind, number, at=at))
    # Each holder has a licence of their own; a wallet gets that of its holder.
    (first, *_) = written.pop(HOLDERS, [{}])
    return {**written, **first}


def together(kind: Kind, number: int, *, at: UnixTime) -> Mapping[str, Any]:
    """The same with all of its `holders`, where a licence of this kind may have several; this person is the first."""
    return marked(subjects.subject(kind, number, seed=_SEED, at=at, about=(person(number), company(number))), MARK)


def marked(written: Mapping[str, Any], mark: str) -> dict[str, Any]:
    """The same, with this mark before its authority instead of another one."""
    return {**written, "authority": mark + str(written["authority"]).removeprefix(MARK)}
