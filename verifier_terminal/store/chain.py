"""Checking the journal's chain: finds that something was changed, says what and where.

Found: content edited, rows deleted, inserted or moved (also when the rest was renumbered), a row rewritten with hashes
of its own, content emptied without a record, rows cut off the end, an older or other copy put in the journal's place.
What the anchor can and cannot add is said in `anchor`.
"""

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from verifier_terminal.store import journal
from verifier_terminal.store.anchor import Head

_MAX_FINDINGS: Final = 50
_SEARCH_ROWS: Final = 20_000
"""How far from its place a row's old number is looked for."""


class Tampering(StrEnum):
    """What was done to the journal."""

    EDITED = "edited"
    REPLACED = "replaced"
    DELETED = "deleted"
    INSERTED = "inserted"
    MOVED = "moved"
    EMPTIED = "emptied"
    CUT_OFF = "cut off"
    OTHER_COPY = "other copy"
    NO_ANCHOR = "no anchor"


_KINDS: Final = frozenset(str(kind) for kind in Tampering)


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """One thing found, at this row or just before it."""

    tampering: Tampering
    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The result. Without findings the chain is intact up to `rows`, of which `anchored` stand in the anchor too."""

    rows: int
    erased: int
    anchored: int
    findings: tuple[ChainFinding, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    seq: int
    prev: bytes
    content_hash: bytes
    row_hash: bytes
    salt: bytes | None
    payload: bytes | None
    check_number: str | None
    about: str | None


def verify_chain(database: sqlite3.Connection, *, terminal_id: str, anchored: Head | None) -> ChainReport:
    """Walks the whole chain.

    Args:
        database: The journal's; read in one statement, so a row written meanwhile does no harm.
        terminal_id: Whose journal it should be.
        anchored: What the anchor says, read *before* calling.

    Raises:
        sqlite3.Error: The database cannot be read at all.
    """
    rows = [
        _Row(*row)
        for row in database.execute(
            "SELECT seq, prev, content_hash, row_hash, salt, payload, check_number, about FROM journal ORDER BY seq"
        )
    ]
    findings = [*_walk(rows, journal.genesis(terminal_id)), *_emptied(rows), *_recorded(rows)]
    there = next((row.row_hash for row in rows if anchored and row.seq == anchored.count), None)
    by_anchor = against_anchor(anchored, last=rows[-1].seq if rows else 0, row_hash_there=there)
    if by_anchor is not None:
        findings.append(by_anchor)
    return ChainReport(
        rows=len(rows),
        erased=sum(row.payload is None for row in rows),
        anchored=anchored.count if anchored else 0,
        findings=tuple(sorted(findings, key=lambda finding: finding.seq)[:_MAX_FINDINGS]),
    )


def _walk(rows: list[_Row], genesis: bytes) -> list[ChainFinding]:
    findings: list[ChainFinding] = []
    expected_seq, expected_prev, shift = 1, genesis, 0
    by_number = {row.seq: row for row in rows}
    for row in rows:
        if len(findings) >= _MAX_FINDINGS:
            break
        explained = False
        if row.seq != expected_seq:
            findings.append(_finding(Tampering.DELETED, expected_seq, f"rows {expected_seq} to {row.seq - 1} are gone"))
            explained = True
        if _content_differs(row):
            findings.append(_finding(Tampering.EDITED, row.seq, "its content is not what was hashed"))
        number = _number_hashed(row, expected=row.seq + shift)
        if number is None:
            findings.append(_finding(Tampering.EDITED, row.seq, "its hashes do not belong together"))
            explained = True
        elif number - row.seq != shift:
            shift = number - row.seq
            if shift:
                findings.append(_moved(row, number, by_number))
            explained = True
        if row.prev != expected_prev and not explained:
            findings.append(
                _finding(Tampering.REPLACED, row.seq - 1, f"row {row.seq} was written after another row than this")
            )
        expected_seq, expected_prev = row.seq + 1, row.row_hash
    return findings


def _content_differs(row: _Row) -> bool:
    if row.payload is None or row.salt is None:
        return False
    if journal.content_hash(row.salt, row.payload) != row.content_hash:
        return True
    content = journal.decode(row.payload) or {}
    named = content.get("check_number")
    return row.about != named or row.check_number not in (None, named)


def _number_hashed(row: _Row, *, expected: int) -> int | None:
    """The number under which this row was hashed: its own, or the one it had before somebody renumbered it.

    `expected` is tried first: behind an insertion or deletion every row is off by the same.
    """
    nearby = (row.seq + sign * step for step in range(1, _SEARCH_ROWS) for sign in (1, -1))
    candidates = itertools.chain((row.seq, expected), nearby)
    hashed_as = (n for n in candidates if n > 0 and journal.row_hash(row.prev, n, row.content_hash) == row.row_hash)
    return next(hashed_as, None)


def _moved(row: _Row, number: int, by_number: dict[int, _Row]) -> ChainFinding:
    other = by_number.get(number)
    if other is not None and _number_hashed(other, expected=row.seq) == row.seq:
        return _finding(Tampering.MOVED, row.seq, f"rows {row.seq} and {number} changed places")
    if number < row.seq:
        return _finding(Tampering.INSERTED, row.seq - 1, f"this was row {number}: something was put in before it")
    return _finding(Tampering.DELETED, row.seq, f"this was row {number}: something was taken out before it")


def _emptied(rows: list[_Row]) -> list[ChainFinding]:
    """Rows without content that no erasure row names."""
    recorded: set[int] = set()
    for row in rows:
        content = journal.decode(row.payload) or {}
        if content.get("event") == "erasure":
            recorded.update(_said_erased(content.get("rows"), before=row.seq))
    return [
        _finding(Tampering.EMPTIED, row.seq, "its content is gone and no row says that its time was over")
        for row in rows
        if (row.payload is None or row.salt is None) and row.seq not in recorded
    ]


def _said_erased(ranges: object, *, before: int) -> Iterator[int]:
    """The rows that an erasure row names. It may have been edited: what has not its form names none."""
    for each in ranges if isinstance(ranges, list) else ():
        match each:
            case [int() as first, int() as last]:
                yield from range(max(1, first), min(last, before) + 1)
            case _:
                continue


def against_anchor(anchored: Head | None, *, last: int, row_hash_there: bytes | None) -> ChainFinding | None:
    """What the anchor has to say about a journal.

    Args:
        anchored: What the anchor says.
        last: The number of the journal's last row.
        row_hash_there: The row hash of the row that the anchor names; None when there is no such row.
    """
    if anchored is None:
        return _finding(Tampering.NO_ANCHOR, last, "the anchor file is gone or unreadable") if last else None
    if last < anchored.count:
        text = f"the anchor has seen {anchored.count} rows: the end was cut off, or an older copy was put back"
        return _finding(Tampering.CUT_OFF, last + 1, text)
    if anchored.count and row_hash_there != anchored.row_hash:
        text = f"row {anchored.count} is not the one that the anchor has seen: another copy, or rewritten"
        return _finding(Tampering.OTHER_COPY, anchored.count, text)
    return None


def _recorded(rows: list[_Row]) -> list[ChainFinding]:
    """What was found when the terminal was started earlier, and is on the chain since."""
    findings = []
    for row in rows:
        content = journal.decode(row.payload) or {}
        if content.get("event") != "tampering":
            continue
        match content:
            case {"kind": str() as kind, "from_row": int() as seq, "text": str() as text} if kind in _KINDS:
                text = f"{text} (found and recorded in row {row.seq})"
                findings.append(_finding(Tampering(kind), seq, text))
            case _:
                findings.append(_finding(Tampering.EDITED, row.seq, "what was found earlier cannot be read any more"))
    return findings


def _finding(tampering: Tampering, seq: int, text: str) -> ChainFinding:
    return ChainFinding(tampering, seq, text)
