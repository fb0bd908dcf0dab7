"""Answers a person's request: exports everything that the register has of them, and erases what need not be kept.

1 the licences of the holder's number · 2 of every table whatever names such a licence, or a group of one. Erased is
what a licence said (subject, name, numbers, portrait, packages, the subject of its application) once the licence is
final and its last entry has ended long enough ago. Kept are ids, statuses, their events and the audit trail, which name
nobody: so lists, feed and chain stay as they are, and the same id can be asked about later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, delete, func, select, update

from issuer.applications.schema import application
from issuer.audit import trail
from issuer.audit.schema import audit_act
from issuer.bulk.schema import imported_licence
from issuer.holders.errors import HolderUnknown, NothingErasable
from issuer.lookup.schema import licence_number
from issuer.register import Register
from issuer.register_schema import credential_group, licence, metadata, portrait
from protocol.status_list import Status
from protocol.unixtime import DAY, UnixTime

_LICENCE: Final = "licence.id"
_GROUP: Final = "credential_group.id"


@dataclass(frozen=True, slots=True)
class Erased:
    """Ids of the licences whose content was erased, and of those that were kept."""

    erased: tuple[str, ...]
    kept: tuple[str, ...]


class Holders:
    """What one authority holds of people."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def export(self, number: str, *, actor: str, at: UnixTime) -> Mapping[str, list[dict[str, Any]]]:
        """Every row that belongs to this holder's licences, table by table; bytes as hexadecimal digits.

        That it was asked for stands in the trail. Raises: HolderUnknown, RegisterUnavailable.
        """
        with self._register.adding() as connection:
            ids = _licences(connection, number)
            groups = list(
                connection.execute(
                    select(credential_group.c.id).where(credential_group.c.licence_id.in_(ids))
                ).scalars()
            )
            found = {"licence": _rows(connection, licence, licence.c.id, ids)}
            for table in metadata.sorted_tables:
                for column, wanted in (
                    (_naming(table, "licence_id", _LICENCE), ids),
                    (_naming(table, "", _GROUP), groups),
                ):
                    if column is not None:
                        rows = _rows(connection, table, column, wanted)
                        found.setdefault(table.name, []).extend(row for row in rows if row not in found[table.name])
            found[audit_act.name] = _rows(connection, audit_act, audit_act.c.object_id, ids)
            for each in ids:
                trail.append(connection, "export-holder", "licence", each, actor=actor, at=at)
        return {name: rows for name, rows in found.items() if rows}

    def erase(self, number: str, *, after_days: int, actor: str, reason: str, at: UnixTime) -> Erased:
        """Erase what this holder's licences said that ended so many days ago.

        Raises:
            HolderUnknown, NothingErasable, RegisterUnavailable: Nothing was changed.
        """
        with self._register.writing() as connection:
            ids = _licences(connection, number)
            erasable = [each for each in ids if _is_over(connection, each, UnixTime(max(0, at - after_days * DAY)))]
            if not erasable:
                raise NothingErasable("nothing of this holder may be erased yet")
            nothing = {"subject": "{}", "holder_name": "", "holder_number": ""}
            connection.execute(update(licence).where(licence.c.id.in_(erasable)).values(nothing))
            connection.execute(delete(portrait).where(portrait.c.licence_id.in_(erasable)))
            connection.execute(delete(licence_number).where(licence_number.c.licence_id.in_(erasable)))
            # A digest of numbers is found by trying numbers.
            connection.execute(delete(imported_licence).where(imported_licence.c.licence_id.in_(erasable)))
            connection.execute(
                update(credential_group).where(credential_group.c.licence_id.in_(erasable)).values(package=None)
            )
            connection.execute(
                update(application).where(application.c.licence_id.in_(erasable)).values(subject=None, portrait=None)
            )
            for each in erasable:
                trail.append(connection, "erase-holder", "licence", each, actor=actor, at=at, reason=reason)
        return Erased(tuple(erasable), tuple(each for each in ids if each not in erasable))


def _licences(connection: Connection, number: str) -> list[str]:
    plain = bool(number) and number.isascii() and number.isprintable()
    wanted = select(licence.c.id).where(licence.c.holder_number == number).order_by(licence.c.id)
    ids = list(connection.execute(wanted).scalars()) if plain else []
    if not ids:
        raise HolderUnknown("no licence has this holder's number")
    return ids


def _is_over(connection: Connection, licence_id: str, before: UnixTime) -> bool:
    status = connection.execute(select(licence.c.status).where(licence.c.id == licence_id)).scalar_one()
    last = connection.execute(
        select(func.max(credential_group.c.exp)).where(credential_group.c.licence_id == licence_id)
    ).scalar_one()
    return Status(status).is_final and (last is None or last <= before)


def _naming(table: Table, name: str, target: str) -> Column[Any] | None:
    """The column by which rows of this table name a licence or a group."""
    for column in table.columns:
        if column.name == name or any(each.target_fullname == target for each in column.foreign_keys):
            return column
    return None


def _rows(connection: Connection, table: Table, column: Column[Any], wanted: list[Any]) -> list[dict[str, Any]]:
    rows = connection.execute(select(table).where(column.in_(wanted))).all()
    return [
        {name: value.hex() if isinstance(value, bytes) else value for name, value in row._asdict().items()}
        for row in rows
    ]
