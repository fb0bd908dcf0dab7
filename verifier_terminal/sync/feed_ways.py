"""The cheapest way from what is held to a checkpoint, by bytes: deltas one by one, aggregates of a manifest, or a base.

Pure: from numbers to a plan. Every plan ends in the same checks (`revocation.advance`), so that choosing badly costs
time and never a wrong status. Not handled here: fetching, and what to do when an object of a plan is missing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from protocol.checkpoint import BasePointer
from protocol.manifest import AGGREGATES, ManifestEntry

REQUEST_BYTES: Final = 400
"""Headers of a request and its answer, about."""
_DELTA_BYTES: Final = REQUEST_BYTES + 64
"""A minute's delta has a handful of changes."""
MAX_SINGLE_DELTAS: Final = 2_000
"""A day has 1,440, and every day has a base."""
WORTH_A_MANIFEST: Final = 12
"""Deltas that cost about as much as a manifest and one aggregate."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to fetch: a base or none, then aggregates in order, then the deltas after `seq`."""

    base: BasePointer | None
    aggregates: tuple[ManifestEntry, ...]
    seq: int
    cost: int


def plans(
    start: int | None, end: int, *, inline: int, base: BasePointer | None, entries: Iterable[ManifestEntry]
) -> tuple[Plan, ...]:
    """The best plan from what is held, the best one from a base, and deltas alone; the cheapest one first.

    Args:
        start: The seq that is held, in the checkpoint's epoch; None: nothing is.
        end: The checkpoint's.
        inline: How many of the last deltas came with it.
        base: The base that may be begun with; None: there is none.
        entries: Those of a verified manifest of the same epoch.
    """
    aggregates = sorted((each for each in entries if each.kind in AGGREGATES), key=lambda each: (each.last, each.first))
    found: list[Plan] = []
    if start is not None:
        held = Plan(None, (), start, 0)
        alone = _to_the_end(held, end, inline)
        best = _best(held, end, inline, aggregates)
        # Deltas stay published longer than aggregates that were merged into larger ones.
        found += [best, alone] if best.aggregates else [alone]
    if base is not None and base.seq <= end:
        found.append(_best(Plan(base, (), base.seq, REQUEST_BYTES + base.size), end, inline, aggregates))
    possible = (each for each in found if end - each.seq <= MAX_SINGLE_DELTAS + inline)
    return tuple(sorted(possible, key=lambda each: each.cost))


def _best(first: Plan, end: int, inline: int, aggregates: list[ManifestEntry]) -> Plan:
    """The cheapest of all sequences of aggregates, and deltas to the end; aggregates come sorted by where they end."""
    reached = {first.seq: first}
    for entry in aggregates:
        if entry.last > end:
            break
        for seq, before in list(reached.items()):
            # An aggregate may begin before the place one comes from: it says what holds at its end.
            if entry.first <= seq < entry.last:
                cost = before.cost + REQUEST_BYTES + entry.size
                known = reached.get(entry.last)
                if known is None or cost < known.cost:
                    reached[entry.last] = Plan(first.base, (*before.aggregates, entry), entry.last, cost)
    return min((_to_the_end(each, end, inline) for each in reached.values()), key=lambda each: each.cost)


def _to_the_end(plan: Plan, end: int, inline: int) -> Plan:
    missing = max(0, end - plan.seq - inline)
    return Plan(plan.base, plan.aggregates, plan.seq, plan.cost + missing * _DELTA_BYTES)
