"""What the register holds of mandates: each with its parent licence, its parent mandate, its scope, and its status.

Each method is one transaction. A mandate's index is a group's of its licence, so a legal change of the licence flips it
with the others (`register.change_status`); withdrawing it flips it, and every link below it, alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select

from issuer.audit import trail
from issuer.errors import MandateNotInForce, MandateUnknown
from issuer.register import (
    Allocate,
    Allocation,
    Register,
    StatusEvent,
    demand_valid,
    flip,
    flipped_details,
    in_force,
    reserve,
)
from issuer.register_schema import credential_group, mandate
from issuer.terminals.register import letters, purposes_of
from protocol.labels import Purpose
from protocol.status_list import Status
from protocol.unixtime import UnixTime


class Capacity(StrEnum):
    """As what somebody acts for the holder: for the register; a verdict says the level alone."""

    REPRESENTATIVE = "representative"
    MANAGER = "manager"
    AGENT = "agent"
    GUARDIAN = "guardian"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class MandateRecord:
    """One mandate as the register holds it."""

    id: str
    licence_id: str
    parent_id: str | None
    level: int
    capacity: Capacity
    kinds: frozenset[int]
    purposes: frozenset[Purpose]
    agent_key_thumbprint: bytes
    exp: UnixTime
    status: Status
    finished: bool
    actor: str
    at: UnixTime

    def is_in_force(self, at: UnixTime) -> bool:
        """Whether its agent may act on it."""
        return self.finished and self.status is Status.VALID and at < self.exp


def record_intent(
    register: Register,
    record: MandateRecord,
    *,
    layouts: Sequence[str],
    allocate: Allocate,
    draw_sub: Callable[[], str],
    kid: bytes,
) -> Allocation:
    """Record, before the key is used, which mandate it is about to sign.

    Raises:
        LicenceNotValid, MandateNotInForce: The parent licence or mandate ended in the meantime.
        NoSigningKey, NoFreeIndex, IndexGivenTwice, RegisterUnavailable: Nothing was recorded.
    """
    with register.adding() as connection:
        demand_valid(connection, record.licence_id)
        if record.parent_id is not None and not _one(connection, record.parent_id).is_in_force(record.at):
            raise MandateNotInForce("its parent mandate is not in force")
        allocation = reserve(
            connection,
            record.licence_id,
            holder_key_thumbprint=record.agent_key_thumbprint,
            exp=record.exp,
            layouts=layouts,
            allocate=allocate,
            draw_sub=draw_sub,
            kid=kid,
            at=record.at,
        )
        connection.execute(
            insert(mandate).values(
                id=record.id,
                group_id=allocation.group_id,
                parent_id=record.parent_id,
                level=record.level,
                capacity=str(record.capacity),
                kinds=",".join(str(kind) for kind in sorted(record.kinds)),
                purposes=letters(record.purposes),
                actor=record.actor,
                at=record.at,
            )
        )
        entry = allocation.entry
        trail.append(
            connection,
            "issue-mandate",
            "mandate",
            record.id,
            actor=record.actor,
            at=record.at,
            details={
                "licence": record.licence_id,
                "list": entry.list_number,
                "idx": entry.idx,
                "key": record.agent_key_thumbprint,
            },
        )
    return allocation


def one(register: Register, mandate_id: str) -> MandateRecord:
    """The mandate with this id. Raises: MandateUnknown, RegisterUnavailable."""
    with register.reading() as connection:
        return _one(connection, mandate_id)


def of_licence(register: Register, licence_id: str) -> tuple[MandateRecord, ...]:
    """Every mandate of a licence, the oldest first. Raises: RegisterUnavailable."""
    with register.reading() as connection:
        return _all(connection, credential_group.c.licence_id == licence_id)


def withdraw(register: Register, mandate_id: str, *, reason: str, actor: str, at: UnixTime) -> tuple[StatusEvent, ...]:
    """End a mandate and every link below it that has not ended yet, for good, in one transaction.

    Raises:
        MandateUnknown: There is none with this id.
        MandateNotInForce: It has ended already.
        RegisterUnavailable: Nothing was changed.
    """
    with register.writing() as connection:
        record = _one(connection, mandate_id)
        if record.status.is_final or at >= record.exp:
            raise MandateNotInForce("this mandate has ended already")
        links = {mandate_id}
        below = links
        while below:
            # At most twice: no mandate has a higher level than 3.
            found = connection.execute(select(mandate.c.id).where(mandate.c.parent_id.in_(below))).scalars()
            below = set(found)
            links |= below
        groups = connection.execute(
            select(credential_group)
            .join_from(credential_group, mandate)
            .where(mandate.c.id.in_(links), in_force(at))
            .order_by(credential_group.c.id)
        ).all()
        # 注销 and not 吊销: nobody is punished when a power of attorney ends.
        # At once: an agent who was dismissed must be stopped.
        flipped = flip(connection, groups, Status.CANCELLED, reason=reason, actor=actor, at=at, spread=None)
        trail.append(
            connection,
            "withdraw-mandate",
            "mandate",
            mandate_id,
            actor=actor,
            at=at,
            reason=reason,
            details=flipped_details(flipped),
        )
        return flipped


def _one(connection: Connection, mandate_id: str) -> MandateRecord:
    # A database would refuse half a surrogate pair in its own words.
    found = _all(connection, mandate.c.id == mandate_id) if mandate_id.isascii() else ()
    if not found:
        raise MandateUnknown("no mandate has this id")
    return found[0]


def _all(connection: Connection, condition: ColumnElement[bool]) -> tuple[MandateRecord, ...]:
    statement = (
        select(
            mandate,
            credential_group.c.licence_id,
            credential_group.c.holder_key_thumbprint,
            credential_group.c.exp,
            credential_group.c.status,
            credential_group.c.package.is_not(None).label("finished"),
        )
        .join_from(mandate, credential_group)
        .where(condition)
        .order_by(credential_group.c.id)
    )
    return tuple(_record(row) for row in connection.execute(statement))


def _record(row: Row[Any]) -> MandateRecord:
    return MandateRecord(
        id=row.id,
        licence_id=row.licence_id,
        parent_id=row.parent_id,
        level=row.level,
        capacity=Capacity(row.capacity),
        kinds=frozenset(int(kind) for kind in row.kinds.split(",")),
        purposes=purposes_of(row.purposes),
        agent_key_thumbprint=row.holder_key_thumbprint,
        exp=UnixTime(row.exp),
        status=Status(row.status),
        finished=bool(row.finished),
        actor=row.actor,
        at=UnixTime(row.at),
    )
