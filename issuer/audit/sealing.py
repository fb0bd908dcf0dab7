"""Seals acts: gives each its place in the one chain, without anybody who issues having to wait for it (ADR 0033).

1 in a moment in which nothing else writes, the highest number of an act is read: every act up to it is committed then,
for numbers are taken within a transaction that the register's lock has waited for · 2 acts up to it get their places in
the order of their numbers, page by page, beside whatever is added meanwhile. Of two that seal at once, one fails at a
place that is taken, and goes on behind it.
"""

from typing import Any, Final

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.exc import IntegrityError

from issuer.audit.chaining import FIRST, next_hash
from issuer.audit.schema import audit_act, audit_seal
from issuer.database import Database

_PAGE: Final = 2_000


def seal(register: Database) -> None:
    """Seal every act that is committed by now. Raises: RegisterUnavailable."""
    with register.reading() as connection:
        if _newest_act(connection) <= _last(connection)[2]:
            return
    # 1
    with register.writing() as connection:
        horizon = _newest_act(connection)
    # 2
    while True:
        with register.adding() as connection:
            position, before, act = _last(connection)
            wanted = select(audit_act).where(audit_act.c.id > act, audit_act.c.id <= horizon)
            rows = connection.execute(wanted.order_by(audit_act.c.id).limit(_PAGE)).all()
            if not rows:
                return
            _write(connection, rows, position, before)


def _write(connection: Connection, rows: Any, position: int, before: bytes) -> None:
    seals = []
    for row in rows:
        position += 1
        before = next_hash(before, position, row)
        seals.append({"position": position, "act": row.id, "hash": before})
    try:
        with connection.begin_nested():
            connection.execute(insert(audit_seal), seals)
    except IntegrityError:
        # Somebody else has sealed some of these meanwhile: the next round begins behind that.
        return


def _newest_act(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.max(audit_act.c.id), 0))).scalar_one())


def _last(connection: Connection) -> tuple[int, bytes, int]:
    """The last place that is taken, its hash, and its act's number."""
    last: Row[Any] | None = connection.execute(
        select(audit_seal).order_by(audit_seal.c.position.desc()).limit(1)
    ).one_or_none()
    return (0, FIRST, 0) if last is None else (last.position, last.hash, last.act)
