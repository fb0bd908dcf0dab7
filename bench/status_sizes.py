"""Sizes and times of status data at city scale, against the information limit and other codes.

    python -m bench.status_sizes [--lists 54] [--thousand-million] [--alone] [--only SECTION …] [--seed N]

Lists have 2^20 entries, so 54 are 56.6 million. The limit is the entropy of places *and* statuses: log2 of the number
of ways to choose so many entries of each value. Statuses are mixed as MIX says, or uniformly over the seven named
values (the worst case). Roaring is measured where `pip install pyroaring` has been done; no lock file has it. Goals
are those of REVOCATION.md. Times are in memory, without a disk. The exit status says whether all goals were met.
"""

import argparse
import math
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from protocol import checkpoint, limits, manifest
from protocol.checkpoint import Ban, BasePointer, Checkpoint, Inline, TufVersions
from protocol.feed_position import FeedPosition
from protocol.keys import signer_for
from protocol.labels import Alg
from protocol.manifest import EntryKind, Manifest, ManifestEntry
from protocol.ml_dsa import MlDsa65Signer
from protocol.roots import SignerPair
from protocol.status_list import Status
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from revocation import advance, chain, delta, guard, state, status_base
from revocation.advance import Held
from revocation.delta import Delta
from revocation.lookup import FeedSnapshot
from revocation.state import ListEntries, RegionState
from revocation.status_base import Base

ENTRIES = limits.STATUS_LIST_ENTRIES
REGION = "310000"
MIX: Mapping[int, float] = {
    Status.SUPERSEDED: 0.45,
    Status.CANCELLED: 0.30,
    Status.SUSPENDED: 0.10,
    Status.DEVICE_LOST: 0.09,
    Status.REVOKED: 0.05,
    Status.WITHDRAWN: 0.01,
}
"""An assumption, like the number of changes a day: an operator's own replaces it."""
UNIFORM: Mapping[int, float] = {int(status): 1 / 7 for status in Status if status is not Status.VALID}
MIXES = {"mixed": MIX, "uniform": UNIFORM}
SHARES = (0.001, 0.01, 0.05)
CHANGES = (500, 5_000, 50_000)
BASE_GOAL, DELTA_GOAL, LOOKUP_GOAL = 1.02, 1.10, 15
CHECKPOINT_GOAL, BAN_GOAL = 340, 25


@dataclass(frozen=True)
class Goal:
    """A figure with what it must not exceed."""

    name: str
    figure: float
    at_most: float

    @property
    def met(self) -> bool:
        return self.figure <= self.at_most


def log2_ways(*counts: float) -> float:
    """log2 of the multinomial coefficient: what no code can undercut on average."""
    return (math.lgamma(sum(counts) + 1) - sum(math.lgamma(each + 1) for each in counts)) / math.log(2)


def draw_values(random: np.random.Generator, count: int, mix: Mapping[int, float]) -> NDArray[np.uint8]:
    return random.choice(np.array(list(mix), np.uint8), count, p=np.array(list(mix.values())) / sum(mix.values()))


def draw_list(random: np.random.Generator, share: float, mix: Mapping[int, float]) -> NDArray[np.uint8]:
    """The values of one list, each entry not valid with this probability."""
    values = np.zeros(ENTRIES, np.uint8)
    chosen = np.flatnonzero(random.random(ENTRIES) < share)
    values[chosen] = draw_values(random, len(chosen), mix)
    return values


def packed(values: NDArray[np.uint8]) -> bytes:
    return (values[0::2] | values[1::2] << 4).astype(np.uint8).tobytes()


def draw_state(lists: int, share: float, mix: Mapping[int, float], seed: int) -> RegionState:
    random = np.random.default_rng(seed)
    return RegionState(REGION, tuple(ListEntries(packed(draw_list(random, share, mix))) for _ in range(lists)))


def draw_delta(random: np.random.Generator, lists: int, count: int, mix: Mapping[int, float]) -> Delta:
    places = np.unique(random.integers(0, lists * ENTRIES, 2 * count + 10, np.uint64))
    places = np.sort(random.choice(places, count, replace=False))
    return Delta(places, draw_values(random, count, mix))


def seconds(function: Callable[[], Any], rounds: int = 5) -> float:
    """The fastest of several: what the machine can do when nobody else has it."""
    times = []
    for _ in range(rounds):
        begin = perf_counter()
        function()
        times.append(perf_counter() - begin)
    return min(times)


def zlib_bytes(values: NDArray[np.uint8]) -> float:
    """The standard token at its best level; its CPU is why the hourly ones take level 6."""
    return len(zlib.compress(packed(values), 9))


def roaring_bytes(values: NDArray[np.uint8]) -> float:
    """One bitmap for each value, as our base has one set for each."""
    try:
        from pyroaring import BitMap
    except ImportError:
        return math.nan
    total = 0
    for value in np.unique(values[values > 0]):
        bitmap = BitMap(np.flatnonzero(values == value).astype(np.uint32))
        bitmap.run_optimize()
        total += len(bitmap.serialize())
    return total


OTHERS: dict[str, Callable[[NDArray[np.uint8]], float]] = {"zlib-9": zlib_bytes, "roaring": roaring_bytes}
"""Other codes of the same list."""
OVERHEAD = len(status_base.encode(Base(FeedPosition(REGION, 1, 1), bytes(32), RegionState(REGION, (None,))))) - 1
"""Of a base of few lists, without its lists."""

# Sections. Each prints its table and yields the figures that have a goal.


def bases(lists: int, seed: int) -> Iterator[Goal]:
    print(f"\nBase of {lists} lists ({lists * ENTRIES / 1e6:.1f} M entries), kB and × the limit")
    print("statuses  non-valid     limit      base      ×" + "".join(f"{name:>11}     ×" for name in OTHERS))
    for name, mix in MIXES.items():
        for share in SHARES:
            random = np.random.default_rng(seed)
            limit, base, others = 0.0, float(OVERHEAD), dict.fromkeys(OTHERS, 0.0)
            # List by list: what a thousand million entries need is the room of one.
            for _ in range(lists):
                values = draw_list(random, share, mix)
                held = RegionState(REGION, (ListEntries(packed(values)),))
                base += len(status_base.encode(Base(FeedPosition(REGION, 1, 1), bytes(32), held))) - OVERHEAD
                limit += log2_ways(*np.bincount(values).tolist()) / 8
                for other, size_of in OTHERS.items():
                    others[other] += size_of(values)
            print(
                f"{name:8}  {share:8.1%} {limit / 1e3:10.1f} {base / 1e3:9.1f} {base / limit:6.3f}"
                + "".join(f"{size / 1e3:11.1f} {size / limit:5.2f}" for size in others.values())
            )
            yield Goal(f"base, {name}, {share:.1%}, {lists} lists", base / limit, BASE_GOAL)


def deltas(lists: int, seed: int) -> Iterator[Goal]:
    print(f"\nDeltas over {lists} lists, bytes and × the limit; what standard tokens of all touched lists would take")
    print("statuses  changes      limit     delta    ×     zlib-6 tokens of 1 % non-valid, kB")
    token = len(zlib.compress(packed(draw_list(np.random.default_rng(seed), 0.01, MIX)), 6))
    for name, mix in MIXES.items():
        for count in (5, 50, *CHANGES):
            made = draw_delta(np.random.default_rng(seed + count), lists, count, mix)
            encoded = delta.encode(made, universe=lists * ENTRIES)
            values = np.bincount(made.values).tolist()
            limit = (log2_ways(count, lists * ENTRIES - count) + log2_ways(*values)) / 8
            dirty = len(np.unique(made.places >> np.uint64(20)))
            print(
                f"{name:8}  {count:7} {limit:10.0f} {len(encoded):9} {len(encoded) / limit:6.3f} "
                f"{dirty * token / 1e3:12.0f}"
            )
            if count in CHANGES:
                yield Goal(f"delta, {name}, {count} changes", len(encoded) / limit, DELTA_GOAL)


def checkpoints(lists: int, seed: int) -> Iterator[Goal]:
    print("\nCheckpoint, bytes")
    signer = signer_for(Alg.ESP256, bytes(31) + b"\1")
    at = UnixTime(1_795_226_400)

    def stated(seq: int, bans: int) -> Checkpoint:
        digest = bytes(range(32))
        return Checkpoint(
            iss=f"{REGION}.GA",
            position=FeedPosition(REGION, 3, seq),
            iat=at,
            exp=UnixTime(at + DAY),
            ttl=Seconds(60),
            head=digest,
            state_root=digest,
            base=BasePointer(seq - 900, digest, 700_000),
            lists=lists,
            tuf_versions=TufVersions(12, 40_000),
            bans=tuple(Ban(f"{REGION}.GA", number.to_bytes(8), at) for number in range(bans)),
        )

    for bans in (0, 1, 8):
        size = len(checkpoint.sign(stated(500_000, bans), signer, inline=Inline()))
        print(f"  {bans} bans: {size}")
        yield Goal(f"checkpoint with {bans} bans", size, CHECKPOINT_GOAL + BAN_GOAL * bans)
    random = np.random.default_rng(seed)
    for a_day in (7_000, 90_000):
        minutes = [
            delta.encode(draw_delta(random, lists, int(random.poisson(a_day / 1440)), MIX), universe=lists * ENTRIES)
            for _ in range(200)
        ]
        one, twelve = (
            len(checkpoint.sign(stated(500_000, 0), signer, inline=Inline(_that_fit(minutes[:count]))))
            for count in (1, 12)
        )
        mean = sum(map(len, minutes)) / len(minutes)
        print(
            f"  at {a_day} changes a day, none urgent: a minute's delta {mean:.0f}, the minute's checkpoint {one}, the "
            f"ten minutes' {twelve}; bodies of a day, home and 8 regions {(1440 * one + 8 * 144 * twelve) / 1e6:.2f} MB"
        )
    pair = SignerPair(signer, MlDsa65Signer(bytes(32)))
    hours = tuple(ManifestEntry(EntryKind.HOUR, n, n + 60, bytes(32), 700) for n in range(10**5, 10**5 + 48 * 60, 60))
    days = tuple(ManifestEntry(EntryKind.DAY, n, n + 1440, bytes(32), 14_000) for n in range(10**5, 111_520, 1440))
    listed = Manifest(REGION, 7, at, UnixTime(at + HOUR), 3, (*hours, *days))
    print(
        f"  manifest of 48 hours and {len(days)} days: {len(manifest.sign(listed, signer))}, "
        f"with ML-DSA-65 beside {len(manifest.sign(listed, pair))}"
    )


def _that_fit(bodies: list[bytes]) -> tuple[bytes, ...]:
    chosen: list[bytes] = []
    for body in reversed(bodies):
        if sum(map(len, chosen)) + len(body) > limits.MAX_INLINE_BYTES:
            break
        chosen.insert(0, body)
    return tuple(chosen)


def catching_up(lists: int, seed: int) -> Iterator[Goal]:
    print("\nCatching up by aggregates, kB")
    random = np.random.default_rng(seed)
    for a_day, goals in ((7_000, {"a day": 16, "a week": 100}), (90_000, {})):
        week = [draw_delta(random, lists, a_day, MIX) for _ in range(7)]
        for span, count in (("a day", 1), ("a week", 7)):
            made = delta.Aggregate(REGION, 1, 0, 1440 * count, bytes(32), delta.combine(week[:count]))
            size = len(delta.encode_aggregate(made, universe=lists * ENTRIES)) / 1e3
            print(f"  {span} at {a_day} changes a day: {size:.1f}")
            if span in goals:
                yield Goal(f"catch-up after {span} at {a_day}, kB", size, goals[span])


def times(lists: int, seed: int) -> Iterator[Goal]:
    print(f"\nTimes at {lists} lists, 1 % non-valid, in memory (ms; no disk)")
    held_state = draw_state(lists, 0.01, MIX, seed)
    held = Held(FeedPosition(REGION, 1, 0), chain.first_head(REGION, 1, held_state.root), held_state, UnixTime(0), ())
    base = Base(held.position, held.head, held_state)
    encoded = status_base.encode(base)
    pointer = status_base.pointer_to(encoded, seq=0)

    def decoded() -> Base:
        return status_base.decode(encoded, pointer=pointer, expected_region=REGION, expected_epoch=1)

    def hashed() -> list[bytes]:
        return [ListEntries(each.packed).sha256 for each in held_state.lists if each]

    assert decoded().state.root == held_state.root
    print(f"  base: encode {_ms(lambda: status_base.encode(base), 2)}, decode {_ms(decoded, 3)}")
    print(f"  hashes of all lists: {_ms(hashed, 3)}")
    for count in CHANGES:
        made = draw_delta(np.random.default_rng(seed + count), lists, count, MIX)
        # Nothing final changes here, so that the guard goes all the way.
        old = held_state.values(made.places)
        made = Delta(made.places, np.where(old == 0, made.values, old).astype(np.uint8))
        print(f"  {count:6} changes: {', '.join(_steps(held_state, made, lists * ENTRIES))}")
    yield from _look_ups(held)
    other = draw_state(lists, 0.01, MIX, seed)
    print(f"  compare two whole states that are equal: {_ms(lambda: advance._compare(held_state, other, []), 3)}")


def _steps(held: RegionState, made: Delta, universe: int) -> Iterator[str]:
    body = delta.encode(made, universe=universe)
    yield f"encode {_ms(lambda: delta.encode(made, universe=universe))}"
    yield f"decode {_ms(lambda: delta.decode(body))}"
    yield f"guard {_ms(lambda: guard.check(made.places, held.values(made.places), made.values, []))}"
    yield f"fold {_ms(lambda: state.fold(held, made), 3)}"
    yield f"fold and root {_ms(lambda: state.fold(held, made).root, 3)}"


def _ms(function: Callable[[], Any], rounds: int = 5) -> str:
    return f"{1e3 * seconds(function, rounds):.2f}"


def _look_ups(held: Held) -> Iterator[Goal]:
    """Random entries, so that caches do not help more than they would."""
    look_up = FeedSnapshot([held]).look_up
    random = np.random.default_rng(1)
    uris = [f"lz:{REGION}/{number}" for number in range(len(held.state.lists))]
    asked = [
        (uris[number], idx)
        for number, idx in zip(
            random.integers(0, len(held.state.lists), 100_000).tolist(),
            random.integers(0, ENTRIES, 100_000).tolist(),
            strict=True,
        )
    ]

    def empty(uri: str, idx: int) -> None:
        pass

    def all_of(function: Callable[[str, int], object]) -> Callable[[], None]:
        def run() -> None:
            for uri, idx in asked:
                function(uri, idx)

        return run

    # One beside the other, so that other work on the machine meets both.
    rounds = [(seconds(all_of(empty), 1), seconds(all_of(look_up), 1)) for _ in range(15)]
    floor, taken = sorted(rounds, key=lambda each: each[1] / each[0])[len(rounds) // 2]
    print(f"  look-up {taken * 10:.2f} µs, an empty call {floor * 10:.3f} µs: {taken / floor:.1f} ×")
    yield Goal("look-up as a multiple of an empty call", taken / floor, LOOKUP_GOAL)


SECTIONS: Mapping[str, Callable[[int, int], Iterator[Goal]]] = {
    "bases": bases,
    "deltas": deltas,
    "checkpoints": checkpoints,
    "catching-up": catching_up,
    "times": times,
}


def measure(lists: int, only: list[str], seed: int) -> list[Goal]:
    """All goals of these sections."""
    return [goal for name in only for goal in SECTIONS[name](lists, seed)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, default=54)
    parser.add_argument("--thousand-million", action="store_true", help="954 lists; takes minutes, and the room of one")
    parser.add_argument(
        "--alone", action="store_true", help="leave other codes out; zlib's best level is most of the time"
    )
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.alone:
        OTHERS.clear()
    goals = measure(954 if options.thousand_million else options.lists, options.only, options.seed)
    missed = [goal for goal in goals if not goal.met]
    print(f"\n{len(goals) - len(missed)} of {len(goals)} goals met")
    for goal in missed:
        print(f"  missed: {goal.name}: {goal.figure:.3f} > {goal.at_most}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
