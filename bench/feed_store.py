"""What a terminal's feed store costs: applying, folding, opening, looking up, and memory, on this disk.

    python -m bench.feed_store [--entries 56000000] [--share 0.01] [--rounds 60] [--directory DIR] [--smoke]

Entries are rounded up to whole lists of 2^20; so many of them are not valid, with the mix of bench.status_sizes. Every
apply is a whole `FeedStore.take`: the chain, decoding, guard, brake, one durable transaction (WAL, synchronous=FULL)
and the overlay. Beside it, in turn, stands a bare durable commit of the same bytes in a database on the same disk.
Memory is that of a process of its own, before and after it opens the store and looks 100,000 entries up; pages of the
mapped base count there, and the system takes them back when it needs them. Goals are those of REVOCATION.md, for 56
million entries; the exit status says whether all were met. Of more entries the figures alone are shown.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.status_sizes import MIX, Goal, draw_state, draw_values
from protocol import checkpoint
from protocol.checkpoint import BasePointer, Checkpoint, Inline, TufVersions, VerifiedCheckpoint
from protocol.feed_position import FeedPosition
from protocol.keys import kid_of, signer_for
from protocol.labels import Alg
from protocol.unixtime import DAY, MINUTE, Seconds, UnixTime
from revocation import chain, delta, state, status_base
from revocation.delta import Delta
from revocation.guard import NOTHING_CO_SIGNED
from revocation.state import RegionState
from revocation.status_base import Base
from verifier_terminal.store import schema
from verifier_terminal.store.feed_store import FOLDER, FeedStore
from verifier_terminal.store.ways import ByDeltas, FromNothing

REGION = "310000"
SIGNER = signer_for(Alg.ESP256, bytes(31) + b"\1")
BEGINNING = UnixTime(1_795_226_400)
APPLY_GOALS = {500: 5.0, 50_000: 50.0}
LOOKUP_GOAL, MEMORY_GOAL = 15, 120
A_DELTA = 20_000
"""Changes that one delta may have (the brake)."""
LOOK_UPS = 100_000
CITY = 54
"""Lists for which the goals are meant."""


@dataclass
class Publisher:
    """Signs what the store is shown. Roots are true where `with_root` says so; between folds nobody compares them."""

    state: RegionState
    head: bytes
    seq: int = 0
    at: UnixTime = BEGINNING

    def publish(self, random: np.random.Generator, changes: int, *, pause: int) -> tuple[bytes, ...]:
        """Deltas of so many changes in all, none of them of anything final."""
        self.at = UnixTime(self.at + pause)
        bodies = []
        for begin in range(0, changes, A_DELTA):
            made = self._changes(random, min(A_DELTA, changes - begin))
            body = delta.encode(made, universe=self.state.universe)
            self.seq += 1
            self.state = state.lay_over(self.state, made)
            self.head = chain.next_head(self.head, chain.delta_hash(self.position, body))
            bodies.append(body)
        return tuple(bodies)

    @property
    def position(self) -> FeedPosition:
        return FeedPosition(REGION, 1, self.seq)

    def signed(self, pointer: BasePointer, *, with_root: bool) -> tuple[VerifiedCheckpoint, bytes]:
        claims = Checkpoint(
            iss=f"{REGION}.GA",
            position=self.position,
            iat=self.at,
            exp=UnixTime(self.at + DAY),
            ttl=Seconds(60),
            head=self.head,
            state_root=self.state.root if with_root else bytes(32),
            base=pointer,
            lists=len(self.state.lists),
            tuf_versions=TufVersions(1, 1),
        )
        return VerifiedCheckpoint(claims, kid_of(SIGNER.public_key)), checkpoint.sign(claims, SIGNER, inline=Inline())

    def _changes(self, random: np.random.Generator, count: int) -> Delta:
        places = np.unique(random.integers(0, self.state.universe, count + count // 8 + 50, np.uint64))
        places = places[self.state.values(places) == 0]
        places = np.sort(random.choice(places, count, replace=False))
        return Delta(places, draw_values(random, count, MIX))


class Disk:
    """One terminal's directory, and a bare database beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.database = schema.open_database(directory / "terminal.db")
        self.bare = sqlite3.connect(directory / "bare.db", isolation_level=None)
        self.bare.execute("PRAGMA journal_mode = WAL")
        self.bare.execute("PRAGMA synchronous = FULL")
        self.bare.execute("CREATE TABLE row (content BLOB)")

    @contextmanager
    def writing(self) -> Iterator[None]:
        with schema.transaction(self.database):
            yield

    def commit_bare(self, content: bytes) -> None:
        with schema.transaction(self.bare):
            self.bare.execute("INSERT INTO row VALUES (?)", (content,))


def timed(function: Callable[[], object]) -> float:
    """Milliseconds."""
    begin = perf_counter()
    function()
    return 1e3 * (perf_counter() - begin)


def quantiles(figures: list[float]) -> str:
    return f"p50 {np.quantile(figures, 0.5):8.2f}  p95 {np.quantile(figures, 0.95):8.2f}"


def measure(directory: Path, lists: int, share: float, rounds: int) -> Iterator[Goal]:
    disk = Disk(directory)
    random = np.random.default_rng(1)
    print(f"{lists} lists, {lists * 2**20 / 1e6:.1f} M entries, {share:.1%} not valid (ms)")
    drawn = draw_state(lists, share, MIX, 1)
    drawn = RegionState(REGION, drawn.lists)
    publisher = Publisher(drawn, chain.first_head(REGION, 1, drawn.root))
    encoded = status_base.encode(Base(publisher.position, publisher.head, drawn))
    pointer = status_base.pointer_to(encoded, seq=0)
    signed, signature = publisher.signed(pointer, with_root=True)
    store = FeedStore(directory, disk.database)
    first = timed(
        lambda: store.take(
            FromNothing(pointer, encoded, (), ()),
            checkpoint=signed,
            encoded=signature,
            co_signed=NOTHING_CO_SIGNED,
            writing=disk.writing,
        )
    )
    print(f"  first state from a base of {len(encoded) / 1e3:.0f} kB, written and read back: {first:.0f}")

    def take(changes: int, pause: int, *, with_root: bool = False) -> tuple[float, float]:
        bodies = publisher.publish(random, changes, pause=pause)
        signed, signature = publisher.signed(pointer, with_root=with_root)
        bare = timed(lambda: disk.commit_bare(b"".join((*bodies, signature))))
        way = ByDeltas(bodies)
        whole = timed(
            lambda: store.take(
                way, checkpoint=signed, encoded=signature, co_signed=NOTHING_CO_SIGNED, writing=disk.writing
            )
        )
        return whole, bare

    folds = []
    for changes, goal in APPLY_GOALS.items():
        pairs = []
        for _number in range(max(3, rounds if changes == 500 else rounds // 6)):
            # The day between two large ones is the brake's; the fold keeps what lies over the base at its bound.
            full = changes > 500
            pairs.append(take(changes, DAY if full else 10 * MINUTE, with_root=full))
            if full:
                folds.append(timed(lambda: store.fold(REGION, writing=disk.writing)))
        whole, bare = [each for each, _ in pairs], [each for _, each in pairs]
        print(f"  apply {changes:6}: {quantiles(whole)}   bare commit {quantiles(bare)}   ({len(pairs)} times)")
        yield Goal(f"apply {changes}, p50, ms", float(np.quantile(whole, 0.5)), goal)
    print(f"  fold of 50,000 with root, written and read back: {quantiles(folds)}")
    take(50_000, DAY, with_root=True)
    late = [take(500, 10 * MINUTE)[0] for _ in range(max(3, rounds // 6))]
    print(f"  apply    500 over 50,000: {quantiles(late)}")
    yield Goal("apply 500 over 50,000, p50, ms", float(np.quantile(late, 0.5)), APPLY_GOALS[500])
    minute = [take(5, MINUTE)[0] for _ in range(max(3, rounds // 2))]
    print(f"  apply      5 (a minute's): {quantiles(minute)}")
    yield from look_ups(store, lists)
    yield from hold(directory, lists)
    overlay = store.regions()[REGION].overlay_entries
    store = FeedStore(directory, disk.database)
    opening = [timed(lambda: FeedStore(directory, disk.database)) for _ in range(3)]
    print(f"  start: every byte compared, {overlay} changes laid over: {min(opening):.0f} to {max(opening):.0f}")
    print(f"  base file {sum(each.stat().st_size for each in (directory / FOLDER).rglob('*.raw')) / 2**20:.1f} MiB")


def asked(lists: int) -> list[tuple[str, int]]:
    random = np.random.default_rng(2)
    numbers, indices = random.integers(0, lists, LOOK_UPS), random.integers(0, 2**20, LOOK_UPS)
    uris = [f"lz:{REGION}/{number}" for number in range(lists)]
    return [(uris[number], idx) for number, idx in zip(numbers.tolist(), indices.tolist(), strict=True)]


def look_ups(store: FeedStore, lists: int) -> Iterator[Goal]:
    look_up = store.snapshot().look_up
    places = asked(lists)

    def empty(uri: str, idx: int) -> None:
        pass

    def of_all(function: Callable[[str, int], object]) -> float:
        begin = perf_counter()
        for uri, idx in places:
            function(uri, idx)
        return perf_counter() - begin

    # One beside the other, so that other work on the machine meets both; all places have been seen once before.
    of_all(look_up)
    pairs = sorted(((of_all(empty), of_all(look_up)) for _ in range(15)), key=lambda each: each[1] / each[0])
    floor, taken = pairs[len(pairs) // 2]
    scale = 1e6 / LOOK_UPS
    print(f"  look-up {taken * scale:.2f} µs, an empty call {floor * scale:.3f} µs: {taken / floor:.1f} ×")
    yield Goal("look-up as a multiple of an empty call", taken / floor, LOOKUP_GOAL)


def hold(directory: Path, lists: int) -> Iterator[Goal]:
    command = [sys.executable, "-m", "bench.feed_store", "--hold", str(directory), "--entries", str(lists * 2**20)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    before, opened, used = json.loads(done.stdout)
    for name in ("Rss", "Pss"):
        print(
            f"  {name} of a process, MiB: {before[name]:.0f}; +{opened[name] - before[name]:.1f} with the store open; "
            f"+{used[name] - before[name]:.1f} after {LOOK_UPS:,} look-ups at random places"
        )
        yield Goal(f"memory above the bare process, {name}, MiB", used[name] - before[name], MEMORY_GOAL)


def memory() -> dict[str, float]:
    rows = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(rest.split()[0]) / 1024 for name, _, rest in (row.partition(":") for row in rows)}
    return {name: sizes[name] for name in ("Rss", "Pss")}


def held(directory: Path, lists: int) -> None:
    """The process whose memory is measured."""
    places = asked(lists)
    database = schema.open_database(directory / "terminal.db")
    before = memory()
    store = FeedStore(directory, database)
    snapshot = store.snapshot()
    opened = memory()
    for uri, idx in places:
        snapshot.look_up(uri, idx)
    print(json.dumps([before, opened, memory()]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=56_000_000)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--directory", type=Path, help="on the disk that is to be measured; a new folder in it is used")
    parser.add_argument("--smoke", action="store_true", help="4 lists and few rounds: does it run at all")
    parser.add_argument("--hold", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    lists = 4 if options.smoke else -(-options.entries // 2**20)
    if options.hold:
        held(options.hold, -(-options.entries // 2**20))
        return 0
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        goals = list(measure(Path(folder), lists, options.share, 6 if options.smoke else options.rounds))
    if lists > CITY:
        return 0
    missed = [goal for goal in goals if not goal.met]
    print(f"\n{'goal':44} {'figure':>10} {'at most':>10}")
    for goal in goals:
        print(f"{goal.name:44} {goal.figure:10.2f} {goal.at_most:10.0f}{'' if goal.met else '   missed'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
