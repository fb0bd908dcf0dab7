"""Puts whole licences into the register, many at once: what was only recorded, and what was signed for a device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from issuer.bulk import copying
from issuer.lookup import register as lookup
from issuer.lookup.schema import licence_number
from issuer.register import LicenceRecord, StatusEntry, licence_values
from issuer.register_schema import credential, credential_group, licence
from protocol.status_list import Status
from protocol.unixtime import UnixTime

_GROUP: Final = (
    *("id", "licence_id", "list_number", "idx", "holder_key_thumbprint", "exp", "status"),
    *("package", "secret_sha256", "kid"),
)
_CREDENTIAL: Final = ("sub", "group_id", "layout", "intended_at", "signed_at", "sha256")


@dataclass(frozen=True, slots=True)
class Signed:
    """What one device will hold: a group of credentials, with the digest of each, and the package that carries them."""

    licence_id: str
    entry: StatusEntry
    holder_key_thumbprint: bytes
    exp: UnixTime
    subs: tuple[str, ...]
    layouts: tuple[str, ...]
    digests: tuple[bytes, ...]
    package: bytes
    secret_sha256: bytes
    kid: bytes


def add_licences(connection: Connection, records: Sequence[LicenceRecord]) -> None:
    """Add new licences, and what they are found by."""
    values = [licence_values(record) for record in records]
    if not values:
        return
    copying.add(connection, licence, tuple(values[0]), [tuple(each.values()) for each in values])
    numbers = [
        (number, record.id)
        for record in records
        for number in sorted(lookup.numbers_of(record.subject, record.holder_number))
    ]
    copying.add(connection, licence_number, ("number", "licence_id"), numbers)


def add_groups(connection: Connection, signed: Sequence[Signed], *, at: UnixTime) -> None:
    """Add what was signed. Raises: sqlalchemy.exc.IntegrityError: an entry or a `sub` is somebody else's."""
    groups, credentials = [], []
    for group_id, each in zip(copying.new_group_ids(connection, len(signed)), signed, strict=True):
        groups.append(
            (
                *(group_id, each.licence_id, each.entry.list_number, each.entry.idx, each.holder_key_thumbprint),
                *(each.exp, int(Status.VALID), each.package, each.secret_sha256, each.kid),
            )
        )
        for sub, layout, digest in zip(each.subs, each.layouts, each.digests, strict=True):
            credentials.append((sub, group_id, layout, at, at, digest))
    copying.add(connection, credential_group, _GROUP, groups)
    copying.add(connection, credential, _CREDENTIAL, credentials)
