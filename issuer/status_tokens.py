"""The standard status list tokens of an issuer, for whoever has no feed: one for each list that is not retired.

A list that changed is signed at once; one that did not, when its token has been there for its `ttl`. At night lists are
compressed harder, a few at a time, so that a revocation waits for none of it. A token shows the changes that are due at
its moment and no others, and never one that it showed before not any more.

Tokens are kept in the register: every process and machine publishes the same bytes. Signing happens outside of the
transaction that records it; who finds that somebody else was faster begins again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from issuer import allocation
from issuer.allocation import Allocator
from issuer.errors import RegisterUnavailable
from issuer.profile import Profile
from issuer.register import Register
from issuer.register_schema import allocation_list, credential_group, status_event, status_list, status_token
from protocol import status_list as protocol_list
from protocol import unixtime
from protocol.keys import Signer
from protocol.status_list import Status, StatusListToken
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime

STATUS_TTL: Final = HOUR
STATUS_LIFE: Final = Seconds(7 * DAY)
_NIGHT: Final = range(2 * HOUR, 5 * HOUR)
"""Seconds of the local day in which lists are compressed harder."""
_SQUEEZED_AT_ONCE: Final = 4
_ATTEMPTS: Final = 16


@dataclass(frozen=True, slots=True)
class SignedList:
    """One list's token as it is to be published."""

    seq: int
    encoded: bytes


@dataclass(frozen=True, slots=True)
class _Due:
    """A list whose token is to be signed: with these entries, or again as it is where there are none."""

    number: int
    seq: int
    kept: bytes
    entries: Mapping[int, Status] | None
    level: int
    squeezed: bool
    shown_until: UnixTime


class StatusTokens:
    """Signs what is due."""

    def __init__(self, *, profile: Profile, register: Register, allocator: Allocator, signer: Signer) -> None:
        self._profile, self._register, self._allocator, self._signer = profile, register, allocator, signer

    def all_published(self) -> bool:
        """Whether no list was opened since. Raises: RegisterUnavailable."""
        with self._register.reading() as connection:
            return connection.execute(_NOT_RETIRED.where(status_token.c.number.is_(None)).limit(1)).first() is None

    def current(self, at: UnixTime) -> Mapping[int, SignedList]:
        """The token of every list, by number. Raises: RegisterUnavailable, NoFreeIndex."""
        with self._register.reading() as connection:
            ready = self._allocator.is_ready(connection, at)
        if not ready:
            with self._register.writing() as connection:
                self._allocator.ahead(connection, at)
                allocation.retire(connection, at)
                retired = select(allocation_list.c.number).where(allocation_list.c.retired_at.is_not(None))
                connection.execute(delete(status_token).where(status_token.c.number.in_(retired)))
        for _ in range(_ATTEMPTS):
            with self._register.reading() as connection:
                newest_event = connection.execute(select(func.coalesce(func.max(status_event.c.seq), 0))).scalar_one()
                due = _due(connection, at)
            signed = tuple((each, self._signed(each, at)) for each in due)
            if not due or self._recorded(signed, newest_event, at):
                with self._register.reading() as connection:
                    return {row.number: SignedList(row.seq, row.encoded) for row in connection.execute(_TOKENS).all()}
        raise RegisterUnavailable("other processes sign the same lists all the time")

    def _signed(self, due: _Due, at: UnixTime) -> bytes:
        seq, exp = due.seq + 1, UnixTime(at + STATUS_LIFE)
        if due.entries is None:
            return protocol_list.renewed(due.kept, self._signer, seq=seq, iat=at, exp=exp)
        token = StatusListToken(
            iss=self._profile.iss,
            uri=self._profile.list_uri(due.number),
            seq=seq,
            iat=at,
            exp=exp,
            ttl=STATUS_TTL,
            entries=protocol_list.pack({idx: int(status) for idx, status in due.entries.items()}),
        )
        return protocol_list.sign(token, self._signer, level=due.level)

    def _recorded(self, signed: tuple[tuple[_Due, bytes], ...], newest_event: int, at: UnixTime) -> bool:
        with self._register.writing() as connection:
            held = {row.number: row.seq for row in connection.execute(select(status_list)).all()}
            if any(held[due.number] != due.seq for due, _ in signed):
                return False
            for due, encoded in signed:
                connection.execute(
                    update(status_list).where(status_list.c.number == due.number).values(seq=due.seq + 1)
                )
                connection.execute(delete(status_token).where(status_token.c.number == due.number))
                connection.execute(
                    insert(status_token).values(
                        number=due.number,
                        iat=at,
                        newest_event=newest_event,
                        shown_until=due.shown_until,
                        squeezed=int(due.squeezed),
                        encoded=encoded,
                    )
                )
        return True


def shown(connection: Connection, list_number: int, at: UnixTime) -> Mapping[int, Status]:
    """The entries of a list that are not valid, as they are to be seen at this moment."""
    rows = connection.execute(
        select(credential_group.c.idx, credential_group.c.status).where(
            credential_group.c.list_number == list_number, credential_group.c.status != int(Status.VALID)
        )
    ).all()
    entries = {row.idx: Status(row.status) for row in rows}
    waiting = connection.execute(
        select(status_event.c.idx, status_event.c.old)
        .where(status_event.c.list_number == list_number, status_event.c.due > at)
        .order_by(status_event.c.seq.desc())
    ).all()
    for row in waiting:
        entries[row.idx] = Status(row.old)
    return {idx: status for idx, status in entries.items() if status is not Status.VALID}


_TOKENS: Final = (
    select(status_list.c.number, status_list.c.seq, status_token.c.encoded)
    .join_from(status_list, status_token)
    .order_by(status_list.c.number)
)
_NOT_RETIRED: Final = (
    select(
        status_list.c.number,
        status_list.c.seq,
        status_token.c.iat,
        status_token.c.shown_until,
        status_token.c.squeezed,
    )
    .join_from(status_list, allocation_list)
    .outerjoin(status_token, status_token.c.number == status_list.c.number)
    .where(allocation_list.c.retired_at.is_(None))
    .order_by(status_list.c.number)
)


def _due(connection: Connection, at: UnixTime) -> tuple[_Due, ...]:
    changed = _changed(connection, at)
    squeezing = _SQUEEZED_AT_ONCE if at - unixtime.local_midnight(unixtime.local_day(at)) in _NIGHT else 0
    due = []
    for row in connection.execute(_NOT_RETIRED).all():
        is_new = row.iat is None
        # Whatever a token has shown is shown again, also where this clock is behind the one before.
        until = at if is_new else max(at, UnixTime(row.shown_until))
        if is_new or row.number in changed:
            entries = shown(connection, row.number, until)
            # Nobody's list is compressed once for all.
            due.append(_Due(row.number, row.seq, b"", entries, protocol_list.QUICK, not entries, until))
        elif not row.squeezed and squeezing > 0:
            squeezing -= 1
            entries = shown(connection, row.number, until)
            due.append(_Due(row.number, row.seq, b"", entries, protocol_list.SQUEEZED, True, until))
        elif at - row.iat >= STATUS_TTL:
            kept = _kept(connection, row.number)
            due.append(_Due(row.number, row.seq, kept, None, protocol_list.QUICK, row.squeezed == 1, until))
    return tuple(due)


def _changed(connection: Connection, at: UnixTime) -> frozenset[int]:
    """Lists with a change that is due and that their token does not show."""
    since, until = connection.execute(
        select(func.min(status_token.c.newest_event), func.min(status_token.c.shown_until))
    ).one()
    if since is None:
        return frozenset()
    statement = (
        select(status_event.c.list_number)
        .distinct()
        .join_from(status_event, status_token, status_token.c.number == status_event.c.list_number)
        .where(
            # The first condition keeps to the two indexes, the second one is exact.
            or_(status_event.c.seq > since, status_event.c.due > until),
            or_(status_event.c.seq > status_token.c.newest_event, status_event.c.due > status_token.c.shown_until),
            or_(status_event.c.due <= at, status_event.c.due <= status_token.c.shown_until),
        )
    )
    return frozenset(connection.execute(statement).scalars())


def _kept(connection: Connection, number: int) -> bytes:
    encoded: bytes = connection.execute(
        select(status_token.c.encoded).where(status_token.c.number == number)
    ).scalar_one()
    return encoded
