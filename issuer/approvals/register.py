"""What the register holds of proposals. Guaranteed: each is decided once, and carried out at most once."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update

from issuer.approvals.errors import ProposalNotOpen, ProposalUnknown
from issuer.approvals.schema import proposal
from issuer.audit import trail
from issuer.register import Register
from protocol import cbor
from protocol.unixtime import UnixTime

MAX_LISTED: Final = 1_000
_LEAST_CHARACTERS: Final = 6


class State(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    """Somebody may carry it out; only of what another ceremony carries out."""
    EXECUTED = "executed"
    DECLINED = "declined"
    EXPIRED = "expired"


_WORDS: Final = {State.EXECUTED: "approve", State.APPROVED: "approve", State.DECLINED: "decline"}
"""How the trail calls a decision; what is approved is carried out at once, unless another ceremony does it."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal. `content` is what is to be done, `shown_sha256` the digest of what it reached when it was made."""

    id: str
    what: str
    content: Mapping[str, cbor.Value]
    shown_sha256: bytes
    reason: str
    proposed_by: str
    at: UnixTime
    until: UnixTime
    state: State
    decided_by: str | None = None
    decided_at: UnixTime | None = None
    why: str | None = None


def record(register: Register, new: Proposal) -> None:
    """Keep a new proposal. Raises: RegisterUnavailable."""
    content = cbor.encode(dict[cbor.Key, cbor.Value](new.content.items()))
    with register.writing() as connection:
        connection.execute(
            insert(proposal).values(
                id=new.id,
                what=new.what,
                content=content,
                shown_sha256=new.shown_sha256,
                reason=new.reason,
                proposed_by=new.proposed_by,
                at=new.at,
                until=new.until,
                state=str(new.state),
            )
        )
        note(connection, "propose", new, actor=new.proposed_by, at=new.at, reason=new.reason)


def listed(register: Register, *, decided_too: bool, at: UnixTime) -> tuple[Proposal, ...]:
    """Proposals, the newest first; those that nobody has decided in time count as expired."""
    statement = select(proposal).order_by(proposal.c.at.desc(), proposal.c.id).limit(MAX_LISTED)
    if not decided_too:
        is_open = proposal.c.state.in_([State.PROPOSED, State.APPROVED]) & (proposal.c.until > at)
        statement = statement.where(is_open)
    with register.reading() as connection:
        return tuple(_proposal(row, at) for row in connection.execute(statement))


def executed(connection: Connection, what: str) -> tuple[Mapping[str, cbor.Value], ...]:
    """The content of what two people have decided of this act, the newest first."""
    statement = (
        select(proposal)
        .where(proposal.c.what == what, proposal.c.state == str(State.EXECUTED))
        .order_by(proposal.c.decided_at.desc(), proposal.c.at.desc(), proposal.c.id)
        .limit(MAX_LISTED)
    )
    return tuple(_proposal(row, UnixTime(row.at)).content for row in connection.execute(statement))


def find(connection: Connection, beginning: str, *, at: UnixTime) -> Proposal:
    """The one proposal whose id begins so. Raises: ProposalUnknown."""
    if len(beginning) < _LEAST_CHARACTERS or not beginning.isascii() or not beginning.isprintable():
        raise ProposalUnknown(f"a proposal is named by at least {_LEAST_CHARACTERS} characters of its id")
    wanted = select(proposal).where(proposal.c.id.startswith(beginning, autoescape=True)).limit(2)
    found = [_proposal(row, at) for row in connection.execute(wanted)]
    if len(found) != 1:
        raise ProposalUnknown("no proposal has this id" if not found else "several proposals have ids that begin so")
    return found[0]


def decide(
    connection: Connection, held: Proposal, state: State, *, before: State, by: str, why: str, at: UnixTime
) -> None:
    """Write a decision down, in the transaction of what it does. Raises: ProposalNotOpen."""
    changed = connection.execute(
        update(proposal)
        .where(proposal.c.id == held.id, proposal.c.state == str(before), proposal.c.until > at)
        .values(state=str(state), decided_by=by, decided_at=at, why=why)
    )
    if changed.rowcount != 1:
        raise ProposalNotOpen(f"the proposal is {held.state}, or somebody else was faster")
    word = _WORDS[state] if before is State.PROPOSED or state is State.DECLINED else "carry-out"
    note(connection, word, held, actor=by, at=at, reason=why)


def note(connection: Connection, word: str, held: Proposal, *, actor: str, at: UnixTime, reason: str) -> None:
    """Write it into the audit trail; the details bind what is to be done and what it reaches."""
    details = {"what": held.what, "content": dict(held.content), "shown": held.shown_sha256}
    trail.append(connection, word, "proposal", held.id, actor=actor, at=at, reason=reason, details=details)


def _proposal(row: Row[Any], at: UnixTime) -> Proposal:
    content = cbor.decode(row.content)
    assert isinstance(content, Mapping), "it was written by this module"
    state = State(row.state)
    if state in (State.PROPOSED, State.APPROVED) and at >= row.until:
        state = State.EXPIRED
    return Proposal(
        row.id,
        row.what,
        {str(key): value for key, value in content.items()},
        row.shown_sha256,
        row.reason,
        row.proposed_by,
        UnixTime(row.at),
        UnixTime(row.until),
        state,
        row.decided_by,
        None if row.decided_at is None else UnixTime(row.decided_at),
        row.why,
    )
