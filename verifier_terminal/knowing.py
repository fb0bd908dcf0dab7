"""What the terminal knows at this moment: its documents and feeds, loaded, verified again and put together.

Guaranteed: nothing is believed because it lies on the disk; a region's statuses count only as long as a key that is
trusted now vouches for its checkpoint. Not handled here: how anything newer arrives (`upkeep`), and transactions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from protocol import checkpoint as checkpoints
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.unixtime import UnixTime
from revocation.coverage import StatusView
from verifier_terminal import config, supervision, tightening
from verifier_terminal.appraisal.context import ClockReading, Knowledge
from verifier_terminal.errors import RepositoryRefused, RootMismatch
from verifier_terminal.setting_errors import SettingMeaningless
from verifier_terminal.store import loading, statuses, trust_store
from verifier_terminal.store.floors import SourceKey
from verifier_terminal.store.loading import Damaged, Loaded
from verifier_terminal.store.local_settings import LocalSetting
from verifier_terminal.store.store import Store
from verifier_terminal.tightening import Tightening
from verifier_terminal.trusted_time import TrustedTime

if TYPE_CHECKING:
    from revocation.repository.trusted import TrustMetadata
    from verifier_terminal.store.held_region import RegionFeed
    from verifier_terminal.sync.repository_mirror import Repository


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is known. `knowledge` is None unless trust list, catalogue and policy all verify."""

    loaded: Loaded
    feeds: "Mapping[str, RegionFeed]"
    """Feeds that a trusted key vouches for."""
    damaged: tuple[Damaged, ...]
    metadata: "TrustMetadata | None"
    knowledge: Knowledge | None
    tightening: Tightening
    """What a supervisor has set; nothing where that cannot be read, and then `knowledge` is None."""


class Knowing:
    """Loads and puts together. Called by one thread at a time."""

    def __init__(
        self,
        root: VerificationKey,
        store: Store,
        repository: "Repository | None",
        *,
        home: str,
        time: TrustedTime,
        trust_has_changed: Callable[[], None],
    ) -> None:
        """Loads nothing yet.

        Args:
            root: The home region's pinned root.
            store: Where everything lies.
            repository: Where trust metadata lie, if the terminal knows several regions.
            home: The home region; empty while a terminal without a repository is set up.
            time: Is told what was signed.
            trust_has_changed: Is called whenever keys, bans or documents may be other ones than before.
        """
        self._root = root
        self._store = store
        self._repository = repository
        self._home = home
        self._time = time
        self._trust_has_changed = trust_has_changed
        self._version: tuple[int, int, int] | None = None
        self._feed_number = 0
        self._set_here: Mapping[str, LocalSetting] = {}
        self.now = Known(loading.NOTHING, {}, (), None, None, tightening.NOTHING)

    def clock(self, *, online: bool) -> ClockReading:
        """The time as it is believed now."""
        return self._time.read(online=online)

    def refresh(self, clock: ClockReading, *, again: bool = False) -> None:
        """Sees what was taken in since, by this process or another one; `again`: also what was found damaged.

        Raises:
            sqlite3.Error: The database cannot be read.
        """
        if self._store.documents.version() != self._version:
            self.load(clock)
        elif (
            again or self._store.feed_number != self._feed_number or self._store.local_settings.held() != self._set_here
        ):
            self._put_together(self.now.loaded, self.now.metadata, clock)

    def load(self, clock: ClockReading) -> None:
        """Reads and verifies everything again.

        Raises:
            sqlite3.Error: The database cannot be read.
        """
        self._version = self._store.documents.version()
        documents, marks = self._store.documents.all(), self._store.documents.marks()
        metadata, damaged = self._metadata(clock.at)
        roots = self._roots(documents, metadata, damaged)
        loaded = loading.load(documents, marks, roots, at=clock.at, alone=self._repository is None)
        self._trust_has_changed()
        self._put_together(replace(loaded, damaged=(*loaded.damaged, *damaged)), metadata, clock)

    def floors(self) -> Mapping[SourceKey, UnixTime]:
        """The latest moment of every trusted key, of everything that is held."""
        moments = dict(self.now.loaded.floors)
        for region, feed in self.now.feeds.items():
            source = (region, feed.checkpoint.kid)
            iat = feed.checkpoint.claims.iat
            moments[source] = max(moments.get(source, iat), iat)
        return moments

    def note_versions(self, region: str, *, is_behind: bool, at: UnixTime) -> None:
        """A region's checkpoint names newer trust metadata than are held, or does not."""
        if is_behind is (region in self._store.behind.held()):
            return
        with self._store.writing():
            if is_behind:
                self._store.behind.note(region, since=at)
            else:
                self._store.behind.forget(region)

    def _metadata(self, at: UnixTime) -> "tuple[TrustMetadata | None, list[Damaged]]":
        if self._repository is None:
            return None, []
        try:
            return self._repository.held(at=at), []
        except RepositoryRefused as refused:
            # What was loaded before goes on: it was verified then. A start finds nothing, and knows the home region.
            return self.now.metadata, [Damaged("metadata", refused.detail)]

    def _roots(
        self, documents: Mapping[str, bytes], metadata: "TrustMetadata | None", damaged: list[Damaged]
    ) -> Mapping[str, VerificationKey]:
        """The root of every region by prefix: the one that the metadata name; without any, the pinned one."""
        roots = {trust_store.HOME: self._root}
        for name, encoded in documents.items() if metadata is not None else ():
            prefix, is_root, rest = name.rpartition(trust_store.ROOT)
            if not is_root or rest:
                continue
            assert metadata is not None
            target = metadata.target(f"{prefix.removesuffix('/') or self._home}/{config.ROOT}")
            try:
                if target is None or target.sha256 != sha256(encoded).digest():
                    raise RootMismatch("another root than the trust metadata name")
                roots[prefix] = config.load_root(encoded)
            except RootMismatch as wrong:
                roots.pop(prefix, None)
                damaged.append(Damaged(name, wrong.detail))
        return roots

    def _put_together(self, loaded: Loaded, metadata: "TrustMetadata | None", clock: ClockReading) -> None:
        # Read first: whatever is taken meanwhile is seen the next time.
        self._feed_number = self._store.feed_number
        self._set_here = self._store.local_settings.held()
        held: Mapping[str, RegionFeed] = {}
        feeds: Mapping[str, RegionFeed] = {}
        view: StatusView = loaded.tokens
        damaged: list[Damaged] = []
        if self._feed_number:
            snapshot, held = self._store.feeds.snapshot(), self._store.feeds.regions()
            feeds = {region: feed for region, feed in held.items() if _is_vouched_for(feed, loaded, clock)}
            view = statuses.joined(snapshot, loaded.tokens, held=held, withheld=held.keys() - feeds.keys())
            damaged += [Damaged(f"{each.region}/feed", each.reason) for each in self._store.feeds.damaged()]
        damaged += [
            Damaged(f"{region}/feed", "no key that is trusted now vouches for it")
            for region in held
            if region in loaded.regions and region not in feeds
        ]
        before = self.now.knowledge
        try:
            tightened = supervision.of_held(self._set_here)
        except SettingMeaningless as wrong:
            # What it would forbid cannot be told, so nothing is allowed.
            damaged.append(Damaged("local settings", wrong.detail))
            tightened, knowledge = tightening.NOTHING, None
        else:
            knowledge = self._knowledge(loaded, metadata, feeds, view, clock.at, tightened=tightened)
        self.now = Known(loaded, feeds, (*loaded.damaged, *damaged), metadata, knowledge, tightened)
        if before is not None and knowledge is not None and before.bans != knowledge.bans:
            self._trust_has_changed()
        kept = {key: moment for key, moment in self._store.floors.held().items() if key in loaded.trusted}
        self._time.confirm({**kept, **{key: max(at, kept.get(key, at)) for key, at in self.floors().items()}})

    def _knowledge(
        self,
        loaded: Loaded,
        metadata: "TrustMetadata | None",
        feeds: "Mapping[str, RegionFeed]",
        view: StatusView,
        at: UnixTime,
        *,
        tightened: Tightening,
    ) -> Knowledge | None:
        trust = loaded.trust
        if trust is None or loaded.catalogue is None or loaded.policy is None:
            return None
        bans = {(ban.iss, ban.kid): ban.since for feed in feeds.values() for ban in feed.checkpoint.claims.bans}
        late = {
            region: metadata.region_late_since(region, at=at) if metadata and region in metadata.expiries else None
            for region in loaded.regions
        }
        return Knowledge(
            trust,
            loaded.catalogue,
            tightening.applied(tightened, loaded.policy, loaded.catalogue, region=self._home),
            view,
            regions={region: each.trust for region, each in loaded.regions.items()},
            # A ban outlives the checkpoint that carried it.
            bans={**bans, **self._store.bans.held()},
            metadata_late_since=metadata.late_since if metadata else None,
            region_late_since={region: since for region, since in late.items() if since is not None},
            metadata_behind=self._store.behind.held(),
            root_expired_since=metadata.root_expired_since if metadata else None,
        )


def _is_vouched_for(feed: "RegionFeed", loaded: Loaded, clock: ClockReading) -> bool:
    """Whether a key that is trusted now signed the checkpoint of this state."""
    region = loaded.regions.get(feed.region)
    if region is None:
        return False
    at = clock.at if clock.plausible else feed.checkpoint.claims.iat
    try:
        unverified = checkpoints.parse(feed.encoded)
        checkpoints.verify(unverified, trust=region.trust, expected_region=feed.region, at=at)
    except ProtocolError:
        return False
    return True
