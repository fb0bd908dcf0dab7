"""Lets one person propose a dangerous act, and another one approve or decline it.

1 whoever proposes sees what the act reaches; its digest is kept with the proposal · 2 another person decides, before it
expires · 3 in the transaction of the decision what it reaches is looked at again: if it is not the same, nothing is
done · 4 there the act is carried out, too, so that it is done once or not at all. What only another ceremony can carry
out (an offline key that signs) stays approved until that ceremony uses it up. Not handled here: who has the right to
either (`issuer.console`, the file system), and whether a name is true where nobody has signed in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from issuer import draws, lifecycle
from issuer.approvals import register as rows_of
from issuer.approvals.errors import ProposalNotOpen, ProposalOutdated, ProposalRefused, SamePerson
from issuer.approvals.register import Proposal, State
from issuer.draws import RandomBytes
from issuer.register import Register
from protocol import cbor, cwt
from protocol.unixtime import DAY, Seconds, UnixTime

LIFE: Final = Seconds(3 * DAY)
"""A proposal that nobody looks at for so long was not wanted."""
MAX_NAME_CHARACTERS: Final = 64


class Dangerous(Protocol):
    """One kind of act that takes two people."""

    def shown(self, connection: Connection, content: Mapping[str, Any], *, at: UnixTime) -> cbor.Value:
        """What the act would reach now, as it is shown to people. Raises: IssuerError, if it is not possible."""

    def carry_out(self, connection: Connection, proposal: Proposal, *, at: UnixTime) -> bool:
        """Do it in this transaction, in its proposer's name; False: another ceremony will (`Approvals.use_up`)."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A proposal with what it reaches now; None where it is not possible any more."""

    proposal: Proposal
    reaches: cbor.Value
    is_unchanged: bool


class Approvals:
    """The proposals of one authority."""

    def __init__(
        self,
        *,
        register: Register,
        acts: Mapping[str, Dangerous],
        random_bytes: RandomBytes,
        publish_change: Callable[[UnixTime], None],
    ) -> None:
        self._register, self._acts = register, acts
        self._random_bytes, self._publish_change = random_bytes, publish_change

    def propose(self, what: str, content: Mapping[str, cbor.Value], *, reason: str, by: str, at: UnixTime) -> Proposal:
        """Propose an act, once it is possible.

        Raises:
            ProposalRefused, ReasonRefused: Name, reason or act are not in their form.
            IssuerError: As the act says: it is not possible.
            RegisterUnavailable: Nothing was recorded.
        """
        by = person(by)
        lifecycle.check_reason(reason)
        act = self._act(what)
        # 1
        with self._register.reading() as connection:
            digest = _digest(act.shown(connection, content, at=at))
        new = Proposal(
            draws.text(self._random_bytes, draws.ID_CHARACTERS),
            what,
            content,
            digest,
            reason,
            by,
            at,
            UnixTime(at + LIFE),
            State.PROPOSED,
        )
        rows_of.record(self._register, new)
        return new

    def approve(self, beginning: str, *, by: str, at: UnixTime) -> Proposal:
        """Approve a proposal and carry it out.

        Raises:
            ProposalRefused, ProposalUnknown, ProposalNotOpen, ProposalOutdated, SamePerson: Nothing was changed.
            IssuerError: As the act says; nothing was changed, and the proposal stays open.
            PublishingFailed: It is done and not published yet.
        """
        by = person(by)
        with self._register.writing() as connection:
            held = rows_of.find(connection, beginning, at=at)
            # 2
            if held.state is not State.PROPOSED:
                raise ProposalNotOpen(f"the proposal is {held.state}")
            if _same(by, held.proposed_by):
                raise SamePerson("whoever proposes an act does not approve it")
            act = self._act(held.what)
            # 3
            if _digest(act.shown(connection, held.content, at=at)) != held.shown_sha256:
                raise ProposalOutdated("what it would reach has changed since it was proposed")
            # 4
            is_done = act.carry_out(connection, held, at=at)
            state = State.EXECUTED if is_done else State.APPROVED
            rows_of.decide(connection, held, state, before=State.PROPOSED, by=by, why="", at=at)
            decided = rows_of.find(connection, held.id, at=at)
        if is_done:
            self._publish_change(at)
        return decided

    def decline(self, beginning: str, *, by: str, why: str, at: UnixTime) -> Proposal:
        """Decline a proposal; whoever made it may do so, too.

        Raises:
            ProposalRefused, ReasonRefused, ProposalUnknown, ProposalNotOpen, RegisterUnavailable: Nothing was changed.
        """
        by = person(by)
        lifecycle.check_reason(why)
        with self._register.writing() as connection:
            held = rows_of.find(connection, beginning, at=at)
            if held.state not in (State.PROPOSED, State.APPROVED):
                raise ProposalNotOpen(f"the proposal is {held.state}")
            rows_of.decide(connection, held, State.DECLINED, before=held.state, by=by, why=why, at=at)
            return rows_of.find(connection, held.id, at=at)

    def use_up(
        self, connection: Connection, /, beginning: str, *, what: str, content: Mapping[str, Any], by: str, at: UnixTime
    ) -> Proposal:
        """Use up an approval for exactly this, in the transaction of the ceremony that carries it out.

        Raises:
            ProposalUnknown, ProposalNotOpen: It is not approved, or for something else.
        """
        held = rows_of.find(connection, beginning, at=at)
        if held.state is not State.APPROVED or held.what != what or dict(held.content) != dict(content):
            raise ProposalNotOpen(f"the proposal is {held.state}, or for something else")
        rows_of.decide(connection, held, State.EXECUTED, before=State.APPROVED, by=by, why="", at=at)
        return held

    def listed(self, *, decided_too: bool, at: UnixTime) -> tuple[Proposal, ...]:
        """Proposals that wait, or all, the newest first. Raises: RegisterUnavailable."""
        return rows_of.listed(self._register, decided_too=decided_too, at=at)

    def shown(self, beginning: str, *, at: UnixTime) -> Shown:
        """One proposal with what it would reach now. Raises: ProposalUnknown, RegisterUnavailable, as the act says."""
        with self._register.reading() as connection:
            held = rows_of.find(connection, beginning, at=at)
            reaches = self._act(held.what).shown(connection, held.content, at=at)
        return Shown(held, reaches, _digest(reaches) == held.shown_sha256)

    def _act(self, what: str) -> Dangerous:
        act = self._acts.get(what)
        if act is None:
            raise ProposalRefused(f"{what} is no act that is proposed")
        return act


def person(by: str) -> str:
    """The name of whoever acts. Raises: ProposalRefused."""
    if not by.strip() or len(by) > MAX_NAME_CHARACTERS or not cwt.text_is_harmless(by):
        raise ProposalRefused("the name of whoever acts is empty, too long or not a plain text")
    return by.strip()


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _digest(shown: cbor.Value) -> bytes:
    return sha256(cbor.encode(shown)).digest()
