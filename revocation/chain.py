"""The chain of deltas: each one's hash is bound to its place in the feed, and every head to all hashes before it.

A checkpoint signs the head alone. Deltas are unsigned, and nothing of one is read before the whole way from the head
that is held to the head that was signed has been hashed: a stranger's bytes never reach a parser.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from protocol.feed_position import FeedPosition
from revocation.errors import ChainBroken

_DELTA: Final = b"lz-status-delta\0"
_HEAD: Final = b"lz-status-head\0"
_BEGINNING: Final = b"lz-status-feed\0"


def delta_hash(position: FeedPosition, body: bytes) -> bytes:
    """The hash of the delta that leads to this position. Also what an offline key co-signs."""
    return sha256(_DELTA + _bytes_of(position) + body).digest()


def next_head(head: bytes, hashed: bytes) -> bytes:
    """The head after a delta with this hash."""
    return sha256(_HEAD + head + hashed).digest()


def first_head(region: str, epoch: int, state_root: bytes) -> bytes:
    """The head at seq 0 of an epoch.

    It follows from the state, so that a terminal which is up to date goes on in a new epoch without a new base.
    """
    return sha256(_BEGINNING + _bytes_of(FeedPosition(region, epoch, 0)) + state_root).digest()


def check_way(
    start: FeedPosition, head: bytes, bodies: Sequence[bytes], *, signed: FeedPosition, signed_head: bytes
) -> None:
    """Return if exactly these deltas lead from this head to the signed one.

    Raises:
        ChainBroken: One is missing, twice, out of order, changed, or of another region, epoch or place.
    """
    if (start.region, start.epoch) != (signed.region, signed.epoch) or start.seq + len(bodies) != signed.seq:
        raise ChainBroken(f"{len(bodies)} deltas do not lead from {start.seq} to {signed.seq}")
    for seq, body in enumerate(bodies, start.seq + 1):
        head = next_head(head, delta_hash(replace(start, seq=seq), body))
    if head != signed_head:
        raise ChainBroken("the deltas lead to another head than the signed one")


def _bytes_of(position: FeedPosition) -> bytes:
    return position.region.encode("ascii") + position.epoch.to_bytes(4) + position.seq.to_bytes(4)
