"""What the register holds of paper codes: each with its licence and an index of its own.

A paper code's index is a group's of its licence, without a device key: a legal change of the licence flips it with the
others (`register.change_status`), a reported loss flips it alone. The code itself is not kept: a new one is printed.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, select, update

from issuer.audit import trail
from issuer.errors import PaperNotInForce, PaperUnknown
from issuer.register import (
    Allocate,
    Register,
    StatusEntry,
    StatusEvent,
    demand_valid,
    flip,
    flipped_details,
    in_force,
    reserve,
)
from issuer.register_schema import credential_group, licence, paper
from protocol.status_list import Status
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """One paper code as the register holds it."""

    id: str
    licence_id: str
    entry: StatusEntry
    exp: UnixTime
    status: Status
    finished: bool
    actor: str
    at: UnixTime


def record_intent(
    register: Register,
    paper_id: str,
    licence_id: str,
    *,
    exp: UnixTime,
    allocate: Allocate,
    kid: bytes,
    actor: str,
    at: UnixTime,
) -> PaperRecord:
    """Record, before the key is used, which paper code it is about to sign.

    Raises:
        LicenceNotValid: The licence ended in the meantime.
        NoSigningKey, NoFreeIndex, IndexGivenTwice, RegisterUnavailable: Nothing was recorded.
    """
    with register.adding() as connection:
        demand_valid(connection, licence_id)
        allocation = reserve(
            connection,
            licence_id,
            holder_key_thumbprint=b"",
            exp=exp,
            layouts=(),
            allocate=allocate,
            draw_sub=str,
            kid=kid,
            at=at,
        )
        connection.execute(insert(paper).values(id=paper_id, group_id=allocation.group_id, actor=actor, intended_at=at))
        entry = allocation.entry
        trail.append(
            connection,
            "issue-paper",
            "paper",
            paper_id,
            actor=actor,
            at=at,
            details={"licence": licence_id, "list": entry.list_number, "idx": entry.idx},
        )
    return PaperRecord(paper_id, licence_id, allocation.entry, exp, Status.VALID, False, actor, at)


def record_done(register: Register, paper_id: str, *, sha256: bytes, at: UnixTime) -> None:
    """Record that this paper code was signed. Raises: RegisterUnavailable."""
    with register.adding() as connection:
        connection.execute(update(paper).where(paper.c.id == paper_id).values(signed_at=at, sha256=sha256))


def of_licence(register: Register, licence_id: str) -> tuple[PaperRecord, ...]:
    """Every paper code of a licence, the oldest first. Raises: RegisterUnavailable."""
    with register.reading() as connection:
        return _all(connection, credential_group.c.licence_id == licence_id)


def one(register: Register, paper_id: str) -> PaperRecord:
    """The paper code with this id. Raises: PaperUnknown, RegisterUnavailable."""
    with register.reading() as connection:
        return _named(connection, paper_id)[0]


def report_lost(register: Register, named: str, *, reason: str, actor: str, at: UnixTime) -> tuple[StatusEvent, ...]:
    """End the paper code of this id, or every one of the licence of this id, for good.

    Raises:
        PaperUnknown: Neither a paper code nor a licence with paper codes has this id.
        PaperNotInForce: All of them have ended already.
        RegisterUnavailable: Nothing was changed.
    """
    with register.writing() as connection:
        ids = [record.id for record in _named(connection, named)]
        groups = connection.execute(
            select(credential_group)
            .join_from(credential_group, paper)
            .where(paper.c.id.in_(ids), in_force(at))
            .order_by(credential_group.c.id)
        ).all()
        if not groups:
            raise PaperNotInForce("there is no paper code of this id that has not ended already")
        flipped = flip(connection, groups, Status.DEVICE_LOST, reason=reason, actor=actor, at=at, spread=None)
        trail.append(
            connection,
            "report-paper-lost",
            "paper",
            named,
            actor=actor,
            at=at,
            reason=reason,
            details=flipped_details(flipped),
        )
        return flipped


def _named(connection: Connection, named: str) -> tuple[PaperRecord, ...]:
    # A database would refuse half a surrogate pair in its own words.
    found = _all(connection, (paper.c.id == named) | (licence.c.id == named)) if named.isascii() else ()
    if not found:
        raise PaperUnknown("neither a paper code nor a licence with paper codes has this id")
    return found


def _all(connection: Connection, condition: ColumnElement[bool]) -> tuple[PaperRecord, ...]:
    statement = (
        select(
            paper,
            credential_group.c.licence_id,
            credential_group.c.list_number,
            credential_group.c.idx,
            credential_group.c.exp,
            credential_group.c.status,
        )
        .join_from(paper, credential_group)
        .join(licence, licence.c.id == credential_group.c.licence_id)
        .where(condition)
        .order_by(credential_group.c.id)
    )
    return tuple(
        PaperRecord(
            id=row.id,
            licence_id=row.licence_id,
            entry=StatusEntry(row.list_number, row.idx),
            exp=UnixTime(row.exp),
            status=Status(row.status),
            finished=row.signed_at is not None,
            actor=row.actor,
            at=UnixTime(row.intended_at),
        )
        for row in connection.execute(statement)
    )
