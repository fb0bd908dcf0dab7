"""Deltas that the offline key is to sign: their places are reserved, and they are published when their seq comes.

A reversal undoes the last final change of a licence; whatever the brake or the guard holds back can be released in the
same way. Until the co-signature is here, ordinary deltas go on, and may take the reserved place: a revocation never
waits for a ceremony. With the co-signature at hand, deltas without changes fill the places before it.

Guaranteed: delta, co-signature, events and the register's statuses change in one transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, Protocol

import numpy as np
from sqlalchemy import Connection, Row, insert, select, update

from issuer.audit import trail
from issuer.errors import LicenceUnknown
from issuer.feed import events as its_events
from issuer.feed.beginning import Current, continued
from issuer.feed.errors import ReversalRefused
from issuer.feed.schema import feed_reversal
from issuer.feed.sql_log import SqlLog
from issuer.register import flip
from issuer.register_schema import credential_group, licence, status_event
from protocol.feed_position import FeedPosition
from protocol.reversal import VerifiedReversal
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation import chain, delta, guard
from revocation.delta import Delta
from revocation.publishing import planning
from revocation.publishing.log import LoggedDelta

AHEAD: Final = 60
"""Deltas until the reserved place: an hour of ordinary ones."""
FILLED_AT_ONCE: Final = 7
"""Deltas without changes in one tick; ten ride along with a checkpoint."""
_MAX_CHANGES: Final = 1 << 20


class Permit(Protocol):
    """What a second person has approved: in whose name, and why."""

    @property
    def reason(self) -> str:
        """Why."""

    @property
    def proposed_by(self) -> str:
        """Who wanted it."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A delta for a place that has not come. `old` has the values that it was made from, in the delta's order."""

    id: int
    epoch: int
    seq: int
    body: bytes
    old: bytes
    licence_id: str | None
    last_event: int
    reason: str
    actor: str
    at: UnixTime
    statement: bytes | None

    def position(self, region: str) -> FeedPosition:
        return FeedPosition(region, self.epoch, self.seq)


def waiting(log: SqlLog, current: Current) -> tuple[Reservation, ...]:
    """The reservations whose places have not come, by place."""
    statement = (
        select(feed_reversal)
        .where(
            feed_reversal.c.epoch == current.position.epoch,
            feed_reversal.c.seq > current.position.seq,
            feed_reversal.c.ended.is_(None),
        )
        .order_by(feed_reversal.c.seq)
    )
    with log.register.reading() as connection:
        return tuple(_reservation(row) for row in connection.execute(statement))


def of_licence(log: SqlLog, current: Current, licence_id: str, *, at: UnixTime) -> dict[int, int]:
    """What undoing the last final change of this licence says: VALID at each entry that it flipped and that lives.

    Raises:
        LicenceUnknown: There is no such licence.
        ReversalRefused: It has not ended, or nothing of it lives.
    """
    with log.register.reading() as connection:
        groups = flipped(connection, licence_id, at)
    places = {delta.place(row.list_number, row.idx): int(Status.VALID) for row in groups}
    known = np.array(sorted(places), np.uint64)
    if (current.state.values(known) == int(Status.VALID)).any():
        raise ReversalRefused(
            "the change that is to be undone is not published yet", hint="Wait for it: minutes to hours."
        )
    return places


def reserve(
    log: SqlLog,
    current: Current,
    changes: dict[int, int],
    *,
    licence_id: str | None,
    last_event: int,
    ahead: int,
    permit: Callable[[Connection], Permit],
    at: UnixTime,
) -> Reservation:
    """Reserve a place for a delta with these changes. Raises: ReversalRefused, ProposalNotOpen."""
    if not 0 < len(changes) <= _MAX_CHANGES:
        raise ReversalRefused("there is nothing to be signed, or more than a delta may hold")
    made = delta.make(changes)
    body = delta.encode(made, universe=current.state.universe)
    taken = [each.seq for each in waiting(log, current)]
    seq = max(current.position.seq + ahead, max(taken, default=0) + 1)
    values: dict[str, Any] = {
        "epoch": current.position.epoch,
        "seq": seq,
        "body": body,
        "old": current.state.values(made.places).tobytes(),
        "licence_id": licence_id,
        "last_event": last_event,
        "at": at,
        "statement": None,
    }
    with log.register.writing() as connection:
        permitted = permit(connection)
        values |= {"reason": permitted.reason, "actor": permitted.proposed_by}
        inserted = connection.execute(insert(feed_reversal).values(ended=None, **values))
        assert inserted.inserted_primary_key is not None, "the row has a number of its own"
        reserved = Reservation(inserted.inserted_primary_key[0], **values)
        _note(connection, "prepare-reversal", reserved, actor=permitted.proposed_by, at=at)
        return reserved


def accept(
    log: SqlLog, current: Current, verified: VerifiedReversal, encoded: bytes, *, actor: str, at: UnixTime
) -> Reservation:
    """Keep the offline key's statement for the place that it is for.

    Raises:
        ReversalRefused: Nothing like it was prepared, or its place has gone to another delta.
    """
    stated = verified.reversal
    for each in waiting(log, current):
        position = each.position(current.position.region)
        if (position, chain.delta_hash(position, each.body)) == (stated.position, stated.delta_sha256):
            with log.register.writing() as connection:
                connection.execute(update(feed_reversal).where(feed_reversal.c.id == each.id).values(statement=encoded))
                _note(connection, "accept-reversal", each, actor=actor, at=at)
            return replace(each, statement=encoded)
    raise ReversalRefused(
        f"no delta that waits for seq {stated.position.seq} of epoch {stated.position.epoch} is the one that was signed"
    )


def placed(
    log: SqlLog, current: Current, verified: VerifiedReversal, reservation: Reservation, *, at: UnixTime
) -> Current:
    """The feed after the co-signed delta, whose place is the next one; unchanged if the delta does not fit any more.

    Raises:
        AnotherLeader: Somebody else has taken the place.
        RevocationError: A terminal would refuse it.
    """
    changes = delta.decode(reservation.body)
    if not _still_fits(current, changes, reservation):
        end(log, reservation, "outdated")
        return current
    assert reservation.statement is not None, "only a signed delta is placed"
    co_signed = guard.co_signed([(verified, reservation.body)])
    after = planning.extended(current.position, current.head, current.state, reservation.body, co_signed=co_signed)
    made = LoggedDelta(
        current.position.epoch, reservation.seq, reservation.body, after.head, at, 0, reservation.statement
    )
    with log.register.writing() as connection:
        events = its_events.unsettled_until(connection, reservation.last_event, places=set(changes.places.tolist()))
        if reservation.licence_id is not None:
            events += _undone(connection, reservation, set(changes.places.tolist()), at)
        log.append(made, retired=0, events=events, connection=connection)
        connection.execute(update(feed_reversal).where(feed_reversal.c.id == reservation.id).values(ended="published"))
        _note(connection, "publish-reversal", reservation, actor=reservation.actor, at=at)
    return continued(current, (made,))


def _note(connection: Connection, act: str, reservation: Reservation, *, actor: str, at: UnixTime) -> None:
    licence_id = reservation.licence_id
    trail.append(
        connection,
        act,
        "delta" if licence_id is None else "licence",
        f"{reservation.epoch}/{reservation.seq}" if licence_id is None else licence_id,
        actor=actor,
        at=at,
        reason=reservation.reason,
        details={"epoch": reservation.epoch, "seq": reservation.seq, "body": sha256(reservation.body).digest()},
    )


def end(log: SqlLog, reservation: Reservation, how: str) -> None:
    """Give a reservation up."""
    with log.register.writing() as connection:
        connection.execute(update(feed_reversal).where(feed_reversal.c.id == reservation.id).values(ended=how))


def _still_fits(current: Current, changes: Delta, reservation: Reservation) -> bool:
    """Whether each entry has the value that the delta was made from, or already the one that it says."""
    held = current.state.values(changes.places)
    old = np.frombuffer(reservation.old, np.uint8)
    return bool(((held == old) | (held == changes.values)).all())


def _undone(connection: Connection, reservation: Reservation, places: set[int], at: UnixTime) -> list[int]:
    """Undo the change in the register, and return the events of that."""
    assert reservation.licence_id is not None, "the reservation is a licence's"
    of_licence = select(credential_group).where(credential_group.c.licence_id == reservation.licence_id)
    groups = [row for row in connection.execute(of_licence).all() if delta.place(row.list_number, row.idx) in places]
    connection.execute(update(licence).where(licence.c.id == reservation.licence_id).values(status=int(Status.VALID)))
    events = flip(
        connection, groups, Status.VALID, reason=reservation.reason, actor=reservation.actor, at=at, spread=None
    )
    return [each.seq for each in events]


def flipped(connection: Connection, licence_id: str, at: UnixTime) -> Sequence[Row[Any]]:
    """The groups that the licence's last final change flipped and that have not ended.

    Raises:
        LicenceUnknown: There is no such licence.
        ReversalRefused: It has not ended, or nothing of it lives.
    """
    status = connection.execute(select(licence.c.status).where(licence.c.id == licence_id)).scalar_one_or_none()
    if status is None:
        raise LicenceUnknown("no licence has this id")
    if not Status(status).is_final:
        raise ReversalRefused("the licence has not ended: there is nothing to undo")
    last = connection.execute(
        select(status_event)
        .where(status_event.c.licence_id == licence_id, status_event.c.new == status)
        .order_by(status_event.c.seq.desc())
        .limit(1)
    ).one_or_none()
    groups: Sequence[Row[Any]] = ()
    if last is not None:
        # A mandate or a device that had ended before by itself stays ended.
        same = select(status_event.c.list_number, status_event.c.idx).where(
            status_event.c.licence_id == licence_id,
            status_event.c.at == last.at,
            status_event.c.reason == last.reason,
            status_event.c.new == status,
        )
        entries = {(row.list_number, row.idx) for row in connection.execute(same)}
        of_licence = select(credential_group).where(
            credential_group.c.licence_id == licence_id,
            credential_group.c.status == status,
            credential_group.c.exp > at,
        )
        groups = [row for row in connection.execute(of_licence) if (row.list_number, row.idx) in entries]
    if not groups:
        raise ReversalRefused(
            "nothing that was issued for this licence lives any more", hint="Issue a new licence instead."
        )
    return groups


def _reservation(row: Row[Any]) -> Reservation:
    return Reservation(
        row.id,
        row.epoch,
        row.seq,
        row.body,
        row.old,
        row.licence_id,
        row.last_event,
        row.reason,
        row.actor,
        UnixTime(row.at),
        row.statement,
    )
