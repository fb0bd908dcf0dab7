"""Tells a holder's other devices that a key was bound to one of their licences, or that a device was reported lost.

Guaranteed: written in the transaction of what it says; to keys alone that hold something of the same holder then, that
is in force, and never to an agent's; read by its recipient alone, in the order in which it was committed. An import
writes beside other additions: of two devices that one holder gets in the same moment, one by an import, neither may be
told of the other. Not handled here: who asks (`issuer.openid4vci.holding`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Connection, delete, exists, func, insert, or_, select

from issuer.devices.schema import device_notice
from issuer.register_schema import credential_group, licence, mandate
from protocol.status_list import Status
from protocol.unixtime import DAY, Seconds, UnixTime

KEPT: Final = Seconds(400 * DAY)
"""Longer than any credential lives: whoever has not asked for so long holds nothing."""
_LOCK: Final = 0x4C5A_0002
"""PostgreSQL's advisory lock: numbers are committed in their order, so that no cursor passes one that comes later."""
_AT_ONCE: Final = 400
_IN_FORCE: Final = tuple(int(status) for status in Status if not status.is_final)


class DeviceEvent(StrEnum):
    """What has happened to a device of the same holder."""

    BOUND = "device_bound"
    LOST = "device_lost"


@dataclass(frozen=True, slots=True)
class Bound:
    """A key that now holds a licence; without a holder's number only the licence itself says whose it is."""

    licence_id: str
    holder_number: str
    key_thumbprint: bytes


@dataclass(frozen=True, slots=True)
class DeviceNotice:
    """One entry of a device's feed. `device` is the SHA-256 of the key that it is about."""

    seq: int
    licence_id: str
    event: DeviceEvent
    device: bytes
    at: UnixTime


def is_held(connection: Connection, licence_id: str, key_thumbprint: bytes, *, at: UnixTime) -> bool:
    """Whether this key holds the licence already: a refresh binds nothing."""
    held = select(credential_group.c.id).where(
        credential_group.c.licence_id == licence_id,
        credential_group.c.holder_key_thumbprint == key_thumbprint,
        credential_group.c.exp > at,
        credential_group.c.status.in_(_IN_FORCE),
        ~_is_agents,
    )
    return connection.execute(held.limit(1)).first() is not None


def tell(connection: Connection, event: DeviceEvent, about: Sequence[Bound], *, at: UnixTime) -> None:
    """Write it for each other device of each holder. Nothing else is locked behind this in a transaction."""
    rows = [
        {"recipient": key, "event": event.value, "licence_id": each.licence_id, "device": each.key_thumbprint, "at": at}
        for each, others in _others(connection, about, at)
        for key in sorted(others)
    ]
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    connection.execute(insert(device_notice), rows)


def tell_of(
    connection: Connection, event: DeviceEvent, licence_id: str, key_thumbprint: bytes, *, at: UnixTime
) -> None:
    """As `tell`, of one licence that stands in the register."""
    number = connection.execute(select(licence.c.holder_number).where(licence.c.id == licence_id)).scalar_one()
    tell(connection, event, [Bound(licence_id, number, key_thumbprint)], at=at)


def of_recipient(
    connection: Connection, key_thumbprint: bytes, *, after_seq: int, after_at: int, limit: int
) -> tuple[DeviceNotice, ...]:
    """What this key has not read yet, in the order of the numbers.

    Args:
        connection: Of any transaction.
        key_thumbprint: Whose entries.
        after_seq: The number that it read last.
        after_at: The latest moment that it has read of: a register that came back from a backup counts anew.
        limit: How many at most.
    """
    statement = (
        select(device_notice)
        .where(
            device_notice.c.recipient == key_thumbprint,
            or_(device_notice.c.seq > after_seq, device_notice.c.at > after_at),
        )
        .order_by(device_notice.c.seq)
        .limit(limit)
    )
    return tuple(
        DeviceNotice(row.seq, row.licence_id, DeviceEvent(row.event), row.device, UnixTime(row.at))
        for row in connection.execute(statement)
    )


def clean(connection: Connection, *, at: UnixTime) -> None:
    """Forget what is older than `KEPT`."""
    connection.execute(delete(device_notice).where(device_notice.c.at <= at - KEPT))


def _others(connection: Connection, about: Sequence[Bound], at: UnixTime) -> Iterable[tuple[Bound, set[bytes]]]:
    numbers = {each.holder_number for each in about if each.holder_number}
    ids = {each.licence_id for each in about if not each.holder_number}
    by_number = _keys(connection, licence.c.holder_number, numbers, at)
    by_licence = _keys(connection, licence.c.id, ids, at)
    for each in about:
        found = by_number.get(each.holder_number) if each.holder_number else by_licence.get(each.licence_id)
        yield each, (found or set()) - {each.key_thumbprint}


def _keys(connection: Connection, column: Column[str], wanted: Collection[str], at: UnixTime) -> dict[str, set[bytes]]:
    found: dict[str, set[bytes]] = {}
    ordered = sorted(wanted)
    for start in range(0, len(ordered), _AT_ONCE):
        statement = (
            select(column, credential_group.c.holder_key_thumbprint)
            .join_from(credential_group, licence)
            .where(
                column.in_(ordered[start : start + _AT_ONCE]),
                credential_group.c.exp > at,
                credential_group.c.status.in_(_IN_FORCE),
                credential_group.c.holder_key_thumbprint != b"",
                ~_is_agents,
            )
        )
        for whose, key in connection.execute(statement):
            found.setdefault(whose, set()).add(key)
    return found


_is_agents = exists(select(mandate.c.id).where(mandate.c.group_id == credential_group.c.id))
