"""One licence of the register as an operator sees it: the same in the command's list and in the web API.

Names and numbers are an operator's business; numbers are shown in part, so that a list over a shoulder gives none away.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from issuer.register import LicenceRecord, StatusEvent
from protocol import unixtime
from protocol.licence.catalogue import Kind
from protocol.status_list import Status
from protocol.unixtime import LocalDay, UnixTime


def as_json(record: LicenceRecord, kinds: Mapping[int, Kind], *, at: UnixTime) -> dict[str, Any]:
    """The members of one licence."""
    kind = kinds.get(record.vct)
    return {
        "id": record.id,
        "kind": kind.slug if kind is not None else str(record.vct),
        "name": record.holder_name,
        "number": masked(record.holder_number),
        "state": state(record, at=at),
        "valid_from": _iso(record.valid_from),
        "valid_to": _iso(record.valid_to),
        "issued_at": unixtime.iso_utc(record.recorded_at),
    }


def change_as_json(flipped: Sequence[StatusEvent]) -> dict[str, Any]:
    """What a legal change did: how many entries it flipped, and until when the last one waits to be published."""
    waits = [event.due for event in flipped if not event.urgent]
    return {"flipped": len(flipped), "published_by": unixtime.iso_utc(max(waits)) if waits else None}


def state(record: LicenceRecord, *, at: UnixTime) -> str:
    """One word: a legal status wins over an unfinished issuance, that over the end of the legal dates."""
    if record.status is not Status.VALID:
        return record.status.name.lower()
    if not record.finished:
        return "unfinished"
    if record.valid_to is not None and at >= unixtime.end_of_local_day(record.valid_to):
        return "expired"
    return "valid"


def masked(number: str) -> str:
    """The last four characters; the rest as dots."""
    return "·" * max(0, len(number) - 4) + number[-4:]


def _iso(day: LocalDay | None) -> str | None:
    return None if day is None else unixtime.calendar_date(day).isoformat()
