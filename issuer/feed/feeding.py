"""The feed of an issuer, tick by tick (REVOCATION.md, "The issuer's side").

1. Lead. Catch up with the log; begin the first epoch, or the next one after the status key was replaced.
2. Look at what is published: it must be something that this log knows. No moment is earlier than one that was signed.
3. A delta that the offline key has signed takes the place that was reserved for it (`issuer.feed.reversals`).
4. Changes of the register become the next delta, as far as a terminal would take it; it is written into the log.
5. Once an hour: aggregates (`issuer.feed.upkeep`). Sign what is published (`issuer.feed.releases`), and deliver it.
6. Once an hour, when nobody waits any more: the day's base, which the next checkpoint names; what is old goes.

Guaranteed: whatever is published follows from the log, so that a publisher that was killed at any point puts the same
bytes again. One process does this at a time (`issuer.feed.leading`); two that believe to lead do no harm.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from issuer.audit.trail import OPERATOR
from issuer.feed import beginning, events, reversals, upkeep
from issuer.feed.beginning import RECENT, Current
from issuer.feed.errors import CoSignatureNeeded, FeedStopped, StatusKeyReplaced
from issuer.feed.leading import Leadership
from issuer.feed.releases import Releases
from issuer.feed.settings import FeedSettings
from issuer.feed.sql_log import SqlLog
from issuer.profile import Profile
from issuer.signers import Signers
from protocol import keys, reversal
from protocol.checkpoint import Checkpoint
from protocol.errors import ProtocolError
from protocol.trust_list import TrustList
from protocol.unixtime import HOUR, Seconds, UnixTime
from revocation import delta, lint
from revocation.errors import RevocationError
from revocation.guard import NOTHING_CO_SIGNED
from revocation.publishing import aggregates, brake, planning
from revocation.publishing.delivery import Delivery
from revocation.publishing.errors import PublishingError
from revocation.publishing.folder_store import FolderStore
from revocation.publishing.log import LoggedDelta, StatusChange
from revocation.publishing.objects import ObjectStore
from revocation.publishing.planning import Plan

URGENT_GAP: Final = Seconds(5)
"""Between two ticks of a service; what changes ask for in between is made together."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick has published, and what it held back (numbers of events)."""

    epoch: int
    seq: int
    head: bytes
    iat: UnixTime
    changes: int
    deltas: int
    final: tuple[int, ...]
    not_open: tuple[int, ...]
    braked: tuple[int, ...]
    clock_behind: Seconds
    """By how much the clock was behind a moment that was signed already."""

    def demand_nothing_held_back(self) -> None:
        """Return if every change that is due is published. Raises: CoSignatureNeeded."""
        reasons = []
        if self.final:
            reasons.append(f"{len(self.final)} changes of final statuses")
        if self.braked:
            reasons.append(
                f"{len(self.braked)} or more changes that the brake holds ({lint.MAX_PER_DELTA} in a delta, "
                + ", ".join(f"{most} in {window // HOUR} h" for window, most in lint.MAX_PER_WINDOW)
                + ")"
            )
        if self.not_open:
            reasons.append(f"{len(self.not_open)} changes in lists that the register has not opened")
        if reasons:
            raise CoSignatureNeeded(f"held back: {'; '.join(reasons)}")


class Feed:
    """The feed of one issuer. Shared by threads.

    `gap` is how far ticks are apart at least; a service that many changes reach at once sets it.
    """

    def __init__(
        self,
        *,
        profile: Profile,
        log: SqlLog,
        signers: Signers,
        leadership: Leadership,
        stores: Sequence[ObjectStore],
        settings: Callable[[], FeedSettings],
        trust: Callable[[UnixTime], TrustList],
    ) -> None:
        self._profile, self.log, self._signers, self._leadership = profile, log, signers, leadership
        self._deliveries, self.offline_keys = [self._delivery(each) for each in stores], trust
        self._kid = keys.kid_of(signers.status.public_key)
        self._current: Current | None = None
        self._releases = Releases(profile=profile, log=log, signers=signers, settings=settings)
        self._upkept = -1
        self._tidied = False
        self.gap = Seconds(0)
        self._ticked: UnixTime | None = None
        self.is_deferred = False
        self._last: Tick | None = None

    @property
    def region(self) -> str:
        return self._profile.region

    def tick(self, *, at: UnixTime, further: Sequence[Path] = ()) -> Tick | None:
        """Publish what is due, into further folders too.

        None where the last tick is too short ago: the service makes the next one.

        Raises:
            FeedStopped: The log, a store or another leader; what is published stays complete.
            StatusKeyReplaced: This process holds an older status key.
            RegisterUnavailable, StorageFailed: The register or the lock.
        """
        if self._ticked is not None and self._ticked <= at < self._ticked + self.gap:
            self.is_deferred = True
            return None
        with self._leading():
            self.is_deferred, self._ticked = False, at
            folders = [self._delivery(FolderStore(folder)) for folder in further]
            self._last = self._tick(at, (*self._deliveries, *folders))
            return self._last

    def demand_nothing_held_back(self) -> None:
        """Return if the last tick held nothing back. Raises: CoSignatureNeeded."""
        if self._last is not None:
            self._last.demand_nothing_held_back()

    def publish(self, files: Mapping[str, bytes], *, further: Sequence[Path], at: UnixTime) -> None:
        """A tick, whose outcome goes into these further folders, too; the region's other files into every other store.

        Raises: As `tick`.
        """
        if self.tick(at=at, further=further) is not None and len(self._deliveries) > 1:
            with self._leading():
                for each in self._deliveries[1:]:
                    each.put_documents(files)

    def begin_epoch(self, *, at: UnixTime, actor: str = OPERATOR) -> None:
        """Begin a new epoch, under whatever key this process holds: it heals a seq or clock that was driven ahead."""
        with self._leading():
            before = self._caught_up(at)
            published = [each.published() for each in self._deliveries]
            ahead = [each.position.epoch for each in published if each is not None]
            number = max([before.epoch.number, *ahead]) + 1
            self._current = beginning.following(
                self.log, before, number=number, status_kid=self._kid, actor=actor, at=at
            )

    def current(self, *, at: UnixTime) -> Current:
        """Where the feed stands in the log."""
        with self._leading():
            return self._caught_up(at)

    def _delivery(self, store: ObjectStore) -> Delivery:
        return Delivery(store, region=self.region, status_key=self._signers.status.public_key)

    @contextmanager
    def _leading(self) -> Iterator[None]:
        try:
            with self._leadership.held():
                yield
        except RevocationError as error:
            # What is in memory may be ahead of the log.
            self._current = None
            raise FeedStopped.because(error) from error
        except BaseException:
            self._current = None
            raise

    def _tick(self, at: UnixTime, deliveries: Sequence[Delivery]) -> Tick:
        current = self._caught_up(at)
        published, unreachable = self._looked_at(current, deliveries)
        signed = [each.iat for each in published if each is not None and each.position.epoch == current.epoch.number]
        iat = UnixTime(max(at, current.epoch.iat, *signed))
        before = current.position.seq
        current = self._reversed(current, iat)
        current, plan = self._extended(current, iat)
        self._current = current = replace(current, epoch=replace(current.epoch, iat=iat))
        if self._upkept != iat // HOUR:
            upkeep.make_aggregates(self.log, current, at=iat)
        release = self._releases.release(current, at=iat)
        for each, there in zip(deliveries, published, strict=True):
            if each not in unreachable:
                try:
                    each.deliver(release, there=there)
                except RevocationError as error:
                    unreachable[each] = error
        for failure in unreachable.values():
            # Once every other store has what there is.
            raise failure
        if self._upkept != iat // HOUR:
            upkeep.make_base(self.log, current, at=iat)
            upkeep.prune(self.log, [each.store for each in deliveries], current, at=iat)
            self._upkept = iat // HOUR
        return Tick(
            epoch=current.position.epoch,
            seq=current.position.seq,
            head=current.head,
            iat=iat,
            changes=len(plan.changes),
            deltas=current.position.seq - before,
            final=plan.final,
            not_open=plan.not_open,
            braked=plan.braked,
            clock_behind=Seconds(iat - at),
        )

    def _caught_up(self, at: UnixTime) -> Current:
        """1."""
        if not self._tidied:
            for each in self._deliveries:
                each.store.tidy()
            self._tidied = True
        epochs = self.log.epochs()
        if not epochs:
            return beginning.first(self.log, region=self.region, status_kid=self._kid, at=at)
        newest = epochs[-1]
        if self._current is None or self._current.epoch.number != newest.number:
            self._current = beginning.loaded(self.log, newest, region=self.region)
        deltas = self.log.deltas(newest.number, after=self._current.position.seq)
        current = replace(beginning.continued(self._current, deltas), epoch=newest)
        if newest.status_kid == self._kid:
            return current
        if self._kid in {each.status_kid for each in epochs}:
            raise StatusKeyReplaced(f"epoch {newest.number} has another status key than this process")
        return beginning.following(
            self.log, current, number=newest.number + 1, status_kid=self._kid, actor=OPERATOR, at=at
        )

    def _looked_at(
        self, current: Current, deliveries: Sequence[Delivery]
    ) -> tuple[list[Checkpoint | None], dict[Delivery, RevocationError]]:
        """2. What each store has, and the stores that did not answer."""
        found: list[Checkpoint | None] = []
        unreachable: dict[Delivery, RevocationError] = {}
        for each in deliveries:
            try:
                there = each.published()
            except RevocationError as error:
                unreachable[each], there = error, None
            each.check(
                there,
                epoch=current.position.epoch,
                seq=current.position.seq,
                head_at=lambda seq: self._head(current, seq),
            )
            found.append(there)
        return found, unreachable

    def _head(self, current: Current, seq: int) -> bytes | None:
        if seq == current.position.seq:
            return current.head
        return self.log.head_at(current.position.epoch, seq) if seq else current.epoch.head

    def _reversed(self, current: Current, iat: UnixTime) -> Current:
        """3."""
        for each in reversals.waiting(self.log, current)[:1]:
            if each.statement is None:
                break
            for _ in range(min(reversals.FILLED_AT_ONCE, each.seq - current.position.seq - 1)):
                current = self._appended(current, delta.make({}), (), iat)
            if current.position.seq + 1 == each.seq:
                try:
                    verified = reversal.verify(
                        each.statement, trust=self.offline_keys(iat), expected_region=self.region, at=iat
                    )
                    current = reversals.placed(self.log, current, verified, each, at=iat)
                except PublishingError:
                    raise
                except (ProtocolError, RevocationError):
                    # Its key was retired, or a terminal would refuse it: the feed goes on without it.
                    reversals.end(self.log, each, "refused")
        return current

    def _extended(self, current: Current, iat: UnixTime) -> tuple[Current, Plan]:
        """4."""
        plan = self._planned(current, iat)
        if plan.says_something:
            return self._appended(current, plan.changes, plan.settled, iat), plan
        if plan.settled:
            self.log.settle(plan.settled, epoch=current.position.epoch, seq=current.position.seq)
        return current, plan

    def _planned(self, current: Current, iat: UnixTime) -> Plan:
        with self.log.register.reading() as connection:
            lists = events.lists(connection)
        room = brake.headroom(self.log.counted_since, at=iat)
        closed = self.log.retired_since(UnixTime(iat - aggregates.RETIRED_WITHIN))
        pending: list[StatusChange] = []
        final: list[int] = []
        not_open: list[int] = []
        plan = planning.plan(current.state, (), lists, headroom=room, retire_at_most=aggregates.MAX_RETIRED - closed)
        for page in events.pending(self.log.register, iat):
            pending += page
            plan = planning.plan(
                current.state, pending, lists, headroom=room, retire_at_most=aggregates.MAX_RETIRED - closed
            )
            final += plan.final
            not_open += plan.not_open
            if plan.braked:
                break
            # What cannot be published must not keep away what can.
            stuck = {*plan.final, *plan.not_open}
            pending = [each for each in pending if each.event not in stuck]
        return replace(plan, final=tuple(final), not_open=tuple(not_open))

    def _appended(self, current: Current, changes: delta.Delta, settled: tuple[int, ...], iat: UnixTime) -> Current:
        universe = current.state.universe
        body = delta.encode(changes, universe=max(universe, 1))
        after = planning.extended(current.position, current.head, current.state, body, co_signed=NOTHING_CO_SIGNED)
        made = LoggedDelta(current.position.epoch, after.position.seq, body, after.head, iat, after.counted)
        self.log.append(made, retired=len(changes.retired), events=settled)
        recent = (*current.recent, made)[-RECENT:]
        self._current = Current(current.epoch, after.position, after.head, after.state, recent)
        return self._current
