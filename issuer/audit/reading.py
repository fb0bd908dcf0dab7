"""Reads the trail: lists it, and verifies that nothing in it was changed, removed or put in.

1 places follow one another · 2 each has its act · 3 the acts' numbers rise with the places · 4 each hash is that of its
act behind the hash before: where one is not, the next is judged from what is kept, so that each finding names its own
act · 5 no act lies unsealed among sealed ones · 6 what was noted down elsewhere (anchors) is still there. Whoever can
rewrite the whole chain is found by an anchor alone: it has to be kept where the database's owner cannot write.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, or_, select

from issuer.audit.chaining import FIRST, next_hash
from issuer.audit.errors import AnchorUnreadable, AuditBroken
from issuer.audit.schema import audit_act, audit_seal
from issuer.audit.sealing import seal
from issuer.database import Database
from protocol.unixtime import UnixTime

MAX_LISTED: Final = 1_000
_PAGE: Final = 5_000
_MAX_SEARCH_CHARACTERS: Final = 100
_ANCHOR: Final = re.compile(r"(0|[1-9][0-9]{0,9}):([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Head:
    """The last place of the chain; as a text it is an anchor. Position 0: nothing was done yet."""

    position: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"


@dataclass(frozen=True, slots=True)
class SealedAct:
    """One act with its place in the chain and its hash."""

    position: int
    at: UnixTime
    actor: str
    act: str
    kind: str
    id: str
    reason: str
    details_sha256: bytes
    hash: bytes


def anchor(text: str) -> Head:
    """The head that this text notes down. Raises: AnchorUnreadable."""
    found = _ANCHOR.fullmatch(text.strip())
    if found is None:
        raise AnchorUnreadable("this is no head of an audit trail")
    return Head(int(found[1]), bytes.fromhex(found[2]))


class Trail:
    """The audit trail of one authority. Reading seals first, so that what was done a moment ago is in it."""

    def __init__(self, register: Database) -> None:
        self._register = register

    def seal(self) -> None:
        """Give what was done since the last time its places. Raises: RegisterUnavailable."""
        seal(self._register)

    def head(self) -> Head:
        """The end of the chain, to be noted down elsewhere. Raises: RegisterUnavailable."""
        self.seal()
        with self._register.reading() as connection:
            return _head(connection)

    def listed(self, *, search: str = "", limit: int = MAX_LISTED) -> tuple[SealedAct, ...]:
        """Acts, the newest first, whose words, actor, object or reason contain the text."""
        if len(search) > _MAX_SEARCH_CHARACTERS or not search.isprintable():
            return ()
        self.seal()
        statement = _acts().order_by(audit_seal.c.position.desc()).limit(min(limit, MAX_LISTED))
        with self._register.reading() as connection:
            return tuple(_sealed(row) for row in connection.execute(_searched(statement, search)))

    def everything(self, *, search: str = "") -> Iterator[SealedAct]:
        """Acts in the order of the chain, page by page. Raises: RegisterUnavailable."""
        self.seal()
        after = 0
        while True:
            with self._register.reading() as connection:
                statement = _acts().where(audit_seal.c.position > after).order_by(audit_seal.c.position).limit(_PAGE)
                page = connection.execute(_searched(statement, search)).all()
            yield from (_sealed(row) for row in page)
            if len(page) < _PAGE:
                return
            after = page[-1].position

    def verify(self, *, anchors: Sequence[Head] = ()) -> Head:
        """The end of the chain, if all of it holds.

        Raises:
            AuditBroken: It does not; every finding is named.
            RegisterUnavailable: It cannot be read.
        """
        self.seal()
        with self._register.reading() as connection:
            findings, known = _walk(connection, {each.position for each in anchors})
            head = _head(connection)
        for each in anchors:
            if each.position > head.position:
                findings.append(f"it ends at {head.position}, and was at {each.position} already: its end was removed")
            elif known.get(each.position) != each.hash:
                findings.append(f"at {each.position} it is not what was noted down: it was rewritten at or before that")
        if findings:
            raise AuditBroken(findings)
        return head


def _walk(connection: Connection, noted: set[int]) -> tuple[list[str], dict[int, bytes]]:
    findings: list[str] = []
    known = {0: FIRST}
    before, position, newest = FIRST, 0, 0
    number = audit_seal.c.act.label("number")
    both = audit_seal.outerjoin(audit_act, audit_seal.c.act == audit_act.c.id)
    statement = select(audit_seal.c.position, audit_seal.c.hash, number, *audit_act.c).select_from(both)
    rows = connection.execution_options(yield_per=_PAGE).execute(statement.order_by(audit_seal.c.position))
    for row in rows:
        # 1
        if row.position != position + 1:
            findings.append(f"places {position + 1} to {row.position - 1} are missing")
            # What was there cannot be known; the chain goes on from what is kept.
        follows = row.position == position + 1
        # 2, 3, 4
        if row.id is None:
            findings.append(f"the act at {row.position} was removed")
        elif row.number <= newest:
            findings.append(f"the act at {row.position} was moved")
        elif follows and next_hash(before, row.position, row) != row.hash:
            findings.append(f"the act at {row.position} was changed")
        before, position, newest = row.hash, row.position, max(newest, row.number)
        if position in noted:
            known[position] = row.hash
    # 5
    unsealed = select(audit_act.c.id).where(audit_act.c.id < newest, audit_act.c.id.not_in(select(audit_seal.c.act)))
    findings += [f"act number {number} was put in" for number in connection.execute(unsealed.limit(100)).scalars()]
    return findings, known


def _head(connection: Connection) -> Head:
    last = connection.execute(select(audit_seal).order_by(audit_seal.c.position.desc()).limit(1)).one_or_none()
    return Head(0, FIRST) if last is None else Head(last.position, last.hash)


def _acts() -> Select[Any]:
    return select(audit_seal.c.position, audit_seal.c.hash, audit_act).join_from(audit_seal, audit_act)


def _searched(statement: Select[Any], search: str) -> Select[Any]:
    if not search:
        return statement
    columns = (audit_act.c.act, audit_act.c.actor, audit_act.c.object_kind, audit_act.c.object_id, audit_act.c.reason)
    return statement.where(or_(*(column.contains(search, autoescape=True) for column in columns)))


def _sealed(row: Row[Any]) -> SealedAct:
    return SealedAct(
        row.position,
        UnixTime(row.at),
        row.actor,
        row.act,
        row.object_kind,
        row.object_id,
        row.reason,
        row.details_sha256,
        row.hash,
    )
