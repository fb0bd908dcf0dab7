"""Which aggregates are due, which ones a manifest lists, and for how long each object is kept.

An hour is made of its deltas, a day of its hours, a week of the last seven days. What an aggregate holds follows from
the log alone, so that it is made again with the same bytes. Hours and days are those of UTC.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Final

from protocol import limits
from protocol.errors import ProtocolError
from protocol.manifest import EntryKind, ManifestEntry
from protocol.unixtime import DAY, HOUR, Seconds, UnixTime
from revocation import delta
from revocation.delta import Aggregate, Delta
from revocation.errors import MalformedObject
from revocation.publishing.log import LoggedAggregate, LoggedDelta

LISTED: Final = {EntryKind.HOUR: Seconds(2 * DAY), EntryKind.DAY: Seconds(14 * DAY), EntryKind.WEEK: Seconds(DAY)}
"""How long after its end an aggregate stands in the manifest. Who was away for longer takes a base."""
KEPT: Final = Seconds(3 * DAY)
"""How long an object stays after the last thing that names it was replaced: as long as a cache or a terminal that was
cut off in between may still go by that."""
MAX_CO_SIGNED: Final = 40
"""Co-signed deltas that a manifest lists with their co-signatures, the last ones: 48 + 14 + 1 + 80 entries of 256."""
_WEEK: Final = 7
MAX_RETIRED: Final = limits.MAX_RETIRED_AT_ONCE
RETIRED_WITHIN: Final = Seconds(8 * DAY)
"""As many lists are closed within this time as one aggregate may name, so that every week can be made."""


def hours(deltas: Sequence[LoggedDelta], *, region: str, universe: int, at: UnixTime) -> tuple[LoggedAggregate, ...]:
    """The aggregates of the hours that are over.

    Args:
        deltas: All deltas after the last hour that was made, in order.
        region: Whose.
        universe: Entries of all lists.
        at: Now.
    """
    made = []
    for number, group in groupby(deltas, key=lambda each: each.at // HOUR):
        parts = tuple(group)
        if (number + 1) * HOUR <= at:
            changes = [delta.decode(each.body) for each in parts]
            made.append(
                _made(
                    EntryKind.HOUR,
                    changes,
                    region=region,
                    epoch=parts[0].epoch,
                    first=parts[0].seq - 1,
                    last=parts[-1].seq,
                    head=parts[-1].head,
                    begin=UnixTime(number * HOUR),
                    universe=universe,
                )
            )
    return tuple(made)


def days(
    of_hours: Sequence[LoggedAggregate], *, region: str, universe: int, at: UnixTime
) -> tuple[LoggedAggregate, ...]:
    """The aggregates of the days that are over, of all hours after the last day that was made."""
    made = []
    for number, group in groupby(of_hours, key=lambda each: each.begin // DAY):
        parts = tuple(group)
        if (number + 1) * DAY <= at:
            made.append(_joined(EntryKind.DAY, parts, region, begin=UnixTime(number * DAY), universe=universe))
    return tuple(made)


def week(of_days: Sequence[LoggedAggregate], *, region: str, universe: int, at: UnixTime) -> LoggedAggregate | None:
    """The last seven days in one; none if there are not two, or if they are more than an aggregate may hold."""
    today = at // DAY
    parts = tuple(each for each in of_days if today - _WEEK <= each.begin // DAY < today)
    if len(parts) < 2:
        return None
    joined = _joined(EntryKind.WEEK, parts, region, begin=parts[0].begin, universe=universe)
    return joined if joined.entry.size else None


def listed(aggregates: Iterable[LoggedAggregate], *, at: UnixTime) -> tuple[ManifestEntry, ...]:
    """What a manifest says of these, in its order. What could not be made ends what leads up to it."""
    entries: list[ManifestEntry] = []
    for kind, lives in LISTED.items():
        of_kind = sorted((each for each in aggregates if each.entry.kind is kind), key=lambda each: each.entry.last)
        if kind is EntryKind.WEEK:
            of_kind = of_kind[-1:]
        chosen: list[ManifestEntry] = []
        for each in of_kind:
            if not each.entry.size:
                chosen.clear()
            elif _end(each) + lives > at:
                chosen.append(each.entry)
        entries += chosen
    return tuple(entries)


def co_signed(deltas: Sequence[LoggedDelta]) -> tuple[ManifestEntry, ...]:
    """What a manifest says of co-signed deltas: each of them, then each co-signature."""
    by_kind: dict[EntryKind, list[ManifestEntry]] = {EntryKind.CO_SIGNED_DELTA: [], EntryKind.CO_SIGNATURE: []}
    for each in deltas:
        for kind, content in ((EntryKind.CO_SIGNED_DELTA, each.body), (EntryKind.CO_SIGNATURE, each.statement or b"")):
            by_kind[kind].append(ManifestEntry(kind, each.seq - 1, each.seq, sha256(content).digest(), len(content)))
    return tuple(entry for entries in by_kind.values() for entry in entries)


def is_needed(aggregate: LoggedAggregate, *, at: UnixTime) -> bool:
    """Whether somebody may still ask for it."""
    return _end(aggregate) + LISTED[aggregate.entry.kind] + KEPT > at


def _end(aggregate: LoggedAggregate) -> int:
    lengths = {EntryKind.HOUR: HOUR, EntryKind.DAY: DAY, EntryKind.WEEK: _WEEK * DAY}
    return aggregate.begin + lengths[aggregate.entry.kind]


def _joined(
    kind: EntryKind, parts: tuple[LoggedAggregate, ...], region: str, *, begin: UnixTime, universe: int
) -> LoggedAggregate:
    changes: list[Delta] | None = []
    for each in parts:
        if changes is None or not each.entry.size:
            changes = None
        else:
            decoded = delta.decode_aggregate(each.body, expected_region=region, expected_epoch=each.epoch)
            changes.append(decoded.changes)
    return _made(
        kind,
        changes,
        region=region,
        epoch=parts[0].epoch,
        first=parts[0].entry.first,
        last=parts[-1].entry.last,
        head=parts[-1].head,
        begin=begin,
        universe=universe,
    )


def _made(
    kind: EntryKind,
    changes: Sequence[Delta] | None,
    *,
    region: str,
    epoch: int,
    first: int,
    last: int,
    head: bytes,
    begin: UnixTime,
    universe: int,
) -> LoggedAggregate:
    body = b""
    if changes is not None:
        together = Aggregate(region, epoch, first, last, head, delta.combine(changes))
        body = delta.encode_aggregate(together, universe=universe)
        try:
            delta.decode_aggregate(body, expected_region=region, expected_epoch=epoch)
        except (MalformedObject, ProtocolError):
            # More than an aggregate may hold: whoever was away so long takes the deltas or a base.
            body = b""
    entry = ManifestEntry(kind, first, last, sha256(body).digest(), len(body))
    return LoggedAggregate(epoch, entry, begin, head, body)
