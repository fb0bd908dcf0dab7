"""What is done once an hour: aggregates of the hours and days that are over, the day's base, and what can go.

An object goes three days after the last thing that named it was replaced: a delta three days after it was published,
once an hour's aggregate and a base have it; an aggregate three days after it left the manifest; a base three days after
the next one. What the offline key has signed stays. Files go first and then the bytes in the log, so that a crash in
between leaves nothing behind for ever. Places, heads and events are never forgotten.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from sqlalchemy import delete, select, update

from issuer.feed.beginning import Current
from issuer.feed.schema import feed_aggregate, feed_base, feed_delta
from issuer.feed.sql_log import SqlLog
from protocol import feed_names
from protocol.manifest import EntryKind
from protocol.unixtime import DAY, UnixTime
from revocation import status_base
from revocation.publishing import aggregates
from revocation.publishing.log import LoggedAggregate, LoggedBase
from revocation.publishing.objects import ObjectStore
from revocation.status_base import Base

BASE_AFTER: Final = DAY


def make_aggregates(log: SqlLog, current: Current, *, at: UnixTime) -> None:
    """Record the aggregates of what is over. Raises: AnotherLeader."""
    position, universe = current.position, max(1, current.state.universe)
    held = log.aggregates(position.epoch)
    after = _end(held, EntryKind.HOUR)
    made = aggregates.hours(log.deltas(position.epoch, after=after), region=position.region, universe=universe, at=at)
    log.add_aggregates(made)
    if not any(each.begin // DAY < at // DAY for each in (*held, *made) if _follows(each, held)):
        return
    with_bodies = log.aggregates(position.epoch, after=_end(held, EntryKind.DAY))
    of_hours = [each for each in with_bodies if _follows(each, held)]
    of_days = aggregates.days(of_hours, region=position.region, universe=universe, at=at)
    log.add_aggregates(of_days)
    all_days = [each for each in log.aggregates(position.epoch, after=0) if each.entry.kind is EntryKind.DAY]
    of_week = aggregates.week(all_days, region=position.region, universe=universe, at=at)
    if of_days and of_week is not None:
        log.add_aggregates((of_week,))


def make_base(log: SqlLog, current: Current, *, at: UnixTime) -> None:
    """Record a base of now, if a day has passed since the last one. Raises: AnotherLeader."""
    last = log.bases(current.position.epoch)[-1]
    if at - last.at < BASE_AFTER:
        return
    if last.pointer.seq == current.position.seq:
        return  # Nothing has changed since.
    encoded = status_base.encode(Base(current.position, current.head, current.state))
    pointer = status_base.pointer_to(encoded, seq=current.position.seq)
    log.add_base(LoggedBase(current.position.epoch, pointer, at), encoded)


def prune(log: SqlLog, stores: Sequence[ObjectStore], current: Current, *, at: UnixTime) -> None:
    """Remove what nobody can ask for any more. Raises: StoreFailed."""
    epoch, before = current.position.epoch, UnixTime(at - aggregates.KEPT)
    bases = log.bases(epoch)
    ends = {kind: _end(log.aggregates(epoch), kind) for kind in (EntryKind.HOUR, EntryKind.DAY)}
    last = min(bases[-1].pointer.seq, ends[EntryKind.HOUR], current.position.seq - feed_names.TEN_MINUTES.spare)
    of_earlier = feed_delta.c.epoch < epoch
    replaced = [each.pointer.seq for each, following in pairwise(bases) if following.at < before]
    gone_deltas = (
        ((feed_delta.c.epoch == epoch) & (feed_delta.c.seq <= last) | of_earlier)
        & (feed_delta.c.at < before)
        & feed_delta.c.body.is_not(None)
        & feed_delta.c.statement.is_(None)
    )
    is_over = current.epoch.begun_at < before
    gone_bases = (
        (feed_base.c.epoch == epoch) & feed_base.c.seq.in_(replaced)
        | (feed_base.c.epoch < epoch) & (current.epoch.begun_at < before)
    ) & feed_base.c.body.is_not(None)
    with log.register.reading() as connection:
        epochs = [epoch, *connection.execute(select(feed_aggregate.c.epoch).distinct()).scalars()]
        names = [
            feed_names.delta(row.epoch, row.seq)
            for row in connection.execute(select(feed_delta.c.epoch, feed_delta.c.seq).where(gone_deltas))
        ]
        names += [
            feed_names.base(row.epoch, row.seq)
            for row in connection.execute(select(feed_base.c.epoch, feed_base.c.seq).where(gone_bases))
        ]
    gone = [
        each
        for number in sorted(set(epochs))
        for each in log.aggregates(number)
        if not aggregates.is_needed(each, at=at) or (number < epoch and is_over)
    ]
    # The last ones say where the next begin.
    for kind in (EntryKind.HOUR, EntryKind.DAY):
        gone = [
            each for each in gone if each.epoch < epoch or each.entry.kind is not kind or each.entry.last < ends[kind]
        ]
    names += [feed_names.listed(each.entry.name(epoch=each.epoch)) for each in gone]
    for store in stores:
        for name in names:
            store.remove(name)
    if not names:
        return
    with log.register.writing() as connection:
        connection.execute(update(feed_delta).where(gone_deltas).values(body=None))
        connection.execute(update(feed_base).where(gone_bases).values(body=None))
        for each in gone:
            connection.execute(
                delete(feed_aggregate).where(
                    feed_aggregate.c.epoch == each.epoch,
                    feed_aggregate.c.kind == int(each.entry.kind),
                    feed_aggregate.c.first == each.entry.first,
                    feed_aggregate.c.last == each.entry.last,
                )
            )


def _end(held: Sequence[LoggedAggregate], kind: EntryKind) -> int:
    """The seq up to which aggregates of this kind were made."""
    return max((each.entry.last for each in held if each.entry.kind is kind), default=0)


def _follows(aggregate: LoggedAggregate, held: Sequence[LoggedAggregate]) -> bool:
    """Whether it is an hour that no day has yet."""
    return aggregate.entry.kind is EntryKind.HOUR and aggregate.entry.last > _end(held, EntryKind.DAY)
