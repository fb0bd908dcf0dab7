"""Two codes of one act that are read one after another: which code is the second one, and what the journal says of it.

A clerk or officer names the check to which the next code belongs; until its time is over, the next code of another
licence joins it (ADR 0026). Guaranteed: nothing joins by itself, and no code joins twice; what was held for it is
forgotten when its time is over. What the two are worth together is `appraisal.joined`.

Not handled here: a code that carries several licences is an act of its own and ends the waiting; a code that could not
be read, or shows the same licence again, leaves it. Locks and the clock are the session's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from protocol.qr.bundle import Link
from protocol.unixtime import MINUTE
from verifier_terminal import receipts
from verifier_terminal.appraisal import joined
from verifier_terminal.appraisal.context import Context
from verifier_terminal.appraisal.joined import Joined
from verifier_terminal.appraisal.verdict import Form, Verdict, VerdictClass
from verifier_terminal.errors import NothingToJoin
from verifier_terminal.events import JoinedWith
from verifier_terminal.store import person_check
from verifier_terminal.store.journal import Journal, Payload
from verifier_terminal.store.person_check import PersonCheck

EVENT: Final = "joined"
KEPT_SECONDS: Final = 5 * MINUTE
"""As long as personal data may stay on a page at most."""
_SINGLE: Final = frozenset({Form.PRESENTATION, Form.PAPER})


@dataclass(frozen=True, slots=True)
class Taken:
    """One code as it is written down and shown.

    Attributes:
        shown: the act's verdict; of a second code the one on both.
        read: this code's own, which is to be used up and re-checked.
        full: the same with its evidence, for a receipt about this code.
        rows: what the journal says besides, in the same transaction.
        joined: with which check it is one act.
    """

    shown: Verdict
    read: Verdict
    full: Verdict = field(repr=False)
    rows: tuple[Payload, ...]
    joined: JoinedWith | None


@dataclass(frozen=True, slots=True)
class _Held:
    """The check that a second code may join."""

    verdict: Verdict = field(repr=False)
    since: float


class Joining:
    """The last single check of this terminal, and whether the next code belongs to it. `now` only counts."""

    def __init__(self) -> None:
        self._last: _Held | None = None
        self._until: float | None = None

    def wait(self, check_number: str, seconds: float, now: float) -> None:
        """From now on, for so long, the next code belongs to this check's act.

        Raises:
            NothingToJoin: It is not the last check, has no single licence, or is too old.
        """
        self.forget_over(now)
        if self._last is None or self._last.verdict.check_number != check_number:
            raise NothingToJoin(check_number)
        self._until = now + seconds

    def cancel(self) -> None:
        """The next code is an act of its own again."""
        self._until = None

    def drop(self, check_number: str) -> None:
        """This check was declared void, or its holder was found to be another person."""
        if self._last is not None and self._last.verdict.check_number == check_number:
            self._last = self._until = None

    def take(self, full: Verdict, verdict: Verdict, context: Context, now: float) -> Taken:
        """This code by itself, or with the check whose second code it is; changes nothing.

        Args:
            full: Its verdict with evidence and holder.
            verdict: The same as it may be shown.
            context: Of its appraisal.
            now: When.
        """
        self.forget_over(now)
        first = self._last.verdict if self._last is not None and self._until is not None else None
        if first is None or not _is_another(first, verdict):
            return Taken(verdict, verdict, full, (), None)
        act = joined.join(first, replace(verdict, holder=full.holder), context)
        shown, second = receipts.without_evidence(act.verdict), receipts.without_evidence(act.second)
        with_findings = replace(
            full, verdict_class=second.verdict_class, proceed=second.proceed, findings=second.findings
        )
        told = JoinedWith(first.check_number, act.link is not Link.NONE, act.waived, verdict)
        return Taken(shown, second, with_findings, _payloads(act, first.check_number), told)

    def note(self, taken: Taken, now: float) -> bool:
        """This code is written down: it is the check that a second one may join; whether a waiting ended by it."""
        waited = self._until is not None
        if waited and self._last is not None and taken.joined is None:
            same = _is_same(self._last.verdict, taken.read)
            if same or taken.read.verdict_class is VerdictClass.NOT_READ:
                return False
        may_join = taken.joined is None and taken.read.form in _SINGLE and taken.read.licence is not None
        self._last = _Held(replace(taken.read, holder=taken.full.holder), now) if may_join else None
        self._until = None
        return waited

    def forget_over(self, now: float) -> None:
        """Lets go of what is over."""
        if self._until is not None and now >= self._until:
            self._until = None
        if self._last is not None and not 0 <= now - self._last.since < KEPT_SECONDS:
            self._last = self._until = None


def partner_of(rows: Iterable[Payload]) -> str | None:
    """The other check of the act, of the rows about one check."""
    return next((str(each["with"]) for each in rows if each["event"] == EVENT), None)


def answered_with(journal: Journal, check_number: str) -> tuple[str, ...]:
    """The other check of the act, where one look at the person answers both: one holder's licences, both waiting."""
    about = [row.payload for row in journal.about(check_number) if row.payload]
    partner = next((each["with"] for each in about if each["event"] == EVENT and each["link"] != Link.NONE), None)
    rows = [row.payload for row in journal.about(partner) if row.payload] if partner else []
    events = {each["event"] for each in rows}
    if "verdict" not in events or "void" in events or person_check.of_rows(rows) is not PersonCheck.WAITING:
        return ()
    return (str(partner),)


def _is_another(first: Verdict, second: Verdict) -> bool:
    return second.form in _SINGLE and second.verdict_class is not VerdictClass.NOT_READ and not _is_same(first, second)


def _is_same(first: Verdict, second: Verdict) -> bool:
    return second.credential_digest is not None and second.credential_digest == first.credential_digest


def _payloads(act: Joined, first: str) -> tuple[Payload, Payload]:
    """Two rows that name each other."""
    second = act.verdict.check_number
    said = {"event": EVENT, "link": str(act.link), "waived": act.waived, "at": act.verdict.at}
    return {**said, "check_number": second, "with": first}, {**said, "check_number": first, "with": second}
