"""The ways to a region's newer state, as they are handed to the feed store, and the checks that all of them pass."""

from dataclasses import dataclass

from protocol import checkpoint as checkpoints
from protocol.checkpoint import BasePointer, Succession, VerifiedCheckpoint
from revocation import advance
from revocation.advance import Held, Named
from revocation.errors import ChainBroken, StateMismatch
from revocation.guard import CoSigned


@dataclass(frozen=True, slots=True)
class ByDeltas:
    """Exactly the deltas since what is held; none if only time has passed, or an epoch has just begun."""

    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ByAggregates:
    """Aggregates of a verified manifest, and the deltas after them."""

    pairs: tuple[Named, ...]
    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ByBase:
    """A base, aggregates and deltas after it, against what is held. Any signed statement may name the base."""

    pointer: BasePointer
    base: bytes
    pairs: tuple[Named, ...]
    bodies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FromNothing:
    """As `ByBase`, where nothing is held: so the pointer is what the region's root has signed."""

    pointer: BasePointer
    base: bytes
    pairs: tuple[Named, ...]
    bodies: tuple[bytes, ...]


Way = ByDeltas | ByAggregates | ByBase | FromNothing


def first(way: Way, *, checkpoint: VerifiedCheckpoint, co_signed: CoSigned) -> Held:
    """What a terminal holds that has held nothing.

    Raises:
        ChainBroken: The way leads on from something.
        RevocationError: By its own reason.
    """
    if not isinstance(way, FromNothing):
        raise ChainBroken("nothing is held that this leads on from")
    return advance.from_nothing(
        way.base, way.pairs, way.bodies, pointer=way.pointer, checkpoint=checkpoint, co_signed=co_signed
    )


def onwards(
    held: Held, since: VerifiedCheckpoint, way: Way, *, checkpoint: VerifiedCheckpoint, co_signed: CoSigned
) -> Held:
    """What a terminal holds next. By deltas, the root is compared when they are folded (ADR 0011).

    Args:
        held: What is held.
        since: The checkpoint of that.
        way: How the new one is reached.
        checkpoint: The new one.
        co_signed: What the offline key has signed.

    Raises:
        ChainBroken: The checkpoint is older.
        StateMismatch: Two states are signed for one place.
        RevocationError: By its own reason.
    """
    match checkpoints.succession(since, checkpoint):
        case Succession.EQUIVOCATION:
            raise StateMismatch("two states are signed for one place in the feed")
        case Succession.OLDER:
            raise ChainBroken("what is held is newer")
        case Succession.NEWER | Succession.SAME:
            pass
    match way:
        case ByDeltas():
            return advance.by_deltas_over(held, way.bodies, checkpoint=checkpoint, co_signed=co_signed)
        case ByAggregates():
            return advance.by_aggregates(held, way.pairs, way.bodies, checkpoint=checkpoint, co_signed=co_signed)
        case ByBase() | FromNothing():
            # Whoever says that nothing is held here is not believed: what is held is compared.
            return advance.by_base(
                held,
                way.base,
                way.pairs,
                way.bodies,
                pointer=way.pointer,
                checkpoint=checkpoint,
                co_signed=co_signed,
            )
