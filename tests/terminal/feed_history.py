"""A region's feed from beginning to end, with everything that a terminal may be shown of it, for stores to take in.

The same for every process that reads the file: a process that is killed takes from it, and the test that kills compares
with it.
"""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from protocol import checkpoint
from protocol.checkpoint import BasePointer, Inline, VerifiedCheckpoint
from protocol.feed_position import FeedPosition
from protocol.manifest import EntryKind, ManifestEntry
from protocol.unixtime import DAY, MINUTE, Seconds, UnixTime
from revocation import chain, delta, state, status_base
from revocation.delta import Aggregate, Delta
from revocation.guard import NOTHING_CO_SIGNED
from revocation.state import ALL_VALID, RegionState
from revocation.status_base import Base
from tests.revocation.publisher import STATUS, WORLD
from tests.utopia.world import BEGINNING, WUYOU
from verifier_terminal.store import schema
from verifier_terminal.store.feed_store import FeedStore
from verifier_terminal.store.held_region import RegionFeed
from verifier_terminal.store.ways import ByAggregates, ByBase, ByDeltas, FromNothing, Way

HOUR = 8
"""Deltas in each aggregate."""


@dataclass
class History:
    """By seq: the checkpoint, its root; every `HOUR` deltas an aggregate and a base."""

    encoded: list[bytes] = field(default_factory=list)
    roots: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    bases: dict[int, tuple[BasePointer, bytes]] = field(default_factory=dict)
    aggregates: dict[int, tuple[ManifestEntry, bytes]] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return len(self.bodies)

    def checkpoint(self, seq: int) -> VerifiedCheckpoint:
        """As verified: whoever kills has no time for signatures, and the store checks none."""
        parsed = checkpoint.parse(self.encoded[seq])
        return VerifiedCheckpoint(parsed.claims, parsed.kid)

    def write(self, path: Path) -> None:
        path.write_bytes(pickle.dumps(self))

    def by_base(self, at: int, to: int) -> ByBase:
        pointer, base = self.bases[at]
        return ByBase(pointer, base, (), tuple(self.bodies[at:to]))

    def from_nothing(self, to: int) -> FromNothing:
        at = to // HOUR * HOUR
        pointer, base = self.bases[at]
        return FromNothing(pointer, base, (), tuple(self.bodies[at:to]))

    def by_aggregates(self, begin: int, to: int) -> ByAggregates:
        """From anywhere, by all aggregates up to there and the deltas after them."""
        end = to // HOUR * HOUR
        pairs = tuple(self.aggregates[at] for at in range(begin // HOUR * HOUR, end, HOUR))
        return ByAggregates(pairs, tuple(self.bodies[end if pairs else begin : to]))


def read(path: Path) -> History:
    return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]  # what `write` wrote


def build(deltas: int, *, seed: int = 1, lists: int = 2) -> History:
    """A feed of one list with something in it and others without."""
    random, made = np.random.default_rng(seed), History()
    held = RegionState(WUYOU, (ALL_VALID,) * lists)
    head, changes = chain.first_head(WUYOU, 1, held.root), list[Delta]()
    at = BEGINNING
    for seq in range(deltas + 1):
        if seq:
            changes.append(_changes(random, held))
            body = delta.encode(changes[-1], universe=held.universe)
            held = state.lay_over(held, changes[-1])
            head = chain.next_head(head, chain.delta_hash(FeedPosition(WUYOU, 1, seq), body))
            made.bodies.append(body)
            at = UnixTime(at + MINUTE)
        position = FeedPosition(WUYOU, 1, seq)
        if seq % HOUR == 0:
            held = state.fold(held, delta.make({}))
            base = status_base.encode(Base(position, head, held))
            made.bases[seq] = status_base.pointer_to(base, seq=seq), base
            if seq:
                combined = Aggregate(WUYOU, 1, seq - HOUR, seq, head, delta.combine(changes[-HOUR:]))
                encoded = delta.encode_aggregate(combined, universe=held.universe)
                entry = ManifestEntry(EntryKind.HOUR, seq - HOUR, seq, sha256(encoded).digest(), len(encoded))
                made.aggregates[seq - HOUR] = entry, encoded
        root = held.root
        claims = checkpoint.Checkpoint(
            iss=WORLD.iss(),
            position=position,
            iat=at,
            exp=UnixTime(at + DAY),
            ttl=Seconds(60),
            head=head,
            state_root=root,
            base=made.bases[seq // HOUR * HOUR][0],
            lists=lists,
            tuf_versions=checkpoint.TufVersions(1, 1),
        )
        made.roots.append(root)
        made.encoded.append(checkpoint.sign(claims, STATUS, inline=Inline()))
    return made


def _changes(random: np.random.Generator, held: RegionState) -> Delta:
    places = np.unique(random.integers(0, 1 << 20, int(random.integers(1, 9)), np.uint64))
    places = places[held.values(places) == 0]
    return Delta(places, random.choice(np.array([1, 2, 12, 14, 15], np.uint8), len(places)))


@dataclass
class Keeping:
    """A store in a directory, as one process has it, and the feed that it is shown."""

    directory: Path
    history: History

    def __post_init__(self) -> None:
        self.directory.mkdir(exist_ok=True)
        self.database = schema.open_database(self.directory / "terminal.db")
        self.store = FeedStore(self.directory, self.database)

    @contextmanager
    def writing(self) -> Iterator[None]:
        with schema.transaction(self.database):
            yield

    @property
    def feed(self) -> RegionFeed:
        return self.store.regions()[WUYOU]

    @property
    def seq(self) -> int:
        return self.feed.position.seq

    def take(self, way: Way, to: int, *, later: int = 0) -> RegionFeed:
        """Up to this seq; `later` is how many seconds after its first checkpoint this one was signed."""
        came, encoded = self.history.checkpoint(to), self.history.encoded[to]
        if later:
            claims = replace(came.claims, iat=UnixTime(came.claims.iat + later), exp=UnixTime(came.claims.exp + later))
            came, encoded = replace(came, claims=claims), checkpoint.sign(claims, STATUS, inline=Inline())
        return self.store.take(way, checkpoint=came, encoded=encoded, co_signed=NOTHING_CO_SIGNED, writing=self.writing)

    def begin(self, at: int = 0) -> RegionFeed:
        return self.take(self.history.from_nothing(at), at)

    def deltas(self, to: int) -> RegionFeed:
        return self.take(ByDeltas(tuple(self.history.bodies[self.seq : to])), to)

    def fold(self) -> bool:
        return self.store.fold(WUYOU, writing=self.writing)

    def root(self) -> bytes:
        """Over everything that a look-up answers from, hashed now."""
        held = self.store._known.held[WUYOU].held.state
        return RegionState(WUYOU, tuple(each and type(each)(each.under, each.over) for each in held.lists)).root

    def files(self) -> list[str]:
        return sorted(path.name for path in (self.directory / "feed" / WUYOU).iterdir())

    def close(self) -> None:
        self.database.close()
