"""Which entry of which status list a new group gets: the state of `revocation.allocation`, kept in the register.

Guaranteed: whatever is given is recorded in the transaction that gives it, and never given again; who sees an entry
learns nothing of when and in which order it was given. A bulk worker leases entries beforehand; those that it does
not use stay valid for ever (decoys). UNIQUE(list, idx) is the second lock, for a register that came back from a backup.

An expiry class is a quarter of a year, and its lists are opened when it is used for the first time; that of ordinary
credentials a day before. Once everything in it has ended, and the last token about it too, they are retired: not
published any more (ADR 0010).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from issuer import draws
from issuer.draws import RandomBytes
from issuer.errors import NoFreeIndex
from issuer.register import Register, StatusEntry
from issuer.register_schema import allocation_list, status_list
from protocol import limits, unixtime
from protocol.unixtime import DAY, Seconds, UnixTime
from revocation import allocation
from revocation.allocation import FULL_AT, IndexPermutation, Lease, OpenList, OpenLists
from revocation.errors import ListsExhausted

CLASS_LIFE: Final = Seconds(91 * DAY)
"""What has ended stays in its list until all of the list has: half of this on average. Each class has open lists of its
own, though, that are not full; between 60 and 91 days a city has the fewest lists."""
RETIRED_AFTER: Final = Seconds(7 * DAY)
"""When the last token that named a list has ended, too."""
FIRST_LIST: Final = 1
_ATTEMPTS: Final = 16
"""So often may somebody else close the list that was drawn, or open the one that is missing, at the same time."""


_TAKE: Final = (
    update(allocation_list)
    .where(
        allocation_list.c.number == bindparam("drawn"),
        allocation_list.c.ends == bindparam("class_end"),
        allocation_list.c.is_open == 1,
    )
    .values(given=allocation_list.c.given + bindparam("count"))
    .returning(allocation_list.c.given)
)
"""The row stays locked until the transaction ends: on PostgreSQL, too, nobody else reads the counter meanwhile."""


class Allocator:
    """Gives entries of one region's lists. May be shared by threads."""

    def __init__(self, *, key: bytes, created_at: UnixTime, random_bytes: RandomBytes) -> None:
        """A region's allocator: its expiry classes are counted from its first day on, `key` is its secret order."""
        self._begin = unixtime.local_midnight(unixtime.local_day(created_at))
        self._below: Callable[[int], int] = lambda bound: draws.below(random_bytes, bound)
        self._known: dict[UnixTime, list[int]] = {}
        self._permutation = lru_cache(maxsize=4 * allocation.OPEN_LISTS)(lambda number: IndexPermutation(key, number))

    def entry(self, connection: Connection, exp: UnixTime) -> StatusEntry:
        """An entry for something that ends then, of an open list drawn at random. Raises: NoFreeIndex."""
        ends = self.class_end(exp)
        for _ in range(_ATTEMPTS):
            numbers = self._known.get(ends) or self._open_lists(connection, ends)
            granted = self._leased(connection, numbers[self._below(len(numbers))], ends, 1)
            if granted is not None:
                return self._entries(granted)[0]
            # Somebody has closed it since, and opened another one.
            self._known.pop(ends, None)
        raise NoFreeIndex("other processes closed every list that was drawn")

    def is_ready(self, connection: Connection, at: UnixTime) -> bool:
        """Whether nothing is to be opened ahead, and nothing to be retired."""
        is_open = (allocation_list.c.ends == self._ahead_of(at)) & (allocation_list.c.is_open == 1)
        found, over = (
            connection.execute(select(func.count()).select_from(allocation_list).where(condition)).scalar_one()
            for condition in (is_open, _is_over(at))
        )
        return found > 0 and over == 0

    def ahead(self, connection: Connection, at: UnixTime) -> None:
        """Open what ordinary credentials need until tomorrow, so that it is published before it is used."""
        self._open_lists(connection, self._ahead_of(at))

    def lease(self, connection: Connection, exp: UnixTime, each: int) -> list[StatusEntry]:
        """So many entries of each open list of a class, for one worker, in random order. Raises: NoFreeIndex."""
        ends = self.class_end(exp)
        entries: list[StatusEntry] = []
        for number in self._open_lists(connection, ends):
            granted = self._leased(connection, number, ends, each)
            entries += () if granted is None else self._entries(granted)
        for last in range(len(entries) - 1, 0, -1):
            other = self._below(last + 1)
            entries[last], entries[other] = entries[other], entries[last]
        return entries

    def class_end(self, exp: UnixTime) -> UnixTime:
        """The end of the expiry class that something belongs to which ends then."""
        return UnixTime(self._begin + max(1, -(-(exp - self._begin) // CLASS_LIFE)) * CLASS_LIFE)

    def _ahead_of(self, at: UnixTime) -> UnixTime:
        return self.class_end(UnixTime(at + limits.MAX_CREDENTIAL_LIFE + DAY))

    def _entries(self, granted: Lease) -> tuple[StatusEntry, ...]:
        number = granted.list_number
        return tuple(StatusEntry(number, idx) for idx in granted.indices(self._permutation(number)))

    def _open_lists(self, connection: Connection, ends: UnixTime) -> list[int]:
        """The open lists of a class, which is opened if it has none."""
        statement = (
            select(allocation_list.c.number)
            .where(allocation_list.c.ends == ends, allocation_list.c.is_open == 1)
            .order_by(allocation_list.c.number)
        )
        for _ in range(_ATTEMPTS):
            numbers = list(connection.execute(statement).scalars())
            if numbers:
                self._known[ends] = numbers
                return numbers
            try:
                opened, _ = allocation.open_class(_next_list(connection))
            except ListsExhausted as error:
                raise NoFreeIndex(str(error)) from None
            _insert(connection, tuple(each.number for each in opened.lists), ends)
        raise NoFreeIndex("other processes took every list number that was free")

    def _leased(self, connection: Connection, number: int, ends: UnixTime, count: int) -> Lease | None:
        """Up to `count` counters of this list, recorded; none if it was closed in the meantime."""
        after = connection.execute(_TAKE, {"drawn": number, "class_end": ends, "count": count}).scalar()
        if after is None:
            return None
        is_full = after >= FULL_AT
        held = OpenLists((OpenList(number, after - count),))
        next_list = _next_list(connection) if is_full else 0
        try:
            _, granted, _ = allocation.lease(held, count, next_list=next_list, below=lambda _: 0)
        except ListsExhausted as error:
            raise NoFreeIndex(str(error)) from None
        if is_full:
            connection.execute(
                update(allocation_list)
                .where(allocation_list.c.number == number)
                .values(given=granted.first + granted.count, is_open=0)
            )
            self._known.pop(ends, None)
            for _ in range(_ATTEMPTS):
                if _insert(connection, (_next_list(connection),), ends):
                    break
        return granted


class LeasedEntries:
    """Entries that one bulk worker holds, several of each open list, so that issuing waits for no other worker.

    Not shared by threads. What is left when it is dropped, or its process ends, stays a decoy.
    """

    def __init__(self, allocator: Allocator, register: Register, *, each: int) -> None:
        self._allocator, self._register, self._each = allocator, register, each
        self._held: dict[UnixTime, list[StatusEntry]] = {}

    def take(self, exp: UnixTime) -> StatusEntry:
        """An entry for something that ends then. Call it outside of any transaction. Raises: NoFreeIndex."""
        held = self._held.setdefault(self._allocator.class_end(exp), [])
        while not held:
            # In a transaction of its own: were it rolled back later, somebody else would get the same entries.
            with self._register.adding() as connection:
                held += self._allocator.lease(connection, exp, self._each)
        return held.pop()


def retire(connection: Connection, at: UnixTime) -> None:
    """Retire the lists of classes that are over."""
    connection.execute(update(allocation_list).where(_is_over(at)).values(retired_at=at, is_open=0))


def close_all(connection: Connection, *, published: frozenset[int], at: UnixTime) -> None:
    """Close every open list: after the register came back from a backup, nobody knows how far they were given away.

    Args:
        connection: Of a transaction that nothing else writes beside.
        published: The lists that were published, which the register may not know of any more.
        at: Now.
    """
    connection.execute(update(allocation_list).values(is_open=0))
    # Whatever was given of them since the backup ends by then.
    ends = UnixTime(at + limits.MAX_PAPER_LIFE)
    unknown = range(_next_list(connection), max(published, default=0) + 1)
    if unknown:
        connection.execute(insert(status_list), [{"number": number, "seq": 0} for number in unknown])
        closed = [{"number": number, "ends": ends, "given": 0, "is_open": 0} for number in unknown]
        connection.execute(insert(allocation_list), closed)


def _is_over(at: UnixTime) -> ColumnElement[bool]:
    return (allocation_list.c.ends < at - RETIRED_AFTER) & allocation_list.c.retired_at.is_(None)


def _next_list(connection: Connection) -> int:
    newest = connection.execute(select(func.max(status_list.c.number))).scalar()
    return FIRST_LIST if newest is None else newest + 1


def _insert(connection: Connection, numbers: tuple[int, ...], ends: UnixTime) -> bool:
    """Record new lists, unless somebody else has just taken one of these numbers."""
    try:
        with connection.begin_nested():
            connection.execute(insert(status_list), [{"number": number, "seq": 0} for number in numbers])
            connection.execute(
                insert(allocation_list),
                [{"number": number, "ends": ends, "given": 0, "is_open": 1} for number in numbers],
            )
    except IntegrityError:
        return False
    return True
