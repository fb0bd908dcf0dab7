"""Changes of the register on their way into the feed: which are due and in no delta yet, and which delta settles them.

Events are committed in the order of their numbers, and become due in another; so each one that is settled has a row.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Integer, and_, cast, func, insert, literal, or_, select, update

from issuer.feed.schema import feed_epoch, feed_event
from issuer.register import Register
from issuer.register_schema import allocation_list, status_event, status_list
from protocol.unixtime import UnixTime
from revocation.allocation import OPEN_LISTS
from revocation.delta import place
from revocation.publishing.log import Lists, StatusChange

_PAGE: Final = 20_000
_LISTS_AHEAD: Final = 4 * OPEN_LISTS
"""Announced before the register opens them, four expiry classes at once: a terminal knows a licence's list before the
licence is shown, and how many lists are in use is nobody's business. A list in which all is valid costs nothing."""


def pending(register: Register, at: UnixTime) -> Iterator[tuple[StatusChange, ...]]:
    """Changes that are due and in no delta, in pages: urgent ones first, then as they were made."""
    condition: ColumnElement[bool] = status_event.c.due <= at
    after: tuple[int, int] | None = None
    while True:
        with register.reading() as connection:
            statement = (
                _unsettled(_settled(connection))
                .where(condition if after is None else and_(condition, _beyond(after)))
                .order_by(status_event.c.urgent.desc(), status_event.c.seq)
                .limit(_PAGE)
            )
            rows = connection.execute(statement).all()
        if rows:
            after = (rows[-1].urgent, rows[-1].seq)
            yield tuple(
                StatusChange(row.seq, row.list_number, row.idx, row.old, row.new, UnixTime(row.at), row.urgent == 1)
                for row in rows
            )
        if len(rows) < _PAGE:
            return


def waiting(register: Register, at: UnixTime) -> tuple[int, int]:
    """How many changes are due and in no delta, and how many will be due."""
    with register.reading() as connection:
        unsettled = _unsettled(_settled(connection)).subquery()
        is_due = func.coalesce(func.sum(cast(unsettled.c.due <= at, Integer)), 0)
        due, all_of_them = connection.execute(select(is_due, func.count()).select_from(unsettled)).one()
    return due, all_of_them - due


def lists(connection: Connection) -> Lists:
    """The lists of the register and the next `_LISTS_AHEAD`; numbers below that were never given count as closed."""
    numbers = {
        row.number: row.retired_at
        for row in connection.execute(
            select(status_list.c.number, allocation_list.c.retired_at).join_from(status_list, allocation_list)
        )
    }
    count = max(numbers, default=0) + 1
    closed = frozenset(each for each in range(count) if each not in numbers or numbers[each] is not None)
    return Lists(count + _LISTS_AHEAD, closed)


def settle_beginning(connection: Connection, at: UnixTime, *, epoch: int) -> None:
    """Record that every change that is due is in the state that the first epoch begins with."""
    begun = select(status_event.c.seq, literal(epoch), literal(0)).where(status_event.c.due <= at)
    connection.execute(insert(feed_event).from_select(["event", "epoch", "seq"], begun))
    _raise_settled(connection, epoch)


def unsettled_until(connection: Connection, last_event: int, *, places: set[int]) -> list[int]:
    """Events up to this number that no delta has settled, of entries at these places."""
    rows = connection.execute(_unsettled(_settled(connection)).where(status_event.c.seq <= last_event)).all()
    return [row.seq for row in rows if place(row.list_number, row.idx) in places]


def settle(connection: Connection, events: Sequence[int], *, epoch: int, seq: int) -> None:
    if events:
        connection.execute(insert(feed_event), [{"event": each, "epoch": epoch, "seq": seq} for each in events])
        _raise_settled(connection, epoch)


def _raise_settled(connection: Connection, epoch: int) -> None:
    unsettled = _unsettled(_settled(connection)).subquery()
    first = connection.execute(select(func.min(unsettled.c.seq))).scalar()
    newest = connection.execute(select(func.max(status_event.c.seq))).scalar() or 0
    connection.execute(
        update(feed_epoch).where(feed_epoch.c.number == epoch).values(settled=newest if first is None else first - 1)
    )


def _settled(connection: Connection) -> int:
    found: int | None = connection.execute(select(func.max(feed_epoch.c.settled))).scalar()
    return found or 0


def _unsettled(settled: int) -> Any:
    return (
        select(status_event)
        .outerjoin(feed_event, feed_event.c.event == status_event.c.seq)
        .where(status_event.c.seq > settled, feed_event.c.event.is_(None))
    )


def _beyond(after: tuple[int, int]) -> ColumnElement[bool]:
    """What comes after (urgent, seq) in the order of pages."""
    urgent, seq = after
    is_beyond: ColumnElement[bool] = or_(
        status_event.c.urgent < urgent, and_(status_event.c.urgent == urgent, status_event.c.seq > seq)
    )
    return is_beyond
