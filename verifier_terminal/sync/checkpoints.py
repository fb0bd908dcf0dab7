"""Whether a checkpoint may be gone on to: whose it is, of which epoch, how it stands to the one that is held, and when.

Not handled here: the way from one to the other (`feed_intake`), and everything that the way proves.
"""

from collections.abc import Callable
from dataclasses import dataclass

from protocol import checkpoint as checkpoints
from protocol.checkpoint import Succession, UnverifiedCheckpoint, VerifiedCheckpoint
from protocol.errors import ProtocolError
from protocol.feed_document import FeedDocument
from protocol.feed_position import FeedPosition
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.errors import (
    Equivocated,
    FromTheFuture,
    NewerEpoch,
    NotSignedByIssuer,
    OlderThanHeld,
    WebPage,
)
from verifier_terminal.store.held_region import RegionFeed


@dataclass(frozen=True, slots=True)
class Believed:
    """What the root of a region says, and what is held of its feed."""

    trust: TrustList
    document: FeedDocument
    held: RegionFeed | None
    clock: ClockReading
    quarantined: Callable[[UnixTime], bool]
    """Whether this moment must not be applied now (`TrustedTime`)."""
    importing: bool = False
    """From a stick or a peer, which may have a base of its own making."""

    @property
    def region(self) -> str:
        return self.document.region


@dataclass(frozen=True, slots=True)
class Came:
    """A checkpoint of the region, with what rode along."""

    encoded: bytes
    unverified: UnverifiedCheckpoint
    verified: VerifiedCheckpoint

    @property
    def position(self) -> FeedPosition:
        return self.verified.claims.position


def verified(encoded: bytes, believed: Believed) -> Came:
    """The checkpoint, once it is the region's, of the root's epoch, and signed by a status key that has not ended."""
    region, document, clock = believed.region, believed.document, believed.clock
    try:
        unverified = checkpoints.parse(encoded)
        # A clock that cannot be right ends no key; a moment that a key must not have signed is refused all the same.
        at = clock.at if clock.plausible else unverified.claims.iat
        verified = checkpoints.verify(unverified, trust=believed.trust, expected_region=region, at=at)
    except ProtocolError as refusal:
        if encoded.lstrip()[:1] == b"<":
            raise WebPage(f"{region}: checkpoint") from refusal
        raise NotSignedByIssuer(f"{region}: checkpoint, {refusal.code}, {refusal}") from refusal
    epoch = unverified.claims.position.epoch
    if epoch < document.epoch:
        raise OlderThanHeld(f"{region}: epoch {epoch} of the status feed is over")
    if epoch > document.epoch:
        # The root names the epoch: a status key that begins one by itself is a thief's.
        raise NewerEpoch(
            f"{region}: epoch {epoch} of the status feed, and the region's root has named {document.epoch}"
        )
    return Came(encoded, unverified, verified)


def is_newer(came: Came, held: RegionFeed) -> bool:
    """Whether there is anything to take; False: it is the moment that is held."""
    region, seq = held.region, came.position.seq
    match checkpoints.succession(held.checkpoint, came.verified):
        case Succession.SAME:
            return False
        case Succession.NEWER:
            return True
        case Succession.OLDER:
            raise OlderThanHeld(f"{region}: number {seq} of the status feed")
        case Succession.EQUIVOCATION:
            raise Equivocated(f"{region}, number {seq}", held=held.encoded, came=came.encoded)


def check_moment(came: Came, believed: Believed) -> None:
    """Return if its moment may be applied now.

    Raises:
        FromTheFuture: Nothing confirms it.
    """
    if believed.quarantined(came.verified.claims.iat):
        ahead = came.verified.claims.iat - believed.clock.at
        ahead_of_us = FromTheFuture(f"{believed.region}: {ahead} s ahead of this terminal's clock")
        ahead_of_us.came = came.encoded
        raise ahead_of_us
