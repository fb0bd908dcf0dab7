"""What may change without the offline key: compare what is held with what comes, whichever way it comes.

A valid status may become anything, a suspended one too. Every other value is final: it changes only where a delta says
so that the offline reversal key has signed (`protocol.reversal`). Deltas, aggregates, bases and bundles all pass here,
so that a thief of the online key can revoke, which an authority sees and can reverse, and can never un-revoke.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocol.feed_position import FeedPosition
from protocol.reversal import VerifiedReversal
from protocol.status_list import Status
from revocation import chain, delta
from revocation.delta import Delta, Values
from revocation.errors import FinalStatusChanged, WrongObject
from revocation.rice import Places

_FINAL: Final = np.array([value not in (Status.VALID, Status.SUSPENDED) for value in range(16)])
"""By value; what has no name counts as INVALID and is final like it."""


@dataclass(frozen=True, slots=True, eq=False)
class CoSignedBody:
    """A delta with the bytes that the offline key has signed."""

    body: bytes
    delta: Delta


@dataclass(frozen=True, slots=True, eq=False)
class CoSigned:
    """Deltas that the offline key has signed, by their position. Only `co_signed` makes one that is not empty."""

    bodies: Mapping[FeedPosition, CoSignedBody]

    def covers(self, position: FeedPosition, body: bytes) -> bool:
        """Whether these very bytes were signed for this position; another delta may have taken a reserved seq."""
        signed = self.bodies.get(position)
        return signed is not None and signed.body == body

    def between(self, first: FeedPosition, last: FeedPosition) -> list[Delta]:
        """Those after `first` up to and including `last`, in order."""
        # A terminal that was away while the key was replaced needs those of the epoch before as well.
        begin, end = (first.epoch, first.seq), (last.epoch, last.seq)
        within = [each for each in self.bodies if each.region == last.region and begin < (each.epoch, each.seq) <= end]
        return [self.bodies[each].delta for each in sorted(within, key=lambda each: (each.epoch, each.seq))]


NOTHING_CO_SIGNED: Final = CoSigned({})


def co_signed(pairs: Iterable[tuple[VerifiedReversal, bytes]]) -> CoSigned:
    """Co-signatures with the bodies of the deltas that they are for.

    Raises:
        WrongObject: A body that is not the one that was signed.
        MalformedObject: It was, and is no delta.
    """
    bodies = {}
    for verified, body in pairs:
        stated = verified.reversal
        if chain.delta_hash(stated.position, body) != stated.delta_sha256:
            raise WrongObject("another delta than the offline key has signed")
        bodies[stated.position] = CoSignedBody(body, delta.decode(body))
    return CoSigned(bodies)


def check(places: Places, old: Values, new: Values, reversals: list[Delta]) -> NDArray[np.bool_]:
    """Which of these places change, once each change is one that may be.

    Args:
        places: Where something may differ, ascending.
        old: What is held there.
        new: What comes.
        reversals: The deltas between the two that the offline key has signed, in order.

    Returns:
        For each place whether it counts for the brake: it changes, and no co-signed delta accounts for it.

    Raises:
        FinalStatusChanged: A final value would change, and no co-signed delta leads there.
    """
    # Where a co-signed delta says something, the way on from there obeys the same rule as the way from what is held.
    since = old.copy()
    if reversals:
        stated = delta.combine(reversals)
        which = np.searchsorted(places, stated.places)
        found = which < len(places)
        found[found] = places[which[found]] == stated.places[found]
        since[which[found]] = stated.values[found]
    changed: NDArray[np.bool_] = since != new
    if np.any(_FINAL[since] & changed):
        raise FinalStatusChanged("a final status would change, and the offline key has not signed that")
    return changed
