"""What is carried to the offline key: a delta with its place, what stood there before, and why; and what it signs.

The file is signed by nobody: whoever holds the offline key reads what the delta says, and signs that or does not. What
stood there before is the issuer's word; the hash that is signed binds the delta and its place, not that.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from issuer.feed.errors import RequestRefused
from issuer.feed.reversals import Reservation
from protocol import cbor, cwt, feed_position, labels, limits, reversal
from protocol.errors import ProtocolError
from protocol.feed_position import FeedPosition
from protocol.keys import Signer
from protocol.reversal import Reversal
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation import chain, delta
from revocation.errors import RevocationError

MAX_BYTES: Final = limits.MAX_DELTA_BYTES + limits.MAX_DELTA_CHANGES + 4_096
_TYPE: Final = "lz-reversal-request"
_NAMED: Final = {int(status): status.name.lower() for status in Status}


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be signed. `old` has one value for each change of the delta."""

    iss: str
    position: FeedPosition
    body: bytes
    old: bytes
    reason: str
    actor: str

    def summary(self) -> dict[str, int]:
        """How many entries go from which status to which: "revoked → valid"."""
        new = delta.decode(self.body).values.tolist()
        return dict(Counter(f"{_named(before)} → {_named(after)}" for before, after in zip(self.old, new, strict=True)))


def of(reservation: Reservation, *, iss: str, region: str) -> Request:
    """The request for this reservation."""
    return Request(
        iss, reservation.position(region), reservation.body, reservation.old, reservation.reason, reservation.actor
    )


def encode(request: Request) -> bytes:
    """The bytes of the file."""
    position = request.position.to_value()
    return cbor.encode((_TYPE, request.iss, position, request.body, request.old, request.reason, request.actor))


def decode(encoded: bytes) -> Request:
    """The request in this file.

    Raises:
        RequestRefused: It is none in its one form.
    """
    try:
        match cbor.decode(encoded):
            case ("lz-reversal-request", iss, place, bytes() as body, bytes() as old, str() as reason, str() as actor):
                position = feed_position.from_claims({labels.CLAIM_FEED: place})
                authority = feed_position.regional_authority(iss, position.region)
            case _:
                raise RequestRefused("the file is no request of a reversal")
        if len(delta.decode(body)) != len(old) or not old:
            raise RequestRefused("the request does not say for each entry what stands there")
    except (ProtocolError, RevocationError) as refused:
        raise RequestRefused(f"the file is no request of a reversal: {refused}") from None
    if not cwt.text_is_harmless(reason) or not cwt.text_is_harmless(actor):
        raise RequestRefused("the request holds a text that does not show what it says")
    return Request(authority, position, body, old, reason, actor)


def sign(request: Request, signer: Signer, *, at: UnixTime) -> bytes:
    """The co-signature (`protocol.reversal`)."""
    hashed = chain.delta_hash(request.position, request.body)
    return reversal.sign(Reversal(request.iss, at, request.position, hashed), signer)


def _named(value: int) -> str:
    return _NAMED.get(value, f"status {value}")
