"""Finds what the register has of the person with a number: licences, and what is open for them without a licence yet.

An application or offer has a subject until it is decided or over; it is a person's if its holder's number is theirs,
and not if it names them as somebody else's mother or spouse. In force is what has not ended, or not long enough ago;
what is held together ends for all of its holders.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, func, select

from issuer import issuance
from issuer.applications.schema import application
from issuer.joint import register as joint
from issuer.joint import subjects
from issuer.openid4vci.offering import OfferState
from issuer.openid4vci.schema import issuing_offer
from issuer.register_schema import credential_group, licence
from protocol.status_list import Status
from protocol.unixtime import UnixTime

_LEAST: Final = 6
_MOST: Final = 64


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
    if not is_number(number):
        return Found((), (), (), (), ())
    ids = tuple(
        connection.execute(
            select(licence.c.id).where(licence.c.holder_number == number).order_by(licence.c.id)
        ).scalars()
    )
    offers = _theirs(connection, issuing_offer, number)
    return Found(
        ids,
        tuple(each for each in ids if is_over(connection, each, ended_before)),
        tuple(row.id for row in offers if row.state != OfferState.ISSUING.value),
        tuple(row.id for row in _theirs(connection, application, number)),
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


def is_number(number: str) -> bool:
    """Whether this may be a holder's number at all: nothing is looked for by an empty line, or by a digit."""
    return _LEAST <= len(number) <= _MOST and number.isascii() and number.isalnum()


def elsewhere(connection: Connection, number: str, found: Found) -> tuple[str, ...]:
    """Ids of what else names this person: a spouse's licence, a child's application. Walks over all licences."""
    own = {*found.licences, *found.offers, *found.busy, *found.applications}
    return tuple(
        row.id
        for table in (licence, application, issuing_offer)
        for row in _containing(connection, table, number)
        if row.id not in own and number in _values(json.loads(row.subject))
    )


def _theirs(connection: Connection, table: Table, number: str) -> list[Row[Any]]:
    return [row for row in _containing(connection, table, number) if number in _holders(json.loads(row.subject))]


def _containing(connection: Connection, table: Table, number: str) -> list[Row[Any]]:
    wanted = select(table).where(table.c.subject.contains(number, autoescape=True)).order_by(table.c.id)
    return list(connection.execute(wanted))


def _holders(subject: Mapping[str, Any]) -> set[str]:
    """The numbers of whose licence this is, or is to be; of several holders each one's."""
    return {issuance.written_number(part) for part in subjects.of_each(subject) or ()}


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
