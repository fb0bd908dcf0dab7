"""The journal: append-only, hash-chained rows of what was said, without anything about the holder.

Row hash = H(prev ‖ seq ‖ H(salt16 ‖ payload)) with SHA-256: retention erases salt and payload and keeps the hashes, so
the chain outlives the content. Voids, re-checks and erasures are new rows; nothing is ever changed. A payload is
deterministic JSON and never holds attribute values, holder key, sub or status index; the callers build it, and
`verdict_payload` is the only one that sees a verdict. Not handled here: transactions (the session's) and finding
tampering (`chain`).
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from protocol.unixtime import DAY, UnixTime
from verifier_terminal.appraisal.verdict import Licence, Verdict
from verifier_terminal.store.anchor import Head

SALT_BYTES: Final = 16
DEFAULT_RETENTION_DAYS: Final = 30
"""For rows to which no policy row says anything: refusals of unknown kinds, voids, readings of the journal."""

Payload = Mapping[str, Any]

_UNREADABLE: Final[Payload] = {"event": "unreadable"}


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One row as a reader sees it; `payload` is None once its retention time is over."""

    seq: int
    payload: Payload | None


def content_hash(salt: bytes, payload: bytes) -> bytes:
    """H(salt ‖ payload)."""
    return sha256(salt + payload).digest()


def row_hash(prev: bytes, seq: int, content: bytes) -> bytes:
    """H(prev ‖ seq ‖ content hash); seq as 8 bytes, big-endian."""
    return sha256(prev + seq.to_bytes(8) + content).digest()


def genesis(terminal_id: str) -> bytes:
    """What stands before the first row: the journal of one terminal is never another's."""
    return sha256(b"liangzheng journal\0" + terminal_id.encode()).digest()


def encode(payload: Payload) -> bytes:
    """Deterministic JSON: sorted keys, no spaces, ASCII."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def verdict_payload(
    verdict: Verdict, *, source: str, foreign: str | None, unknown_digest: str | None, basis: Payload | None
) -> Payload:
    """What is written down about a verdict.

    Args:
        verdict: Its claims are reduced to the names of the items; its replay key and status reference stay out.
        source: Name of the device that read the code.
        foreign: What a foreign code was recognised as.
        unknown_digest: HMAC of the text under the key of the day, for a code of which nothing could be established.
        basis: What it rested on (`basis`).
    """
    licence, answered = verdict.licence, verdict.answered
    return {
        "event": "verdict",
        "check_number": verdict.check_number,
        "at": verdict.at,
        "class": str(verdict.verdict_class),
        "proceed": str(verdict.proceed),
        "codes": [[str(finding.code), finding.tier.name.lower()] for finding in verdict.findings],
        "established": [str(fact) for fact in verdict.established],
        "not_established": [str(fact) for fact in verdict.not_established],
        "purpose": verdict.purpose.word,
        **_licence_payload(licence),
        "form": str(verdict.form),
        "sealed": verdict.sealed,
        "members": [_member_payload(each) for each in verdict.members] or None,
        "answered": None if answered is None else "short_code" if answered.digest is None else "challenge",
        "person_check": verdict.person_check,
        "recheck": verdict.recheck,
        "status_grade": verdict.status_grade.name.lower(),
        "ages": {
            "trust": verdict.ages.trust,
            "status": verdict.ages.status,
            "policy": verdict.ages.policy,
            "clock": verdict.ages.clock,
        },
        "skew": verdict.skew,
        "earlier_use": _earlier_uses(verdict) or None,
        "basis": basis,
        "source": source,
        "foreign": foreign,
        "unknown_digest": unknown_digest,
    }


def _earlier_uses(verdict: Verdict) -> list[Payload]:
    """For each licence that was used before: whether at this terminal, and how long ago."""
    uses = [each.earlier_use for each in verdict.members or (verdict,)]
    return [{"here": use.here, "age": max(0, verdict.at - use.at)} for use in uses if use is not None]


def _licence_payload(licence: Licence | None) -> Payload:
    """Kind, place and names of items; of a mandate how far it is from the licence, and not whose it is."""
    return {
        "kind": licence.slug if licence else None,
        "region": licence.region if licence else None,
        "items": sorted(licence.claims) if licence and licence.claims is not None else None,
        "hidden_items": licence.hidden_items if licence else None,
        "mandate": licence.mandate.level if licence and licence.mandate else None,
    }


def _member_payload(verdict: Verdict) -> Payload:
    """One licence of a bundle: what differs from the other ones of the act."""
    return {
        "class": str(verdict.verdict_class),
        "proceed": str(verdict.proceed),
        "codes": [[str(finding.code), finding.tier.name.lower()] for finding in verdict.findings],
        "established": [str(fact) for fact in verdict.established],
        "recheck": verdict.recheck,
        "status_grade": verdict.status_grade.name.lower(),
        "status_age": verdict.ages.status,
        **_licence_payload(verdict.licence),
    }


class Journal:
    """The rows of one terminal. Every method is called by one thread at a time; writing ones inside a transaction."""

    def __init__(self, database: sqlite3.Connection, *, terminal_id: str, random_bytes: Callable[[int], bytes]) -> None:
        self._database = database
        self._genesis = genesis(terminal_id)
        self._random_bytes = random_bytes
        self.stamp: Callable[[Payload], Payload] = _as_it_is
        """Adds to a row what its writer need not know: who is on duty, and for which case."""

    def head(self) -> Head:
        """The newest row, read from the database: another process may have written since."""
        row = self._database.execute("SELECT seq, row_hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(0, self._genesis) if row is None else Head(row[0], row[1])

    def row_hash_of(self, seq: int) -> bytes | None:
        """The row hash of one row; None when there is no such row."""
        row = self._database.execute("SELECT row_hash FROM journal WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else row[0]

    def append(
        self, payload: Payload, *, at: UnixTime, retention_days: int = DEFAULT_RETENTION_DAYS, new_check: bool = False
    ) -> Head:
        """Adds a row and returns the new head.

        Args:
            payload: What is to be said.
            at: When; the retention time starts here.
            retention_days: For how long the content is kept.
            new_check: The row's check number is its own and must not have been used before; other rows only name one.

        Raises:
            sqlite3.Error: The row was not written.
        """
        last = self.head()
        seq = last.count + 1
        salt = self._random_bytes(SALT_BYTES)
        encoded = encode(self.stamp(payload))
        content = content_hash(salt, encoded)
        head = Head(seq, row_hash(last.row_hash, seq, content))
        self._database.execute(
            "INSERT INTO journal (seq, prev, content_hash, row_hash, salt, payload, check_number, about,"
            " erase_after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                last.row_hash,
                content,
                head.row_hash,
                salt,
                encoded,
                payload["check_number"] if new_check else None,
                payload.get("check_number"),
                at + retention_days * DAY,
            ),
        )
        return head

    def number_is_free(self, check_number: str) -> bool:
        """Whether no check that is still in the journal has this number."""
        return (
            self._database.execute("SELECT 1 FROM journal WHERE check_number = ?", (check_number,)).fetchone() is None
        )

    def rows(
        self, *, search: str = "", event: str | None = None, before: int | None = None, limit: int
    ) -> tuple[JournalRow, ...]:
        """The newest rows first; `search` is a part of the content, `event` the kind, `before` a row's number."""
        marker = "" if event is None else f'"event":"{event}"'
        found = self._database.execute(
            "SELECT seq, salt, payload, content_hash FROM journal"
            " WHERE (:part = '' OR instr(lower(CAST(payload AS TEXT)), lower(:part)) > 0)"
            " AND (:marker = '' OR instr(CAST(payload AS TEXT), :marker) > 0)"
            " AND (:before IS NULL OR seq < :before)"
            " ORDER BY seq DESC LIMIT :limit",
            # As the content is written: a search for 误扫 finds it, and half a character finds nothing.
            {
                "part": json.dumps(search)[1:-1].replace('\\"', '"'),
                "marker": marker,
                "before": before,
                "limit": limit,
            },
        )
        return tuple(_row(*each) for each in found)

    def about(self, check_number: str) -> tuple[JournalRow, ...]:
        """Every row that names this check, the oldest first."""
        rows = self._database.execute(
            "SELECT seq, salt, payload, content_hash FROM journal WHERE about = ? ORDER BY seq", (check_number,)
        )
        return tuple(_row(*each) for each in rows)

    def check_numbers(self, *, since: UnixTime, until: UnixTime) -> tuple[str, ...]:
        """The checks of these moments that can still be read, the oldest first; `until` is no more among them."""
        rows = self._database.execute(
            "SELECT check_number, seq, salt, payload, content_hash FROM journal"
            " WHERE check_number IS NOT NULL ORDER BY seq"
        )
        found = ((number, _row(*each).payload) for number, *each in rows)
        return tuple(
            number
            for number, content in found
            if content is not None and isinstance(content.get("at"), int) and since <= content["at"] < until
        )

    def erase_expired(self, *, at: UnixTime) -> Head | None:
        """Erases the content whose retention time is over, and says so in a new row; None when there was none.

        The row names the numbers of the erased rows: content that is missing and not named was removed by somebody.
        """
        due = [
            seq
            for (seq,) in self._database.execute(
                "SELECT seq FROM journal WHERE payload IS NOT NULL AND erase_after <= ? ORDER BY seq", (at,)
            )
        ]
        # Rows that say what was erased or tampered with stay: proofs rest on them, and they name nobody.
        due = [seq for seq in due if not self._is_proof(seq)]
        if not due:
            return None
        self._database.executemany(
            "UPDATE journal SET salt = NULL, payload = NULL, check_number = NULL, about = NULL WHERE seq = ?",
            [(seq,) for seq in due],
        )
        return self.append({"event": "erasure", "at": at, "rows": _ranges(due)}, at=at)

    def _is_proof(self, seq: int) -> bool:
        (payload,) = self._database.execute("SELECT payload FROM journal WHERE seq = ?", (seq,)).fetchone()
        decoded = decode(payload)
        return decoded is not None and decoded.get("event") in ("erasure", "tampering")


def _as_it_is(payload: Payload) -> Payload:
    return payload


def _row(seq: int, salt: bytes | None, payload: bytes | None, hashed: bytes) -> JournalRow:
    """What a reader gets: content that is not what was hashed is shown to nobody as if it had been said."""
    if salt is not None and payload is not None and content_hash(salt, payload) != hashed:
        return JournalRow(seq, _UNREADABLE)
    return JournalRow(seq, decode(payload))


def decode(payload: bytes | None) -> Payload | None:
    """The content of a row; None where it was erased, an `unreadable` event where somebody broke it."""
    if payload is None:
        return None
    try:
        decoded = json.loads(payload)
    except (ValueError, RecursionError):
        # Somebody edited it; reading goes on and `chain` says where.
        return _UNREADABLE
    return decoded if isinstance(decoded, dict) and "event" in decoded else _UNREADABLE


def _ranges(numbers: list[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges
