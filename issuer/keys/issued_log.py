"""The issued log: which key signed what, and whether what was kept of it agrees.

It is no table of its own. A group names its key, each of its credentials the digest of what was signed and when; the
package holds what was handed out. A licence that somebody put into one of these places alone stands out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, select

from issuer.database import Database
from issuer.keys import register as rows_of
from issuer.register_schema import credential, credential_group
from protocol import cbor, licence_package
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey
from protocol.sd_cwt import credential as sd_cwt
from protocol.sd_cwt.credential import UnverifiedCredential

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """How many groups were looked at so far, and the licences of those that do not agree."""

    groups: int
    wrong: tuple[str, ...]


def check(register: Database) -> Iterator[Checked]:
    """Look at every group that was handed out, a batch at a time. Raises: RegisterUnavailable."""
    with register.reading() as connection:
        by_kid = {each.kid: each.key for each in rows_of.read(connection)}
    groups, wrong, after = 0, list[str](), 0
    while True:
        page = (
            select(
                credential_group.c.id, credential_group.c.licence_id, credential_group.c.kid, credential_group.c.package
            )
            .where(credential_group.c.id > after, credential_group.c.package.is_not(None))
            .order_by(credential_group.c.id)
            .limit(_BATCH)
        )
        with register.reading() as connection:
            rows = connection.execute(page).all()
            logged = {row.id: digests(connection, row.id) for row in rows}
        if not rows:
            break
        for row in rows:
            key = by_kid.get(bytes(row.kid or b""))
            if key is None or first_of(row.package, logged[row.id], key) is None:
                wrong.append(row.licence_id)
        groups, after = groups + len(rows), rows[-1].id
        yield Checked(groups, tuple(wrong))


def first_of(package: bytes, logged: frozenset[bytes], key: VerificationKey) -> UnverifiedCredential | None:
    """The first credential of a package of which the log has every one, signed by this key; else None."""
    try:
        encoded = licence_package.decode(package).credentials
        parsed = [sd_cwt.parse(cbor.decode(each)) for each in encoded]
        for each in parsed:
            sd_cwt.verify(each, key)
    except ProtocolError:
        return None
    return parsed[0] if {sha256(each).digest() for each in encoded} == logged else None


def digests(connection: Connection, group_id: int) -> frozenset[bytes]:
    """What the log has of one group."""
    found: Any = connection.execute(select(credential.c.sha256).where(credential.c.group_id == group_id)).scalars()
    return frozenset(bytes(each) for each in found if each is not None)
