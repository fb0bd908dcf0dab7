"""Kill loops at full size: `python bench/kill_loop.py [KILLS] [--only journal|feed|wallet]` (300 unless told).

The journal's: no check that was shown is missing. The feed's: no place that was acknowledged is lost, and the state is
the signed one. The wallet's: it opens, every signature has its line of the history, nothing that was told as done is
lost. Exit 1 if anything is found.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.terminal import feed_history, feed_killing
from tests.terminal.killing import kill_loop
from tests.terminal.publishing import publish
from tests.utopia.world import World
from tests.wallet import killing as wallet_killing
from verifier_terminal import setting_up, wiring


def journal(here: Path, kills: int) -> bool:
    world = World(at=wiring.now())
    published = publish(world, here / "published")
    setting_up.initialise(here / "terminal", trust=str(published), profile="window", name="bench", root_sha256=None)
    issued = world.credential()
    codes = [world.code(issued, binding=world.key_binding(iat=world.clock.at - second)) for second in range(30)]
    (here / "texts").write_text("\n".join([*codes, "https://example.org/"]))
    result = kill_loop(here / "terminal", here / "texts", kills=kills, seed=kills)
    print(f"journal: {result.kills} kills, {result.shown} checks shown, {len(result.missing)} of them missing")
    print(f"  {result.rows} rows, chain: {'; '.join(result.findings) or 'intact'}")
    return not result.missing and not result.findings


def feed(here: Path, kills: int) -> bool:
    # A life has six steps of one or two deltas each; whoever comes to the end goes on folding and taking nothing.
    history = feed_history.build(12 * kills)
    result = feed_killing.kill_loop(here / "feed", history, kills=kills, seed=kills)
    print(f"feed: {result.kills} kills, {result.acknowledged} steps acknowledged, up to delta {result.seq}")
    print(f"  {'; '.join(result.findings) or 'nothing lost, every state the signed one, nothing left over'}")
    return not result.findings


def wallet(here: Path, kills: int) -> bool:
    result = wallet_killing.kill_loop(here, kills=kills, seed=kills)
    print(f"wallet: {result.kills} kills, {result.signed} signatures, {result.told} acts told as done")
    print(f"  {'; '.join(result.findings) or 'nothing lost, nothing signed without its line'}")
    return not result.findings


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kills", type=int, nargs="?", default=300)
    parser.add_argument("--only", choices=["journal", "feed", "wallet"])
    options = parser.parse_args()
    good = True
    for loop in (journal, feed, wallet):
        if options.only in (None, loop.__name__):
            with tempfile.TemporaryDirectory() as folder:
                good &= loop(Path(folder), options.kills)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
