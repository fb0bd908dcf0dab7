"""Takes officers' acts in, and lets somebody confirm or reject each: no status changes by what an officer alone said.

1 rows of terminals are read on · 2 each act is verified: who signed it, and what · 3 somebody else than the officer
decides, with a name that is written down · 4 a seizure that is confirmed suspends the licence by the ordinary change,
whose reason names the act, and is published; it is counted for whoever confirms (`issuer.changing.alone`), for whoever
certifies officers could make some up. If the program is killed between 3 and 4, confirming again goes on with 4.
Not handled here: receiving rows (`issuer.fleet`), and what the officer's terminal is told (`telling`, the status feed).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from issuer import lifecycle
from issuer.acts import register as rows_of
from issuer.acts import telling
from issuer.acts.errors import ActNotOpen, ActRefused
from issuer.acts.register import HeldAct, State
from issuer.changing.alone import CONFIRM_ACT, Alone
from issuer.errors import IssuerError
from issuer.joint import register as joint
from issuer.lifecycle import LegalChange
from issuer.register import Register
from protocol import cwt, officers_act
from protocol.errors import ProtocolError
from protocol.officers_act import ActKind, VerifiedAct
from protocol.staff_certificate import StaffKeys, StaffWithdrawn
from protocol.unixtime import UnixTime

MAX_NAME_CHARACTERS: Final = 64
ID_DIGITS: Final = 16
"""Of the id in a status event's reason: enough to find the act by."""
OFFICERS_ACT: Final = "officers-act"
"""The kind of a terminal's row; and how a status event's reason begins."""


class ArrivedRow(Protocol):
    """One row of a terminal, as `issuer.fleet` keeps it."""

    @property
    def seq(self) -> int:
        """Its number."""

    @property
    def terminal(self) -> str:
        """Who sent it."""

    @property
    def key(self) -> bytes:
        """SHA-256 of what it says."""

    @property
    def body(self) -> bytes:
        """What it says."""

    @property
    def received_at(self) -> UnixTime:
        """When it was taken."""


ArrivedRows = Callable[[int], tuple[ArrivedRow, ...]]
"""Rows of this kind behind a number, the oldest first."""


@dataclass(frozen=True, slots=True)
class ListedAct:
    """One act with what it says; `said` is None where it cannot be read or believed."""

    held: HeldAct
    said: VerifiedAct | None
    licence_id: str | None


class Acts:
    """The officers' acts of one authority."""

    def __init__(
        self,
        *,
        register: Register,
        region: str,
        arrived: ArrivedRows,
        staff_keys: Callable[[], StaffKeys],
        withdrawn: Callable[[UnixTime], frozenset[bytes]],
        alone: Alone,
        publish_change: Callable[[UnixTime], None],
    ) -> None:
        self._register, self._region, self._arrived, self._alone = register, region, arrived, alone
        self._staff_keys, self._withdrawn, self._publish_change = staff_keys, withdrawn, publish_change

    def listed(self, *, decided_too: bool, at: UnixTime) -> tuple[ListedAct, ...]:
        """What arrived and waits, or everything; takes in what is new.

        Raises:
            RegisterUnavailable: The register did not answer.
        """
        self._take_in(at)
        return tuple(self._with_content(each, at) for each in rows_of.listed(self._register, decided_too=decided_too))

    def confirm(self, beginning: str, *, by: str, at: UnixTime) -> ListedAct:
        """Confirm an act; a seizure suspends the licence and that is published.

        Args:
            beginning: Of the act's id.
            by: Who confirms it: a name or staff number.
            at: When.

        Raises:
            ActUnknown, ActNotOpen, ActRefused: Nothing was changed.
            TransitionRefused: The licence is not valid, so that there is nothing to suspend; the act stays open.
            RoutineLimitReached: Whoever confirms has confirmed as many seizures as one may; the act stays open.
            RegisterUnavailable: As far as it came is in the register; confirm again.
            PublishingFailed: It is done and not published yet.
        """
        by = _name(by)
        self._take_in(at)
        act = self._open_or_interrupted(beginning, at)
        said = act.said
        assert said is not None
        if by.casefold() == said.certificate.number.casefold() or by == said.certificate.name:
            raise ActRefused("an officer does not confirm their own act")
        reason = _reason(act.held.id, said.act.reason)
        if said.act.kind is ActKind.SEIZURE and act.licence_id is None:
            raise ActRefused("no licence of this register has the status entry that the act names")
        if act.held.state is State.OPEN:
            rows_of.decide(self._register, act.held, State.CONFIRMED, before=State.OPEN, by=by, why=None, at=at)
        if said.act.kind is ActKind.SEIZURE and act.licence_id is not None:
            try:
                self._suspend(act.licence_id, reason, by, at)
            except IssuerError:
                confirmed = replace(act.held, state=State.CONFIRMED)
                rows_of.decide(self._register, confirmed, State.OPEN, before=State.CONFIRMED, by=by, why=None, at=at)
                raise
            self._publish_change(at)
        return self._with_content(rows_of.find(self._register, act.held.id), at)

    def reject(self, beginning: str, *, by: str, why: str, at: UnixTime) -> ListedAct:
        """Reject an act, with a reason that is written down; also one that nobody can act upon.

        Raises:
            ActUnknown, ActNotOpen, ActRefused, ReasonRefused, RegisterUnavailable: Nothing was changed.
        """
        by = _name(by)
        lifecycle.check_reason(why)
        self._take_in(at)
        held = rows_of.find(self._register, beginning)
        if held.state not in (State.OPEN, State.UNUSABLE):
            raise ActNotOpen(f"the act is {held.state} already")
        rows_of.decide(self._register, held, State.REJECTED, before=held.state, by=by, why=why, at=at)
        return self._with_content(rows_of.find(self._register, held.id), at)

    def told(self, asked: str, *, terminal: str) -> list[dict[str, object]]:
        """What a terminal whose row was taken is told about its acts. Raises: RegisterUnavailable."""
        return telling.decisions(self._register, asked, terminal=terminal)

    def _open_or_interrupted(self, beginning: str, at: UnixTime) -> ListedAct:
        act = self._with_content(rows_of.find(self._register, beginning), at)
        if act.said is None:
            raise ActNotOpen(act.held.problem or "the act can no longer be verified")
        reason = _reason(act.held.id, act.said.act.reason)
        interrupted = (
            act.held.state is State.CONFIRMED
            and act.said.act.kind is ActKind.SEIZURE
            and act.licence_id is not None
            and not rows_of.was_carried_out(self._register, act.licence_id, reason)
        )
        if act.held.state is not State.OPEN and not interrupted:
            raise ActNotOpen(f"the act is {act.held.state} already")
        return act

    def _suspend(self, licence_id: str, reason: str, by: str, at: UnixTime) -> None:
        with self._alone.noting(CONFIRM_ACT, actor=by, at=at), self._register.writing() as connection:
            # A suspension is published at once, so nothing is drawn for it.
            lifecycle.change_in(
                connection, licence_id, LegalChange.SUSPEND, reason=reason, actor=by, at=at, below=lambda _: 0
            )
            its = joint.together(connection, licence_id)
            self._alone.take(connection, its, act=CONFIRM_ACT, actor=by, at=at)

    def _take_in(self, at: UnixTime) -> None:
        after = rows_of.newest_row(self._register)
        while new := self._arrived(after):
            rows_of.take_in(self._register, [self._verified(row, at) for row in new])
            after = new[-1].seq

    def _verified(self, row: ArrivedRow, at: UnixTime) -> HeldAct:
        problem = None
        try:
            said = self._verify(row.body, at)
            if said.act.region != self._region:
                problem = f"it is about a licence of region {said.act.region}, whose authority decides about it"
            elif officers_act.act_id(row.body) != row.key:
                problem = "it is not what its row names"
        except ProtocolError as refused:
            problem = str(refused)
        state = State.OPEN if problem is None else State.UNUSABLE
        return HeldAct(row.key.hex(), row.seq, row.terminal, row.body, row.received_at, state, problem)

    def _with_content(self, held: HeldAct, at: UnixTime) -> ListedAct:
        try:
            said = self._verify(held.encoded, at)
        except StaffWithdrawn:
            # What was decided stays decided; an open one needs a second look at who holds that key.
            return ListedAct(replace(held, problem="the officer's key was withdrawn since"), None, None)
        except ProtocolError:
            return ListedAct(held, None, None)
        uri, idx = said.act.status
        own = said.act.region == self._region
        licence_id = rows_of.licence_of(self._register, int(uri.rpartition("/")[2]), idx) if own else None
        return ListedAct(held, said, licence_id)

    def _verify(self, encoded: bytes, at: UnixTime) -> VerifiedAct:
        return officers_act.verify(encoded, staff_keys=self._staff_keys(), withdrawn=self._withdrawn(at), at=at)


def _reason(act_id: str, reason: str) -> str:
    return f"{OFFICERS_ACT} {act_id[:ID_DIGITS]}: {reason}"[: lifecycle.MAX_REASON_CHARACTERS]


def _name(by: str) -> str:
    if not by.strip() or len(by) > MAX_NAME_CHARACTERS or not cwt.text_is_harmless(by):
        raise ActRefused(
            "the name of whoever decides is empty, too long or not a plain text",
            hint="Give --by with 1 to 64 characters. Nothing was changed.",
        )
    return by.strip()


def as_json(act: ListedAct, kinds: Mapping[int, str], moment: Callable[[UnixTime], str]) -> dict[str, object]:
    """One act for machines; what is not believed is left out.

    Args:
        act: See `Acts.listed`.
        kinds: Names of kinds by number.
        moment: How moments are written.
    """
    held, said = act.held, act.said
    return {
        "id": held.id,
        "state": str(held.state),
        "problem": held.problem,
        "terminal": held.terminal,
        "received_at": moment(held.received_at),
        "act": None if said is None else said.act.kind.name.lower(),
        "officer": None if said is None else said.certificate.number,
        "officer_name": None if said is None else said.certificate.name,
        "signed_at": None if said is None else moment(said.act.iat),
        "check_number": None if said is None else said.act.check_number,
        "kind": None if said is None else kinds.get(said.act.vct, str(said.act.vct)),
        "licence": act.licence_id,
        "reason": None if said is None else said.act.reason,
        "challenged": None if said is None else said.act.challenge is not None,
        "decided_by": held.decided_by,
        "decided_at": None if held.decided_at is None else moment(held.decided_at),
        "why": held.why,
    }
