"""Which licences a bulk act is about: a list of ids, or whatever a query finds; at most `MAX_LICENCES` of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from issuer.changing.errors import SelectionRefused
from issuer.register_schema import licence
from protocol.status_list import Status

MAX_LICENCES: Final = 10_000
"""In one transaction under the register's lock: some seconds, in which nobody issues."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Ids; or a query, of which each member narrows it down. An empty query selects nothing."""

    ids: tuple[str, ...] = ()
    kind: int | None = None
    holder_number: str | None = None
    recorded_from: int | None = None
    recorded_before: int | None = None
    status: Status | None = None


def selected(connection: Connection, selection: Selection) -> tuple[str, ...]:
    """The ids, in order, each once.

    Raises:
        SelectionRefused: It selects nothing or too many, or an id is no licence's.
    """
    if selection.ids:
        return _named(connection, tuple(sorted(set(selection.ids))))
    conditions = []
    if selection.kind is not None:
        conditions.append(licence.c.vct == selection.kind)
    if selection.holder_number is not None:
        conditions.append(licence.c.holder_number == selection.holder_number)
    if selection.recorded_from is not None:
        conditions.append(licence.c.recorded_at >= selection.recorded_from)
    if selection.recorded_before is not None:
        conditions.append(licence.c.recorded_at < selection.recorded_before)
    if not conditions:
        raise SelectionRefused("neither ids nor a query were given")
    if selection.status is not None:
        conditions.append(licence.c.status == int(selection.status))
    statement = select(licence.c.id).where(*conditions).order_by(licence.c.id).limit(MAX_LICENCES + 1)
    return _bounded(tuple(connection.execute(statement).scalars()))


def _named(connection: Connection, ids: tuple[str, ...]) -> tuple[str, ...]:
    _bounded(ids)
    if not all(each.isascii() and each.isprintable() for each in ids):
        raise SelectionRefused("something that was given is no id of a licence")
    known: set[str] = set()
    for part in chunks(ids):
        known |= set(connection.execute(select(licence.c.id).where(licence.c.id.in_(part))).scalars())
    if len(known) != len(ids):
        raise SelectionRefused(f"{len(ids) - len(known)} of the ids are no licence's")
    return ids


def _bounded(ids: tuple[str, ...]) -> tuple[str, ...]:
    if not ids:
        raise SelectionRefused("no licence is selected")
    if len(ids) > MAX_LICENCES:
        raise SelectionRefused(f"more than {MAX_LICENCES} licences are selected", hint="Do it in parts.")
    return ids


def chunks(ids: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    """Parts of a list that fit one statement's parameters."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]
