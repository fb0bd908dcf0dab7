"""The feed's log in the register (`revocation.publishing.log`), by SQL of no dialect.

Guaranteed: a delta and the events that it settles are recorded together or not at all, and each place once. Not handled
here: what may be published, and who leads.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from issuer.feed import events as its_events
from issuer.feed.schema import feed_aggregate, feed_base, feed_delta, feed_epoch
from issuer.register import Register
from protocol import limits
from protocol.checkpoint import BasePointer, CoSignedDelta
from protocol.feed_position import FeedPosition
from protocol.manifest import EntryKind, ManifestEntry
from protocol.unixtime import UnixTime
from revocation import chain
from revocation.publishing.errors import AnotherLeader
from revocation.publishing.log import Epoch, LoggedAggregate, LoggedBase, LoggedDelta


class SqlLog:
    """The log of one region's feed."""

    def __init__(self, register: Register) -> None:
        self.register = register

    def epochs(self) -> tuple[Epoch, ...]:
        """All epochs, the oldest first."""
        with self.register.reading() as connection:
            rows = connection.execute(select(feed_epoch).order_by(feed_epoch.c.number)).all()
        return tuple(
            Epoch(row.number, row.status_kid, row.head, UnixTime(row.begun_at), UnixTime(row.iat)) for row in rows
        )

    def head_at(self, epoch: int, seq: int) -> bytes | None:
        """The head after this delta, if there is one."""
        statement = select(feed_delta.c.head).where(feed_delta.c.epoch == epoch, feed_delta.c.seq == seq)
        with self.register.reading() as connection:
            found: bytes | None = connection.execute(statement).scalar_one_or_none()
        return found

    def deltas(self, epoch: int, *, after: int, at_most: int | None = None) -> tuple[LoggedDelta, ...]:
        """The deltas after a seq, in order."""
        statement = (
            select(feed_delta)
            .where(feed_delta.c.epoch == epoch, feed_delta.c.seq > after, feed_delta.c.body.is_not(None))
            .order_by(feed_delta.c.seq)
            .limit(at_most)
        )
        with self.register.reading() as connection:
            return tuple(_delta(row) for row in connection.execute(statement).all())

    def co_signed(self, epoch: int, *, at_most: int) -> tuple[LoggedDelta, ...]:
        """The last co-signed deltas of an epoch, in order."""
        statement = (
            select(feed_delta)
            .where(feed_delta.c.epoch == epoch, feed_delta.c.statement.is_not(None))
            .order_by(feed_delta.c.seq.desc())
            .limit(at_most)
        )
        with self.register.reading() as connection:
            return tuple(_delta(row) for row in reversed(connection.execute(statement).all()))

    def counted_since(self, moment: UnixTime) -> int:
        """How many changes after this moment count for the brake."""
        return self._sum(feed_delta.c.counted, moment)

    def retired_since(self, moment: UnixTime) -> int:
        """How many lists were closed after this moment."""
        return self._sum(feed_delta.c.retired, moment)

    def append(
        self, made: LoggedDelta, *, retired: int, events: Sequence[int], connection: Connection | None = None
    ) -> None:
        """Record a delta and the events that it settles.

        Raises:
            AnotherLeader: Its place is taken, or one of the events is settled; nothing was recorded.
        """
        if connection is None:
            with self.register.writing() as own:
                self.append(made, retired=retired, events=events, connection=own)
            return
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(feed_delta).values(
                        epoch=made.epoch,
                        seq=made.seq,
                        body=made.body,
                        head=made.head,
                        at=made.at,
                        counted=made.counted,
                        retired=retired,
                        statement=made.statement,
                    )
                )
                its_events.settle(connection, events, epoch=made.epoch, seq=made.seq)
        except IntegrityError:
            raise AnotherLeader(f"epoch {made.epoch}, seq {made.seq} is taken: somebody else has published") from None

    def settle(self, events: Sequence[int], *, epoch: int, seq: int) -> None:
        """Record that these events need no delta. Raises: AnotherLeader."""
        try:
            with self.register.writing() as connection, connection.begin_nested():
                its_events.settle(connection, events, epoch=epoch, seq=seq)
        except IntegrityError:
            raise AnotherLeader("these changes are settled: somebody else has published") from None

    def begin(self, epoch: Epoch, *, encoded_base: bytes, pointer: BasePointer, connection: Connection) -> None:
        """Record a new epoch with its first base. Raises: AnotherLeader."""
        settled = connection.execute(select(func.max(feed_epoch.c.settled))).scalar()
        try:
            with connection.begin_nested():
                connection.execute(
                    insert(feed_epoch).values(
                        number=epoch.number,
                        status_kid=epoch.status_kid,
                        head=epoch.head,
                        begun_at=epoch.begun_at,
                        iat=epoch.iat,
                        settled=settled or 0,
                    )
                )
                _insert_base(connection, LoggedBase(epoch.number, pointer, epoch.begun_at), encoded_base)
        except IntegrityError:
            raise AnotherLeader(f"epoch {epoch.number} has begun: somebody else has published") from None

    def record_iat(self, epoch: int, iat: UnixTime) -> None:
        """Record that a checkpoint of this moment may have been signed."""
        with self.register.writing() as connection:
            connection.execute(
                update(feed_epoch).where(feed_epoch.c.number == epoch, feed_epoch.c.iat < iat).values(iat=iat)
            )

    def bases(self, epoch: int) -> tuple[LoggedBase, ...]:
        """The bases of an epoch whose bytes are kept, the oldest first."""
        columns = [each for each in feed_base.c if each is not feed_base.c.body]
        statement = (
            select(*columns).where(feed_base.c.epoch == epoch, feed_base.c.body.is_not(None)).order_by(feed_base.c.seq)
        )
        with self.register.reading() as connection:
            return tuple(
                LoggedBase(row.epoch, BasePointer(row.seq, row.sha256, row.size), UnixTime(row.at))
                for row in connection.execute(statement)
            )

    def base_body(self, epoch: int, seq: int) -> bytes:
        """The bytes of a base that is kept."""
        statement = select(feed_base.c.body).where(feed_base.c.epoch == epoch, feed_base.c.seq == seq)
        with self.register.reading() as connection:
            body: bytes = connection.execute(statement).scalar_one()
        return body

    def add_base(self, base: LoggedBase, body: bytes) -> None:
        """Record a base before it is put. Raises: AnotherLeader."""
        try:
            with self.register.writing() as connection, connection.begin_nested():
                _insert_base(connection, base, body)
        except IntegrityError:
            raise AnotherLeader("this base is there: somebody else has published") from None

    def aggregates(self, epoch: int, *, after: int | None = None) -> tuple[LoggedAggregate, ...]:
        """The aggregates of an epoch that are kept, by kind and place; with their bytes those that end after a seq."""
        body = (
            literal(b"") if after is None else case((feed_aggregate.c.last > after, feed_aggregate.c.body), else_=b"")
        )
        columns: list[ColumnElement[Any]] = [each for each in feed_aggregate.c if each is not feed_aggregate.c.body]
        statement: Select[Any] = (
            select(*columns, body.label("body"))
            .where(feed_aggregate.c.epoch == epoch)
            .order_by(feed_aggregate.c.kind, feed_aggregate.c.last)
        )
        with self.register.reading() as connection:
            return tuple(_aggregate(row) for row in connection.execute(statement))

    def add_aggregates(self, made: Iterable[LoggedAggregate]) -> None:
        """Record aggregates before they are put. Raises: AnotherLeader."""
        rows = [
            {
                "epoch": each.epoch,
                "kind": int(each.entry.kind),
                "first": each.entry.first,
                "last": each.entry.last,
                "begin": each.begin,
                "head": each.head,
                "sha256": each.entry.sha256,
                "size": each.entry.size,
                "body": each.body,
            }
            for each in made
        ]
        if not rows:
            return
        try:
            with self.register.writing() as connection, connection.begin_nested():
                connection.execute(insert(feed_aggregate), rows)
        except IntegrityError:
            raise AnotherLeader("these aggregates are there: somebody else has published") from None

    def reversals(self, region: str, epoch: int) -> tuple[CoSignedDelta, ...]:
        """The last co-signed deltas, as a checkpoint names them."""
        return tuple(
            CoSignedDelta(each.seq, chain.delta_hash(FeedPosition(region, epoch, each.seq), each.body))
            for each in self.co_signed(epoch, at_most=limits.MAX_REVERSALS)
        )

    def _sum(self, column: ColumnElement[Any], moment: UnixTime) -> int:
        statement = select(func.coalesce(func.sum(column), 0)).where(feed_delta.c.at > moment)
        with self.register.reading() as connection:
            total: int = connection.execute(statement).scalar_one()
        return total


def _insert_base(connection: Connection, base: LoggedBase, body: bytes) -> None:
    pointer = base.pointer
    connection.execute(
        insert(feed_base).values(
            epoch=base.epoch, seq=pointer.seq, sha256=pointer.sha256, size=pointer.size, at=base.at, body=body
        )
    )


def _delta(row: Row[Any]) -> LoggedDelta:
    return LoggedDelta(row.epoch, row.seq, row.body, row.head, UnixTime(row.at), row.counted, row.statement)


def _aggregate(row: Row[Any]) -> LoggedAggregate:
    entry = ManifestEntry(EntryKind(row.kind), row.first, row.last, row.sha256, row.size)
    return LoggedAggregate(row.epoch, entry, UnixTime(row.begin), row.head, row.body)
