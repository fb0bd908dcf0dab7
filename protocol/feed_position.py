"""Where something stands in a region's feed of status changes: (region, epoch, seq), the same for every signed object.

seq grows by one with each delta. The epoch lives in the trust metadata and grows when the region's status key is
replaced; seq then starts again at 0, which heals a seq that a thief has driven ahead (REVOCATION.md, "Formats").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from protocol import cbor, labels, limits
from protocol.errors import SchemaError
from protocol.sd_cwt.credential import ISS_PATTERN

REGION_PATTERN: Final = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """After delta `seq` of this epoch; 0 is the epoch's beginning."""

    region: str
    epoch: int
    seq: int

    @property
    def status_prefix(self) -> str:
        """What every list of this region's URIs begins with."""
        return f"lz:{self.region}/"

    def to_value(self) -> cbor.Value:
        return (self.region, self.epoch, self.seq)


def from_claims(claims: Mapping[cbor.Key, cbor.Value]) -> FeedPosition:
    """The position that these claims state.

    Raises:
        SchemaError: There is none in its one form.
    """
    match claims.get(labels.CLAIM_FEED):
        case (str() as region, epoch, seq) if REGION_PATTERN.fullmatch(region):
            return FeedPosition(region, feed_number(epoch), feed_number(seq))
        case _:
            raise SchemaError("a place in the feed is [region, epoch, seq]")


def feed_number(value: cbor.Value, *, at_least: int = 0) -> int:
    """A number of the feed: epoch, seq, version, size.

    Raises:
        SchemaError: Not an integer from `at_least` to `limits.MAX_FEED_NUMBER`.
    """
    if type(value) is not int or not at_least <= value <= limits.MAX_FEED_NUMBER:
        raise SchemaError(f"not a number from {at_least} to {limits.MAX_FEED_NUMBER}")
    return value


def sha256_digest(value: cbor.Value) -> bytes:
    """A SHA-256 digest.

    Raises:
        SchemaError: Not 32 bytes.
    """
    if not isinstance(value, bytes) or len(value) != limits.SHA256_BYTES:
        raise SchemaError(f"a digest that is not {limits.SHA256_BYTES} bytes")
    return value


def regional_authority(value: cbor.Value, region: str) -> str:
    """An iss that is an authority of this region: "310000.GA".

    Raises:
        SchemaError: It is none.
    """
    if not isinstance(value, str) or not ISS_PATTERN.fullmatch(value) or not value.startswith(f"{region}."):
        raise SchemaError("iss is not an authority of the region")
    return value
