"""Finds what the register has of the person with a number: licences, and what is open for them without a licence yet.

An application or offer has a subject until it is decided or over; it is a person's if any value of the subject is the
number. In force is what has not ended, or not long enough ago; what is held together ends for all of its holders.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, func, select

from issuer.applications.schema import application
from issuer.joint import register as joint
from issuer.openid4vci.offering import OfferState
from issuer.openid4vci.schema import issuing_offer
from issuer.register_schema import credential_group, licence
from protocol.status_list import Status
from protocol.unixtime import UnixTime


@dataclass(frozen=True, slots=True)
class Found:
    """Ids: licences, those of them that may be erased, and what is open. `busy` are offers that are just answered."""

    licences: tuple[str, ...]
    erasable: tuple[str, ...]
    offers: tuple[str, ...]
    applications: tuple[str, ...]
    busy: tuple[str, ...]

    @property
    def kept(self) -> tuple[str, ...]:
        """What stays: it is in force, ended not long enough ago, or comes to be at this moment."""
        return (*(each for each in self.licences if each not in self.erasable), *self.busy)


def find(connection: Connection, number: str, *, ended_before: UnixTime) -> Found:
    """Everything of the person with this number."""
    if not (number and number.isascii() and number.isprintable()):
        return Found((), (), (), (), ())
    ids = tuple(
        connection.execute(
            select(licence.c.id).where(licence.c.holder_number == number).order_by(licence.c.id)
        ).scalars()
    )
    offers = naming(connection, issuing_offer, number)
    return Found(
        ids,
        tuple(each for each in ids if is_over(connection, each, ended_before)),
        tuple(row.id for row in offers if row.state != OfferState.ISSUING.value),
        tuple(row.id for row in naming(connection, application, number)),
        tuple(row.id for row in offers if row.state == OfferState.ISSUING.value),
    )


def is_over(connection: Connection, licence_id: str, before: UnixTime) -> bool:
    """Whether a licence, and whatever is held together with it, is final and ended before this moment."""
    its = joint.together(connection, licence_id)
    statuses = connection.execute(select(licence.c.status).where(licence.c.id.in_(its))).scalars()
    last = connection.execute(
        select(func.max(credential_group.c.exp)).where(credential_group.c.licence_id.in_(its))
    ).scalar_one()
    return all(Status(status).is_final for status in statuses) and (last is None or last <= before)


def naming(connection: Connection, table: Table, number: str) -> list[Row[Any]]:
    """Rows of applications or offers in whose subject this number stands."""
    column: Column[str] = table.c.subject
    wanted = select(table).where(column.contains(number, autoescape=True)).order_by(table.c.id)
    return [row for row in connection.execute(wanted) if number in _values(json.loads(row.subject))]


def elsewhere(connection: Connection, number: str, ids: Collection[str]) -> tuple[str, ...]:
    """Other people's licences in which this number stands, too: a spouse's, a child's. Walks over all licences."""
    wanted = select(licence.c.id, licence.c.subject).where(licence.c.subject.contains(number, autoescape=True))
    rows = connection.execute(wanted.order_by(licence.c.id))
    return tuple(row.id for row in rows if row.id not in ids and number in _values(json.loads(row.subject)))


def _values(subject: object) -> Iterable[object]:
    pending = [subject]
    while pending:
        each = pending.pop()
        if isinstance(each, Mapping):
            pending += each.values()
        elif isinstance(each, list):
            pending += each
        else:
            yield each
