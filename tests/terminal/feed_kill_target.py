"""A process that takes in and folds a region's feed by every way, and says where it is only after it was told so.

Started by the kill loop with a terminal's directory, the feed's history and a seed.
"""

import os
import random
import sys
from pathlib import Path

from revocation.errors import ChainBroken
from tests.terminal import feed_history
from tests.terminal.feed_history import HOUR, Keeping
from verifier_terminal.store.held_region import RegionFeed


def main(directory: str, history: str, seed: str) -> None:
    chance = random.Random(seed)
    keeping = Keeping(Path(directory), feed_history.read(Path(history)))
    os.write(1, b"ready\n")
    if not keeping.store.regions():
        _say(keeping.begin())
    while True:
        # Somebody else may take and fold here at the same time.
        keeping.store.snapshot()
        seq, last = keeping.seq, keeping.history.last
        try:
            _say(_step(keeping, seq, min(last, seq + chance.randrange(0, 4)), chance))
        except ChainBroken:
            # It was faster, between the question and the answer.
            continue


def _step(keeping: Keeping, seq: int, to: int, chance: random.Random) -> RegionFeed:
    history = keeping.history
    match chance.randrange(8):
        case 0:
            return keeping.take(history.by_aggregates(seq, to), to)
        case 1:
            return keeping.take(history.by_base(to // HOUR * HOUR, to), to)
        case 2 | 3:
            keeping.fold()
            return keeping.feed
        case 4:
            # Only time has passed.
            later = keeping.feed.checkpoint.claims.iat - history.checkpoint(seq).claims.iat + 1
            return keeping.take(feed_history.ByDeltas(()), seq, later=later)
        case _:
            return keeping.deltas(to)


def _say(feed: RegionFeed) -> None:
    os.write(1, f"{feed.position.seq} {feed.checkpoint.claims.iat}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
