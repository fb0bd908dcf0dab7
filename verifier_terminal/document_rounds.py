"""Fetches and takes in the documents of all regions that count here, each under its own root.

Without a repository there is one region and its pinned root. With one, the trust metadata say which regions there are
and which root each of them has today: a region that is gone is forgotten at once, one whose root was replaced begins
anew, and neither touches another one. Regions that no row of the home region's policy recognises are not held.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING

from protocol.keys import VerificationKey
from protocol.unixtime import UnixTime
from verifier_terminal import config
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import NotPublished, TerminalError
from verifier_terminal.knowing import Knowing
from verifier_terminal.store import trust_store
from verifier_terminal.store.store import Store
from verifier_terminal.store.trust_store import Mark
from verifier_terminal.sync import intake
from verifier_terminal.sync.intake import Asked, Fetched, Refused
from verifier_terminal.sync.mirror import Mirror
from verifier_terminal.sync.targets import RegionTargets

if TYPE_CHECKING:
    from verifier_terminal.sync.repository_mirror import Repository


@dataclass(slots=True)
class Tally:
    """What a round over all regions brought."""

    taken_in: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def add(self, taken_in: list[str], fetched: Fetched, *, importing: bool) -> None:
        """Adds one region's round; what a stick does not have is no refusal."""
        self.taken_in += taken_in
        self.unchanged += fetched.unchanged
        self.refused += [each for each in fetched.refused if not (importing and isinstance(each.why, NotPublished))]


@dataclass(frozen=True, slots=True)
class _Root:
    """A region's root as it is today. `is_another`: what is held of the region was signed by the one before."""

    key: VerificationKey
    encoded: bytes | None
    is_another: bool


class DocumentRounds:
    """See the module. One round at a time; `lock` is the terminal's, and is held for reading and writing alone."""

    def __init__(
        self,
        settings: TerminalSettings,
        root: VerificationKey,
        store: Store,
        repository: "Repository | None",
        *,
        knowing: Knowing,
        clock: Callable[[], ClockReading],
        lock: RLock,
    ) -> None:
        self._settings = settings
        self._root = root
        self._store = store
        self._repository = repository
        self._knowing = knowing
        self._clock = clock
        self._lock = lock

    def run(self, mirror: Mirror, *, importing: bool) -> Tally:
        """One round over every region; the home region first, for its policy says which others count.

        Raises:
            OutOfOrder: What was fetched could not be written.
        """
        tally = Tally()
        if self._repository is None:
            self._region(trust_store.HOME, mirror, tally, importing=importing)
            return tally
        try:
            self._repository.refresh(mirror, at=self._clock().at)
        except TerminalError as why:
            if not (importing and isinstance(why, NotPublished)):
                tally.refused.append(Refused("metadata", why))
        self._load()
        if self._knowing.now.metadata is None:
            return tally
        self._region(trust_store.HOME, mirror, tally, importing=importing)
        others = self._others()
        self._forget_all_but(others)
        for region in others:
            self._region(trust_store.prefix_of(region), mirror, tally, importing=importing)
        return tally

    def _others(self) -> list[str]:
        known = self._knowing.now
        if known.metadata is None or known.loaded.policy is None:
            return []
        rows = known.loaded.policy.rows.values()
        return [
            region
            for region in known.metadata.regions
            if region != self._settings.region and any(row.recognises(region) for row in rows)
        ]

    def _region(self, prefix: str, mirror: Mirror, tally: Tally, *, importing: bool) -> None:
        region = prefix.removesuffix("/") or self._settings.region
        name = f"{prefix}{trust_store.ROOT}"
        source, held = self._source(mirror, region, prefix), self._held(prefix)
        try:
            root = self._root_of(source, held.get(name))
        except TerminalError as why:
            tally.refused.append(Refused(name, why))
            return
        if root.is_another:
            self._forget(region, prefix)
            held = {}
        with self._lock, self._store.reading():
            marks: Mapping[str, Mark] = self._store.documents.marks()
        asked = Asked(
            root=root.key,
            marks=marks,
            held=held.get,
            clock=self._clock(),
            region=region or None,
            prefix=prefix,
            # Tokens are for who knows one region without a feed; they are no targets of a repository.
            has_feed=self._repository is not None or self._has_feed(region),
        )
        fetched = intake.fetch_all(source, asked)
        taken_in = self._take_in(name, root, fetched)
        tally.add(taken_in, fetched, importing=importing)
        if taken_in:
            self._load()

    def _has_feed(self, region: str) -> bool:
        trusted = self._knowing.now.loaded.regions.get(region)
        return trusted is not None and trusted.feed is not None

    def _source(self, mirror: Mirror, region: str, prefix: str) -> Mirror:
        metadata = self._knowing.now.metadata
        if metadata is None:
            return mirror
        held = self._held(prefix)
        return RegionTargets(mirror, metadata, region, held=lambda kind: held.get(f"{prefix}{kind}"))

    def _root_of(self, source: Mirror, held: bytes | None) -> _Root:
        if self._repository is None:
            return _Root(self._root, None, is_another=False)
        encoded = source.fetch(config.ROOT, max_bytes=config.MAX_ROOT_BYTES)
        return _Root(config.load_root(encoded), encoded, is_another=held is not None and held != encoded)

    def _take_in(self, root_name: str, root: _Root, fetched: Fetched) -> list[str]:
        taken = []
        with self._lock:
            if root.encoded is not None and self._store.documents.encoded(root_name) != root.encoded:
                mark = Mark(0, UnixTime(0), b"")
                with self._store.writing():
                    self._store.documents.put(root_name, root.encoded, mark, over=mark)
                taken.append(root_name)
            if fetched.offered:
                with self._store.writing():
                    for each in fetched.offered:
                        if self._store.documents.put(each.name, each.encoded, each.mark, over=each.over):
                            taken.append(each.name)
        return taken

    def _held(self, prefix: str) -> dict[str, bytes]:
        """The documents of a region; the home region's, and its status lists, have no prefix."""
        with self._lock, self._store.reading():
            everything = self._store.documents.all()
        return {name: content for name, content in everything.items() if _prefix(name) == prefix}

    def _forget_all_but(self, others: list[str]) -> None:
        with self._lock, self._store.reading():
            prefixes = {_prefix(name) for name in self._store.documents.names()}
            feeds = set(self._store.feeds.regions()) if self._store.has_feeds else set()
        gone = {each.removesuffix("/") for each in prefixes - {trust_store.HOME}} | feeds
        for region in sorted(gone - {*others, self._settings.region}):
            self._forget(region, trust_store.prefix_of(region))

    def _forget(self, region: str, prefix: str) -> None:
        with self._lock:
            with self._store.writing():
                self._store.documents.forget(name for name in self._store.documents.names() if _prefix(name) == prefix)
                if self._store.has_feeds:
                    self._store.feeds.forget(region)
                self._store.feed_alarms.forget(region)
            self._load()

    def _load(self) -> None:
        with self._lock, self._store.reading():
            self._knowing.load(self._clock())


def _prefix(name: str) -> str:
    return trust_store.HOME if trust_store.is_list(name) or "/" not in name else name[: name.index("/") + 1]
