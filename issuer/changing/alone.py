"""How much one person may do alone: licences that their acts have reached within a time, counted over all of the acts.

Counted is each licence once, for whoever acts and for each department whose kinds it is of: legal changes and erasing
alike, one at a time or many at once. What two people decided is not counted, nor what follows a rule without anybody
who chooses: a renewal's end of the old licence, a pull, an officer's act that somebody else confirms (ADR 0044).
Guaranteed: counted and written in the transaction of the act, which nothing else is written beside; whoever is refused
stands in the audit trail. Not handled here: whether a name is true where nobody has signed in.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from issuer.approvals.errors import SecondPersonNeeded
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
_MOST: Final = 10_000
_LONGEST: Final = Seconds(30 * DAY)
_NO_DEPARTMENT: Final = ""
Row = tuple[str, str, int]
"""Who has reached which licence, of which kind."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many licences one person, and all the people of a department, may reach alone within `window`; 0: none."""

    person: int = 20
    department: int = 100
    window: Seconds = DAY


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
    licences: int


class Alone:
    """The limits of one authority, and what was done of them; as a dangerous act they are changed by two people."""

    def __init__(self, *, register: Register, kinds: Mapping[int, Kind]) -> None:
        self._register, self._kinds = register, kinds

    def limits(self, connection: Connection) -> Limits:
        """What holds now."""
        row = connection.execute(select(lone_limit).order_by(lone_limit.c.seq.desc()).limit(1)).one_or_none()
        return Limits() if row is None else Limits(row.person, row.department, Seconds(row.seconds))

    def left(self, ids: Collection[str], *, actor: str, at: UnixTime) -> Left:
        """What would be left to this person before an act upon these licences. Raises: RegisterUnavailable."""
        with self._register.reading() as connection:
            limits = self.limits(connection)
            vcts = _kinds_of(connection, ids).values()
            return self._left(_recent(connection, limits, at), limits, vcts, actor)

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
        """
        vcts = _kinds_of(connection, ids)
        limits = self.limits(connection)
        rows = [*_recent(connection, limits, at), *((actor, each, vct) for each, vct in vcts.items())]
        after = self._left(rows, limits, vcts.values(), actor)
        hours = limits.window // HOUR
        if after.person < 0:
            raise SecondPersonNeeded(
                f"{limits.person - after.person} licences within {hours} h are more than the {limits.person} that one "
                "person changes alone"
            )
        if after.department < 0:
            of = f" of {after.scarcest}" if after.scarcest else ""
            raise SecondPersonNeeded(
                f"{limits.department - after.department} licences{of} within {hours} h are more than the "
                f"{limits.department} that are changed without a second person"
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
            rows = _recent(connection, limits, at)
        by_person: dict[str, set[str]] = {}
        by_department: dict[str, set[str]] = {}
        for actor, licence_id, vct in rows:
            by_person.setdefault(actor, set()).add(licence_id)
            for department in self._departments(vct):
                by_department.setdefault(department, set()).add(licence_id)
        return limits, (
            *(Used(each, False, len(found)) for each, found in sorted(by_person.items())),
            *(Used(each, True, len(found)) for each, found in sorted(by_department.items())),
        )

    def content(self, limits: Limits) -> Mapping[str, Any]:
        """What a proposal of these limits says. Raises: LimitsRefused."""
        if not (0 <= limits.person <= limits.department <= _MOST and HOUR <= limits.window <= _LONGEST):
            raise LimitsRefused("these limits are in no order, or too large")
        return {"person": limits.person, "department": limits.department, "seconds": int(limits.window)}

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """As `Dangerous` says: which limits take the place of which."""
        del at
        now = self.limits(connection)
        said = self.content(Limits(content["person"], content["department"], Seconds(content["seconds"])))
        return (now.person, now.department, int(now.window), *(int(each) for each in said.values()))

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """As `Dangerous` says."""
        row = {**proposal.content, "actor": proposal.proposed_by, "at": at}
        connection.execute(insert(lone_limit).values(row))
        return True

    def _left(self, rows: Collection[Row], limits: Limits, vcts: Collection[int], actor: str) -> Left:
        """What these rows leave to this person, and to the departments of these kinds."""
        mine = {each for who, each, _ in rows if who.casefold() == actor.casefold()}
        theirs = {
            name: len({each for _, each, vct in rows if name in self._departments(vct)})
            for name in sorted({name for vct in vcts for name in self._departments(vct)})
        }
        scarcest = max(theirs, key=lambda name: theirs[name], default=_NO_DEPARTMENT)
        return Left(limits.person - len(mine), limits.department - theirs.get(scarcest, 0), scarcest, limits)

    def _departments(self, vct: int) -> Collection[str]:
        kind = self._kinds.get(vct)
        return (kind.departments if kind is not None else ()) or (_NO_DEPARTMENT,)


def _recent(connection: Connection, limits: Limits, at: UnixTime) -> list[Row]:
    # What was written by a clock that was ahead counts, too: to turn a clock back makes no room.
    statement = (
        select(lone_change.c.actor, lone_change.c.licence_id, lone_change.c.vct)
        .where(lone_change.c.at > at - limits.window)
        .distinct()
    )
    return [(row.actor, row.licence_id, row.vct) for row in connection.execute(statement)]


def _kinds_of(connection: Connection, ids: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(ids)):
        rows = connection.execute(select(licence.c.id, licence.c.vct).where(licence.c.id.in_(part)))
        found |= {row.id: row.vct for row in rows}
    return found
