"""What the register keeps of runs: which runbook, how far, whose; and in the audit trail that it ran, with its outcome.

What was answered is recognised by an HMAC under a key that is not in the register: a holder's number may be among it.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import insert, select, update

from issuer import draws
from issuer.audit import trail
from issuer.draws import RandomBytes
from issuer.register import Register
from issuer.runbooks.errors import AnswerRefused, RunbookUnknown
from issuer.runbooks.schema import runbook_run
from protocol import cbor
from protocol.unixtime import UnixTime

_MAX_REASON: Final = 200
Said = Mapping[str, str | bytes]
"""What was answered, by the names of the questions; of files what they say."""


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Run:
    """One run; `step` is the one that it came to."""

    id: str
    name: str
    proposal: str | None
    state: RunState
    step: str
    actor: str
    at: UnixTime


class Runs:
    """The runs of one authority."""

    def __init__(self, *, register: Register, secret: bytes, random_bytes: RandomBytes) -> None:
        self._register, self._random_bytes = register, random_bytes
        self._key = hmac.digest(secret, b"liangzheng runbooks\0", "sha256")

    def begin(self, name: str, said: Said, *, actor: str, at: UnixTime) -> Run:
        """A new run. Raises: RegisterUnavailable."""
        run_id = draws.text(self._random_bytes, draws.ID_CHARACTERS)
        with self._register.writing() as connection:
            connection.execute(
                insert(runbook_run).values(
                    id=run_id,
                    name=name,
                    answers_mac=self._mac(said),
                    state=RunState.RUNNING.value,
                    step="",
                    actor=actor,
                    at=at,
                    changed_at=at,
                )
            )
            trail.append(connection, "runbook-begin", "runbook", run_id, actor=actor, at=at, reason=name)
        return self.one(run_id)

    def resume(self, run_id: str, name: str, said: Said, *, actor: str, at: UnixTime) -> Run:
        """The same run again. Raises: RunbookUnknown, AnswerRefused: another runbook's, over, or answered otherwise."""
        held = self.one(run_id)
        with self._register.writing() as connection:
            mac = connection.execute(select(runbook_run.c.answers_mac).where(runbook_run.c.id == held.id)).scalar_one()
            if held.name != name or held.state is RunState.DONE:
                raise AnswerRefused(f"this run is of {held.name}, and {held.state}")
            if not hmac.compare_digest(mac, self._mac(said)):
                raise AnswerRefused("these are not the answers that the run was begun with")
            trail.append(connection, "runbook-resume", "runbook", held.id, actor=actor, at=at, reason=name)
        return held

    def move(
        self, held: Run, state: RunState, step: str, *, why: str = "", proposal: str | None, actor: str, at: UnixTime
    ) -> None:
        """Write down how far it is; in the trail if it has come to an end, or stopped."""
        values = {"state": state.value, "step": step, "proposal": proposal, "changed_at": at}
        with self._register.writing() as connection:
            connection.execute(update(runbook_run).where(runbook_run.c.id == held.id).values(values))
            if state is not RunState.RUNNING:
                word = "runbook-done" if state is RunState.DONE else "runbook-stop"
                reason = f"{held.name}: {step}: {why}" if why else held.name
                trail.append(connection, word, "runbook", held.id, actor=actor, at=at, reason=reason[:_MAX_REASON])

    def note_drill(self, name: str, outcome: str, *, actor: str, at: UnixTime) -> None:
        """Write into the trail that it was rehearsed, and how that ended."""
        reason = f"{name}: {outcome}"[:_MAX_REASON]
        with self._register.adding() as connection:
            trail.append(connection, "runbook-drill", "runbook", name, actor=actor, at=at, reason=reason)

    def one(self, run_id: str) -> Run:
        """One run. Raises: RunbookUnknown, RegisterUnavailable."""
        found = [each for each in self.listed() if each.id == run_id]
        if not found:
            raise RunbookUnknown("no run has this id")
        return found[0]

    def listed(self) -> tuple[Run, ...]:
        """Every run, the newest first. Raises: RegisterUnavailable."""
        statement = select(runbook_run).order_by(runbook_run.c.at.desc(), runbook_run.c.id)
        with self._register.reading() as connection:
            return tuple(
                Run(row.id, row.name, row.proposal, RunState(row.state), row.step, row.actor, UnixTime(row.at))
                for row in connection.execute(statement)
            )

    def _mac(self, said: Said) -> bytes:
        return hmac.digest(self._key, cbor.encode(dict[cbor.Key, cbor.Value](said.items())), "sha256")
