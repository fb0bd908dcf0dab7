"""Whether a holder may get something on this device: it is not one that was lost, and not one too many.

Guaranteed: asked in the transaction of the intent, so that of two devices that ask at once none is one too many; what
was lost gets nothing, on any licence of its holder, until it was reported found. Agents' devices are not counted.
"""

from typing import Final

from sqlalchemy import ColumnElement, Connection, exists, func, select

from issuer.devices.errors import DeviceLost, TooManyDevices
from issuer.register_schema import credential_group, device_found, licence, mandate, status_event
from protocol.status_list import Status
from protocol.unixtime import UnixTime

MOST: Final = 3
"""Devices of one holder (REVOCATION.md: a phone, its successor, a tablet)."""


def demand_admissible(connection: Connection, number: str, licence_id: str, key: bytes, *, at: UnixTime) -> None:
    """Return if this holder may get credentials on this key.

    Args:
        connection: Of the transaction that records the intent.
        number: The holder's number; where there is none, the licence alone is looked at.
        licence_id: The licence.
        key: SHA-256 of the device key.
        at: Now.

    Raises:
        DeviceLost: It was reported lost.
        TooManyDevices: The holder has as many others.
    """
    if connection.dialect.name == "postgresql":
        # Additions run beside one another there; two of one holder must not.
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(number or licence_id, 0))))
    its = licence.c.holder_number == number if number else licence.c.id == licence_id
    groups = (
        select(credential_group.c.holder_key_thumbprint.label("key"), credential_group.c.status)
        .join_from(credential_group, licence)
        .where(its, credential_group.c.exp > at, credential_group.c.holder_key_thumbprint != b"", ~_is_agents())
    )
    rows = connection.execute(groups).all()
    if any(row.key == key and row.status == Status.DEVICE_LOST for row in rows) and _is_lost(connection, its, key):
        raise DeviceLost("this device was reported lost")
    others = {row.key for row in rows if not Status(row.status).is_final} - {key}
    if len(others) >= MOST:
        raise TooManyDevices(f"the holder has {len(others)} devices already")


def _is_lost(connection: Connection, its: ColumnElement[bool], key: bytes) -> bool:
    """Whether the last thing that was reported of this device is its loss."""
    lost = (
        select(func.max(status_event.c.at))
        .join_from(status_event, licence)
        .join(
            credential_group,
            (credential_group.c.list_number == status_event.c.list_number)
            & (credential_group.c.idx == status_event.c.idx),
        )
        .where(its, credential_group.c.holder_key_thumbprint == key, status_event.c.new == int(Status.DEVICE_LOST))
    )
    found = (
        select(func.max(device_found.c.at))
        .join_from(device_found, licence)
        .where(its, device_found.c.holder_key_thumbprint == key)
    )
    lost_at, found_at = connection.execute(lost).scalar(), connection.execute(found).scalar()
    return lost_at is not None and (found_at is None or found_at < lost_at)


def _is_agents() -> ColumnElement[bool]:
    return exists(select(mandate.c.id).where(mandate.c.group_id == credential_group.c.id))
