"""Certificates, sites and offices as an operator and as the directory's readers see them, on every way the same."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from issuer.feed import reversal_keys
from issuer.keys import register as keys
from issuer.publishing import Listings
from issuer.recognition import register as recognised
from issuer.register import Register
from issuer.staff import register as staff
from issuer.terminals.offices import OfficeRecord, offices
from issuer.terminals.register import CertifiedTerminal, SiteRecord, by_code, sites_in_use
from issuer.terminals.withdrawing import Withdrawn, withdrawn
from protocol import unixtime
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime


def listings(register: Register, *, at: UnixTime) -> Listings:
    """What directory, trust list and policy say now of terminals, places, offline keys, staff and other regions.

    Raises:
        RegisterUnavailable: The register did not answer.
    """
    return Listings(
        by_code(sites_in_use(register)),
        frozenset(each.kid for each in withdrawn(register, at=at)),
        tuple(record.office for record in offices(register)),
        reversal_keys.listed(register),
        recognised.rows(register),
        staff.any_certified(register),
        frozenset(each.kid for each in staff.withdrawn(register, at=at)),
        keys.all_keys(register),
    )


def certificates_as_json(
    records: Sequence[CertifiedTerminal], *, withdrawals: Sequence[Withdrawn], at: UnixTime
) -> Iterator[dict[str, Any]]:
    """The members of each certificate, the newest first. `state` is one word: running, replaced, withdrawn or over."""
    seen: dict[str, bytes] = {}
    gone = {each.key_thumbprint for each in withdrawals}
    for record in records:
        newest_key = seen.setdefault(record.terminal, record.key_thumbprint)
        if at >= record.exp:
            state = "over"
        elif record.key_thumbprint in gone:
            state = "withdrawn"
        else:
            state = "running" if newest_key == record.key_thumbprint else "replaced"
        yield {
            "terminal": record.terminal,
            "key_sha256": record.key_thumbprint.hex(),
            "place": record.place,
            "relying_party": record.relying_party,
            "purposes": [purpose.word for purpose in sorted(record.purposes)],
            "from": unixtime.iso_utc(record.iat),
            "to": unixtime.iso_utc(record.exp),
            "state": state,
            "by": record.actor,
            "at": unixtime.iso_utc(record.at),
        }


def site_as_json(record: SiteRecord) -> dict[str, Any]:
    """The members of one site."""
    return {
        "code": record.code,
        "name": record.site.name,
        "relying_party": record.site.relying_party,
        "by": record.actor,
        "at": unixtime.iso_utc(record.at),
    }


def withdrawn_as_json(record: Withdrawn) -> dict[str, Any]:
    """The members of one withdrawal."""
    return {
        "terminal": record.terminal,
        "key_sha256": record.key_thumbprint.hex(),
        "reason": record.reason,
        "by": record.actor,
        "at": unixtime.iso_utc(record.at),
        "until": unixtime.iso_utc(record.until),
    }


def office_as_json(record: OfficeRecord, kinds: Mapping[int, Kind]) -> dict[str, Any]:
    """The members of one office. A kind that the catalogue has no more is named by its number."""
    served = sorted(record.office.kinds)
    return {
        "name": record.office.name,
        "address": record.office.address,
        "phone": record.office.phone,
        "kinds": [kinds[vct].slug if vct in kinds else str(vct) for vct in served],
        "place": "" if record.office.place is None else str(record.office.place),
        "by": record.actor,
        "at": unixtime.iso_utc(record.at),
    }
