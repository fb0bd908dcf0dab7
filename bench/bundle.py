"""A bare terminal on a stick: the bundle's size, what a cold start takes of it, and how long until it answers.

    python -m bench.bundle [--lists 54] [--share 0.01] [--a-day 7000] [--directory DIR] [--smoke]

Lists have 2^20 entries, so 54 are 56.6 million; so many of them are not valid, with the mix of bench.status_sizes.
Since the base there was a day of changes, one delta a minute and an aggregate an hour. The stick is written with fsync
on this disk. A terminal that is set up and holds nothing imports it in a process of its own, from starting Python to
the first answers, durable. Beside it stands the floor of this machine (Python started and the whole uncompressed state
written with fsync) and what the same statuses take as status list tokens. Then a neighbour's bundle: a terminal that
is a day behind takes the state of one that is fresh. The exit status says whether all goals were met.
"""

import argparse
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.status_sizes import MIX, Goal, draw_delta, draw_state
from protocol import appraisal_policy, cbor, checkpoint, feed_document, feed_names, manifest, trust_list
from protocol.checkpoint import Checkpoint, Inline, TufVersions
from protocol.feed_document import FeedDocument
from protocol.feed_position import FeedPosition
from protocol.labels import Purpose
from protocol.licence import catalogue
from protocol.manifest import EntryKind, Manifest, ManifestEntry
from protocol.unixtime import DAY, MINUTE, Seconds, UnixTime
from revocation import bundle_file, bundling, chain, delta, state, status_base
from revocation.delta import Aggregate, Delta
from revocation.state import RegionState
from revocation.status_base import Base
from tests.utopia.world import BEGINNING, WUYOU, World
from verifier_terminal import config
from verifier_terminal.config import TerminalSettings

MINUTES = 1_440
HOUR = 60
USABLE_GOAL, COLD_START_GOAL = 60.0, 900.0
WORLD = World()
ROOT, STATUS = WORLD.roots[WUYOU], WORLD.status_signers[WUYOU]
IMPORT = """
import sys, time
from pathlib import Path
from verifier_terminal import wiring
from verifier_terminal.sync.bundle_mirror import BundleMirror
from revocation.bundle_file import BundleFile
wiring.now = lambda: int(sys.argv[3])
with BundleFile(Path(sys.argv[2])) as bundle, wiring.open_session(Path(sys.argv[1])) as session:
    report = session.sync(BundleMirror(bundle), importing=True)
    assert not report.refused, report.refused
    (region,) = session.status().regions
    (polled,) = report.polled
    answer = session.knowledge.status.look_up(f"lz:{region.region}/0", 0)
    assert answer.as_of is not None
    print(polled.way, region.seq, polled.size, polled.requests, sep=chr(9))
"""
BARE = """
import os, sys
with open(sys.argv[1], "wb") as file:
    file.write(bytes(int(sys.argv[2])))
    file.flush()
    os.fsync(file.fileno())
"""


class Region:
    """A region's published folder at the end of a day since its base."""

    def __init__(self, lists: int, share: float, a_day: int, minutes: int) -> None:
        random = np.random.default_rng(1)
        drawn = RegionState(WUYOU, draw_state(lists, share, MIX, 1).lists)
        self.drawn = drawn
        base = Base(FeedPosition(WUYOU, 1, 0), chain.first_head(WUYOU, 1, drawn.root), drawn)
        self.base = status_base.encode(base)
        self.deltas: dict[int, bytes] = {}
        self.aggregates: list[tuple[ManifestEntry, bytes]] = []
        self.heads = [base.head]
        now, hour = drawn, list[Delta]()
        for seq in range(1, minutes + 1):
            made = self._changes(random, now, max(1, int(random.poisson(a_day / MINUTES))))
            body = delta.encode(made, universe=now.universe)
            now = state.lay_over(now, made)
            self.deltas[seq] = body
            self.heads.append(chain.next_head(self.heads[-1], chain.delta_hash(FeedPosition(WUYOU, 1, seq), body)))
            hour.append(made)
            if seq % HOUR == 0:
                self._aggregate(seq, hour, now.universe)
                hour = []

    def files(self, seq: int) -> dict[str, bytes]:
        """The folder after this delta."""
        at = UnixTime(BEGINNING + seq * MINUTE)
        until = UnixTime(at + DAY)
        pointer = status_base.pointer_to(self.base, seq=0)
        changes = delta.combine([delta.decode(self.deltas[each]) for each in range(1, seq + 1)])
        claims = Checkpoint(
            iss=WORLD.iss(),
            position=FeedPosition(WUYOU, 1, seq),
            iat=at,
            exp=until,
            ttl=Seconds(60),
            head=self.heads[seq],
            state_root=state.fold(self.drawn, changes).root,
            base=pointer,
            lists=len(self.drawn.lists),
            tuf_versions=TufVersions(1, 1),
        )
        inline = Inline(tuple(self.deltas[each] for each in range(seq - 2, seq + 1)))
        aggregates = [(entry, body) for entry, body in self.aggregates if entry.last <= seq]
        return {
            "root.cbor": cbor.encode(ROOT.public_key.cose_key),
            "trust.cbor": trust_list.sign(WORLD.trust(WORLD.anchors()), ROOT),
            "catalogue.cbor": catalogue.sign(WORLD.catalogue(), ROOT),
            "policy.cbor": appraisal_policy.sign(WORLD.policy(), ROOT),
            feed_names.DOCUMENT: feed_document.sign(FeedDocument(WUYOU, 1, at, until, 1, pointer), ROOT),
            feed_names.CHECKPOINT_10: checkpoint.sign(claims, STATUS, inline=inline),
            feed_names.MANIFEST: manifest.sign(
                Manifest(WUYOU, 1, at, until, 1, tuple(entry for entry, _ in aggregates)), STATUS
            ),
            feed_names.base(1, 0): self.base,
            **{feed_names.listed(entry.name(epoch=1)): body for entry, body in aggregates},
            **{feed_names.delta(1, each): self.deltas[each] for each in range(1, seq + 1)},
        }

    def _aggregate(self, seq: int, hour: list[Delta], universe: int) -> None:
        made = Aggregate(WUYOU, 1, seq - HOUR, seq, self.heads[-1], delta.combine(hour))
        body = delta.encode_aggregate(made, universe=universe)
        entry = ManifestEntry(EntryKind.HOUR, seq - HOUR, seq, sha256(body).digest(), len(body))
        self.aggregates.append((entry, body))

    @staticmethod
    def _changes(random: np.random.Generator, now: RegionState, count: int) -> Delta:
        """Nothing final changes, so that no offline key is needed."""
        made = draw_delta(random, len(now.lists), 2 * count + 2, MIX)
        free = np.flatnonzero(now.values(made.places) == 0)[:count]
        return Delta(made.places[free], made.values[free])


def fetching(files: dict[str, bytes]) -> bundling.Fetch:
    return lambda name, max_bytes: files.get(name)


def set_up(directory: Path) -> Path:
    """A terminal that knows its region's root, and nothing else."""
    directory.mkdir()
    root = ROOT.public_key
    settings = TerminalSettings(
        "t1", "bench", Purpose.ROADSIDE.word, WUYOU, "https://feed.example", root.thumbprint.hex()
    )
    config.save(directory, settings, root)
    return directory


def timed(script: str, *arguments: object) -> tuple[float, list[str]]:
    """Seconds from starting Python to its end, and what it said."""
    begin = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    taken = perf_counter() - begin
    if done.returncode:
        raise SystemExit(done.stderr)
    return taken, done.stdout.strip().split("\t")


def measure(directory: Path, lists: int, share: float, a_day: int, minutes: int) -> Iterator[Goal]:
    print(f"{lists} lists, {lists * 2**20 / 1e6:.1f} M entries, {share:.1%} not valid, {a_day} changes a day")
    region = Region(lists, share, a_day, minutes)
    files = region.files(minutes)
    tokens = sum(len(zlib.compress(each.packed, 6)) for each in region.drawn.lists if each is not None)

    stick = directory / bundle_file.name_for(WUYOU)
    begin = perf_counter()
    entries = bundling.of_region(fetching(files))
    size = bundle_file.write(stick, entries)
    written = perf_counter() - begin
    print(f"  bundle      {size / 1e3:9.1f} kB, {len(entries)} entries; made and written in {written:.2f} s")
    print(f"  its base    {len(region.base) / 1e3:9.1f} kB; as status list tokens {tokens / 1e3:.1f} kB")

    at = BEGINNING + minutes * MINUTE + HOUR
    bare = set_up(directory / "bare")
    usable, (way, seq, fetched, requests) = timed(IMPORT, bare, stick, at)
    assert (way, int(seq)) == ("beginning", minutes)
    floor, _ = timed(BARE, directory / "floor", lists * 2**19)
    print(f"  cold start  {int(fetched) / 1e3:9.1f} kB of the feed in {requests} objects")
    print(f"  usable      {usable:9.2f} s after the stick was put in; Python and a durable write alone {floor:.2f} s")
    yield Goal("bare terminal usable from a stick, s", usable, USABLE_GOAL)
    if lists >= 54 and share == 0.01:
        yield Goal("cold start of the feed, kB", int(fetched) / 1e3, COLD_START_GOAL)

    # A neighbour that is a day behind: it holds the base, and takes what the fresh terminal makes of its state.
    behind = set_up(directory / "behind")
    first = directory / "FIRST.BDL"
    bundle_file.write(first, bundling.of_region(fetching(region.files(3))))
    timed(IMPORT, behind, first, at)
    begin = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "liangzheng", "terminal", "export", bare, directory / "PEER.BDL"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    exported = perf_counter() - begin
    taken, (way, seq, fetched, _) = timed(IMPORT, behind, directory / "PEER.BDL", at)
    assert (way, int(seq)) == ("peer's base", minutes)
    peer = (directory / "PEER.BDL").stat().st_size
    print(f"  neighbour   {peer / 1e3:9.1f} kB; exported in {exported:.2f} s, taken in {taken:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, default=54)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--a-day", type=int, default=7_000)
    parser.add_argument("--directory", type=Path, help="on the disk that is meant")
    parser.add_argument("--smoke", action="store_true", help="two lists and two hours, in some seconds")
    asked = parser.parse_args()
    lists, minutes = (2, 2 * HOUR + 5) if asked.smoke else (asked.lists, MINUTES - 5)
    with tempfile.TemporaryDirectory(dir=asked.directory) as folder:
        goals = list(measure(Path(folder), lists, asked.share, asked.a_day, minutes))
    print()
    for goal in goals:
        print(f"{'met   ' if goal.met else 'MISSED'} {goal.name}: {goal.figure:.2f} (at most {goal.at_most:g})")
    sys.exit(0 if all(goal.met for goal in goals) else 1)


if __name__ == "__main__":
    main()
