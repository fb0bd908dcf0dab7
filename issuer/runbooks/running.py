"""Runs a runbook: looks at each step, says it, asks, does it, and looks again. Dry unless somebody says otherwise.

1 a step is looked at: done, to do, or blocked · 2 it is said with what it means and how long it takes · 3 somebody says
yes, by that word alone · 4 it is done · 5 it is looked at again: what has had no effect stops the run. Where it
stops is written down, and the same answers go on from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from issuer.errors import IssuerError
from issuer.runbooks.book import Look, Runbook, Scene, Step
from issuer.runbooks.errors import RunbookStopped
from issuer.runbooks.runs import Run, RunState

Confirm = Callable[[Step], bool]
Say = Callable[[Step, str, str], None]
"""Of a step: a word (done, to do, blocked, acted), and what it says."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of one step."""

    step: str
    word: str
    says: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run went. `run` is None where it was dry."""

    run: str | None
    passed: tuple[Passed, ...]


def look_through(book: Runbook, scene: Scene, *, say: Say) -> Outcome:
    """A dry run: what is true of each step now. What only a step before makes possible is not known yet."""
    passed: list[Passed] = []
    for step in book.steps:
        try:
            found = step.look(scene)
        except IssuerError as error:
            found = Look(False, f"not known yet: {error}")
        word = "done" if found.done else "blocked" if found.blocked else "to do"
        passed.append(Passed(step.name, word, found.blocked or found.says))
        say(step, word, found.blocked or found.says)
    return Outcome(None, tuple(passed))


def run(book: Runbook, scene: Scene, *, resume: str | None, confirm: Confirm, say: Say) -> Outcome:
    """Run it for real, from where it is.

    Args:
        book: The runbook.
        scene: With answers that are in their form.
        resume: The run that is gone on with; None begins one.
        confirm: Whether whoever runs it says yes to this step.
        say: Is told of each step.

    Raises:
        AnswerRefused, RunbookUnknown: Nothing was done.
        RunbookStopped: At a step; the message says which run to go on with.
        IssuerError: As a step's own act; the run can be resumed.
    """
    # A folder that is only to be restored keeps nothing yet.
    record = _begun(book, scene, resume) if book.needs_issuer or scene.is_there else None
    passed: list[Passed] = []
    for step in book.steps:
        try:
            for each in _passed(step, scene, confirm):
                passed.append(each)
                say(step, each.word, each.says)
        except IssuerError as error:
            record = record or (_begun(book, scene, resume) if scene.is_there else None)
            _move(scene, record, RunState.STOPPED, step.name, why=str(error))
            if isinstance(error, RunbookStopped):
                hint = error.hint if record is None else f"{error.hint} The run is {record.id}."
                raise RunbookStopped(f"{step.name}: {error}", hint=hint) from None
            raise
        record = record or (_begun(book, scene, resume) if scene.is_there else None)
        _move(scene, record, RunState.RUNNING, step.name)
    _move(scene, record, RunState.DONE, book.steps[-1].name)
    return Outcome(None if record is None else record.id, tuple(passed))


def _passed(step: Step, scene: Scene, confirm: Confirm) -> Sequence[Passed]:
    # 1
    found = step.look(scene)
    if found.done:
        return [Passed(step.name, "done", found.says)]
    if found.blocked is not None:
        raise RunbookStopped(found.blocked)
    if step.act is None:
        raise RunbookStopped(f"{step.what}: this is done by hand ({found.says})")
    # 2, 3
    if not confirm(step):
        raise RunbookStopped("nobody has said yes")
    # 4
    did = step.act(scene)
    # 5
    after = step.look(scene)
    if not after.done:
        raise RunbookStopped(f"it was done ({did}) and has not had its effect: {after.blocked or after.says}")
    return [Passed(step.name, "acted", f"{did}; {after.says}")]


def _begun(book: Runbook, scene: Scene, resume: str | None) -> Run:
    runs, at = scene.issuer.runs, scene.now()
    if resume is None:
        return runs.begin(book.name, book.said(scene.answers), actor=scene.by, at=at)
    held = runs.resume(resume, book.name, book.said(scene.answers), actor=scene.by, at=at)
    scene.proposal, scene.is_resumed = held.proposal, True
    return held


def _move(scene: Scene, record: Run | None, state: RunState, step: str, *, why: str = "") -> None:
    if record is not None:
        scene.issuer.runs.move(record, state, step, why=why, proposal=scene.proposal, actor=scene.by, at=scene.now())
