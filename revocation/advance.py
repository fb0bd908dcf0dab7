"""From one verified state of a region to the next, whichever way it comes; or a refusal, and the old one stays.

Whoever holds the last minute takes deltas; whoever was away for hours takes aggregates that a signed manifest names and
then deltas; whoever has nothing, or was away for too long, takes a base and then deltas. All ways end in the same
checks: the chain leads to the signed head, nothing final has changed without the offline key, there are not more
changes than an authority makes, and the state that came out is the signed one. A terminal that lays deltas over a base
(`by_deltas_over`) makes the last comparison when it folds them, and the others at once (ADR 0011).

Not handled here: which objects to fetch, order and equivocation of checkpoints (`protocol.checkpoint.succession`), and
keeping all this on a disk.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from protocol.checkpoint import BasePointer, Checkpoint, VerifiedCheckpoint
from protocol.feed_position import FeedPosition
from protocol.manifest import AGGREGATES, ManifestEntry
from protocol.unixtime import UnixTime
from revocation import chain, delta, guard, lint, state, status_base
from revocation.delta import INDEX_BITS, Aggregate, Delta, Values
from revocation.errors import ChainBroken, OutsideLists, StateMismatch, WrongObject
from revocation.guard import CoSigned
from revocation.lint import Taken
from revocation.overlay import Packed
from revocation.rice import Places
from revocation.state import Apply, RegionState

Named = tuple[ManifestEntry, bytes]
"""An aggregate with the entry of a verified manifest that names it."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A region's state that has passed every check: where in the feed, as of when, what came within the last day."""

    position: FeedPosition
    head: bytes
    state: RegionState
    as_of: UnixTime
    taken: tuple[Taken, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """Something on the way: the state there, and how many changes count for the brake."""

    position: FeedPosition
    head: bytes
    state: RegionState
    count: int = 0


def by_deltas(held: Held, deltas: Sequence[bytes], *, checkpoint: VerifiedCheckpoint, co_signed: CoSigned) -> Held:
    """The next state by exactly the deltas between the two checkpoints; none if only time has passed.

    Raises:
        RevocationError: By its own reason; nothing has changed.
    """
    return by_aggregates(held, (), deltas, checkpoint=checkpoint, co_signed=co_signed)


def by_deltas_over(held: Held, deltas: Sequence[bytes], *, checkpoint: VerifiedCheckpoint, co_signed: CoSigned) -> Held:
    """As `by_deltas`, with the changes laid over the lists: no list is copied, and the root is compared by nobody yet.

    The deltas are the signed ones, whatever they lead to: the chain says so. That the state is the signed one too is
    seen when somebody folds it.

    Raises:
        RevocationError: By its own reason; nothing has changed.
    """
    signed = checkpoint.claims
    step = _deltas(_at_epoch(held, signed.position.epoch), deltas, signed, co_signed, apply=state.lay_over)
    return _settled(step, signed, held.taken, since=held.as_of)


def by_aggregates(
    held: Held,
    aggregates: Sequence[Named],
    deltas: Sequence[bytes],
    *,
    checkpoint: VerifiedCheckpoint,
    co_signed: CoSigned,
) -> Held:
    """The next state by aggregates of a verified manifest, in order, and the deltas after them.

    Raises:
        RevocationError: By its own reason; nothing has changed.
    """
    signed = checkpoint.claims
    step = _onwards(_at_epoch(held, signed.position.epoch), aggregates, deltas, signed, co_signed)
    return _settled(_with_root(step, signed), signed, held.taken, since=held.as_of)


def by_base(
    held: Held,
    base: bytes,
    aggregates: Sequence[Named],
    deltas: Sequence[bytes],
    *,
    pointer: BasePointer,
    checkpoint: VerifiedCheckpoint,
    co_signed: CoSigned,
) -> Held:
    """The next state by a base, aggregates and the deltas after it, against what is held.

    Args:
        held: What is held; it may be older or newer than the base.
        base: The base.
        aggregates: As for `by_aggregates`; they lead on from the base.
        deltas: Those after them.
        pointer: Which base it is: a signed statement, the checkpoint's or the root's.
        checkpoint: Where it ends.
        co_signed: What the offline key has signed.

    Raises:
        RevocationError: By its own reason; nothing has changed.
    """
    signed = checkpoint.claims
    step = _onwards(_base(base, pointer, signed), aggregates, deltas, signed, co_signed)
    if (held.position.epoch, held.position.seq) > (signed.position.epoch, signed.position.seq):
        raise ChainBroken("what is held is newer")
    count = _compare(held.state, step.state, co_signed.between(held.position, signed.position))
    return _settled(_with_root(replace(step, count=count), signed), signed, held.taken, since=held.as_of)


def from_nothing(
    base: bytes,
    aggregates: Sequence[Named],
    deltas: Sequence[bytes],
    *,
    pointer: BasePointer,
    checkpoint: VerifiedCheckpoint,
    co_signed: CoSigned,
) -> Held:
    """The first state of a terminal, by a base, aggregates and the deltas after it.

    There is nothing to compare with, so `pointer` is what the region's root has signed.

    Raises:
        RevocationError: By its own reason.
    """
    signed = checkpoint.claims
    step = _onwards(_base(base, pointer, signed), aggregates, deltas, signed, co_signed)
    return _settled(_with_root(replace(step, count=0), signed), signed, (), since=signed.iat)


def _at_epoch(held: Held, epoch: int) -> _Step:
    """Where the way begins: what is held, or the same state at the beginning of the next epoch."""
    if epoch <= held.position.epoch:
        return _Step(held.position, held.head, held.state)
    region = held.position.region
    return _Step(FeedPosition(region, epoch, 0), chain.first_head(region, epoch, held.state.root), held.state)


def _base(encoded: bytes, pointer: BasePointer, signed: Checkpoint) -> _Step:
    base = status_base.decode(
        encoded,
        pointer=pointer,
        expected_region=signed.position.region,
        expected_epoch=signed.position.epoch,
    )
    return _Step(base.position, base.head, base.state)


def _onwards(
    step: _Step, aggregates: Sequence[Named], deltas: Sequence[bytes], signed: Checkpoint, co_signed: CoSigned
) -> _Step:
    for entry, body in aggregates:
        step = _aggregate(step, entry, body, co_signed)
    return _deltas(step, deltas, signed, co_signed)


def _aggregate(step: _Step, entry: ManifestEntry, body: bytes, co_signed: CoSigned) -> _Step:
    if entry.kind not in AGGREGATES:
        raise WrongObject("an entry that names no aggregate")
    if len(body) != entry.size or sha256(body).digest() != entry.sha256:
        raise WrongObject("another aggregate than the one in the manifest")
    aggregate: Aggregate = delta.decode_aggregate(
        body, expected_region=step.position.region, expected_epoch=step.position.epoch
    )
    if (aggregate.first, aggregate.last) != (entry.first, entry.last):
        raise WrongObject("an aggregate of other deltas than the manifest says")
    # It may begin before what is held: it says what holds at its end, wherever one comes from.
    if not aggregate.first <= step.position.seq < aggregate.last:
        raise ChainBroken(f"an aggregate after {aggregate.first} does not lead on from {step.position.seq}")
    reversals = co_signed.between(step.position, aggregate.end)
    after, count = _changed(step.state, aggregate.changes, reversals, state.fold)
    return _Step(aggregate.end, aggregate.head, after, step.count + count)


def _deltas(
    step: _Step, bodies: Sequence[bytes], signed: Checkpoint, co_signed: CoSigned, *, apply: Apply = state.fold
) -> _Step:
    chain.check_way(step.position, step.head, bodies, signed=signed.position, signed_head=signed.head)
    after, count = step.state, step.count
    for seq, body in enumerate(bodies, step.position.seq + 1):
        changes = delta.decode(body)
        is_co_signed = co_signed.covers(replace(signed.position, seq=seq), body)
        before = after
        after, counted = _changed(before, changes, [changes] if is_co_signed else [], apply)
        if not is_co_signed:
            opened = 0 if changes.lists is None else changes.lists - len(before.lists)
            lint.check_delta(counted, lists=opened + len(changes.retired))
        count += counted
    return _Step(signed.position, signed.head, after, count)


def _changed(before: RegionState, changes: Delta, reversals: list[Delta], apply: Apply) -> tuple[RegionState, int]:
    """The state after these changes, and how many of them count, once each is one that may be."""
    opened = state.with_lists(before, changes)
    counted = guard.check(changes.places, opened.values(changes.places), changes.values, reversals)
    return apply(before, changes), int(counted.sum())


def _compare(old: RegionState, new: RegionState, reversals: list[Delta]) -> int:
    """How many of the differences between two states count, once each is one that may be."""
    if len(new.lists) < len(old.lists):
        raise OutsideLists("lists that vanish")
    count = 0
    for number, after in enumerate(new.lists):
        before = old.lists[number] if number < len(old.lists) else state.ALL_VALID
        if before is None and after is not None:
            raise OutsideLists("a closed list comes back")
        if before is None or after is None or before is after:
            continue
        places, held, came = _differences(number, before.packed, after.packed)
        count += int(guard.check(places, held, came, reversals).sum())
    return count


def _differences(number: int, old: Packed, new: Packed) -> tuple[Places, Values, Values]:
    before, after = np.frombuffer(old, np.uint8), np.frombuffer(new, np.uint8)
    both = np.repeat(np.flatnonzero(before != after), 2)
    half = np.tile(np.array([0, 1], np.uint8), len(both) // 2)
    shifts = half << np.uint8(2)
    places = (number << INDEX_BITS) + 2 * both + half
    return places.astype(np.uint64), before[both] >> shifts & np.uint8(0xF), after[both] >> shifts & np.uint8(0xF)


def _with_root(step: _Step, signed: Checkpoint) -> _Step:
    if step.state.root != signed.state_root:
        raise StateMismatch("the state that came out is not the signed one")
    return step


def _settled(step: _Step, signed: Checkpoint, taken: tuple[Taken, ...], *, since: UnixTime) -> Held:
    """What the way led to, once it has the signed number of lists and is not too much."""
    if len(step.state.lists) != signed.lists:
        raise StateMismatch("another number of lists than the signed one")
    until = UnixTime(max(since, signed.iat))
    history = lint.check_windows(taken, Taken(step.count, since, until)) if step.count else taken
    return Held(step.position, step.head, step.state, until, history)
