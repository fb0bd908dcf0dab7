"""What the register holds of recognition: region × kind × purpose, and who decided it when.

A region is one province, city or district; a province's row means its cities too (`PolicyRow.recognises`). What is no
more recognised is deleted: the signed policies of former days are what says what held then.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from sqlalchemy import BigInteger, Column, Integer, String, Table, delete, insert, select

from issuer.audit import trail
from issuer.register import Register
from issuer.register_schema import metadata
from protocol.appraisal_policy import PolicyRow
from protocol.labels import Purpose
from protocol.unixtime import UnixTime

recognised = Table(
    "recognised",
    metadata,
    Column("region", String(6), primary_key=True),
    Column("vct", Integer, primary_key=True, autoincrement=False),
    Column("purpose", Integer, primary_key=True, autoincrement=False),
    Column("actor", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, order=True)
class Recognised:
    """One region's licences of one kind, for one purpose."""

    region: str
    vct: int
    purpose: Purpose


def rows(register: Register) -> tuple[Recognised, ...]:
    """Everything that is recognised, in order. Raises: RegisterUnavailable."""
    order = (recognised.c.region, recognised.c.vct, recognised.c.purpose)
    with register.reading() as connection:
        found = connection.execute(select(recognised).order_by(*order))
        return tuple(Recognised(row.region, row.vct, Purpose(row.purpose)) for row in found)


def add(register: Register, wanted: frozenset[Recognised], *, actor: str, at: UnixTime) -> int:
    """Record these; how many are new. Raises: RegisterUnavailable."""
    with register.writing() as connection:
        held = {Recognised(row.region, row.vct, Purpose(row.purpose)) for row in connection.execute(select(recognised))}
        new = [
            {"region": each.region, "vct": each.vct, "purpose": int(each.purpose), "actor": actor, "at": at}
            for each in sorted(wanted - held)
        ]
        if new:
            connection.execute(insert(recognised), new)
            trail.append_all(connection, _acts("recognise", wanted - held, actor=actor, at=at))
    return len(new)


def remove(register: Register, unwanted: frozenset[Recognised], *, actor: str, at: UnixTime) -> int:
    """Delete these; how many there were. Raises: RegisterUnavailable."""
    removed = set()
    with register.writing() as connection:
        for each in sorted(unwanted):
            its_row = (
                (recognised.c.region == each.region)
                & (recognised.c.vct == each.vct)
                & (recognised.c.purpose == int(each.purpose))
            )
            if connection.execute(delete(recognised).where(its_row)).rowcount:
                removed.add(each)
        trail.append_all(connection, _acts("recognise-no-more", removed, actor=actor, at=at))
    return len(removed)


def _acts(word: str, pairs: AbstractSet[Recognised], *, actor: str, at: UnixTime) -> list[trail.Act]:
    by_region: dict[str, list[list[int]]] = {}
    for each in sorted(pairs):
        by_region.setdefault(each.region, []).append([each.vct, int(each.purpose)])
    return [
        trail.Act(word, "region", region, actor, at, details={"pairs": found}) for region, found in by_region.items()
    ]


def with_recognised(
    policy: Mapping[tuple[int, Purpose], PolicyRow], also: tuple[Recognised, ...]
) -> Mapping[tuple[int, Purpose], PolicyRow]:
    """The policy rows with these regions in them."""
    regions: dict[tuple[int, Purpose], set[str]] = {}
    for each in also:
        regions.setdefault((each.vct, each.purpose), set()).add(each.region)
    return {key: replace(row, regions=row.regions | regions.get(key, set())) for key, row in policy.items()}
