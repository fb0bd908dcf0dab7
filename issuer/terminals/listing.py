"""Certificates and sites as an operator sees them: the same on the command line and in the web API."""

from collections.abc import Iterator, Sequence
from typing import Any

from issuer.terminals.register import CertifiedTerminal, SiteRecord
from protocol import unixtime
from protocol.unixtime import UnixTime


def certificates_as_json(records: Sequence[CertifiedTerminal], *, at: UnixTime) -> Iterator[dict[str, Any]]:
    """The members of each certificate, the newest first. `state` is one word: running, replaced or over."""
    seen: dict[str, bytes] = {}
    for record in records:
        newest_key = seen.setdefault(record.terminal, record.key_thumbprint)
        yield {
            "terminal": record.terminal,
            "key_sha256": record.key_thumbprint.hex(),
            "place": record.place,
            "relying_party": record.relying_party,
            "purposes": [purpose.word for purpose in sorted(record.purposes)],
            "from": unixtime.iso_utc(record.iat),
            "to": unixtime.iso_utc(record.exp),
            "state": "over" if at >= record.exp else "running" if newest_key == record.key_thumbprint else "replaced",
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
