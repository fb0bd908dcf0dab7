"""Where the feed stands: the state after the newest delta, from the register, the last base, or what is in memory.

The first epoch begins with what the register shows. A later one begins with the state that the one before it ended
with, so that a terminal which is up to date goes on without a new base.
"""

from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import delete

from issuer.audit import trail
from issuer.feed import events
from issuer.feed.sql_log import SqlLog
from issuer.register_schema import status_token
from issuer.status_tokens import shown
from protocol import limits
from protocol.feed_position import FeedPosition
from protocol.unixtime import UnixTime
from revocation import chain, delta, state, status_base
from revocation.publishing.errors import LogDamaged
from revocation.publishing.log import Epoch, LoggedDelta
from revocation.state import ALL_VALID, RegionState
from revocation.status_base import Base

RECENT: Final = limits.MAX_INLINE_DELTAS


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """Where the feed stands, with the last deltas, oldest first."""

    epoch: Epoch
    position: FeedPosition
    head: bytes
    state: RegionState
    recent: tuple[LoggedDelta, ...]


def first(log: SqlLog, *, region: str, status_kid: bytes, at: UnixTime) -> Current:
    """Begin the first epoch with what the register shows at this moment. Raises: AnotherLeader."""
    with log.register.writing() as connection:
        lists = events.lists(connection)
        opened = tuple(None if number in lists.retired else ALL_VALID for number in range(lists.count))
        values = {
            delta.place(number, idx): int(status)
            for number, each in enumerate(opened)
            if each is not None
            for idx, status in shown(connection, number, at).items()
        }
        shows = state.fold(RegionState(region, opened), delta.make(values))
        head = chain.first_head(region, 1, shows.root)
        current = _begun(shows, Epoch(1, status_kid, head, at, at))
        encoded = _encoded(current)
        log.begin(
            current.epoch,
            encoded_base=encoded,
            pointer=status_base.pointer_to(encoded, seq=0),
            connection=connection,
        )
        events.settle_beginning(connection, at, epoch=1)
    return current


def following(log: SqlLog, before: Current, *, number: int, status_kid: bytes, actor: str, at: UnixTime) -> Current:
    """Begin the next epoch, with this number. Raises: AnotherLeader."""
    head = chain.first_head(before.position.region, number, before.state.root)
    current = _begun(before.state, Epoch(number, status_kid, head, at, at))
    encoded = _encoded(current)
    with log.register.writing() as connection:
        log.begin(
            current.epoch,
            encoded_base=encoded,
            pointer=status_base.pointer_to(encoded, seq=0),
            connection=connection,
        )
        trail.append(
            connection,
            "begin-epoch",
            "feed",
            str(number),
            actor=actor,
            at=at,
            details={"kid": status_kid, "head": head},
        )
        # Tokens of the old key are signed again in the next round.
        connection.execute(delete(status_token))
    return current


def loaded(log: SqlLog, epoch: Epoch, *, region: str) -> Current:
    """The state at the end of the log, from the last base of this epoch.

    Raises:
        LogDamaged: What the log holds does not fit together.
    """
    base = log.bases(epoch.number)[-1]
    encoded = log.base_body(epoch.number, base.pointer.seq)
    decoded = status_base.decode(encoded, pointer=base.pointer, expected_region=region, expected_epoch=epoch.number)
    recent = tuple(each for each in log.deltas(epoch.number, after=max(0, base.pointer.seq - RECENT)))
    ends = tuple(each for each in recent if each.seq <= base.pointer.seq)
    return continued(Current(epoch, decoded.position, decoded.head, decoded.state, ends), recent[len(ends) :])


def continued(current: Current, deltas: tuple[LoggedDelta, ...]) -> Current:
    """The state after more deltas of the log. Raises: LogDamaged."""
    head, position = current.head, current.position
    changes = []
    for each in deltas:
        position = replace(position, seq=position.seq + 1)
        head = chain.next_head(head, chain.delta_hash(position, each.body))
        if (each.epoch, each.seq, each.head) != (position.epoch, position.seq, head):
            raise LogDamaged(f"the log's delta {each.seq} of epoch {each.epoch} does not follow from the one before")
        changes.append(delta.decode(each.body))
    after = state.fold(current.state, delta.combine(changes)) if changes else current.state
    return Current(current.epoch, position, head, after, (*current.recent, *deltas)[-RECENT:])


def _begun(begins_with: RegionState, epoch: Epoch) -> Current:
    position = FeedPosition(begins_with.region, epoch.number, 0)
    return Current(epoch, position, epoch.head, begins_with, ())


def _encoded(current: Current) -> bytes:
    return status_base.encode(Base(current.position, current.head, current.state))
