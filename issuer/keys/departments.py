"""Departments of one authority: each issues its own kinds under an assertion key that may sign these and no others.

1 a department with its kinds is recorded · 2 a key of its own is published, limited to them · 3 where the authority's
own key could sign them too, another takes its place that cannot. From the moment on from which the new keys sign, a
terminal refuses, offline, whatever one department signs of another's kinds: the trust list says which key has which.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, insert, select, update

from issuer.audit import trail
from issuer.database import Database
from issuer.keys.errors import DepartmentRefused
from issuer.keys.records import EVERY_KIND, Kinds
from issuer.keys.schema import department
from protocol.labels import KeyUse
from protocol.licence.catalogue import Kind
from protocol.unixtime import UnixTime

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Department:
    """One department: its name, the numbers of the kinds that it issues, and since when."""

    name: str
    kinds: frozenset[int]
    actor: str
    at: UnixTime
    retired_at: UnixTime | None


def listed(register: Database) -> tuple[Department, ...]:
    """Every department that there ever was, by name."""
    with register.reading() as connection:
        return _read(connection)


def of_kind(connection: Connection, vct: int) -> frozenset[str]:
    """The departments that issue this kind; none if the authority itself does."""
    return frozenset(each.name for each in _read(connection) if each.retired_at is None and vct in each.kinds)


def kinds_of(connection: Connection, name: str) -> Kinds:
    """What a department's key may sign; of the authority's own: whatever no department issues."""
    running = [each for each in _read(connection) if each.retired_at is None]
    if not name:
        return EVERY_KIND.without(frozenset[int]().union(*(each.kinds for each in running)))
    return Kinds(next(each.kinds for each in running if each.name == name), False)


def demand(register: Database, name: str, use: KeyUse) -> None:
    """Return if this department has keys of its own of this use. Raises: DepartmentRefused."""
    if use is not KeyUse.ASSERT:
        raise DepartmentRefused("departments have assertion keys; those of other uses are the authority's")
    if not any(each.name == name and each.retired_at is None for each in listed(register)):
        raise DepartmentRefused(f"there is no department {name}")


def running(connection: Connection) -> frozenset[str]:
    """The departments that issue something."""
    return frozenset(each.name for each in _read(connection) if each.retired_at is None)


def check(connection: Connection, name: str, kinds: frozenset[int]) -> None:
    """Return if a department can be added so. Raises: DepartmentRefused."""
    if not _NAME.fullmatch(name):
        raise DepartmentRefused(
            "this is no name of a department", hint="1 to 32 of a-z, 0-9 and -, such as traffic-police."
        )
    if not kinds:
        raise DepartmentRefused("a department without kinds", hint="Name at least one with --kind.")
    if any(each.name == name for each in _read(connection)):
        raise DepartmentRefused(
            f"there is or was a department {name}", hint="Names are never given again: old keys and acts have them."
        )


def add(connection: Connection, name: str, kinds: frozenset[int], *, actor: str, at: UnixTime) -> None:
    """1. Raises: DepartmentRefused."""
    check(connection, name, kinds)
    connection.execute(insert(department).values(name=name, kinds=str(Kinds(kinds, False)), actor=actor, at=at))
    trail.append(
        connection, "add-department", "department", name, actor=actor, at=at, details={"kinds": tuple(sorted(kinds))}
    )


def retire(connection: Connection, name: str, *, actor: str, at: UnixTime) -> None:
    """Let a department issue nothing more. Raises: DepartmentRefused."""
    gone = connection.execute(
        update(department)
        .where(department.c.name == name, department.c.retired_at.is_(None))
        .values(retired_at=at, retired_by=actor)
    )
    if gone.rowcount != 1:
        raise DepartmentRefused(f"there is no department {name}")
    trail.append(connection, "retire-department", "department", name, actor=actor, at=at)


def numbers(slugs: frozenset[str], kinds: Mapping[int, Kind]) -> frozenset[int]:
    """The numbers of these kinds. Raises: DepartmentRefused."""
    by_slug = {kind.slug: vct for vct, kind in kinds.items()}
    unknown = slugs - by_slug.keys()
    if unknown:
        raise DepartmentRefused(
            f"there is no such kind: {', '.join(sorted(unknown))}", hint=f"Known kinds: {', '.join(sorted(by_slug))}."
        )
    return frozenset(by_slug[slug] for slug in slugs)


def _read(connection: Connection) -> tuple[Department, ...]:
    return tuple(
        Department(
            row.name,
            Kinds.read(row.kinds).listed,
            row.actor,
            UnixTime(row.at),
            None if row.retired_at is None else UnixTime(row.retired_at),
        )
        for row in connection.execute(select(department).order_by(department.c.name))
    )
