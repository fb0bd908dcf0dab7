"""Officers' acts at this terminal: signed by the officer on duty, queued for the operator, and what became of them.

    check still in memory → an officer on duty → signed by the officer's key → journal row, outbox, waiting; durable

Guaranteed: what `sign` returns is durable in all three places or in none; the journal names the act by its digest and
says neither reason nor licence; nothing here changes a status or a verdict. What an act rests on is kept for ten
minutes, in memory alone. Not handled here: the form of an act (`protocol.officers_act`), who confirms it (the issuer),
sending it (the outbox), and asking twice before it is signed (the page).
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from protocol import limits, officers_act
from protocol.errors import ProtocolError
from protocol.officers_act import ActKind, OfficersAct
from protocol.staff_certificate import Role
from protocol.status_list import Status
from protocol.unixtime import UnixTime
from revocation.coverage import StatusView
from verifier_terminal import check_number
from verifier_terminal.appraisal.verdict import Verdict
from verifier_terminal.errors import ActNeedsChallenge, ActNeedsOfficer, NoOfficersAct
from verifier_terminal.events import ActsChanged, Publisher
from verifier_terminal.staff.shift import Shift
from verifier_terminal.store.officers_acts import SignedAct
from verifier_terminal.store.outbox import OFFICERS_ACT
from verifier_terminal.store.store import Store

EVENT: Final = "officers_act"
ANSWERED: Final = "act_answered"
KEPT_SECONDS: Final = limits.MAX_ACT_AFTER_CHECK
MAX_KEPT: Final = 64
"""More checks than one officer does in ten minutes."""


class ActState(StrEnum):
    """Where an act stands."""

    QUEUED = "queued"
    SENT = "sent"
    REFUSED = "refused"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class ActStanding:
    """One act as lists show it. `answer` is what the licence's status says since then; `why` the centre's reason."""

    kind: ActKind
    act: bytes
    state: ActState
    answer: Status | None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """One licence of a check."""

    presentation: bytes
    challenge: bytes | None
    vct: int
    status: tuple[str, int] = field(repr=False)
    checked_at: UnixTime


class OfficersDesk:
    """What officers sign at one terminal. May be called by any thread."""

    def __init__(
        self,
        store: Store,
        shift: Shift,
        *,
        lock: AbstractContextManager[object],
        publisher: Publisher,
        terminal: Callable[[], str],
        now: Callable[[], UnixTime],
        elapsed_seconds: Callable[[], float],
    ) -> None:
        """Nothing was checked yet.

        Args:
            store: The terminal's.
            shift: Who is on duty.
            lock: The session's: it holds this whenever it writes.
            publisher: Whom changes are told to.
            terminal: The name by which the region certified this terminal, else its own.
            now: The terminal's trusted time.
            elapsed_seconds: A clock that only counts.
        """
        self._store, self._shift, self._lock, self._publisher = store, shift, lock, publisher
        self._terminal, self._now, self._elapsed_seconds = terminal, now, elapsed_seconds
        self._seen: dict[str, tuple[float, tuple[_Seen, ...]]] = {}

    def note(self, verdict: Verdict) -> None:
        """This check was given: for ten minutes an act can be signed about it. Inside the lock."""
        self._forget_over()
        seen = tuple(
            _Seen(each.replay_key, digest, each.licence.vct, each.holder.status, verdict.at)
            for each in verdict.members or (verdict,)
            if each.replay_key is not None and each.licence is not None and each.holder is not None
            for digest in [None if verdict.answered is None else verdict.answered.digest]
        )
        if not seen:
            return
        while len(self._seen) >= MAX_KEPT:
            del self._seen[next(iter(self._seen))]
        self._seen[verdict.check_number] = (self._elapsed_seconds(), seen)

    def drop(self, number: str) -> None:
        """This check was declared void. Inside the lock."""
        self._seen.pop(number, None)

    def sign(self, number: str, kind: ActKind, reason: str, *, member: int = 0) -> ActStanding:
        """Signs an act in the name of the officer on duty, and queues it.

        Args:
            number: The check's.
            kind: What the officer did.
            reason: Why: 1 to 200 characters.
            member: Of a code with several licences, the licence's place.

        Raises:
            ActNeedsOfficer: Nobody is on duty, or no officer.
            ActNeedsChallenge: A seizure, and the licence was not shown in answer to a challenge.
            NoOfficersAct: The check is not in memory (any more), or nobody would accept the act.
            OutOfOrder: It could not be written; nothing was signed.
        """
        number = check_number.normalise(number)
        with self._lock:
            self._forget_over()
            officer = self._shift.current()
            if officer is None or officer.role is not Role.OFFICER:
                raise ActNeedsOfficer
            _, seen = self._seen.get(number, (0.0, ()))
            if not 0 <= member < len(seen):
                raise NoOfficersAct(number)
            shown, at = seen[member], self._now()
            if kind is ActKind.SEIZURE and shown.challenge is None:
                raise ActNeedsChallenge(number)
            act = OfficersAct(
                kind=kind,
                presentation=shown.presentation,
                challenge=shown.challenge,
                vct=shown.vct,
                status=shown.status,
                check_number=number,
                checked_at=shown.checked_at,
                terminal=self._terminal(),
                reason=reason.strip(),
                iat=at,
            )
            signer = self._shift.on_duty.signer()
            try:
                encoded = officers_act.sign(act, certificate=officer.certificate, signer=signer)
            except ProtocolError as refused:
                raise NoOfficersAct(f"{number}: {refused}") from refused
            signed = SignedAct(officers_act.act_id(encoded), number, kind, at, None)
            with self._store.writing():
                self._store.journal.append(
                    {
                        "event": EVENT,
                        "check_number": number,
                        "kind": kind.name.lower(),
                        "act": signed.act.hex(),
                        "member": member,
                        "at": at,
                    },
                    at=at,
                )
                self._store.officers_acts.add(signed, shown.status)
                self._store.outbox.put(OFFICERS_ACT, encoded, key=signed.act, at=at)
            self._publisher.publish(ActsChanged(number))
            return ActStanding(kind, signed.act, ActState.QUEUED, None)

    def of_check(self, number: str) -> tuple[ActStanding, ...]:
        """The acts about this check, the oldest first. Inside `Store.reading`."""
        return tuple(self._standing(each) for each in self._store.officers_acts.of_check(number))

    def _standing(self, act: SignedAct) -> ActStanding:
        decided = self._store.officers_acts.decision(act.act)
        if decided is not None and decided.rejected:
            # Whatever the licence's status is, it is not by this act.
            return ActStanding(act.kind, act.act, ActState.REJECTED, None, decided.why)
        state = ActState.CONFIRMED if decided is not None and act.answer is None else self._state(act)
        return ActStanding(act.kind, act.act, state, act.answer)

    def _state(self, act: SignedAct) -> ActState:
        if act.answer is not None:
            return ActState.ANSWERED
        if self._store.outbox.holds(act.act):
            return ActState.QUEUED
        refused = self._store.journal.rows(search=act.act.hex(), event="send_refused", limit=1)
        return ActState.REFUSED if refused else ActState.SENT

    def _forget_over(self) -> None:
        now = self._elapsed_seconds()
        self._seen = {number: kept for number, kept in self._seen.items() if 0 <= now - kept[0] < KEPT_SECONDS}


def settle(store: Store, view: StatusView, *, at: UnixTime, tell: Callable[[ActsChanged], None]) -> None:
    """Writes down what newer status data say of the licences about which acts were signed.

    A licence that was suspended because of the act is no alarm about the check: nothing is left to be re-checked.

    Raises:
        OutOfOrder: It could not be written; the rest waits on.
    """
    with store.reading():
        due = store.officers_acts.answered_by(view)
    for answered in due:
        with store.writing():
            if not store.officers_acts.settle(answered, at=at):
                continue
            if answered.answer is Status.SUSPENDED:
                store.rechecks.withdraw(answered.act.check_number, *answered.status)
            store.journal.append(
                {
                    "event": ANSWERED,
                    "check_number": answered.act.check_number,
                    "act": answered.act.act.hex(),
                    "answer": answered.answer.name.lower(),
                    "at": at,
                },
                at=at,
            )
        tell(ActsChanged(answered.act.check_number))
