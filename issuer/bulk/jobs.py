"""The imports of a register: begun, taken up block by block, finished or cancelled.

Guaranteed: a block belongs to one runner at a time, and only to the import's newest one (`runner` is a fencing token):
whoever was thought dead and is not finds out before it writes. On PostgreSQL workers pass over blocks that another one
is just taking (SKIP LOCKED); SQLite has one writer at a time anyway.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update

from issuer.audit import trail
from issuer.bulk import row_problems
from issuer.bulk.errors import ImportOver, ImportTakenOver, ImportUnknown
from issuer.bulk.row_problems import RowProblem
from issuer.bulk.schema import bulk_block, bulk_import
from issuer.bulk.spool import Block
from issuer.register import Register
from protocol.unixtime import UnixTime


class State(IntEnum):
    """Of an import."""

    OPEN = 0
    DONE = 1
    CANCELLED = 2


class BlockState(IntEnum):
    """Of a block: nothing is recorded; what will be signed is; everything is."""

    WAITS = 0
    INTENDED = 1
    DONE = 2


@dataclass(frozen=True, slots=True)
class Import:
    """One import and how far it is. `recorded` licences are in the register, `issued` of them bound to a device.

    `repeated` rows were in the register or in the file before; `refused` ones have problems.
    """

    id: str
    kind: str
    name: str
    department: str | None
    sha256: bytes
    mapping: str
    headings: tuple[str, ...]
    rows: int
    state: State
    actor: str
    at: UnixTime
    ended_at: UnixTime | None
    done_rows: int
    recorded: int
    issued: int
    repeated: int
    refused: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A block that this runner is to finish; with what was intended, if somebody else got so far."""

    block: Block
    intent: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of a block."""

    recorded: int = 0
    issued: int = 0
    repeated: int = 0
    refused: int = 0


def begin(
    register: Register,
    import_id: str,
    *,
    kind: str,
    name: str,
    department: str | None,
    sha256: bytes,
    mapping: str,
    headings: Sequence[str],
    blocks: Sequence[Block],
    actor: str,
    at: UnixTime,
) -> None:
    """Record a new import with all its blocks. Raises: RegisterUnavailable."""
    rows = sum(block.rows for block in blocks)
    with register.adding() as connection:
        connection.execute(
            insert(bulk_import).values(
                id=import_id,
                kind=kind,
                name=name,
                department=department,
                sha256=sha256,
                mapping=mapping,
                headings=json.dumps(headings),
                rows=rows,
                state=int(State.OPEN),
                actor=actor,
                at=at,
            )
        )
        none = {"state": int(BlockState.WAITS), "recorded": 0, "issued": 0, "repeated": 0, "refused": 0}
        if blocks:
            connection.execute(
                insert(bulk_block),
                [
                    {
                        "import_id": import_id,
                        "number": block.number,
                        "offset": block.offset,
                        "length": block.length,
                        "rows": block.rows,
                        **none,
                    }
                    for block in blocks
                ],
            )
        trail.append(
            connection,
            "import-begin",
            "import",
            import_id,
            actor=actor,
            at=at,
            details={"kind": kind, "rows": rows, "sha256": sha256},
        )


def record_ended(
    register: Register,
    import_id: str,
    *,
    kind: str,
    name: str,
    rows: int,
    counts: Counts,
    problems: Sequence[RowProblem],
    actor: str,
    at: UnixTime,
) -> None:
    """Record an import that is over, as one block: a pull, whose rows are nowhere kept. Raises: RegisterUnavailable."""
    with register.adding() as connection:
        connection.execute(
            insert(bulk_import).values(
                id=import_id,
                kind=kind,
                name=name,
                sha256=b"",
                mapping="",
                headings="[]",
                rows=rows,
                state=int(State.DONE),
                actor=actor,
                at=at,
                ended_at=at,
            )
        )
        connection.execute(
            insert(bulk_block).values(
                import_id=import_id,
                number=0,
                offset=0,
                length=0,
                rows=rows,
                state=int(BlockState.DONE),
                recorded=counts.recorded,
                issued=counts.issued,
                repeated=counts.repeated,
                refused=counts.refused,
            )
        )
        row_problems.record(connection, import_id, 0, problems)


def found(register: Register, import_id: str) -> Import:
    """The import with this id. Raises: ImportUnknown, RegisterUnavailable."""
    with register.reading() as connection:
        row = connection.execute(_imports().where(bulk_import.c.id == import_id)).one_or_none()
    if row is None:
        raise ImportUnknown("there is no import with this id")
    return _import(row)


def open_of(register: Register, sha256: bytes, kind: str) -> Import | None:
    """The unfinished import of this file as this kind, if there is one."""
    statement = _imports().where(
        bulk_import.c.sha256 == sha256, bulk_import.c.kind == kind, bulk_import.c.state == int(State.OPEN)
    )
    with register.reading() as connection:
        row = connection.execute(statement).first()
    return None if row is None else _import(row)


def listed(register: Register, *, limit: int) -> tuple[Import, ...]:
    """Imports, the newest first."""
    statement = _imports().order_by(bulk_import.c.at.desc(), bulk_import.c.id).limit(limit)
    with register.reading() as connection:
        return tuple(_import(row) for row in connection.execute(statement))


def take_over(register: Register, import_id: str, runner: str) -> Import:
    """Make this runner the only one that may go on. Raises: ImportUnknown, ImportOver."""
    with register.adding() as connection:
        changed = connection.execute(
            update(bulk_import)
            .where(bulk_import.c.id == import_id, bulk_import.c.state == int(State.OPEN))
            .values(runner=runner)
        )
    taken = found(register, import_id)
    if changed.rowcount != 1:
        raise ImportOver(f"this import is {taken.state.name.lower()}")
    return taken


def take(register: Register, import_id: str, runner: str) -> Taken | None:
    """A block for this runner; None if there is none left. Raises: ImportTakenOver."""
    with register.adding() as connection:
        demand_runner(connection, import_id, runner)
        row = connection.execute(
            select(bulk_block)
            .where(
                bulk_block.c.import_id == import_id,
                bulk_block.c.state != int(BlockState.DONE),
                bulk_block.c.runner.is_distinct_from(runner),
            )
            .order_by(bulk_block.c.number)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        connection.execute(update(bulk_block).where(*_is(import_id, row.number)).values(runner=runner))
    return Taken(Block(row.number, row.offset, row.length, row.rows), row.intent)


def demand_runner(connection: Connection, import_id: str, runner: str) -> None:
    """Return if this runner may still write. Until the transaction ends nobody takes over. Raises: ImportTakenOver."""
    statement = select(bulk_import.c.runner, bulk_import.c.state).where(bulk_import.c.id == import_id)
    row = connection.execute(statement.with_for_update(read=True)).one()
    if row.runner != runner or row.state != int(State.OPEN):
        raise ImportTakenOver("somebody else goes on with this import, or it was cancelled")


def intend(connection: Connection, import_id: str, block: Block, intent: str, counts: Counts) -> None:
    """Record what is about to be signed for this block, and what is settled of it already."""
    _settle(connection, import_id, block, counts, state=BlockState.INTENDED, intent=intent)


def finish_block(connection: Connection, import_id: str, block: Block, counts: Counts) -> None:
    """Record that this block is wholly in the register. `counts` are added to those that it has."""
    _settle(connection, import_id, block, counts, state=BlockState.DONE, intent=None)


def finish(register: Register, import_id: str, *, at: UnixTime) -> bool:
    """Close the import if every block of it is done; whether it is."""
    with register.adding() as connection:
        waiting = connection.execute(
            select(func.count()).where(bulk_block.c.import_id == import_id, bulk_block.c.state != int(BlockState.DONE))
        ).scalar_one()
        if waiting:
            return False
        _end(connection, import_id, State.DONE, act="import-end", actor=None, at=at)
    return True


def cancel(register: Register, import_id: str, *, actor: str, at: UnixTime) -> None:
    """Let nobody go on with it; what is recorded stays. Raises: ImportUnknown, ImportOver."""
    found(register, import_id)
    with register.adding() as connection:
        if not _end(connection, import_id, State.CANCELLED, act="import-cancel", actor=actor, at=at):
            raise ImportOver("this import has ended already")


def _settle(
    connection: Connection, import_id: str, block: Block, counts: Counts, *, state: BlockState, intent: str | None
) -> None:
    connection.execute(
        update(bulk_block)
        .where(*_is(import_id, block.number))
        .values(
            state=int(state),
            intent=intent,
            recorded=bulk_block.c.recorded + counts.recorded,
            issued=bulk_block.c.issued + counts.issued,
            repeated=bulk_block.c.repeated + counts.repeated,
            refused=bulk_block.c.refused + counts.refused,
        )
    )


def _end(connection: Connection, import_id: str, state: State, *, act: str, actor: str | None, at: UnixTime) -> bool:
    changed = connection.execute(
        update(bulk_import)
        .where(bulk_import.c.id == import_id, bulk_import.c.state == int(State.OPEN))
        .values(state=int(state), ended_at=at, runner=None)
        .returning(bulk_import.c.actor)
    ).one_or_none()
    if changed is None:
        return False
    counts = connection.execute(
        select(*(func.coalesce(func.sum(column), 0) for column in _COUNTS)).where(bulk_block.c.import_id == import_id)
    ).one()
    details = {column.name: int(count) for column, count in zip(_COUNTS, counts, strict=True)}
    trail.append(connection, act, "import", import_id, actor=actor or changed.actor, at=at, details=details)
    return True


_COUNTS: Final = (bulk_block.c.recorded, bulk_block.c.issued, bulk_block.c.repeated, bulk_block.c.refused)


def _imports() -> Any:
    def total(column: Any, *conditions: Any) -> Any:
        return (
            select(func.coalesce(func.sum(column), 0))
            .where(bulk_block.c.import_id == bulk_import.c.id, *conditions)
            .scalar_subquery()
        )

    return select(
        bulk_import,
        total(bulk_block.c.rows, bulk_block.c.state == int(BlockState.DONE)).label("done_rows"),
        *(total(column).label(column.name) for column in _COUNTS),
    )


def _import(row: Row[Any]) -> Import:
    return Import(
        id=row.id,
        kind=row.kind,
        name=row.name,
        department=row.department,
        sha256=row.sha256,
        mapping=row.mapping,
        headings=tuple(json.loads(row.headings)),
        rows=row.rows,
        state=State(row.state),
        actor=row.actor,
        at=UnixTime(row.at),
        ended_at=None if row.ended_at is None else UnixTime(row.ended_at),
        done_rows=int(row.done_rows),
        recorded=int(row.recorded),
        issued=int(row.issued),
        repeated=int(row.repeated),
        refused=int(row.refused),
    )


def _is(import_id: str, number: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return bulk_block.c.import_id == import_id, bulk_block.c.number == number
