"""How much one person may do alone: licences that their acts have reached within a time, counted over all of the acts.

Counted is each licence once, for whoever acts and for each department whose kinds it is of: legal changes and erasing
alike, one at a time or many at once, and what is pulled from sources that nobody has approved. What is the day's work
of a counter, renewals and the confirming of officers' seizures, is counted by itself, up to higher numbers. What two
people decided is not counted (ADR 0044).
Guaranteed: counted and written in the transaction of the act, which nothing else is written beside; whoever is refused
stands in the audit trail. Not handled here: whether a name is true where nobody has signed in.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from issuer.approvals.errors import RoutineLimitReached, SecondPersonNeeded
from issuer.approvals.register import Proposal
from issuer.audit import trail
from issuer.changing.errors import LimitsRefused
from issuer.changing.schema import lone_change, lone_limit
from issuer.changing.selecting import chunks
from issuer.register import Register
from issuer.register_schema import licence
from protocol import cbor
from protocol.licence.catalogue import Kind
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime

CHANGE_LIMITS: Final = "change-limits"
RENEW: Final = "renew"
CONFIRM_ACT: Final = "confirm-act"
PULL: Final = "pull"
_ROUTINE: Final = frozenset({RENEW, CONFIRM_ACT})
_MOST: Final = 10_000
_LONGEST: Final = Seconds(30 * DAY)
_NO_DEPARTMENT: Final = ""
Row = tuple[str, str, int]
"""Who has reached which licence, of which kind."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many licences one person, and all the people of a department, may reach alone within `window`; 0: none.

    Attributes:
        person: By changes and erasing.
        department: Likewise.
        window: The time.
        routine_person: By renewals and confirmed seizures. A counter that renews one every three minutes makes 160 in
            eight hours.
        routine_department: Likewise.
    """

    person: int = 20
    department: int = 100
    window: Seconds = DAY
    routine_person: int = 200
    routine_department: int = 1_000

    def most(self, *, is_routine: bool) -> tuple[int, int]:
        """Of a person, and of a department."""
        if is_routine:
            return self.routine_person, self.routine_department
        return self.person, self.department


@dataclass(frozen=True, slots=True)
class Left:
    """How many licences more somebody may reach alone now; the department that has the fewest left is named."""

    person: int
    department: int
    scarcest: str
    limits: Limits

    @property
    def licences(self) -> int:
        """What is left of both."""
        return max(0, min(self.person, self.department))


@dataclass(frozen=True, slots=True)
class Used:
    """How many licences somebody, or a department, has reached within the window."""

    whose: str
    is_department: bool
    is_routine: bool
    licences: int


class Alone:
    """The limits of one authority, and what was done of them; as a dangerous act they are changed by two people."""

    def __init__(self, *, register: Register, kinds: Mapping[int, Kind]) -> None:
        self._register, self._kinds = register, kinds

    def limits(self, connection: Connection) -> Limits:
        """What holds now."""
        row = connection.execute(select(lone_limit).order_by(lone_limit.c.seq.desc()).limit(1)).one_or_none()
        return Limits() if row is None else _limits(row._mapping)

    def left(self, ids: Collection[str], *, actor: str, at: UnixTime) -> Left:
        """What would be left to this person before an act upon these licences. Raises: RegisterUnavailable."""
        with self._register.reading() as connection:
            limits = self.limits(connection)
            vcts = _kinds_of(connection, ids).values()
            return self._left(_recent(connection, limits, at), limits, vcts, actor, is_routine=False)

    def take(self, connection: Connection, ids: Collection[str], *, act: str, actor: str, at: UnixTime) -> None:
        """Count this act, in its transaction, which nothing else may be written beside.

        Args:
            connection: Of that transaction.
            ids: The licences that it reaches.
            act: Which act.
            actor: Who acts.
            at: Now.

        Raises:
            SecondPersonNeeded: It is more than is left; the transaction has to be undone.
            RoutineLimitReached: Likewise, of renewals and confirmed seizures.
        """
        vcts, is_routine = _kinds_of(connection, ids), act in _ROUTINE
        limits = self.limits(connection)
        rows = [
            *_recent(connection, limits, at, is_routine=is_routine),
            *((actor, each, vct) for each, vct in vcts.items()),
        ]
        after = self._left(rows, limits, vcts.values(), actor, is_routine=is_routine)
        (person, department), hours = limits.most(is_routine=is_routine), limits.window // HOUR
        refusal, verb = (RoutineLimitReached, "renews or seizes") if is_routine else (SecondPersonNeeded, "changes")
        if after.person < 0:
            raise refusal(
                f"{person - after.person} licences within {hours} h are more than the {person} that one person {verb} "
                "alone"
            )
        if after.department < 0:
            of = f" of {after.scarcest}" if after.scarcest else ""
            done = "renewed or seized" if is_routine else "changed"
            raise refusal(
                f"{department - after.department} licences{of} within {hours} h are more than the {department} that "
                f"are {done} without a second person"
            )
        if vcts:
            values = [
                {"actor": actor, "licence_id": each, "vct": vct, "act": act, "at": at} for each, vct in vcts.items()
            ]
            connection.execute(insert(lone_change), values)

    @contextmanager
    def noting(self, what: str, *, actor: str, at: UnixTime) -> Iterator[None]:
        """Around the transaction of an act: whoever needs a second person stands in the trail with what they wanted."""
        try:
            yield
        except SecondPersonNeeded as refused:
            with self._register.adding() as connection:
                trail.append(connection, "refuse-alone", "limit", what, actor=actor, at=at, reason=str(refused))
            raise

    def used(self, *, at: UnixTime) -> tuple[Limits, tuple[Used, ...]]:
        """The limits, and what everybody and each department has used of them. Raises: RegisterUnavailable."""
        with self._register.reading() as connection:
            limits = self.limits(connection)
            found = {each: _recent(connection, limits, at, is_routine=each) for each in (False, True)}
        return limits, tuple(used for each, rows in found.items() for used in self._used(rows, is_routine=each))

    def content(self, limits: Limits) -> Mapping[str, Any]:
        """What a proposal of these limits says. Raises: LimitsRefused."""
        changes = 0 <= limits.person <= limits.department <= _MOST
        # A renewal cannot be proposed, so that none at all would leave holders with nothing.
        routine = 1 <= limits.routine_person <= limits.routine_department <= _MOST
        if not (changes and routine and HOUR <= limits.window <= _LONGEST):
            raise LimitsRefused("these limits are in no order, or too large")
        return {
            "person": limits.person,
            "department": limits.department,
            "seconds": int(limits.window),
            "routine_person": limits.routine_person,
            "routine_department": limits.routine_department,
        }

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """As `Dangerous` says: which limits take the place of which."""
        del at
        now, said = self.content(self.limits(connection)), self.content(_limits(content))
        return tuple(int(each) for each in (*now.values(), *said.values()))

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """As `Dangerous` says."""
        row = {**proposal.content, "actor": proposal.proposed_by, "at": at}
        connection.execute(insert(lone_limit).values(row))
        return True

    def _used(self, rows: Collection[Row], *, is_routine: bool) -> Iterator[Used]:
        by_person: dict[str, set[str]] = {}
        by_department: dict[str, set[str]] = {}
        for actor, licence_id, vct in rows:
            by_person.setdefault(actor, set()).add(licence_id)
            for department in self._departments(vct):
                by_department.setdefault(department, set()).add(licence_id)
        yield from (Used(each, False, is_routine, len(found)) for each, found in sorted(by_person.items()))
        yield from (Used(each, True, is_routine, len(found)) for each, found in sorted(by_department.items()))

    def _left(
        self, rows: Collection[Row], limits: Limits, vcts: Collection[int], actor: str, *, is_routine: bool
    ) -> Left:
        """What these rows leave to this person, and to the departments of these kinds."""
        mine = {each for who, each, _ in rows if who.casefold() == actor.casefold()}
        theirs = {
            name: len({each for _, each, vct in rows if name in self._departments(vct)})
            for name in sorted({name for vct in vcts for name in self._departments(vct)})
        }
        scarcest = max(theirs, key=lambda name: theirs[name], default=_NO_DEPARTMENT)
        person, department = limits.most(is_routine=is_routine)
        return Left(person - len(mine), department - theirs.get(scarcest, 0), scarcest, limits)

    def _departments(self, vct: int) -> Collection[str]:
        kind = self._kinds.get(vct)
        return (kind.departments if kind is not None else ()) or (_NO_DEPARTMENT,)


def _limits(held: Mapping[Any, Any]) -> Limits:
    """Of a row, or of a proposal; either may be older than the numbers of what is routine."""
    ships = Limits()
    person, department = held.get("routine_person"), held.get("routine_department")
    return Limits(
        held["person"],
        held["department"],
        Seconds(held["seconds"]),
        ships.routine_person if person is None else person,
        ships.routine_department if department is None else department,
    )


def _recent(connection: Connection, limits: Limits, at: UnixTime, *, is_routine: bool = False) -> list[Row]:
    of_these = lone_change.c.act.in_(_ROUTINE) if is_routine else lone_change.c.act.not_in(_ROUTINE)
    # What was written by a clock that was ahead counts, too: to turn a clock back makes no room.
    statement = (
        select(lone_change.c.actor, lone_change.c.licence_id, lone_change.c.vct)
        .where(lone_change.c.at > at - limits.window, of_these)
        .distinct()
    )
    return [(row.actor, row.licence_id, row.vct) for row in connection.execute(statement)]


def _kinds_of(connection: Connection, ids: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(ids)):
        rows = connection.execute(select(licence.c.id, licence.c.vct).where(licence.c.id.in_(part)))
        found |= {row.id: row.vct for row in rows}
    return found
