"""One paper code as an operator sees it: the same on the command line and in the web API."""

from typing import Any

from issuer.papers.register import PaperRecord
from protocol import unixtime
from protocol.status_list import Status
from protocol.unixtime import UnixTime


def as_json(record: PaperRecord, *, at: UnixTime) -> dict[str, Any]:
    """The members of one paper code."""
    return {
        "id": record.id,
        "licence": record.licence_id,
        "state": state(record, at=at),
        "to": unixtime.iso_utc(record.exp),
        "by": record.actor,
        "issued_at": unixtime.iso_utc(record.at),
    }


def state(record: PaperRecord, *, at: UnixTime) -> str:
    """One word: a status wins over an unfinished issuance, that over the end."""
    if record.status is Status.DEVICE_LOST:
        return "lost"
    if record.status is not Status.VALID:
        return record.status.name.lower()
    if not record.finished:
        return "unfinished"
    return "expired" if at >= record.exp else "valid"
