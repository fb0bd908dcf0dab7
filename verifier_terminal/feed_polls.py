"""Polls the status feeds of regions, one at a time each, and writes down what came: state, alarms, links, folds.

Fetching and checking happen outside of the terminal's lock; taking holds it for its one transaction. What a region's
status key should never have signed is an alarm with its evidence and a row in the journal, and is applied by nobody.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Lock, RLock
from typing import Final

from protocol import feed_names
from protocol.unixtime import DAY, HOUR, MINUTE, UnixTime
from revocation.errors import StateMismatch
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.errors import (
    DocumentRefused,
    Equivocated,
    ForbiddenChange,
    FromTheFuture,
    NotPublished,
    OutOfOrder,
    TerminalError,
)
from verifier_terminal.knowing import Knowing
from verifier_terminal.store.feed_alarms import FeedAlarm, FeedAlarmKind
from verifier_terminal.store.feed_store import FOLD_AT
from verifier_terminal.store.held_region import RegionFeed
from verifier_terminal.store.store import Store
from verifier_terminal.sync.checkpoints import Believed
from verifier_terminal.sync.feed_intake import FeedIntake, Polled
from verifier_terminal.sync.mirror import Mirror
from verifier_terminal.sync.sources import Sources
from verifier_terminal.trusted_time import TrustedTime

_CLOSE: Final = MINUTE + feed_names.MINUTE.seconds
"""A checkpoint is a minute old at most when it is asked for, and what is asked for next has the last 80 seconds."""
_TO_NIGHT: Final = 5 * HOUR
"""A night's fold is due from three in the morning on at UTC+8, when five hours more are the next day."""


class FeedPolls:
    """See the module. Any thread may call it; `lock` is the terminal's."""

    def __init__(
        self,
        store: Store,
        knowing: Knowing,
        *,
        time: TrustedTime,
        clock: Callable[[], ClockReading],
        lock: RLock,
        sources: Sources,
    ) -> None:
        self._store = store
        self._knowing = knowing
        self._time = time
        self._clock = clock
        self._lock = lock
        self._sources = sources
        self._intakes: dict[str, tuple[Lock, FeedIntake]] = {}
        self._nights: dict[str, int] = {}

    def poll(self, region: str, mirror: Mirror, *, is_home: bool, importing: bool) -> Polled:
        """One poll, over every address of the region until one leads on.

        Args:
            region: One that has a feed.
            mirror: The region's folder as it was set up.
            is_home: It is asked every minute, and so wants fewer inline deltas.
            importing: From a stick or a peer: no other address is asked.

        Raises:
            OutOfOrder: What came could not be written; what is held stays.
            TerminalError: By the reason of the first address that was asked.
        """
        polling, intake = self._intakes.setdefault(region, (Lock(), FeedIntake()))
        with polling:
            believed = self._believed(region, importing=importing)
            file = _file(believed, is_home=is_home)
            addresses = () if importing else believed.document.urls
            first: TerminalError | None = None
            for number, source in self._sources.of(region, mirror, addresses):
                try:
                    polled = self._ask(source, intake, believed, file)
                except (OutOfOrder, Equivocated):
                    raise
                except TerminalError as why:
                    first = first or why
                    continue
                self._sources.worked(region, number)
                self._went_on(polled, believed.held)
                self._fold_if_due(region, intake)
                return polled
            raise first or NotPublished(f"{region}: no address can be asked")

    def _ask(self, mirror: Mirror, intake: FeedIntake, believed: Believed, file: str) -> Polled:
        try:
            return self._ask_for(mirror, intake, believed, file)
        except Equivocated as signed:
            self._alarm(believed, FeedAlarmKind.EQUIVOCATION, signed)
            raise
        except ForbiddenChange as signed:
            self._alarm(believed, FeedAlarmKind.FORBIDDEN, signed)
            raise
        except FromTheFuture as signed:
            self._alarm(believed, FeedAlarmKind.FUTURE, signed)
            raise

    def _ask_for(self, mirror: Mirror, intake: FeedIntake, believed: Believed, file: str) -> Polled:
        take = partial(self._store.feeds.take, writing=self._writing)
        other = feed_names.CHECKPOINT if file == feed_names.CHECKPOINT_10 else feed_names.CHECKPOINT_10
        try:
            return intake.poll(mirror, believed, file=file, take=take)
        except NotPublished:
            # A stick or a relay may have one of the two alone; and the other may lead on without what is missing.
            return intake.poll(mirror, believed, file=other, take=take)

    def _believed(self, region: str, *, importing: bool) -> Believed:
        with self._lock:
            trusted = self._knowing.now.loaded.regions.get(region)
            if trusted is None or trusted.feed is None:
                # It was forgotten while its turn came.
                raise NotPublished(f"{region} has no feed any more")
            return Believed(
                trust=trusted.trust,
                document=trusted.feed,
                held=self._store.feeds.regions().get(region),
                clock=self._clock(),
                quarantined=partial(self._quarantined, region),
                importing=importing,
            )

    def _quarantined(self, region: str, iat: UnixTime) -> bool:
        with self._lock:
            return self._time.quarantined(iat, region=region)

    def _went_on(self, polled: Polled, before: RegionFeed | None) -> None:
        """After a poll that was good: what was over with it, and whether trust metadata are behind."""
        with self._lock:
            metadata = self._knowing.now.metadata
            if metadata is not None:
                here, named = metadata.versions, polled.versions
                is_behind = named.root > here.root or named.snapshot > here.snapshot
                self._knowing.note_versions(polled.region, is_behind=is_behind, at=polled.as_of)
            held, known = self._store.feeds.regions().get(polled.region), self._store.bans.held()
            bans = held.checkpoint.claims.bans if held is not None else ()
            # Also one that is known and now begins earlier: the earliest moment that was ever heard stays.
            if any(known.get((each.iss, each.kid), each.since + 1) > each.since for each in bans):
                with self._store.writing():
                    trusted = self._knowing.now.loaded.trust
                    self._store.bans.record(bans, trusted=trusted.anchors if trusted else ())
            standing = any(each.region == polled.region for each in self._store.feed_alarms.standing())
            lists = () if before is not None else self._lists_of(polled.region)
            if standing or lists:
                with self._store.writing():
                    self._store.feed_alarms.went_on(polled.region, epoch=polled.position.epoch)
                    # From here on the feed speaks for the region; its tokens count no more.
                    self._store.documents.forget(lists)
            with self._store.reading():
                self._knowing.refresh(self._clock())

    def _lists_of(self, region: str) -> tuple[str, ...]:
        return tuple(name for name in self._store.documents.names() if name.startswith(f"lz:{region}/"))

    def _alarm(self, believed: Believed, kind: FeedAlarmKind, why: DocumentRefused) -> None:
        held = why.held if isinstance(why, Equivocated) else None
        at = self._clock().at
        alarm = FeedAlarm(believed.region, kind, believed.document.epoch, at, why.detail, held, why.came)
        with self._lock, self._store.writing():
            if self._store.feed_alarms.raise_once(alarm):
                row = {
                    "event": "feed_alarm",
                    "region": alarm.region,
                    "kind": kind.value,
                    "detail": why.detail,
                    "at": at,
                }
                self._store.journal.append(row, at=at)

    # Folds.

    def _fold_if_due(self, region: str, intake: FeedIntake) -> None:
        """In the polling thread, so that no verdict waits: only its last step takes the lock."""
        feed = self._store.feeds.regions().get(region)
        night = (self._clock().at + _TO_NIGHT) // DAY
        is_new_night = self._nights.setdefault(region, night) < night
        if feed is None or not (feed.overlay_entries >= FOLD_AT or is_new_night):
            return
        self._nights[region] = night
        try:
            self._store.feeds.fold(region, writing=self._writing)
        except StateMismatch as mismatch:
            intake.needs_base = True
            self._alarm(self._believed(region, importing=False), FeedAlarmKind.MISMATCH, DocumentRefused(str(mismatch)))
        with self._lock, self._store.reading():
            self._knowing.refresh(self._clock(), again=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._lock, self._store.writing():
            yield


def _file(believed: Believed, *, is_home: bool) -> str:
    """Whoever lost a poll is better served by the file with more inline deltas than by a request for each."""
    held = believed.held
    is_close = held is not None and believed.clock.at - held.as_of <= _CLOSE
    return feed_names.CHECKPOINT if is_home and is_close else feed_names.CHECKPOINT_10
