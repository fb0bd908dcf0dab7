"""What the register knows of the devices that hold a licence: a device is a key, and may hold several groups.

Several, because a refresh leaves the group before it in force until it ends. Each method is one transaction. Status 3
(device lost) is final for the groups that have it; a device that was found gets a new group with an entry of its own.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, select

from issuer.audit import trail
from issuer.devices import notices
from issuer.devices.notices import DeviceEvent
from issuer.errors import DeviceNotInForce, DeviceUnknown, LicenceUnknown
from issuer.register import Register, StatusEvent, demand_valid, flip, flipped_details, in_force
from issuer.register_schema import credential, credential_group, device_found, licence, mandate
from protocol.status_list import Status
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """One device of one licence.

    Attributes:
        key_thumbprint: SHA-256 of its key.
        is_agents: Whether it holds mandates and not the holder's own credentials.
        in_force: How many of its groups are neither over nor final.
        lost: How many of its groups were reported lost and are not over.
        since: When it got its first group.
        exp: When its last group ends.
    """

    key_thumbprint: bytes
    is_agents: bool
    in_force: int
    lost: int
    since: UnixTime
    exp: UnixTime


@dataclass(frozen=True, slots=True)
class Found:
    """A device that was found: its key is in this package, of the last group that it got."""

    key_thumbprint: bytes
    package: bytes


def of_licence(register: Register, licence_id: str, *, at: UnixTime) -> tuple[DeviceRecord, ...]:
    """The devices of a licence, the oldest first. Raises: LicenceUnknown, RegisterUnavailable."""
    with register.reading() as connection:
        return _devices(connection, licence_id, at)


def report_lost(
    register: Register, licence_id: str, device: str | None, *, reason: str, actor: str, at: UnixTime
) -> tuple[StatusEvent, ...]:
    """End every group that this device holds of the licence, for good.

    Raises:
        LicenceUnknown: There is no such licence.
        DeviceUnknown: No device of it is named so, or several, or none is named and there are several.
        DeviceNotInForce: All that it held has ended already.
        RegisterUnavailable: Nothing was changed.
    """
    with register.writing() as connection:
        named = _named(_devices(connection, licence_id, at), device)
        groups = connection.execute(
            select(credential_group)
            .where(
                credential_group.c.licence_id == licence_id,
                credential_group.c.holder_key_thumbprint == named.key_thumbprint,
                in_force(at),
            )
            .order_by(credential_group.c.id)
        ).all()
        if not groups:
            raise DeviceNotInForce("everything that this device held of the licence has ended already")
        flipped = flip(connection, groups, Status.DEVICE_LOST, reason=reason, actor=actor, at=at, spread=None)
        trail.append(
            connection,
            "report-device-lost",
            "licence",
            licence_id,
            actor=actor,
            at=at,
            reason=reason,
            details={"key": named.key_thumbprint, **flipped_details(flipped)},
        )
        if not named.is_agents:
            notices.tell_of(connection, DeviceEvent.LOST, licence_id, named.key_thumbprint, at=at)
        return flipped


def record_found(
    register: Register, licence_id: str, device: str | None, *, reason: str, actor: str, at: UnixTime
) -> Found:
    """Record that a lost device is in its holder's hands again.

    Raises:
        LicenceUnknown, LicenceNotValid: There is nothing to issue to it.
        DeviceUnknown: As `report_lost`.
        DeviceNotInForce: It was not reported lost, is an agent's, or was never given anything.
        RegisterUnavailable: Nothing was recorded.
    """
    with register.writing() as connection:
        demand_valid(connection, licence_id)
        named = _named(_devices(connection, licence_id, at), device)
        if named.is_agents:
            raise DeviceNotInForce("this device holds a mandate", hint="Issue the mandate again: `issuer mandate`.")
        if named.in_force or not named.lost:
            raise DeviceNotInForce("this device is not reported lost", hint="Nothing is left to do.")
        package: bytes | None = connection.execute(
            select(credential_group.c.package)
            .where(
                credential_group.c.licence_id == licence_id,
                credential_group.c.holder_key_thumbprint == named.key_thumbprint,
                credential_group.c.package.is_not(None),
            )
            .order_by(credential_group.c.id.desc())
            .limit(1)
        ).scalar_one_or_none()
        if package is None:
            raise DeviceNotInForce("this device was never given anything", hint="Issue the licence to it again.")
        connection.execute(
            insert(device_found).values(
                licence_id=licence_id, holder_key_thumbprint=named.key_thumbprint, reason=reason, actor=actor, at=at
            )
        )
        trail.append(
            connection,
            "device-found",
            "licence",
            licence_id,
            actor=actor,
            at=at,
            reason=reason,
            details={"key": named.key_thumbprint},
        )
    return Found(named.key_thumbprint, package)


def _named(devices: tuple[DeviceRecord, ...], device: str | None) -> DeviceRecord:
    found = [each for each in devices if device is None or each.key_thumbprint.hex().startswith(device.lower())]
    if len(found) != 1 or device == "":
        what = f"{len(found)} devices hold this licence" if found else "no such device holds this licence"
        if device is not None and found:
            what = f"{len(found)} devices of this licence are named so"
        raise DeviceUnknown(what)
    return found[0]


def _devices(connection: Connection, licence_id: str, at: UnixTime) -> tuple[DeviceRecord, ...]:
    # A database would refuse half a surrogate pair or a zero in its own words.
    plain = licence_id.isascii() and licence_id.isprintable()
    if not plain or connection.execute(select(licence.c.id).where(licence.c.id == licence_id)).one_or_none() is None:
        raise LicenceUnknown("no licence has this id")
    since = (
        select(func.min(credential.c.intended_at))
        .where(credential.c.group_id == credential_group.c.id)
        .scalar_subquery()
    )
    is_mandate = exists(select(mandate.c.id).where(mandate.c.group_id == credential_group.c.id))
    statement = (
        select(
            credential_group.c.holder_key_thumbprint,
            credential_group.c.exp,
            credential_group.c.status,
            since.label("since"),
            is_mandate.label("is_mandate"),
        )
        # A paper code has no device.
        .where(credential_group.c.licence_id == licence_id, credential_group.c.holder_key_thumbprint != b"")
        .order_by(credential_group.c.id)
    )
    by_key: dict[bytes, list[Row[Any]]] = {}
    for row in connection.execute(statement).all():
        by_key.setdefault(row.holder_key_thumbprint, []).append(row)
    return tuple(_record(key, rows, at) for key, rows in by_key.items())


def _record(key: bytes, rows: list[Row[Any]], at: UnixTime) -> DeviceRecord:
    running = [Status(row.status) for row in rows if row.exp > at]
    return DeviceRecord(
        key_thumbprint=key,
        is_agents=all(row.is_mandate for row in rows),
        in_force=sum(not status.is_final for status in running),
        lost=running.count(Status.DEVICE_LOST),
        since=UnixTime(min(row.since for row in rows)),
        exp=UnixTime(max(row.exp for row in rows)),
    )
