"""Looks applications up for a desk: by state, kind, age and words; of the same person; and how many wait for what.

Only of the kinds, and where several departments issue one, of the departments that are named: whose business they are
is said by whoever asks (`issuer.console`). Not handled here: any step of one (`issuer.applications.reviewing`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from issuer.applications.reviewing import MAX_LISTED, OPEN, Application, State, read
from issuer.applications.schema import application
from issuer.register import Register
from protocol.unixtime import DAY, UnixTime

Scope = Mapping[int, frozenset[str] | None]
"""The kinds that are somebody's business; with each the departments of it that are, or None: whosever it is."""
NUMBERS: Final = ("citizen_id", "uscc")
"""Items by which an applicant is named; the catalogue gives each of them one name in every kind."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which applications are looked for.

    Attributes:
        states: In any of these states.
        vct: Of this kind alone.
        department: Of the kinds of this department alone, or signed by its key.
        older_than_days: Filed so many days ago or earlier.
        reviewer: In the hands of this person.
        text: A part of the id, or of the applicant's name or number.
    """

    states: Collection[State] = OPEN
    vct: int | None = None
    department: str = ""
    older_than_days: int = 0
    reviewer: str = ""
    text: str = ""


def name_of(subject: Mapping[str, object]) -> str:
    """The applicant's name; empty once the application is over."""
    return str(subject.get("name", ""))


def number_of(subject: Mapping[str, object]) -> str:
    """The applicant's number; empty once the application is over."""
    return next((str(subject[each]) for each in NUMBERS if each in subject), "")


class ApplicationQueue:
    """The applications to one authority, to be looked through."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def found(self, wanted: Wanted, *, scope: Scope, at: UnixTime) -> tuple[Application, ...]:
        """At most `MAX_LISTED`: what waits the oldest first, what is over the newest first.

        A text is looked for among the first `MAX_LISTED` that contain it anywhere.

        Raises: RegisterUnavailable.
        """
        conditions = [
            _within({vct: whose for vct, whose in scope.items() if wanted.vct in (None, vct)}),
            application.c.state.in_([each.value for each in wanted.states]),
            application.c.filed_at <= at - wanted.older_than_days * DAY,
        ]
        if wanted.department:
            conditions.append(or_(application.c.department.is_(None), application.c.department == wanted.department))
        if wanted.reviewer:
            conditions.append(application.c.reviewer == wanted.reviewer)
        if wanted.text:
            contains = application.c.subject.contains(wanted.text, autoescape=True)
            conditions.append(or_(application.c.id.contains(wanted.text, autoescape=True), contains))
        is_over = OPEN.isdisjoint(wanted.states)
        order = application.c.filed_at.desc() if is_over else application.c.filed_at
        statement = select(application).where(*conditions).order_by(order, application.c.id).limit(MAX_LISTED)
        with self._register.reading() as connection:
            rows = tuple(read(row) for row in connection.execute(statement))
        # The database looks through all of the subject; nobody is found by an address.
        return tuple(each for each in rows if not wanted.text or _is_named(each, wanted.text))

    def of_number(self, number: str, vct: int, *, besides: str = "") -> tuple[Application, ...]:
        """Other open applications for this kind by this number, the oldest first. Raises: RegisterUnavailable."""
        if not number:
            return ()
        statement = (
            select(application)
            .where(
                application.c.vct == vct,
                application.c.id != besides,
                application.c.state.in_([each.value for each in OPEN]),
                application.c.subject.contains(f'"{number}"', autoescape=True),
            )
            .order_by(application.c.filed_at, application.c.id)
            .limit(MAX_LISTED)
        )
        with self._register.reading() as connection:
            rows = tuple(read(row) for row in connection.execute(statement))
        return tuple(each for each in rows if number_of(each.subject) == number)

    def counted(self, *, scope: Scope, reviewer: str = "") -> Mapping[State, int]:
        """How many stand in each open state, or are there in one person's hands. Raises: RegisterUnavailable."""
        conditions = [_within(scope), application.c.state.in_([each.value for each in OPEN])]
        if reviewer:
            conditions.append(application.c.reviewer == reviewer)
        statement = select(application.c.state, func.count()).where(*conditions).group_by(application.c.state)
        with self._register.reading() as connection:
            return {State(state): count for state, count in connection.execute(statement)}


def is_within(scope: Scope, vct: int, department: str | None) -> bool:
    """Whether what is of this kind, and perhaps of this department, is somebody's business."""
    if vct not in scope:
        return False
    whose = scope[vct]
    return whose is None or department is None or department in whose


def _within(scope: Scope) -> ColumnElement[bool]:
    of_all = [vct for vct, whose in scope.items() if whose is None]
    conditions: list[ColumnElement[bool]] = [application.c.vct.in_(of_all)] if of_all else []
    for vct, whose in scope.items():
        if whose is not None:
            its = or_(application.c.department.is_(None), application.c.department.in_(sorted(whose)))
            conditions.append(and_(application.c.vct == vct, its))
    return or_(*conditions) if conditions else false()


def _is_named(held: Application, text: str) -> bool:
    return any(text in each for each in (held.id, name_of(held.subject), number_of(held.subject)))
