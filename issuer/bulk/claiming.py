"""Which rows are new: two rows that name one licence become one, whoever brings them and however many at once.

A row claims its key (`checking.Accepted.key`) by inserting it, within the transaction that records its licence or names
it as about to be signed. On PostgreSQL whoever brings the same key at the same time waits for that transaction.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String

from issuer import issuance
from issuer.bulk import copying
from issuer.bulk.checking import Accepted, of_subject
from issuer.bulk.schema import imported_licence
from issuer.register_schema import licence
from protocol.status_list import Status

_FINAL: Final = [int(status) for status in Status if status.is_final]
_PARAMETERS: Final = 500
_NEW_OF_MANY: Final = text(
    "INSERT INTO imported_licence (key, licence_id, content) SELECT * FROM "
    "unnest(CAST(:keys AS bytea[]), CAST(:licences AS varchar[]), CAST(:contents AS bytea[])) "
    "ON CONFLICT DO NOTHING RETURNING key"
)


def claim(connection: Connection, accepted: Sequence[Accepted], ids: Mapping[int, str], vct: int) -> Sequence[Accepted]:
    """The rows whose licence is nowhere in the register; from now on it is theirs, under the id for their number."""
    held = held_elsewhere(connection, accepted, vct)
    # Of two rows of one block that say the same, the first counts.
    mine = {each.key: each for each in reversed(accepted) if each.key not in held}
    new = _new(connection, mine, ids)
    again = [key for key in mine if key not in new]
    if again and _released(connection, again):
        new |= _new(connection, {key: mine[key] for key in again}, ids)
    return [each for each in accepted if each.key in new and mine[each.key] is each]


def release(connection: Connection, keys: Sequence[bytes]) -> None:
    """Give keys back whose rows became nothing."""
    for batch in copying.chunks(keys, _PARAMETERS):
        connection.execute(delete(imported_licence).where(imported_licence.c.key.in_(batch)))


def held_elsewhere(connection: Connection, accepted: Sequence[Accepted], vct: int) -> set[bytes]:
    """The keys of the licences in force that the holders of these rows have, whatever way they came in."""
    holders = sorted({issuance.holder_number(each.checked) for each in accepted} - {""})
    # One parameter however many there are: the statement is made ready once.
    if copying.is_postgresql(connection):
        among: Any = licence.c.holder_number == func.any(bindparam("holders", holders, ARRAY(String)))
    else:
        listed = func.json_each(json.dumps(holders)).table_valued("value")
        among = licence.c.holder_number.in_(select(listed.c.value))
    statement = select(licence.c.subject).where(among, licence.c.vct == vct, licence.c.status.not_in(_FINAL))
    return {of_subject(vct, json.loads(subject)) for subject in connection.execute(statement).scalars()}


def _new(connection: Connection, mine: Mapping[bytes, Accepted], ids: Mapping[int, str]) -> set[bytes]:
    """Insert these keys, but for those that are there, and return which were not."""
    # In order, so that no two workers wait crosswise for each other's keys.
    keys = sorted(mine)
    licences, contents = [ids[mine[key].row] for key in keys], [mine[key].content for key in keys]
    if copying.is_postgresql(connection):
        found = connection.execute(_NEW_OF_MANY, {"keys": keys, "licences": licences, "contents": contents})
        return set(found.scalars())
    # The transaction holds the only write lock.
    there: set[bytes] = set()
    for batch in copying.chunks(keys, _PARAMETERS):
        statement = select(imported_licence.c.key).where(imported_licence.c.key.in_(batch))
        there.update(connection.execute(statement).scalars())
    rows = [row for row in zip(keys, licences, contents, strict=True) if row[0] not in there]
    copying.add(connection, imported_licence, ("key", "licence_id", "content"), rows)
    return {row[0] for row in rows}


def _released(connection: Connection, keys: Sequence[bytes]) -> bool:
    """Whether keys came free: whoever's licence has ended may get another one under the same numbers."""
    count = 0
    for batch in copying.chunks(keys, _PARAMETERS):
        ended = (
            select(imported_licence.c.key)
            .join(licence, licence.c.id == imported_licence.c.licence_id)
            .where(imported_licence.c.key.in_(batch), licence.c.status.in_(_FINAL))
        )
        count += connection.execute(delete(imported_licence).where(imported_licence.c.key.in_(ended))).rowcount
    return count > 0
