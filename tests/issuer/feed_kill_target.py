"""A publisher to be killed: records changes, says so, and ticks, without an end. `python -m … FOLDER`."""

import sys
from pathlib import Path

from protocol.status_list import Status
from protocol.unixtime import UnixTime
from tests.issuer.feeds import FeedWorld

STEP = 600
"""Seconds of the feed's time between two ticks: hours and days go by."""


def main(folder: Path) -> None:
    world = FeedWorld(folder, is_new=False)
    world.at = UnixTime(max(each.iat for each in world.feed.log.epochs()))
    while True:
        world.at = UnixTime(world.at + STEP)
        idx = world.change_many([])
        for _ in range(3):
            idx += 1
            # One entry for each change, so that nothing can hide behind a later one.
            assert world.change(idx, Status.REVOKED) == idx
            print(idx, flush=True)
        world.feed.tick(at=world.at)
        print("tick", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
