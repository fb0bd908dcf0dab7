"""Signing on, off and over at one terminal, and what every row of the journal says about it.

    key file + passphrase → guess counted → key open → certificate good here and now → row durable → on duty

Guaranteed: whoever is on duty signed on by a row that is durable; a guess is counted durably before it is made; rows
that people answer for carry the staff number (`by`), and a check the queue number (`case`), whoever writes them; who is
idle for too long or whose certificate ended or was withdrawn is signed off by a row of its own. Not handled here:
pages, and the machine's owner, who may write every file and so needs no passphrase.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Final

from protocol.keys import Signer
from protocol.unixtime import UnixTime
from verifier_terminal.appraisal.context import Knowledge
from verifier_terminal.appraisal.verdict import VerdictClass
from verifier_terminal.errors import OutOfOrder
from verifier_terminal.events import Publisher, StaffChanged
from verifier_terminal.setting_errors import TooManyGuesses
from verifier_terminal.staff import case as cases
from verifier_terminal.staff import summary
from verifier_terminal.staff.checking import Place
from verifier_terminal.staff.errors import (
    AlreadyOnDuty,
    NobodyOnDuty,
    SummaryChanged,
)
from verifier_terminal.staff.files import StaffFiles
from verifier_terminal.staff.on_duty import OnDuty, StaffMember
from verifier_terminal.staff.roster import Roster, require_good
from verifier_terminal.staff.summary import Summary
from verifier_terminal.store.journal import Payload
from verifier_terminal.store.store import Store

ANSWERED_FOR: Final = frozenset(
    {
        *("verdict", "person_check", "void", "acknowledged", "receipt", "role", "joined", "values_on_file"),
        *("officers_act", "problem_report", "refusal_slip"),
    }
)
"""Rows of what a person did; what the terminal does by itself nobody answers for."""


class Shift:
    """The shift of one terminal. May be called by any thread."""

    def __init__(
        self,
        files: StaffFiles | None,
        *,
        store: Store,
        lock: AbstractContextManager[object],
        publisher: Publisher,
        append: Callable[[Payload], None],
        now: Callable[[], UnixTime],
        elapsed_seconds: Callable[[], float],
        knowledge: Callable[[], Knowledge | None],
        place: Callable[[], Place],
        attended: bool,
        demanded: Callable[[], bool],
    ) -> None:
        """Nobody is on duty yet.

        Args:
            files: Where key files lie, and how staff sign on; None: nobody can, and nobody has to.
            store: The terminal's.
            lock: The session's: it holds this whenever it writes.
            publisher: Whom changes are told to.
            append: Writes one row durably. Raises: OutOfOrder.
            now: The terminal's trusted time.
            elapsed_seconds: A clock that only counts.
            knowledge: What is held.
            place: What a certificate has to fit.
            attended: Whether anybody works here; elsewhere nobody is asked to sign on.
            demanded: Whether a supervisor demands it, whatever the settings of sign-on say.
        """
        self.roster = Roster(files, append=append, now=now, knowledge=knowledge, place=place)
        self.settings = settings = self.roster.settings
        self._store, self._lock, self._publisher, self._append = store, lock, publisher, append
        self._now, self._knowledge = now, knowledge
        self._looked_at: Knowledge | None = None
        self._attended, self._demanded = attended, demanded
        self.on_duty = OnDuty(now=now, elapsed_seconds=elapsed_seconds, idle_limit=settings.idle_limit)
        # One guess at a time: what it costs is meant to be paid one after another.
        self._guessing = threading.Lock()
        self.case = ""
        store.journal.stamp = self.stamped

    @property
    def required(self) -> bool:
        """Whether nothing is read before somebody has signed on."""
        return self._attended and (self.settings.required or self._demanded())

    def current(self) -> StaffMember | None:
        """The person on duty; None: nobody, or not any more."""
        return self.on_duty.current()

    def used(self) -> None:
        """Somebody uses the terminal, so that the person on duty is not idle."""
        self.on_duty.used()

    def numbers(self) -> tuple[str, ...]:
        """The staff numbers that have a key file here or on a stick."""
        return self.roster.numbers()

    def require(self) -> None:
        """Returns if a code may be read now; using the terminal keeps whoever is on duty from being idle.

        Raises:
            NobodyOnDuty: Somebody has to sign on first. The pages are told; nothing is written.
        """
        self.look()
        if self.required and self.current() is None:
            self._publisher.publish(StaffChanged(needed=True))
            raise NobodyOnDuty
        self.on_duty.used()

    def look(self) -> None:
        """Signs off who is on duty no more, by a row; a disk that is full leaves the row away and nobody on duty."""
        with self._lock, suppress(OutOfOrder):
            over = self.on_duty.over() or self._refused_by_now()
            if over is not None:
                self._end(*over)

    def sign_on(self, number: str, passphrase: str) -> StaffMember:
        """Takes the shift of a terminal where nobody is on duty.

        Raises:
            AlreadyOnDuty: Somebody is.
            StaffUnknown, StaffKeyDamaged, TooManyGuesses, WrongPassphrase, StaffCertificateRefused: Nobody signed on.
            OutOfOrder: It could not be written; nobody signed on.
        """
        with self._guessing:
            self.look()
            self._require_nobody()
            member, signer = self._opened(number, passphrase)
            with self._lock:
                self._require_nobody()
                self._end_what_was_cut_off()
                row = {"event": "sign_on", "by": member.number, "role": str(member.role), "until": member.until}
                self._append({**row, "at": self._now()})
                self._begin(member, signer)
        return member

    def sign_off(self) -> None:
        """Ends the shift.

        Raises:
            NobodyOnDuty: Nobody is on duty.
            OutOfOrder: It could not be written; nobody is on duty all the same.
        """
        with self._lock:
            member = self.on_duty.current()
            if member is None:
                raise NobodyOnDuty
            self._end(member, "self")

    def summary(self) -> Summary:
        """What the shift of the person on duty did and left open.

        Raises:
            NobodyOnDuty: Nobody is on duty.
            OutOfOrder: The journal cannot be read.
        """
        with self._lock, self._store.reading():
            member = self.current()
            if member is None:
                raise NobodyOnDuty
            return summary.of_shift(self._store, member.number)

    def hand_over(self, number: str, passphrase: str, *, seen: Payload) -> StaffMember:
        """Gives the shift to the next person, who saw what is open and confirms it with their own passphrase.

        Args:
            number: The next person's.
            passphrase: The next person's.
            seen: The summary that was shown, as its payload.

        Raises:
            NobodyOnDuty: There is nothing to hand over.
            AlreadyOnDuty: The next person is the one on duty.
            SummaryChanged: It is not what stands now.
            StaffUnknown, StaffKeyDamaged, TooManyGuesses, WrongPassphrase, StaffCertificateRefused: As `sign_on`.
            OutOfOrder: It could not be written; who was on duty still is.
        """
        with self._guessing:
            self._require_seen(number, seen)
            member, signer = self._opened(number, passphrase)
            with self._lock:
                before, stands = self._require_seen(number, seen)
                self._append(
                    {
                        "event": "hand_over",
                        "from": before.number,
                        "by": member.number,
                        "role": str(member.role),
                        "until": member.until,
                        "open": stands,
                        "at": self._now(),
                    }
                )
                self._begin(member, signer)
        return member

    def set_case(self, text: str) -> str:
        """The queue number or case id that the next acts carry; empty: none.

        It is no sign of a person: a queue system sets it all day, and must keep nobody signed on who has left.

        Raises:
            CaseRefused: It is none.
        """
        self.case = cases.checked(text)
        self._publisher.publish(StaffChanged())
        return self.case

    def act_done(self, verdict_class: VerdictClass) -> None:
        """An act carried the case; unless it is to be kept it is used up. What was not read was no act yet."""
        if self.case and not self.settings.keep_case and verdict_class is not VerdictClass.NOT_READ:
            self.case = ""
            self._publisher.publish(StaffChanged())

    def stamped(self, payload: Payload) -> Payload:
        """The row with who answers for it, and a check's with its case."""
        member = self.current() if payload["event"] in ANSWERED_FOR else None
        by = {} if member is None else {"by": member.number}
        case = {"case": self.case} if self.case and payload["event"] == "verdict" else {}
        return {**payload, **by, **case}

    def _opened(self, number: str, passphrase: str) -> tuple[StaffMember, Signer]:
        held, standing = self.roster.standing(number)
        # Said before a guess is spent: no passphrase helps here.
        claims = require_good(standing)
        secret = f"staff:{number}"
        with self._lock, self._store.writing():
            wait = self._store.guesses.count_one(secret, at=self._now())
        if wait is not None:
            raise TooManyGuesses(seconds=wait)
        signer = held.open(passphrase)
        with self._lock, self._store.writing():
            self._store.guesses.was_right(secret)
        certificate = held.certificate or b""
        return StaffMember(number, claims.name, claims.role, claims.relying_party, certificate, claims.exp), signer

    def _require_nobody(self) -> None:
        member = self.current()
        if member is not None:
            raise AlreadyOnDuty(member.number)

    def _require_seen(self, number: str, seen: Payload) -> tuple[StaffMember, Payload]:
        before = self.current()
        if before is None:
            raise NobodyOnDuty
        if before.number == number:
            raise AlreadyOnDuty(number)
        stands = self.summary().as_payload()
        if stands != seen:
            raise SummaryChanged
        return before, stands

    def _begin(self, member: StaffMember, signer: Signer) -> None:
        self.on_duty.begin(member, signer)
        self._looked_at = None
        self._publisher.publish(StaffChanged())

    def _end(self, member: StaffMember, reason: str) -> None:
        # First the person, then the row: whoever wants to go is gone, whatever the disk says.
        self.on_duty.end()
        self.case = ""
        self._publisher.publish(StaffChanged())
        self._append({"event": "sign_off", "by": member.number, "reason": reason, "at": self._now()})

    def _end_what_was_cut_off(self) -> None:
        """The terminal stopped while somebody was on duty: their shift gets its end before the next begins."""
        with self._store.reading():
            newest = [self._store.journal.rows(event=event, limit=1) for event in (*summary.BEGINNINGS, "sign_off")]
        last = max((row for rows in newest for row in rows if row.payload), key=lambda row: row.seq, default=None)
        if last is not None and last.payload is not None and last.payload["event"] in summary.BEGINNINGS:
            self._append({"event": "sign_off", "by": last.payload["by"], "reason": "restart", "at": self._now()})

    def _refused_by_now(self) -> tuple[StaffMember, str] | None:
        """The person on duty whose certificate is good no more, because of what the terminal has learned since."""
        member, knowledge = self.current(), self._knowledge()
        # Time alone is `OnDuty`'s matter; with the same knowledge the answer stays what it was.
        if member is None or knowledge is None or knowledge is self._looked_at:
            return None
        self._looked_at = knowledge
        try:
            key = self.on_duty.signer().public_key
        except NobodyOnDuty:
            return None
        trouble = self.roster.checked(member.certificate, number=member.number, key=key).trouble
        return None if trouble is None else (member, str(trouble))
