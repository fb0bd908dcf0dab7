"""A region's published folder with a status feed, made by a publisher that has no rules: it signs what a test tells it.

`change` makes the next delta and a checkpoint; what stands in the folder may then be forged, swapped or taken away.
Everything is by the world's clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from protocol import cbor, checkpoint, feed_document, feed_names, keys, manifest, reversal, trust_list
from protocol.checkpoint import Ban, BasePointer, Checkpoint, CoSignedDelta, Inline, TufVersions
from protocol.feed_document import FeedDocument
from protocol.feed_position import FeedPosition
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse
from protocol.manifest import EntryKind, Manifest, ManifestEntry
from protocol.reversal import Reversal
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from revocation import chain, delta, state, status_base
from revocation.delta import Aggregate, Delta
from revocation.state import ALL_VALID, RegionState
from revocation.status_base import Base
from tests.utopia.world import BEGINNING, LIST_NUMBER, WUYOU, World

LISTS = LIST_NUMBER + 1


@dataclass
class Feed:
    """A region and everything that it has published in this epoch."""

    world: World
    folder: Path
    region: str = WUYOU
    epoch: int = 1
    state: RegionState = field(init=False)
    signer: Signer = field(init=False)
    heads: list[bytes] = field(default_factory=list)
    states: list[RegionState] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    changes: list[Delta] = field(default_factory=list)
    co_signatures: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """By seq: the statement, and the delta's hash."""
    entries: list[ManifestEntry] = field(default_factory=list)
    base: BasePointer = field(init=False)
    bans: tuple[Ban, ...] = ()
    urls: tuple[str, ...] = ()
    versions: TufVersions = field(default_factory=lambda: TufVersions(1, 1))
    document_seq: int = 0
    trust_seq: int = 1
    anchors: tuple[TrustAnchor, ...] | None = None

    def __post_init__(self) -> None:
        (self.folder / feed_names.FOLDER).mkdir(parents=True, exist_ok=True)
        self.signer = self.world.status_signers[self.region]
        self.state = RegionState(self.region, (ALL_VALID,) * LISTS)
        self._begin()

    @property
    def seq(self) -> int:
        return len(self.bodies)

    @property
    def offline(self) -> Signer:
        """The reversal key."""
        return self.world.signer(f"reversal {self.region}", Alg.ESP256)

    def begin_epoch(self, signer: Signer) -> None:
        """Another status key goes on from this state; the trust list has it instead of the old one."""
        old = self.signer.public_key
        before = self.anchors or self.trust_anchors()
        self.anchors = tuple(replace(each, key=signer.public_key) if each.key == old else each for each in before)
        self.signer = signer
        self.epoch += 1
        self.trust_seq += 1
        for made in (self.heads, self.states, self.bodies, self.changes, self.entries):
            made.clear()
        self.co_signatures.clear()
        self._begin()

    def _begin(self) -> None:
        self.heads.append(chain.first_head(self.region, self.epoch, self.state.root))
        self.states.append(self.state)
        self.make_base()

    # Documents.

    def trust_anchors(self) -> tuple[TrustAnchor, ...]:
        """This region's keys, and the offline one."""
        later = UnixTime(BEGINNING + 400 * DAY)
        own = tuple(each for each in self.world.anchors() if each.iss.startswith(self.region))
        prefix = (f"lz:{self.region}/",)
        iss = self.world.iss(self.region)
        return (*own, TrustAnchor(iss, self.offline.public_key, KeyUse.REVERSAL, frozenset(), prefix, later, later))

    def write_documents(self) -> None:
        """Root, trust list and feed document; the home region's other documents are `publishing.publish`'s."""
        at, root = self.world.clock.at, self.world.roots[self.region]
        anchors = trust_list.index(self.anchors or self.trust_anchors())
        listed = TrustList(self.region, self.trust_seq, UnixTime(at - HOUR), UnixTime(at + 30 * DAY), anchors)
        self.document_seq += 1
        document = FeedDocument(
            self.region, self.document_seq, at, UnixTime(at + 7 * DAY), self.epoch, self.base, self.urls
        )
        self.write("root.cbor", cbor.encode(root.public_key.cose_key))
        self.write("trust.cbor", trust_list.sign(listed, root))
        self.write(feed_names.DOCUMENT, feed_document.sign(document, root))

    # The feed.

    def position(self, seq: int | None = None) -> FeedPosition:
        return FeedPosition(self.region, self.epoch, self.seq if seq is None else seq)

    def change(
        self, values: Mapping[int, int] | Delta, *, list_number: int = LIST_NUMBER, co_signed: bool = False
    ) -> int:
        """The next delta: these values by index; and a checkpoint. Gives its seq."""
        made = (
            values
            if isinstance(values, Delta)
            else delta.make({list_number << delta.INDEX_BITS | idx: value for idx, value in values.items()})
        )
        body = delta.encode(made, universe=self.state.universe)
        self.state = state.fold(self.state, made)
        self.states.append(self.state)
        self.bodies.append(body)
        self.changes.append(made)
        hashed = chain.delta_hash(self.position(), body)
        self.heads.append(chain.next_head(self.heads[-1], hashed))
        self.write(feed_names.delta(self.epoch, self.seq), body)
        if co_signed:
            stated = Reversal(self.world.iss(self.region), self.world.clock.at, self.position(), hashed)
            self.co_signatures[self.seq] = reversal.sign(stated, self.offline), hashed
        self.publish()
        return self.seq

    def claims(self, seq: int | None = None, *, age: int = 0) -> Checkpoint:
        seq = self.seq if seq is None else seq
        iat = UnixTime(self.world.clock.at - age)
        return Checkpoint(
            iss=self.world.iss(self.region),
            position=self.position(seq),
            iat=iat,
            exp=UnixTime(iat + DAY),
            ttl=Seconds(60),
            head=self.heads[seq],
            state_root=self.states[seq].root,
            base=self.base if self.base.seq <= seq else self._pointer(0),
            lists=len(self.states[seq].lists),
            tuf_versions=self.versions,
            bans=self.bans,
            reversals=tuple(
                CoSignedDelta(each, self.co_signatures[each][1]) for each in self.co_signatures if each <= seq
            ),
        )

    def signed(self, stated: Checkpoint | None = None, *, inline: int = 10) -> bytes:
        """A checkpoint with the last deltas that it may carry."""
        claims = stated or self.claims()
        seq = claims.position.seq
        bodies = tuple(self.bodies[max(0, seq - inline) : seq]) if inline else ()
        statements = tuple(self.co_signatures[each.seq][0] for each in claims.reversals)
        while sum(map(len, (*bodies, *statements))) > 1_000:
            bodies = bodies[1:]
        return checkpoint.sign(claims, self.signer, inline=Inline(bodies, statements))

    def publish(self, stated: Checkpoint | None = None) -> None:
        """Both checkpoints, as of now."""
        self.write(feed_names.CHECKPOINT, self.signed(stated, inline=3))
        self.write(feed_names.CHECKPOINT_10, self.signed(stated))

    def make_base(self) -> None:
        """A base of this moment's state."""
        self.base = self._pointer(self.seq)
        self.write(feed_names.base(self.epoch, self.seq), self._base(self.seq))

    def make_aggregate(self, first: int, last: int, *, kind: EntryKind = EntryKind.HOUR) -> None:
        """An aggregate of these deltas, and the manifest with it."""
        made = Aggregate(
            self.region, self.epoch, first, last, self.heads[last], delta.combine(self.changes[first:last])
        )
        body = delta.encode_aggregate(made, universe=self.states[last].universe)
        self._list(ManifestEntry(kind, first, last, sha256(body).digest(), len(body)), body)

    def list_co_signed(self, seq: int) -> None:
        """A co-signed delta and its statement among the manifest's objects."""
        for kind, body in (
            (EntryKind.CO_SIGNED_DELTA, self.bodies[seq - 1]),
            (EntryKind.CO_SIGNATURE, self.co_signatures[seq][0]),
        ):
            self._list(ManifestEntry(kind, seq - 1, seq, sha256(body).digest(), len(body)), body)

    def _list(self, entry: ManifestEntry, body: bytes) -> None:
        self.entries.append(entry)
        self.write(feed_names.listed(entry.name(epoch=self.epoch)), body)
        at = self.world.clock.at
        listed = Manifest(
            self.region, len(self.entries), at, UnixTime(at + DAY), self.epoch, tuple(sorted(self.entries))
        )
        self.write(feed_names.MANIFEST, manifest.sign(listed, self.signer))

    def _base(self, seq: int) -> bytes:
        return status_base.encode(Base(self.position(seq), self.heads[seq], self.states[seq]))

    def _pointer(self, seq: int) -> BasePointer:
        return status_base.pointer_to(self._base(seq), seq=seq)

    # Files.

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def ban_of(self, signer: Signer, *, since: UnixTime) -> Ban:
        """A ban of one of this region's keys."""
        return Ban(self.world.iss(self.region), keys.kid_of(signer.public_key), since)
