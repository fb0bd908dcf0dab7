"""How the terminal stands: what it holds, how old that is, until when it is good enough, and what waits."""

from dataclasses import dataclass

from protocol.checkpoint import TufVersions
from protocol.labels import Purpose
from protocol.unixtime import Seconds, UnixTime
from revocation import freshness
from revocation.freshness import Grade
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.appraisal.verdict import Ages
from verifier_terminal.certification import Certification
from verifier_terminal.config import TerminalSettings
from verifier_terminal.events import RecheckAlarm
from verifier_terminal.knowing import Known
from verifier_terminal.rechecking import Reconnected
from verifier_terminal.store import trust_store
from verifier_terminal.store.feed_alarms import FeedAlarm
from verifier_terminal.store.loading import Damaged, Held
from verifier_terminal.store.site_uses import DoubleShow
from verifier_terminal.sync.connectivity import Connectivity
from verifier_terminal.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class GradeEnd:
    """Until when status data keep a grade if nothing newer comes."""

    grade: Grade
    until: UnixTime


@dataclass(frozen=True, slots=True)
class RegionStanding:
    """How one region stands. Without a feed its statuses are tokens, which stand among the documents."""

    region: str
    is_home: bool
    has_feed: bool
    trust_age: Seconds
    epoch: int | None
    seq: int | None
    as_of: UnixTime | None
    status_age: Seconds | None
    grade: Grade
    usable_until: tuple[GradeEnd, ...]
    connectivity: Connectivity


@dataclass(frozen=True, slots=True)
class MetadataStanding:
    """How the trust metadata of several regions stand."""

    versions: TufVersions
    regions: tuple[str, ...]
    late_since: UnixTime | None
    root_expired_since: UnixTime | None


@dataclass(frozen=True, slots=True)
class TerminalStatus:
    """Everything that `terminal status` and the page's status line say."""

    name: str
    purpose: Purpose
    region: str
    provisioned: bool
    """Trust list, catalogue and policy are held and verify; without them nothing can be accepted."""
    at: UnixTime
    held: tuple[Held, ...]
    damaged: tuple[Damaged, ...]
    ages: Ages
    status_grade: Grade
    usable_until: tuple[GradeEnd, ...]
    """The grades still to come, each with its end; empty when there are no status data or they are older than all."""
    regions: tuple[RegionStanding, ...]
    """Those that are held, the home region first."""
    metadata: MetadataStanding | None
    """None: the terminal knows one region alone."""
    clock: ClockReading
    connectivity: Connectivity
    """Over all regions."""
    recheck_queue: int
    alarms: tuple[RecheckAlarm, ...]
    """Found and not yet acknowledged by a person."""
    feed_alarms: tuple[FeedAlarm, ...]
    """What regions should never have signed."""
    journal_rows: int
    out_of_order: str | None
    certification: Certification
    """Without a good one there are neither challenges nor receipts; open codes are read all the same."""
    site: str
    """Empty: no short codes."""
    open_requests: int
    always_asks: bool
    """An open code is not enough here, at this place or by this clock, so that a request should always be shown."""
    double_shows: tuple[DoubleShow, ...] = ()
    """Codes that were shown at another terminal of the site too, and not yet acknowledged by a person."""
    reconnected: Reconnected | None = None
    """What newer data said of the checks that had waited, for the first ten minutes."""


def of(
    settings: TerminalSettings,
    upkeep: Upkeep,
    clock: ClockReading,
    *,
    recheck_queue: int,
    alarms: tuple[RecheckAlarm, ...],
    feed_alarms: tuple[FeedAlarm, ...],
    journal_rows: int,
    out_of_order: str | None,
    certification: Certification,
    open_requests: int,
    always_asks: bool,
    double_shows: tuple[DoubleShow, ...] = (),
) -> TerminalStatus:
    """How a terminal stands, from what is known and what the session adds."""
    known, link = upkeep.known, upkeep.link()
    regions = _regions(upkeep, clock)
    held = known.loaded.held
    as_of = _as_of(known)
    status_age = None if as_of is None else _since(as_of, clock)
    return TerminalStatus(
        name=settings.name,
        purpose=settings.purpose,
        region=settings.region,
        provisioned=known.knowledge is not None,
        at=clock.at,
        held=held,
        damaged=known.damaged,
        ages=Ages(
            trust=_age(held, trust_store.TRUST, clock),
            status=status_age,
            policy=_age(held, trust_store.POLICY, clock),
            clock=clock.confirmed_age,
        ),
        status_grade=freshness.grade(status_age),
        usable_until=usable_until(as_of, clock),
        regions=regions,
        metadata=_metadata(known),
        clock=clock,
        connectivity=link,
        recheck_queue=recheck_queue,
        alarms=alarms,
        feed_alarms=feed_alarms,
        journal_rows=journal_rows,
        out_of_order=out_of_order,
        certification=certification,
        site=settings.site,
        open_requests=open_requests,
        always_asks=always_asks,
        double_shows=double_shows,
        reconnected=upkeep.reconnected(),
    )


def usable_until(as_of: UnixTime | None, clock: ClockReading) -> tuple[GradeEnd, ...]:
    """When status data of this moment will leave each grade that they still have or will come to."""
    if as_of is None:
        return ()
    return tuple(
        GradeEnd(grade, UnixTime(as_of + oldest))
        for grade, oldest in freshness.UPPER_BOUNDS
        if as_of + oldest >= clock.at
    )


def _regions(upkeep: Upkeep, clock: ClockReading) -> tuple[RegionStanding, ...]:
    known, links = upkeep.known, upkeep.links
    home = known.loaded.home
    standings = []
    for region in sorted(known.loaded.regions, key=lambda each: (each != home, each)):
        trusted, feed = known.loaded.regions[region], known.feeds.get(region)
        age = None if feed is None else _since(feed.as_of, clock)
        standings.append(
            RegionStanding(
                region=region,
                is_home=region == home,
                has_feed=trusted.feed is not None,
                trust_age=_since(trusted.trust.iat, clock),
                epoch=None if feed is None else feed.position.epoch,
                seq=None if feed is None else feed.position.seq,
                as_of=None if feed is None else feed.as_of,
                status_age=age,
                grade=freshness.grade(age),
                usable_until=usable_until(None if feed is None else feed.as_of, clock),
                connectivity=links.get(region, Connectivity()),
            )
        )
    return tuple(standings)


def _metadata(known: Known) -> MetadataStanding | None:
    metadata = known.metadata
    if metadata is None:
        return None
    return MetadataStanding(metadata.versions, metadata.regions, metadata.late_since, metadata.root_expired_since)


def _as_of(known: Known) -> UnixTime | None:
    """The moment of the home region's statuses; where they are tokens, of the oldest one."""
    home = known.feeds.get(known.loaded.home or "")
    return home.as_of if home is not None else known.loaded.tokens.oldest()


def _age(held: tuple[Held, ...], name: str, clock: ClockReading) -> Seconds | None:
    return next((_since(each.iat, clock) for each in held if each.name == name), None)


def _since(moment: UnixTime, clock: ClockReading) -> Seconds:
    return Seconds(max(0, clock.at - moment))
