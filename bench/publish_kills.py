"""Kill loop over the publisher at full size: `python -m bench.publish_kills [KILLS]` (100 unless told).

Exit status 1 if an acknowledged change was lost, a place of the feed had two bodies, or a terminal came to two states.
"""

import sys
import tempfile
from pathlib import Path

from tests.issuer.feed_killing import kill_loop


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        killed = kill_loop(Path(folder) / "i", kills=kills, seed=kills, said=print)
    print(
        f"{killed.kills} kills, {killed.ticks} ticks completed, {killed.acknowledged} changes acknowledged, "
        f"seq {killed.seq}"
    )
    print("; ".join(killed.findings) or "nothing lost, nothing contradicted")
    return 1 if killed.findings else 0


if __name__ == "__main__":
    sys.exit(main())
