"""How long a publication takes: from changes in the register to the checkpoint in the folder, every file flushed.

    python -m bench.publish [--entries 56000000] [--ticks 200] [--folder DIR] [--smoke]

Everything is the real thing: events in an SQLite register (synchronous=FULL), the feed's log in it, the fold, the
hashes, the signatures, a folder with fsync. One per cent of the entries is not valid at the beginning. Changes arrive
as 7,000 and as 90,000 a day spread over minutes do, with one burst of the most that a delta may hold. A peer in the
same run: the standard tokens of the lists that a minute has touched (zlib-6, ESP256), written in the same way. The bars
are REVOCATION.md's: p99 at most 1 s up to 56 million entries, 2 s up to a thousand million.
"""

import argparse
import sys
import tempfile
import zlib
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.status_sizes import ENTRIES, MIX, draw_state
from protocol import keys
from protocol.feed_position import FeedPosition
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation import chain, lint, status_base
from revocation.publishing.folder_store import FolderStore
from revocation.publishing.log import Epoch
from revocation.state import RegionState
from revocation.status_base import Base
from tests.issuer.feed_terminal import REGION
from tests.issuer.feeds import FeedWorld, closing

A_DAY = (7_000, 90_000)
MINUTES = 1_440


def begun(folder: Path, lists: int, seed: int) -> tuple[FeedWorld, RegionState]:
    """A feed whose first epoch begins with a state of this size."""
    world = FeedWorld(folder, lists=lists)
    state = RegionState(REGION, (None, *draw_state(lists, 0.01, MIX, seed).lists))
    head = chain.first_head(REGION, 1, state.root)
    encoded = status_base.encode(Base(FeedPosition(REGION, 1, 0), head, state))
    pointer = status_base.pointer_to(encoded, seq=0)
    epoch = Epoch(1, keys.kid_of(world.signers.status.public_key), head, world.at, world.at)
    with world.register.writing() as connection:
        world.feed.log.begin(epoch, encoded_base=encoded, pointer=pointer, connection=connection)
    return world, state


def changed(world: FeedWorld, state: RegionState, random: np.random.Generator, lists: int, count: int) -> set[int]:
    """So many revocations of valid entries, anywhere; the lists that they touch."""
    by_list: dict[int, list[tuple[int, int, int]]] = {}
    for number, idx in zip(
        random.integers(1, lists + 1, count).tolist(), random.integers(0, ENTRIES, count).tolist(), strict=True
    ):
        if state.look_up(number, idx) == 0:
            by_list.setdefault(number, []).append((idx, 0, int(Status.REVOKED)))
    for number, changes in by_list.items():
        world.change_many(changes, number=number)
    return set(by_list)


def ticked(world: FeedWorld) -> float:
    world.at = UnixTime(world.at + 60)
    begin = perf_counter()
    world.feed.tick(at=world.at)
    return perf_counter() - begin


def tokens(world: FeedWorld, state: RegionState, touched: set[int]) -> float:
    """The standard tokens of these lists: what publishing without a feed would write."""
    store = FolderStore(world.places.folder / "tokens")
    begin = perf_counter()
    for number in touched:
        entries = state.lists[number]
        assert entries is not None
        compressed = zlib.compress(entries.packed, 6)
        store.put(f"{number}.cwt", compressed + world.signers.status.sign(compressed))
    return perf_counter() - begin


def measure(folder: Path, *, entries: int, ticks: int, seed: int) -> bool:
    lists = -(-entries // ENTRIES)
    bar = 1.0 if entries <= 60_000_000 else 2.0
    begin = perf_counter()
    world, state = begun(folder, lists, seed)
    met = True
    with closing(world):
        print(f"{lists} lists, {lists * ENTRIES / 1e6:.1f} M entries (made in {perf_counter() - begin:.0f} s)")
        print(f"  first tick of a process (reads the base, {lists / 2:.0f} MB of lists): {ticked(world):.2f} s")
        random = np.random.default_rng(seed)
        print("  changes a day   ticks     p50     p99     max     bar     tokens of a minute (zlib-6): lists, s, ×")
        for a_day in A_DAY:
            times, peers = [], []
            for number in range(ticks):
                touched = changed(world, state, random, lists, int(random.poisson(a_day / MINUTES)))
                times.append(ticked(world))
                if number < 3 and touched:
                    peers.append((len(touched), tokens(world, state, touched)))
            p50, p99 = np.quantile(times, [0.5, 0.99]).tolist()
            dirty, peer = (float(np.mean(each)) for each in zip(*peers, strict=True)) if peers else (0.0, 0.0)
            met &= p99 <= bar
            print(
                f"  {a_day:13}  {ticks:6}  {p50:6.3f}  {p99:6.3f}  {max(times):6.3f}  {bar:6.1f}"
                f"     {dirty:8.0f} {peer:8.3f} {peer / p50:6.1f}"
            )
        changed(world, state, random, lists, lint.MAX_PER_DELTA)
        print(f"  {lint.MAX_PER_DELTA} changes in one delta: {ticked(world):.2f} s")
    return met


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=56_000_000)
    parser.add_argument("--ticks", type=int, default=200)
    parser.add_argument("--folder", type=Path, help="On the disk that is to be measured.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="Four lists and twenty ticks: seconds.")
    given = parser.parse_args()
    entries, ticks = (4 * ENTRIES, 20) if given.smoke else (given.entries, given.ticks)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        met = measure(Path(folder) / "i", entries=entries, ticks=ticks, seed=given.seed)
    print("bar met" if met else "BAR MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
