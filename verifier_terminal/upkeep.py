"""Keeps what the terminal knows fresh: rounds of documents, polls of feeds, re-checks, and what is erased.

    round: [trust metadata →] documents of every region, each under its root → taken in → loaded
    poll:  one region's feed → taken in → what was accepted on older data is looked up again

Guaranteed: everything is fetched and checked outside of the terminal's lock, so that no verdict waits for a network; a
failure of one region leaves the others alone; what is refused changes nothing. Not handled here: when (`polling`), and
what verdicts make of it.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from protocol.keys import VerificationKey
from protocol.unixtime import MINUTE, UnixTime
from verifier_terminal import officers_acts, rechecking
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.config import TerminalSettings
from verifier_terminal.document_rounds import DocumentRounds, Tally
from verifier_terminal.errors import NotPublished, OutOfOrder, StatusesNotKept, TerminalError
from verifier_terminal.events import Publisher, RecheckAlarm, StatusChanged
from verifier_terminal.knowing import Knowing, Known
from verifier_terminal.rechecking import Rechecked, Reconnected
from verifier_terminal.store.store import Store
from verifier_terminal.sync import connectivity
from verifier_terminal.sync.connectivity import Connectivity, Link
from verifier_terminal.sync.intake import Refused
from verifier_terminal.sync.mirror import Mirror
from verifier_terminal.sync.sources import OpenMirror, Sources
from verifier_terminal.sync.targets import Below, folder_of
from verifier_terminal.trusted_time import MAX_UNCONFIRMED, TrustedTime

if TYPE_CHECKING:
    from verifier_terminal.feed_polls import FeedPolls
    from verifier_terminal.sync.feed_intake import Polled
    from verifier_terminal.sync.repository_mirror import Repository

_FLOOR_STEP: Final = 10 * MINUTE
"""A floor that is that much older does no harm, and saves a thousand writes a day."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one round of fetching brought."""

    taken_in: tuple[str, ...]
    unchanged: tuple[str, ...]
    refused: tuple[Refused, ...]
    rechecked: int
    alarms: tuple[RecheckAlarm, ...]
    polled: "tuple[Polled, ...]" = ()
    """Of every region that has a feed and could be asked."""


class Upkeep:
    """See the module. Any thread may call it; `lock` is the terminal's."""

    def __init__(
        self,
        settings: TerminalSettings,
        root: VerificationKey,
        store: Store,
        repository: "Repository | None",
        *,
        time: TrustedTime,
        publisher: Publisher,
        lock: threading.RLock,
        open_mirror: OpenMirror | None,
        trust_has_changed: Callable[[], None],
    ) -> None:
        """Loads nothing yet.

        Args:
            settings: The terminal's own.
            root: The home region's pinned root.
            store: Where everything lies.
            repository: Where trust metadata lie; None: the terminal knows one region.
            time: What is believed about the time.
            publisher: Whom to tell.
            lock: The terminal's.
            open_mirror: Opens the further addresses that regions name; None: they are not asked.
            trust_has_changed: Is called whenever keys may be other ones than before.
        """
        self._settings = settings
        self._store = store
        self._repository = repository
        self._time = time
        self._publisher = publisher
        self._lock = lock
        self._round_lock = threading.Lock()
        self._links: dict[str, Connectivity] = {}
        self._knowing = Knowing(
            root, store, repository, home=settings.region, time=time, trust_has_changed=trust_has_changed
        )
        self._rounds = DocumentRounds(
            settings, root, store, repository, knowing=self._knowing, clock=self.clock, lock=lock
        )
        self._sources = Sources(open_mirror)
        self._feed_polls: FeedPolls | None = None
        self._reconnected: Reconnected | None = None

    def reconnected(self) -> Reconnected | None:
        """What became of the checks that had waited for newer data, for ten minutes; None: nothing did."""
        return rechecking.reconnected(self._reconnected, Rechecked(0, ()), self.clock().at)

    @property
    def known(self) -> Known:
        """What is known now."""
        return self._knowing.now

    @property
    def links(self) -> Mapping[str, Connectivity]:
        """How each region can be reached, as far as it was asked."""
        return dict(self._links)

    def link(self) -> Connectivity:
        """The same for all regions together, the home region's first."""
        links, home = self.links, self._home()
        return connectivity.in_total([links[each] for each in sorted(links, key=lambda each: each != home)])

    def clock(self) -> ClockReading:
        """The time as it is believed now."""
        return self._time.read(online=self.link().link is Link.ONLINE)

    def refresh(self) -> None:
        """Sees what other processes have taken in; inside `Store.reading`."""
        self._knowing.refresh(self.clock())

    def with_feeds(self) -> tuple[str, ...]:
        """The regions whose statuses come from a feed, the home region first."""
        regions = self.known.loaded.regions
        home = self._home()
        return tuple(
            sorted(
                (name for name, each in regions.items() if each.feed is not None), key=lambda name: (name != home, name)
            )
        )

    def sync(self, mirror: Mirror, *, importing: bool = False) -> SyncReport:
        """One round over everything: documents, feeds, re-checks, and what is over is erased.

        Raises:
            OutOfOrder: What was fetched could not be written; what is held stays.
        """
        with self._round_lock:
            tally = self._rounds.run(mirror, importing=importing)
            polled: list[Polled] = []
            for region in self.with_feeds():
                self._poll_into(tally, polled, region, mirror, importing=importing)
            if not importing:
                self._note_documents(tally)
            return self._finished(tally, polled)

    def documents(self, mirror: Mirror) -> SyncReport:
        """One round over the documents alone. Raises: as `sync`."""
        with self._round_lock:
            tally = self._rounds.run(mirror, importing=False)
            self._note_documents(tally)
            return self._finished(tally, [])

    def poll(self, region: str, mirror: Mirror) -> SyncReport:
        """One poll of one region's feed. Raises: as `sync`."""
        tally = Tally()
        polled: list[Polled] = []
        self._poll_into(tally, polled, region, mirror, importing=False)
        return self._finished(tally, polled)

    def _poll_into(self, tally: Tally, polled: "list[Polled]", region: str, mirror: Mirror, *, importing: bool) -> None:
        """One poll, and what came of it: in the tally, and in how the region can be reached."""
        folder = mirror if self._repository is None else Below(mirror, folder_of(region))
        try:
            came = self._polls().poll(region, folder, is_home=region == self._home(), importing=importing)
        except StatusesNotKept as why:
            # The network is well, and verdicts can still be written down: what is held goes on, and ages.
            tally.refused.append(Refused(f"{region}/feed", why))
            return
        except OutOfOrder:
            raise
        except TerminalError as why:
            if not importing:
                self._failed(region, why)
            elif isinstance(why, NotPublished):
                return
            tally.refused.append(Refused(f"{region}/feed", why))
            return
        polled.append(came)
        if not importing:
            self._succeeded(region)

    def _polls(self) -> "FeedPolls":
        # What it needs takes a tenth of a second to import, and a terminal without feeds never needs it.
        from verifier_terminal.feed_polls import FeedPolls  # noqa: PLC0415

        with self._lock:
            if self._feed_polls is None:
                self._feed_polls = FeedPolls(
                    self._store,
                    self._knowing,
                    time=self._time,
                    clock=self.clock,
                    lock=self._lock,
                    sources=self._sources,
                )
            return self._feed_polls

    def _home(self) -> str:
        return self._settings.region or self.known.loaded.home or ""

    # How regions can be reached.

    def _note_documents(self, tally: Tally) -> None:
        """Where statuses come from no feed, whether documents came says whether the issuer can be reached."""
        home = self._home()
        if home in self.with_feeds():
            return
        if tally.taken_in or tally.unchanged:
            self._succeeded(home)
        else:
            self._failed(home, tally.refused[0].why if tally.refused else NotPublished("nothing is published there"))

    def _succeeded(self, region: str) -> None:
        with self._lock:
            at = self._time.read(online=True).at
            self._links[region] = self._links.get(region, Connectivity()).succeeded(at=at)

    def _failed(self, region: str, why: TerminalError) -> None:
        with self._lock:
            trouble = connectivity.trouble_of(why)
            self._links[region] = self._links.get(region, Connectivity()).failed(str(why), trouble)

    # After everything.

    def _finished(self, tally: Tally, polled: "list[Polled]") -> SyncReport:
        with self._lock:
            known = self.known
            for gone in self._links.keys() - known.loaded.regions.keys() - {self._home(), ""}:
                del self._links[gone]
            rechecked = Rechecked(0, ())
            if known.knowledge is not None:
                officers_acts.settle(
                    self._store, known.knowledge.status, at=self.clock().at, tell=self._publisher.publish
                )
                rechecked = rechecking.recheck(
                    self._store, known.knowledge.status, at=self.clock().at, tell=self._publisher.publish
                )
            self._reconnected = rechecking.reconnected(self._reconnected, rechecked, self.clock().at)
            self._record_floors()
            self._clean_up()
        self._publisher.publish(StatusChanged())
        return SyncReport(
            tuple(tally.taken_in),
            tuple(tally.unchanged),
            tuple(tally.refused),
            rechecked.settled,
            rechecked.alarms,
            tuple(polled),
        )

    def _record_floors(self) -> None:
        """Moments of what stands in documents and checkpoints are found there again; this is for when they are lost."""
        floors, held = self._knowing.floors(), self._store.floors.held()
        trusted = self.known.loaded.trusted
        is_old = any(at > held.get(key, 0) + _FLOOR_STEP for key, at in floors.items() if key in trusted)
        if is_old or held.keys() - trusted:
            with self._store.writing():
                self._store.floors.record(floors, trusted=trusted)

    def _clean_up(self) -> None:
        clock = self.clock()
        # Erasing cannot be undone, so being online is not enough: a server may stand still, and the clock be ahead.
        if clock.plausible and clock.confirmed_age is not None and clock.confirmed_age <= MAX_UNCONFIRMED:
            self._store.clean_up(at=clock.at, confirmed=UnixTime(clock.at - clock.confirmed_age))
