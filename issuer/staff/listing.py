"""Certificates and withdrawals of staff as an operator sees them, on every way the same."""

from collections.abc import Iterator, Sequence
from typing import Any

from issuer.staff.register import CertifiedStaff, WithdrawnStaff
from protocol import unixtime
from protocol.unixtime import UnixTime


def certificates_as_json(
    records: Sequence[CertifiedStaff], *, withdrawals: Sequence[WithdrawnStaff], at: UnixTime
) -> Iterator[dict[str, Any]]:
    """The members of each certificate, the newest first. `state`: running, renewed, replaced, withdrawn or over."""
    seen: dict[str, bytes] = {}
    gone = {each.key_thumbprint for each in withdrawals}
    for record in records:
        is_newest = record.number not in seen
        newest_key = seen.setdefault(record.number, record.key_thumbprint)
        if at >= record.exp:
            state = "over"
        elif record.key_thumbprint in gone:
            state = "withdrawn"
        elif newest_key != record.key_thumbprint:
            state = "replaced"
        else:
            state = "running" if is_newest else "renewed"
        yield {
            "number": record.number,
            "name": record.name,
            "role": str(record.role),
            "relying_party": record.relying_party,
            "key_sha256": record.key_thumbprint.hex(),
            "from": unixtime.iso_utc(record.nbf),
            "to": unixtime.iso_utc(record.exp),
            "state": state,
            "by": record.actor,
            "at": unixtime.iso_utc(record.at),
        }


def withdrawn_as_json(record: WithdrawnStaff) -> dict[str, Any]:
    """The members of one withdrawal."""
    return {
        "number": record.number,
        "key_sha256": record.key_thumbprint.hex(),
        "reason": record.reason,
        "by": record.actor,
        "at": unixtime.iso_utc(record.at),
        "until": unixtime.iso_utc(record.until),
    }
