"""One region's status feed: asks for its checkpoint, decides what it is, and goes on to it by the cheapest way.

    checkpoint → parse → epoch of the root's feed document → status key's signature → order → moment
    → inline deltas | deltas | aggregates of the manifest | base → co-signatures → taken (durable), or refused by name

One poll is one request as long as the inline deltas lead on from what is held. Everything is bounded; objects that came
before a download broke off are kept for the next poll. A base that led nowhere is not asked for again at once, so that
nobody can make a terminal download it every minute. What is refused changes nothing: what is held goes on and ages.

Not handled here: when to ask (`schedule`), what is believed about the region (its root's documents come as arguments),
and writing (`take`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Final, Protocol

from protocol import manifest as manifests
from protocol.checkpoint import BasePointer, TufVersions, VerifiedCheckpoint
from protocol.errors import ProtocolError
from protocol.feed_position import FeedPosition
from protocol.labels import KeyUse
from protocol.manifest import Manifest
from protocol.trust_list import TrustAnchor
from protocol.unixtime import HOUR, MINUTE, Seconds, UnixTime
from revocation.advance import Named
from revocation.errors import FinalStatusChanged, MassChange, RevocationError
from revocation.guard import CoSigned
from verifier_terminal.errors import (
    FeedRefused,
    FetchError,
    ForbiddenChange,
    NotPublished,
    TerminalError,
)
from verifier_terminal.store.held_region import RegionFeed
from verifier_terminal.store.ways import ByAggregates, ByBase, ByDeltas, FromNothing, Way
from verifier_terminal.sync import checkpoints, co_signatures, feed_ways
from verifier_terminal.sync.checkpoints import Believed, Came
from verifier_terminal.sync.feed_objects import FeedObjects
from verifier_terminal.sync.feed_ways import Plan
from verifier_terminal.sync.mirror import Mirror

_FIRST_PAUSE: Final = Seconds(10 * MINUTE)
_LONGEST_PAUSE: Final = Seconds(6 * HOUR)
"""Before a base is asked for again that led nowhere."""


class Take(Protocol):
    """Writes what was found down, durable on return."""

    def __call__(self, way: Way, *, checkpoint: VerifiedCheckpoint, encoded: bytes, co_signed: CoSigned) -> RegionFeed:
        """What is held then.

        Raises:
            RevocationError: It breaks a rule; nothing has changed.
            TerminalError: It could not be written; nothing has changed.
        """


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll brought. `way` is "same" when nothing was newer."""

    region: str
    position: FeedPosition
    as_of: UnixTime
    way: str
    requests: int
    size: int
    versions: TufVersions


class FeedIntake:
    """One region's intake; it remembers what it may go on with. Called by one thread at a time."""

    def __init__(self) -> None:
        self._objects = FeedObjects()
        self.needs_base = False
        """What is held was found not to be the signed state: nothing leads on from it."""
        self._no_base_before = UnixTime(0)
        self._pause = _FIRST_PAUSE

    def poll(self, mirror: Mirror, believed: Believed, *, file: str, take: Take) -> Polled:
        """One poll.

        Args:
            mirror: The region's published folder.
            believed: See there.
            file: Which of the two checkpoints.
            take: See there.

        Raises:
            FetchError: It could not be fetched.
            Equivocated: The region signed two histories.
            DocumentRefused: By its own reason.
        """
        self._objects.begin(mirror)
        came = checkpoints.verified(self._objects.checkpoint(file), believed)
        held = believed.held
        if held is not None and not checkpoints.is_newer(came, held) and not self.needs_base:
            return self._polled(came, held, "same")
        checkpoints.check_moment(came, believed)
        taken, way = self._go(believed, came, take)
        self._objects.forget()
        self.needs_base = False
        return self._polled(came, taken, way)

    def _polled(self, came: Came, held: RegionFeed, way: str) -> Polled:
        versions, objects = came.verified.claims.tuf_versions, self._objects
        return Polled(held.region, held.position, held.as_of, way, objects.requests, objects.size, versions)

    def _go(self, believed: Believed, came: Came, take: Take) -> tuple[RegionFeed, str]:
        """Takes the cheapest way that leads there; the failure of the first one is what is told."""
        first: TerminalError | None = None
        for prepare in self._ways(believed, came):
            try:
                way, co_signed, name = prepare()
                with self._led_nowhere(believed, came, way):
                    return take(way, checkpoint=came.verified, encoded=came.encoded, co_signed=co_signed), name
            except NotPublished as missing:
                # Objects are taken away after some days; another way does not need this one.
                first = first or missing
            except FeedRefused as refused:
                first = first or refused
        if believed.importing and isinstance(first, NotPublished):
            # The checkpoint was there: whoever carried it here wants to hear that the rest is not.
            raise FeedRefused(
                f"{believed.region}: {first.detail} is missing, so that nothing leads from what is held to number"
                f" {came.position.seq}"
            ) from first
        raise first or FeedRefused(f"{believed.region}: no way leads to number {came.position.seq}")

    def _ways(self, believed: Believed, came: Came) -> Iterator[Callable[[], tuple[Way, CoSigned, str]]]:
        """What may be tried, in order, nothing of it fetched yet but the manifest."""
        start = None if self.needs_base else _start(believed.held, came.position)
        inline, end = len(came.unverified.inline.deltas), came.position.seq
        manifest = None
        if start is None or end - start - inline > feed_ways.WORTH_A_MANIFEST:
            manifest = self._manifest(believed, came)
        entries = manifest.entries if manifest is not None else ()
        for plan in feed_ways.plans(start, end, inline=inline, base=self._base(believed, came), entries=entries):
            yield partial(self._by_plan, plan, manifest, believed, came)
        if believed.importing and believed.held is not None:
            yield partial(self._by_peers_base, believed, came)

    def _base(self, believed: Believed, came: Came) -> BasePointer | None:
        """The base that may be begun with. Whoever holds nothing begins with the root's own one and no other."""
        if believed.clock.at < self._no_base_before:
            return None
        return believed.document.base if believed.held is None else came.verified.claims.base

    def _by_plan(
        self, plan: Plan, manifest: Manifest | None, believed: Believed, came: Came
    ) -> tuple[Way, CoSigned, str]:
        objects, position, held = self._objects, came.position, believed.held
        pairs: tuple[Named, ...] = tuple((each, objects.aggregate(position.epoch, each)) for each in plan.aggregates)
        deltas = self._deltas(came, after=plan.seq)
        if plan.base is None:
            begin = _start(held, position) or 0
            way: Way = ByAggregates(pairs, deltas) if pairs else ByDeltas(deltas)
            name = "aggregates" if pairs else "deltas"
        else:
            # What is held may be older or newer than the base: the co-signed changes of both ways count.
            begin = min(plan.base.seq, _start(held, position) or 0)
            base = objects.base(position.epoch, plan.base)
            way = (FromNothing if held is None else ByBase)(plan.base, base, pairs, deltas)
            name = "beginning" if held is None else "base"
        known = dict(zip(range(plan.seq + 1, position.seq + 1), deltas, strict=True))
        return way, self._co_signed(believed, came, manifest, known, after=begin), name

    def _by_peers_base(self, believed: Believed, came: Came) -> tuple[Way, CoSigned, str]:
        """A base that another terminal made of its state: its root and head must be those that the region signed."""
        position = came.position
        base = self._objects.peers_base(position.epoch, position.seq)
        pointer = BasePointer(position.seq, sha256(base).digest(), len(base))
        begin = _start(believed.held, position) or 0
        return ByBase(pointer, base, (), ()), self._co_signed(believed, came, None, {}, after=begin), "peer's base"

    def _co_signed(
        self, believed: Believed, came: Came, manifest: Manifest | None, deltas: Mapping[int, bytes], *, after: int
    ) -> CoSigned:
        return co_signatures.on_the_way(
            came.unverified,
            manifest,
            deltas,
            self._objects.listed,
            after=after,
            trust=believed.trust,
            at=believed.clock.at,
        )

    def _deltas(self, came: Came, *, after: int) -> tuple[bytes, ...]:
        inline, position = came.unverified.inline.deltas, came.position
        begin = position.seq - len(inline)
        fetched = (self._objects.delta(position.epoch, seq) for seq in range(after + 1, begin + 1))
        return (*fetched, *inline[max(0, after - begin) :])

    def _manifest(self, believed: Believed, came: Came) -> Manifest | None:
        """The manifest of this epoch, once one of the region's status keys signed it; None costs bytes, and no more."""
        try:
            encoded = self._objects.manifest()
        except FetchError:
            return None
        for anchor in _status_anchors(believed):
            try:
                read = manifests.verify(encoded, signed_by=anchor.key, expected_region=believed.region)
            except ProtocolError:
                continue
            if read.epoch == came.position.epoch and read.iat <= anchor.sign_until:
                return read
        return None

    @contextmanager
    def _led_nowhere(self, believed: Believed, came: Came, way: Way) -> Iterator[None]:
        """Names a refusal, and has its objects fetched again should they be needed: the way here may have changed them.

        A base is large, and so it is not asked for at once.
        """
        has_base = isinstance(way, ByBase | FromNothing)
        try:
            yield
        except RevocationError as refused:
            self._objects.forget()
            if has_base:
                self._no_base_before = UnixTime(believed.clock.at + self._pause)
                self._pause = Seconds(min(2 * self._pause, _LONGEST_PAUSE))
            raise _named(came, refused) from refused
        if has_base:
            self._pause = _FIRST_PAUSE


def _status_anchors(believed: Believed) -> list[TrustAnchor]:
    prefix = f"lz:{believed.region}/"
    return [
        each for each in believed.trust.anchors.values() if each.use is KeyUse.STATUS and prefix in each.status_prefixes
    ]


def _start(held: RegionFeed | None, came: FeedPosition) -> int | None:
    """Where what is held stands in the epoch that came; a new epoch begins with the state at the end of the last."""
    if held is None:
        return None
    return held.position.seq if held.position.epoch == came.epoch else 0


def _named(came: Came, refused: RevocationError) -> FeedRefused:
    error = ForbiddenChange if isinstance(refused, FinalStatusChanged | MassChange) else FeedRefused
    named = error(f"{came.position.region}: {refused}")
    named.came = came.encoded
    return named
