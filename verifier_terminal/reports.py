"""What a session gives whoever reports to the operator: rows that are due, signed; what became of them; renewals.

Guaranteed: each step takes the terminal's lock for one short transaction and never while something is fetched. A row is
signed when it is sent, with the certificate that is good then. What became of it stands in the journal, heartbeats
apart. Not handled here: sending (`sync.uplink`) and when (`reporting`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from threading import RLock
from typing import Final

from protocol import renewal, terminal_row
from protocol.errors import ProtocolError
from protocol.keys import Signer
from protocol.terminal_row import TerminalRow
from protocol.unixtime import Seconds, UnixTime
from verifier_terminal.appraisal.context import ClockReading
from verifier_terminal.certification import Certification, Trouble
from verifier_terminal.events import ActsChanged
from verifier_terminal.store import outbox
from verifier_terminal.store.officers_acts import WAITS
from verifier_terminal.store.outbox import Outgoing
from verifier_terminal.store.store import Store
from verifier_terminal.sync import decisions
from verifier_terminal.sync.decisions import ActDecision

DECIDED: Final = "act_decided"
BATCH: Final = 8
"""Rows signed under one hold of the lock: a verdict waits two milliseconds at most."""
_RENEWABLE: Final = frozenset({None, Trouble.OVER})
_HEARD: Final = frozenset({None, Trouble.WITHDRAWN})
"""A withdrawn terminal is not listened to, and that it tries tells its operator that somebody has it switched on."""


@dataclass(frozen=True, slots=True)
class SignedRow:
    """One row, ready to be sent by the terminal of this name."""

    terminal: str
    row: Outgoing
    encoded: bytes


@dataclass(frozen=True, slots=True)
class WantedRenewal:
    """A request for the next certificate, ready to be sent by the terminal of this name."""

    terminal: str
    encoded: bytes


class Reports:
    """The reports of one terminal. Any thread may call it; `lock` is the terminal's."""

    def __init__(
        self,
        store: Store,
        *,
        lock: RLock,
        clock: Callable[[], ClockReading],
        certification: Callable[[], Certification],
        signer: Callable[[], Signer],
        tell: Callable[[ActsChanged], None],
    ) -> None:
        self._store, self._lock, self._tell = store, lock, tell
        self._clock, self._certification, self._signer = clock, certification, signer

    def put_heartbeat(self, body: bytes) -> None:
        """Puts the newest heartbeat in the place of one that waits. Raises: OutOfOrder."""
        with self._lock, self._store.writing():
            at = self._clock().at
            key = sha256(at.to_bytes(8, "big") + body).digest()
            self._store.outbox.put(outbox.HEARTBEAT, body, key=key, at=at)

    def due(self) -> tuple[SignedRow, ...]:
        """Rows to send now, officers' acts first; none without a good certificate, with which they wait.

        Raises:
            OutOfOrder: The database cannot be read.
            KeyUnusable: The terminal's key cannot be used.
        """
        with self._lock:
            standing, at = self._certification(), self._clock().at
            if standing.trouble not in _HEARD or standing.certificate is None or standing.encoded is None:
                return ()
            with self._store.reading():
                rows = self._store.outbox.due(at=at, limit=BATCH)
            signer, terminal = self._signer(), standing.certificate.terminal
            return tuple(
                SignedRow(
                    terminal,
                    each,
                    terminal_row.sign(
                        TerminalRow(each.kind, each.key, each.body, at), certificate=standing.encoded, signer=signer
                    ),
                )
                for each in rows
            )

    def taken(self, row: Outgoing) -> None:
        """The operator has it. Raises: OutOfOrder."""
        self._settle(row, {"event": "sent"})

    def refused(self, row: Outgoing, *, status: int, word: str) -> None:
        """The operator will never take it; it is given up, and that is written down. Raises: OutOfOrder."""
        self._settle(row, {"event": "send_refused", "status": status, "why": word})

    def undecided_acts(self) -> tuple[bytes, ...]:
        """Officers' acts of which the operator has decided nothing that is known here. Raises: OutOfOrder."""
        with self._lock, self._store.reading():
            since = UnixTime(max(0, self._clock().at - WAITS))
            return self._store.officers_acts.undecided(since=since, limit=decisions.MAX_ASKED)

    def decided(self, found: Iterable[ActDecision]) -> None:
        """Writes down what the operator decided, each decision once. Raises: OutOfOrder."""
        for each in found:
            with self._lock, self._store.writing():
                at = self._clock().at
                number = self._store.officers_acts.decide(each.act, each.decided)
                if number is None:
                    continue
                # Not the reason: who wrote it had the case before them, and the journal names nobody.
                word = "rejected" if each.decided.rejected else "confirmed"
                row = {"event": DECIDED, "check_number": number, "act": each.act.hex(), "decision": word}
                self._store.journal.append({**row, "decided_at": each.decided.at, "at": at}, at=at)
            self._tell(ActsChanged(number))

    def put_off(self, row: Outgoing, *, by: Seconds) -> None:
        """Not now, says the operator. Raises: OutOfOrder."""
        with self._lock, self._store.writing():
            self._store.outbox.put_off(row.key, until=UnixTime(self._clock().at + by))

    def hasten(self) -> None:
        """Makes everything due: at the start, since the clock may have been ahead. Raises: OutOfOrder."""
        with self._lock, self._store.writing():
            self._store.outbox.hasten(at=self._clock().at)

    def waiting(self) -> int:
        """How many rows wait besides the heartbeat. Raises: OutOfOrder."""
        with self._lock, self._store.reading():
            return sum(count for kind, count in self._store.outbox.waiting().items() if kind != outbox.HEARTBEAT)

    def wanted_renewal(self) -> WantedRenewal | None:
        """A request for the next certificate, from half of the last one's life on; None: it is too early, or hopeless.

        Raises:
            KeyUnusable: The terminal's key cannot be used.
        """
        with self._lock:
            standing, at = self._certification(), self._clock().at
            held = standing.certificate
            if standing.trouble not in _RENEWABLE or held is None or standing.encoded is None:
                return None
            if at < held.iat + (held.exp - held.iat) // 2:
                return None
            try:
                encoded = renewal.sign(certificate=standing.encoded, signer=self._signer(), at=at)
            except ProtocolError:
                return None
            return WantedRenewal(held.terminal, encoded)

    def _settle(self, row: Outgoing, payload: dict[str, object]) -> None:
        with self._lock, self._store.writing():
            at = self._clock().at
            if self._store.outbox.remove(row.key) and row.kind != outbox.HEARTBEAT:
                about = {"kind": row.kind, "key": row.key.hex(), "at": at}
                self._store.journal.append({**payload, **about}, at=at)
