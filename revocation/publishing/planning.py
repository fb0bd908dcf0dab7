"""What the next delta says: changes of the register, coalesced, without what no terminal would take.

1. Of several changes of one entry the last one counts, in the order of the register.
2. Lists that the register has opened or closed for good are opened and closed, as many as one delta may.
3. A change in a closed list says nothing to anybody: it is settled without a word.
4. A change in a list that is not open yet waits for it.
5. A final status changes only with the offline key: such a change is held back, and everything else goes on.
6. What changes nothing is settled without a word.
7. As many of the others as the brake lets through, in the order that was given; the rest waits.

Guaranteed for `extended`: what it returns has passed the same checks that every terminal makes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from protocol import limits
from protocol.feed_position import FeedPosition
from protocol.status_list import Status
from revocation import chain, delta, guard, lint, state
from revocation.delta import INDEX_BITS, Delta
from revocation.guard import CoSigned
from revocation.publishing.log import Lists, StatusChange
from revocation.state import RegionState

_FINAL: Final = frozenset(range(16)) - {Status.VALID, Status.SUSPENDED}


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What the next delta says, the events that it settles, and those that stay, by reason."""

    changes: Delta
    settled: tuple[int, ...]
    final: tuple[int, ...] = ()
    """Would change a final status."""
    not_open: tuple[int, ...] = ()
    """Lie in a list that is not open."""
    braked: tuple[int, ...] = ()
    """Wait for the brake."""

    @property
    def says_something(self) -> bool:
        return len(self.changes) > 0 or self.changes.lists is not None


@dataclass(frozen=True, slots=True, eq=False)
class Extended:
    """The feed after one more delta."""

    position: FeedPosition
    head: bytes
    state: RegionState
    counted: int


def plan(
    held: RegionState, pending: Sequence[StatusChange], lists: Lists, *, headroom: int, retire_at_most: int
) -> Plan:
    """What to say about these changes.

    Args:
        held: The state after the last delta.
        pending: Changes that are due and were never published, in the order in which they are to go.
        lists: The lists of the register.
        headroom: How many changes the brake's windows let through.
        retire_at_most: How many lists may be closed now.
    """
    by_place: dict[int, list[StatusChange]] = {}
    for change in pending:
        by_place.setdefault(delta.place(change.list_number, change.idx), []).append(change)
    opened, retired = _lists(held, lists, retire_at_most)
    with_lists = state.with_lists(held, delta.make({}, lists=opened, retired=retired))
    room = min(headroom, lint.MAX_PER_DELTA)
    said: dict[int, int] = {}
    settled: list[int] = []
    stays: dict[str, list[int]] = {"final": [], "not_open": [], "braked": []}
    old = _held_values(with_lists, by_place)
    for place, changes in by_place.items():
        events = [each.event for each in changes]
        number, new = place >> INDEX_BITS, max(changes, key=lambda each: each.event).new
        if number >= len(with_lists.lists):
            stays["not_open"] += events
        elif with_lists.lists[number] is None or new == old[place]:
            settled += events
        elif old[place] in _FINAL:
            stays["final"] += events
        elif len(said) >= room:
            stays["braked"] += events
        else:
            said[place] = new
            settled += events
    made = delta.make(said, lists=opened, retired=retired)
    return Plan(made, tuple(settled), **{reason: tuple(events) for reason, events in stays.items()})


def extended(position: FeedPosition, head: bytes, held: RegionState, body: bytes, *, co_signed: CoSigned) -> Extended:
    """The feed with this delta as its next one, once a terminal would take it.

    Raises:
        RevocationError: By its own reason: a terminal would refuse it.
    """
    after = FeedPosition(position.region, position.epoch, position.seq + 1)
    changes = delta.decode(body)
    is_co_signed = co_signed.covers(after, body)
    opened = state.with_lists(held, changes)
    counts = guard.check(
        changes.places, opened.values(changes.places), changes.values, [changes] if is_co_signed else []
    )
    counted = int(counts.sum())
    if not is_co_signed:
        lint.check_delta(counted, lists=len(opened.lists) - len(held.lists) + len(changes.retired))
    return Extended(
        after,
        chain.next_head(head, chain.delta_hash(after, body)),
        state.fold(held, changes),
        counted,
    )


def _lists(held: RegionState, lists: Lists, retire_at_most: int) -> tuple[int | None, tuple[int, ...]]:
    """The number of lists after the delta and the lists that it closes, if there is anything to say about them."""
    have = len(held.lists)
    waiting = sorted(number for number in lists.retired if number < have and held.lists[number] is not None)
    retired = tuple(waiting[: min(retire_at_most, lint.MAX_LISTS_PER_DELTA)])
    opened = min(max(lists.count, have), have + lint.MAX_LISTS_PER_DELTA - len(retired), limits.MAX_STATUS_LISTS)
    return (opened, retired) if retired or opened > have else (None, ())


def _held_values(held: RegionState, places: Mapping[int, object]) -> Mapping[int, int]:
    """The values of those of these places that lie in open lists."""
    is_open = [number < len(held.lists) and held.lists[number] is not None for number in _numbers(places)]
    known = np.array(sorted(each for each, there in zip(places, is_open, strict=True) if there), np.uint64)
    return dict(zip(known.tolist(), held.values(known).tolist(), strict=True))


def _numbers(places: Mapping[int, object]) -> list[int]:
    return [place >> INDEX_BITS for place in places]
