"""Answers a person's request to see: everything that the register and the imports have of them.

1 the licences of the holder's number · 2 of every table whatever names such a licence, or a group of one · 3 what is
open for them without a licence yet: applications, offers, and rows of imports that wait for their turn.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, select

from issuer.applications.schema import application
from issuer.audit import trail
from issuer.audit.schema import audit_act
from issuer.holders import finding, traces
from issuer.holders.errors import HolderUnknown
from issuer.holders.traces import Columns
from issuer.openid4vci.schema import issuing_offer
from issuer.register import Register
from issuer.register_schema import credential_group, licence, metadata
from protocol.unixtime import UnixTime

_LICENCE: Final = "licence.id"
_GROUP: Final = "credential_group.id"


class Holders:
    """What one authority holds of people."""

    def __init__(self, register: Register, *, imports: Path, columns: Columns) -> None:
        self._register, self._imports, self._columns = register, imports, columns

    def export(self, number: str, *, actor: str, at: UnixTime) -> Mapping[str, list[dict[str, Any]]]:
        """Every row that belongs to this holder's licences, table by table; bytes as hexadecimal digits.

        That it was asked for stands in the trail. Raises: HolderUnknown, RegisterUnavailable, StorageFailed.
        """
        with self._register.adding() as connection:
            whose = finding.find(connection, number, ended_before=at)
            ids = list(whose.licences)
            waiting = traces.rows_of(self._imports, number, self._columns) if finding.is_number(number) else []
            if not (ids or whose.offers or whose.busy or whose.applications or waiting):
                raise HolderUnknown("nothing here has this holder's number")
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
            # 3
            for table, open_ones in ((issuing_offer, [*whose.offers, *whose.busy]), (application, whose.applications)):
                rows = _rows(connection, table, table.c.id, list(open_ones))
                found.setdefault(table.name, []).extend(row for row in rows if row not in found[table.name])
            found["import_row"] = waiting
            objects = [("licence", each) for each in ids] + [("application", each) for each in whose.applications]
            objects += [("offer", each) for each in (*whose.offers, *whose.busy)]
            found[audit_act.name] = _rows(connection, audit_act, audit_act.c.object_id, [each for _, each in objects])
            for kind, each in objects:
                trail.append(connection, "export-holder", kind, each, actor=actor, at=at)
        return {name: rows for name, rows in found.items() if rows}


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
