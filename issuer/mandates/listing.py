"""One mandate as an operator sees it: the same on the command line and in the web API."""

from collections.abc import Mapping
from typing import Any

from issuer.mandates.register import MandateRecord
from protocol import unixtime
from protocol.licence.catalogue import Kind
from protocol.status_list import Status
from protocol.unixtime import UnixTime


def as_json(record: MandateRecord, kinds: Mapping[int, Kind], *, at: UnixTime) -> dict[str, Any]:
    """The members of one mandate. The agent is known by a device key, as a licence's holder is."""
    return {
        "id": record.id,
        "licence": record.licence_id,
        "level": record.level,
        "as": str(record.capacity),
        "parent_mandate": record.parent_id,
        "kinds": sorted(kinds[vct].slug if vct in kinds else str(vct) for vct in record.kinds),
        "purposes": [purpose.word for purpose in sorted(record.purposes)],
        "agent_key_sha256": record.agent_key_thumbprint.hex(),
        "state": state(record, at=at),
        "to": unixtime.iso_utc(record.exp),
        "by": record.actor,
        "issued_at": unixtime.iso_utc(record.at),
    }


def state(record: MandateRecord, *, at: UnixTime) -> str:
    """One word: a status wins over an unfinished issuance, that over the end."""
    if record.status is not Status.VALID:
        return record.status.name.lower()
    if not record.finished:
        return "unfinished"
    return "expired" if at >= record.exp else "valid"
