"""Where the objects of a region's status feed lie below its published folder: one place for all who write or read them.

A name follows from what an object is, so nobody who signs or serves chooses a path. Objects with a number in their name
never change; the two checkpoints and the manifest are replaced.
"""

from typing import Final

FOLDER: Final = "feed"
DOCUMENT: Final = "feed.cbor"
"""Beside the folder, where the region's other signed documents lie."""
CHECKPOINT: Final = f"{FOLDER}/checkpoint.cwt"
"""For who asks every minute: up to `MINUTE_INLINE` deltas ride along."""
CHECKPOINT_10: Final = f"{FOLDER}/checkpoint-10.cwt"
"""For who asks every ten minutes: the same signature, up to `limits.MAX_INLINE_DELTAS` deltas."""
MANIFEST: Final = f"{FOLDER}/manifest.cwt"

MINUTE_INLINE: Final = 3
"""Enough for two lost polls; more would be sent 1,440 times a day to nobody's use."""


def delta(epoch: int, seq: int) -> str:
    """The delta that leads to this place."""
    return f"{FOLDER}/delta-{epoch}-{seq}"


def base(epoch: int, seq: int) -> str:
    """The whole state at this place."""
    return f"{FOLDER}/base-{epoch}-{seq}"


def listed(name: str) -> str:
    """An object that a manifest lists, by the entry's own name (`ManifestEntry.name`)."""
    return f"{FOLDER}/{name}"
