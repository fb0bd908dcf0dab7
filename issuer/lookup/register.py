"""Looks licences up in the register: each way uses an index, so that ten million of them answer within a millisecond.

A number is that of the holder (citizen's number, unified social credit code), of the licence, or its identifier of GB/T
36904. Guaranteed: nothing here walks over all licences; what only a part in the middle of a name would find is looked
for among the newest `SCANNED`.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, and_, insert, or_, select, union

from issuer.lookup.schema import licence_number
from issuer.register_schema import licence

SCANNED: Final = 20_000
"""So many of the newest licences are looked through for a part in the middle: some hundredths of a second."""
_NUMBERS: Final = ("citizen_id", "uscc", "licence_no", "identifier")
"""Items whose value names a licence or its holder; the catalogue gives each of them one name in every kind."""
_LAST: Final = "\U0010ffff"


def numbers_of(subject: Mapping[str, Any], holder_number: str) -> set[str]:
    """The numbers of a licence besides the one that `licence` has."""
    named = (subject.get(name) for name in _NUMBERS)
    return {number for number in named if isinstance(number, str)} - {holder_number}


def add(connection: Connection, licence_id: str, subject: Mapping[str, Any], holder_number: str) -> None:
    """Make a new licence findable, within the transaction that records it."""
    numbers = numbers_of(subject, holder_number)
    if numbers:
        connection.execute(
            insert(licence_number), [{"number": number, "licence_id": licence_id} for number in sorted(numbers)]
        )


def by_number(number: str) -> ColumnElement[bool]:
    """Licences that have exactly this number, or whose holder has it."""
    own = select(licence_number.c.licence_id).where(licence_number.c.number == number)
    of_holder = select(licence.c.id).where(licence.c.holder_number == number)
    # One question to each index: an OR over two tables would walk over all licences.
    return licence.c.id.in_(union(own, of_holder))


def beginning_with(connection: Connection, text: str) -> ColumnElement[bool]:
    """Licences whose id, number, or holder's name or number begins with this text."""
    numbers = select(licence_number.c.licence_id).where(_begins(connection, licence_number.c.number, text))
    columns = (licence.c.id, licence.c.holder_number, licence.c.holder_name)
    by_column = (select(licence.c.id).where(_begins(connection, column, text)) for column in columns)
    return licence.c.id.in_(union(numbers, *by_column))


def containing(text: str) -> ColumnElement[bool]:
    """Of the newest licences, those whose id, holder or holder's number contains this text."""
    newest = (
        select(licence.c.id, licence.c.holder_name, licence.c.holder_number)
        .order_by(licence.c.recorded_at.desc(), licence.c.id)
        .limit(SCANNED)
        .subquery()
    )
    columns = (newest.c.id, newest.c.holder_name, newest.c.holder_number)
    return licence.c.id.in_(select(newest.c.id).where(or_(*(each.contains(text, autoescape=True) for each in columns))))


def _begins(connection: Connection, column: Column[str], text: str) -> ColumnElement[bool]:
    if connection.dialect.name == "postgresql":
        # The index has the operators of patterns: what a plain comparison means depends on the database's language.
        return column.startswith(text, autoescape=True)
    # SQLite's LIKE takes a for A, and so no index.
    return and_(column >= text, column < text + _LAST)
