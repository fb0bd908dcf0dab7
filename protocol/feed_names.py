"""Where the objects of a region's status feed lie below its published folder: one place for all who write or read them.

A name follows from what an object is, so nobody who signs or serves chooses a path. Objects with a number in their name
never change; the two checkpoints and the manifest are replaced.
"""

from dataclasses import dataclass
from typing import Final

from protocol import limits
from protocol.unixtime import Seconds

FOLDER: Final = "feed"
DOCUMENT: Final = "feed.cbor"
"""Beside the folder, where the region's other signed documents lie."""
CHECKPOINT: Final = f"{FOLDER}/checkpoint.cwt"
"""For who asks every minute: the deltas of the last `MINUTE.seconds` ride along."""
CHECKPOINT_10: Final = f"{FOLDER}/checkpoint-10.cwt"
"""For who asks every ten minutes: the same signature, with the deltas of the last `TEN_MINUTES.seconds`."""
MANIFEST: Final = f"{FOLDER}/manifest.cwt"


@dataclass(frozen=True, slots=True)
class Riding:
    """Which of the last deltas ride along: what a poll lacks, and of the rest what costs less than being asked for.

    Attributes:
        seconds: as long as an interval between two polls may be (a fifth longer than it should), and a little more.
        spare: small deltas before that, for polls that were lost.
        max_bytes: of all that rides, co-signatures too.
    """

    seconds: Seconds
    spare: int
    max_bytes: int


SMALL_BYTES: Final = 32
"""A delta of a handful of changes."""
MINUTE: Final = Riding(Seconds(80), 3, 1_024)
"""With its signature one packet, by multicast too."""
TEN_MINUTES: Final = Riding(Seconds(750), 10, limits.MAX_INLINE_BYTES)


def delta(epoch: int, seq: int) -> str:
    """The delta that leads to this place."""
    return f"{FOLDER}/delta-{epoch}-{seq}"


def base(epoch: int, seq: int) -> str:
    """The whole state at this place."""
    return f"{FOLDER}/base-{epoch}-{seq}"


def listed(name: str) -> str:
    """An object that a manifest lists, by the entry's own name (`ManifestEntry.name`)."""
    return f"{FOLDER}/{name}"
