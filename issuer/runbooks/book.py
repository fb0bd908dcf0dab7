"""What a runbook is made of: questions, and steps that look first what is true and act only where it is not so yet.

A step is done when its look says so, and not because somebody has said that it was: so an interrupted run goes on where
the register, the keys and what is published say that it is, and whatever somebody did by hand meanwhile counts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from issuer import durable_files, lifecycle
from issuer.application import Issuer
from issuer.errors import IssuerError, ReasonRefused, StorageFailed
from issuer.runbooks.errors import AnswerRefused, RunbookStopped
from protocol import unixtime
from protocol.unixtime import UnixTime

MAX_FILE_BYTES: Final = 64 * 1024
NOTHING: Final = "-"
"""An answer that says: there is none."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a step found: whether it is done, in words; `blocked` says why it cannot be done now."""

    done: bool
    says: str
    blocked: str | None = None


class Opens(Protocol):
    """Opens an issuer's folder, and changes what only works while it is closed."""

    def issuer(self, folder: Path) -> Issuer:
        """The issuer in this folder."""

    def new_status_key(self, folder: Path) -> None:
        """Replace its status key for good."""

    def token(self, folder: Path, place: str) -> str:
        """Let new keys be made in the token MODULE,LABEL, and say what it is."""

    def restore(self, scene: "Scene") -> None:
        """Put the backup that the scene's answers name into its folder, at once or not at all."""

    def come_back(self, scene: "Scene") -> None:
        """Make a restored folder the authority's again: erased again, lists closed, a new epoch, published."""


@dataclass(slots=True)
class Scene:
    """One run of a runbook: upon which folder, with which answers, by whom.

    Attributes:
        folder: The issuer's folder; for a restore the new one.
        answers: By the names of the questions.
        by: Who runs it; every act is in this name.
        second: Who stands beside and approves; None: somebody will elsewhere.
        now: The moment.
        opens: The real things.
        proposal: The proposal that a second person decides, once it is made.
        is_resumed: Whether an interrupted run goes on.
        said: What this run was told by hand, by steps that nothing can be looked up of.
    """

    folder: Path
    answers: Mapping[str, str]
    by: str
    second: str | None
    now: Callable[[], UnixTime]
    opens: Opens
    proposal: str | None = None
    is_resumed: bool = False
    said: set[str] = field(default_factory=set)
    _issuer: Issuer | None = None

    @property
    def is_there(self) -> bool:
        """Whether the folder holds an issuer."""
        return (self.folder / "issuer.json").is_file()

    @property
    def issuer(self) -> Issuer:
        """The issuer, opened when it is asked for first."""
        if self._issuer is None:
            self._issuer = self.opens.issuer(self.folder)
        return self._issuer

    def close(self) -> None:
        """Give it back; it is opened anew when it is asked for."""
        if self._issuer is not None:
            self._issuer.close()
            self._issuer = None

    def content(self, name: str) -> bytes:
        """The file that an answer names. Raises: StorageFailed."""
        return durable_files.read(Path(self.answers[name]), max_bytes=MAX_FILE_BYTES)

    def line(self, name: str) -> str:
        """The first line of the file that an answer names."""
        return self.content(name).decode("utf-8", "replace").partition("\n")[0].strip()

    def approve(self) -> str:
        """Have the second person approve what was proposed. Raises: RunbookStopped, SamePerson, and as approving."""
        assert self.proposal is not None, "it was proposed by the step before"
        if self.second is None:
            raise RunbookStopped(
                f"proposal {self.proposal} waits for a second person",
                hint=f"Somebody else: `liangzheng issuer approve DIR {self.proposal[:8]} --by NAME`; then --resume.",
            )
        self.issuer.approvals.approve(self.proposal, by=self.second, at=self.now())
        return f"approved by {self.second}"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that somebody has to say before it begins. `check` refuses what is in no form (ValueError).

    `is_file`: it names a file whose content counts; `is_output`: one that is written, which a drill has elsewhere.
    """

    name: str
    asks: str
    check: Callable[[str], object]
    is_file: bool = False
    is_output: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Without `act` it is somebody's to do by hand; with `asks` nothing can be looked up, so it is asked.

    Attributes:
        name: A word.
        what: What is done.
        means: What that means for holders, counters and terminals.
        takes: How long it takes.
        look: What is true now; changes nothing.
        act: Does it, and says what was done.
    """

    name: str
    what: str
    means: str
    takes: str
    look: Callable[[Scene], Look]
    act: Callable[[Scene], str] | None = None


@dataclass(frozen=True, slots=True)
class Runbook:
    """One runbook. `needs_issuer`: whether the folder has to hold one at the beginning."""

    name: str
    when: str
    questions: tuple[Question, ...]
    steps: tuple[Step, ...]
    needs_issuer: bool = True
    touches_keys: bool = False

    def demand(self, answers: Mapping[str, str]) -> None:
        """Return if every question, and nothing else, is answered in its form. Raises: AnswerRefused."""
        names = {each.name for each in self.questions}
        if answers.keys() != names:
            missing, more = sorted(names - answers.keys()), sorted(answers.keys() - names)
            raise AnswerRefused(
                f"missing: {', '.join(missing) or 'nothing'}; not asked: {', '.join(more) or 'nothing'}"
            )
        for each in self.questions:
            try:
                each.check(answers[each.name])
            except (ValueError, IssuerError) as error:
                raise AnswerRefused(f"{each.name}: {error}") from None

    def said(self, answers: Mapping[str, str]) -> Mapping[str, str | bytes]:
        """The answers as they are recognised again: what a file says counts, and not how it is called."""
        return {each.name: _read(answers[each.name]) if each.is_file else answers[each.name] for each in self.questions}


def _read(path: str) -> bytes | str:
    """What a file says; of a large one, or one that is gone, its name."""
    try:
        return durable_files.read(Path(path), max_bytes=MAX_FILE_BYTES)
    except StorageFailed:
        return path


def by_hand(name: str, what: str, means: str, takes: str) -> Step:
    """A step that nothing can be looked up of: somebody says that it is done, and is asked again by each run."""

    def look(scene: Scene) -> Look:
        return Look(name in scene.said, "you said so" if name in scene.said else "nobody has said that it is done")

    def act(scene: Scene) -> str:
        scene.said.add(name)
        return "you said that it is done"

    return Step(name, what, means, takes, look, act)


def moment(text: str) -> UnixTime:
    """2026-11-22T08:00:00, at UTC+8 if no zone. Raises: ValueError."""
    found = datetime.fromisoformat(text)
    local = found if found.tzinfo is not None else found.replace(tzinfo=unixtime.LOCAL_ZONE)
    return UnixTime(int(local.timestamp()))


def file(text: str) -> Path:
    """A file that is there. Raises: ValueError."""
    if not Path(text).is_file():
        raise ValueError("there is no such file")
    return Path(text)


def file_or_nothing(text: str) -> Path | None:
    """A file that is there, or `-`. Raises: ValueError."""
    return None if text == NOTHING else file(text)


def free(text: str) -> Path:
    """A name that no file has. Raises: ValueError."""
    if Path(text).exists() or Path(text).is_symlink() or not Path(text).absolute().parent.is_dir():
        raise ValueError("it exists, or its folder does not")
    return Path(text)


def days(text: str) -> int:
    """0 to 36,600. Raises: ValueError."""
    if not text.isdecimal() or not text.isascii() or int(text) > 36_600:
        raise ValueError("a number of days, 0 to 36600")
    return int(text)


def words(text: str) -> str:
    """A reason or a name: 1 to 200 characters that show what they say. Raises: ValueError."""
    try:
        lifecycle.check_reason(text)
    except ReasonRefused as error:
        raise ValueError(str(error)) from None
    return text
