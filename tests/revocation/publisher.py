"""A fictional publisher: the same chain, state and checkpoints that a real one makes, without any of its rules.

It signs whatever a test tells it to, so that terminals can be shown what a thief of the online key would sign.
"""

from dataclasses import replace
from hashlib import sha256

from protocol import checkpoint, reversal
from protocol.checkpoint import Ban, BasePointer, Checkpoint, CoSignedDelta, Inline, TufVersions, VerifiedCheckpoint
from protocol.feed_position import FeedPosition
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse
from protocol.manifest import EntryKind, ManifestEntry
from protocol.reversal import Reversal, VerifiedReversal
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, MINUTE, Seconds, UnixTime
from revocation import chain, delta, guard, state, status_base
from revocation.advance import Held
from revocation.delta import Aggregate, Delta
from revocation.guard import CoSigned
from revocation.state import ALL_VALID, RegionState
from revocation.status_base import Base
from tests.utopia.world import BEGINNING, WUYOU, World

WORLD = World()
STATUS = WORLD.status_signers[WUYOU]
OFFLINE: Signer = WORLD.signer("reversal", Alg.ESP256)
_LATER = UnixTime(BEGINNING + 400 * DAY)
TRUST: TrustList = WORLD.trust(
    (
        *WORLD.anchors(),
        TrustAnchor(WORLD.iss(), OFFLINE.public_key, KeyUse.REVERSAL, frozenset(), (f"lz:{WUYOU}/",), _LATER, _LATER),
    )
)


class Feed:
    """Everything that was ever published, by seq. `minute` moves the clock on."""

    def __init__(self, *, lists: int = 2, epoch: int = 1, state_before: RegionState | None = None) -> None:
        self.epoch = epoch
        self.state = state_before or RegionState(WUYOU, (ALL_VALID,) * lists)
        self.heads = [chain.first_head(WUYOU, epoch, self.state.root)]
        self.states = [self.state]
        self.bodies: list[bytes] = []
        self.changes: list[Delta] = []
        self.co_signatures: dict[int, VerifiedReversal] = {}
        self.at = BEGINNING

    @property
    def seq(self) -> int:
        return len(self.bodies)

    def position(self, seq: int | None = None) -> FeedPosition:
        return FeedPosition(WUYOU, self.epoch, self.seq if seq is None else seq)

    def publish(
        self,
        changes: dict[int, int] | Delta,
        *,
        lists: int | None = None,
        retired: tuple[int, ...] = (),
        co_signed: bool = False,
        minutes: int = 1,
    ) -> bytes:
        """One more delta, `minutes` after the last one."""
        made = changes if isinstance(changes, Delta) else delta.make(changes, lists=lists, retired=retired)
        body = delta.encode(made, universe=self.state.universe)
        self.state = state.fold(self.state, made)
        self.states.append(self.state)
        self.bodies.append(body)
        self.changes.append(made)
        hashed = chain.delta_hash(self.position(), body)
        self.heads.append(chain.next_head(self.heads[-1], hashed))
        self.at = UnixTime(self.at + minutes * MINUTE)
        if co_signed:
            stated = Reversal(WORLD.iss(), self.at, self.position(), hashed)
            encoded = reversal.sign(stated, OFFLINE)
            self.co_signatures[self.seq] = reversal.verify(encoded, trust=TRUST, expected_region=WUYOU, at=self.at)
        return body

    def base(self, seq: int) -> bytes:
        return status_base.encode(Base(self.position(seq), self.heads[seq], self.states[seq]))

    def claims(self, *, seq: int | None = None, base: int = 0, bans: tuple[Ban, ...] = ()) -> Checkpoint:
        seq = self.seq if seq is None else seq
        return Checkpoint(
            iss=WORLD.iss(),
            position=self.position(seq),
            iat=self.at,
            exp=UnixTime(self.at + DAY),
            ttl=Seconds(60),
            head=self.heads[seq],
            state_root=self.states[seq].root,
            base=status_base.pointer_to(self.base(base), seq=base),
            lists=len(self.states[seq].lists),
            tuf_versions=TufVersions(1, 1),
            bans=bans,
            reversals=tuple(
                CoSignedDelta(each, verified.reversal.delta_sha256)
                for each, verified in self.co_signatures.items()
                if each <= seq
            ),
        )

    def checkpoint(
        self, stated: Checkpoint | None = None, *, seq: int | None = None, base: int = 0
    ) -> VerifiedCheckpoint:
        """Signed, parsed and verified: what a terminal goes by."""
        encoded = checkpoint.sign(stated or self.claims(seq=seq, base=base), STATUS, inline=Inline())
        return checkpoint.verify(checkpoint.parse(encoded), trust=TRUST, expected_region=WUYOU, at=self.at)

    def co_signed(self) -> CoSigned:
        """Every co-signature with the delta that it is for."""
        return guard.co_signed((each, self.bodies[seq - 1]) for seq, each in self.co_signatures.items())

    def held(self, seq: int, *, as_of: int | None = None) -> Held:
        """A terminal that has come as far as this delta."""
        at = UnixTime(self.at if as_of is None else as_of)
        return Held(self.position(seq), self.heads[seq], self.states[seq], at, ())

    def aggregate(self, first: int, last: int, *, kind: EntryKind = EntryKind.HOUR) -> tuple[ManifestEntry, bytes]:
        """The aggregate of the deltas after `first` up to `last`, with its entry in a manifest."""
        changes = delta.combine(self.changes[first:last])
        made = Aggregate(WUYOU, self.epoch, first, last, self.heads[last], changes)
        return entry_of(made, universe=self.states[last].universe, kind=kind)


def entry_of(
    made: Aggregate, *, universe: int = 2 << 20, kind: EntryKind = EntryKind.HOUR
) -> tuple[ManifestEntry, bytes]:
    body = delta.encode_aggregate(made, universe=universe)
    return ManifestEntry(kind, made.first, made.last, sha256(body).digest(), len(body)), body


def contents(held: RegionState) -> list[bytes | None]:
    """The uncompressed lists: what two equal states have in common."""
    return [None if each is None else bytes(each.packed) for each in held.lists]


def with_pointer(stated: Checkpoint, pointer: BasePointer) -> Checkpoint:
    return replace(stated, base=pointer)
