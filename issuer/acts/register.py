"""What the register holds of officers' acts. Guaranteed: each act stands once, and is decided once, by one person."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from issuer.acts.errors import ActNotOpen, ActUnknown
from issuer.acts.schema import officers_act
from issuer.audit import trail
from issuer.register import Register
from issuer.register_schema import credential_group, status_event
from protocol.unixtime import UnixTime

MAX_LISTED = 1_000
_LEAST_DIGITS = 8


class State(StrEnum):
    """Where an act stands."""

    OPEN = "open"
    UNUSABLE = "unusable"
    """Whoever signed it may not, it is broken, or it is about another region's licence."""
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class HeldAct:
    """One act as it arrived. `encoded` is what the officer signed; `id` its SHA-256 in hexadecimal digits."""

    id: str
    row_seq: int
    terminal: str
    encoded: bytes
    received_at: UnixTime
    state: State
    problem: str | None
    decided_by: str | None = None
    why: str | None = None
    decided_at: UnixTime | None = None


def newest_row(register: Register) -> int:
    """The number of the last terminal's row that was taken in; 0: none. Raises: RegisterUnavailable."""
    with register.reading() as connection:
        return int(connection.execute(select(func.coalesce(func.max(officers_act.c.row_seq), 0))).scalar_one())


def take_in(register: Register, acts: Iterable[HeldAct]) -> None:
    """Keeps what arrived; an act that a second terminal sends too stands once. Raises: RegisterUnavailable."""
    with register.writing() as connection:
        for act in acts:
            if connection.execute(select(officers_act.c.id).where(officers_act.c.id == act.id)).first() is None:
                connection.execute(
                    insert(officers_act).values(
                        id=act.id,
                        row_seq=act.row_seq,
                        terminal=act.terminal,
                        encoded=act.encoded,
                        received_at=act.received_at,
                        state=str(act.state),
                        problem=act.problem,
                    )
                )


def listed(register: Register, *, decided_too: bool) -> tuple[HeldAct, ...]:
    """Acts in the order in which they came. Raises: RegisterUnavailable."""
    wanted = select(officers_act).order_by(officers_act.c.row_seq.desc()).limit(MAX_LISTED)
    if not decided_too:
        wanted = wanted.where(officers_act.c.state.in_([State.OPEN, State.UNUSABLE]))
    with register.reading() as connection:
        return tuple(reversed([_act(row) for row in connection.execute(wanted)]))


def find(register: Register, beginning: str) -> HeldAct:
    """The one act whose id begins so.

    Raises:
        ActUnknown: None, several, or too few digits to tell.
        RegisterUnavailable: The register did not answer.
    """
    if len(beginning) < _LEAST_DIGITS or not beginning.isalnum() or not beginning.isascii():
        raise ActUnknown("an act is named by at least 8 digits of its id")
    wanted = select(officers_act).where(officers_act.c.id.startswith(beginning.lower(), autoescape=True)).limit(2)
    with register.reading() as connection:
        found = [_act(row) for row in connection.execute(wanted)]
    if len(found) != 1:
        raise ActUnknown("no act has this id" if not found else "several acts have an id that begins so")
    return found[0]


def decide(
    register: Register, act: HeldAct, state: State, *, before: State, by: str, why: str | None, at: UnixTime
) -> None:
    """Writes a decision down.

    Raises:
        ActNotOpen: Somebody else was faster.
        RegisterUnavailable: Nothing was decided.
    """
    with register.writing() as connection:
        changed = connection.execute(
            update(officers_act)
            .where(officers_act.c.id == act.id, officers_act.c.state == str(before))
            .values(state=str(state), decided_by=by, why=why, decided_at=at)
        )
        if changed.rowcount != 1:
            raise ActNotOpen("somebody else decided about this act just now")
        trail.append(connection, f"officers-act-{state}", "officers-act", act.id, actor=by, at=at, reason=why or "")


def decided(register: Register, ids: Iterable[str], *, terminal: str, limit: int) -> tuple[HeldAct, ...]:
    """Those of these acts of one terminal that are decided, the oldest decision first. Raises: RegisterUnavailable."""
    wanted = (
        select(officers_act)
        .where(officers_act.c.id.in_(list(ids)), officers_act.c.terminal == terminal)
        .where(officers_act.c.state.in_([State.CONFIRMED, State.REJECTED]))
        .order_by(officers_act.c.decided_at, officers_act.c.id)
    )
    with register.reading() as connection:
        return tuple(_act(row) for row in connection.execute(wanted.limit(limit)))


def licence_of(register: Register, list_number: int, idx: int) -> str | None:
    """The licence that has this status entry. Raises: RegisterUnavailable."""
    wanted = select(credential_group.c.licence_id).where(
        credential_group.c.list_number == list_number, credential_group.c.idx == idx
    )
    with register.reading() as connection:
        found: str | None = connection.execute(wanted).scalar_one_or_none()
        return found


def was_carried_out(register: Register, licence_id: str, reason: str) -> bool:
    """Whether a status of this licence was changed for this very reason. Raises: RegisterUnavailable."""
    wanted = select(status_event.c.seq).where(status_event.c.licence_id == licence_id, status_event.c.reason == reason)
    with register.reading() as connection:
        return connection.execute(wanted.limit(1)).first() is not None


def _act(row: Row[Any]) -> HeldAct:
    return HeldAct(
        row.id,
        row.row_seq,
        row.terminal,
        row.encoded,
        UnixTime(row.received_at),
        State(row.state),
        row.problem,
        row.decided_by,
        row.why,
        None if row.decided_at is None else UnixTime(row.decided_at),
    )
