"""What the terminal's commands have in common: exit codes, named failures, and taking codes from wherever they come.

Heavy libraries (OpenCV, rich) are loaded when something needs them. Not handled here: the commands themselves.
"""

import functools
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import click

from protocol.labels import PREFIX_ANIMATED, PREFIX_PRESENTATION
from protocol.limits import MAX_TIME
from protocol.unixtime import LOCAL_ZONE, UnixTime

if TYPE_CHECKING:
    from rich.console import Console

    from verifier_terminal.appraisal.verdict import Verdict
    from verifier_terminal.capture import Wanted
    from verifier_terminal.events import ForeignCode
    from verifier_terminal.session import Session

EXIT_ACCEPT: Final = 0
EXIT_REFUSE: Final = 1
EXIT_USAGE: Final = 2
EXIT_CHECK: Final = 3
EXIT_NOT_READ: Final = 4
EXIT_OUT_OF_ORDER: Final = 5
WORST_FIRST: Final = (EXIT_OUT_OF_ORDER, EXIT_REFUSE, EXIT_NOT_READ, EXIT_CHECK, EXIT_ACCEPT)
MAX_STDIN_BYTES: Final = 4_194_304

P = ParamSpec("P")
R = TypeVar("R")


class Failure(click.ClickException):
    """A named failure with its exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self._exit_code = exit_code

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # click declares it for the class, here it differs
        return self._exit_code


def named_failures(command: Callable[P, R]) -> Callable[P, R]:
    """Turns the terminal's own errors into one clear line and an exit code."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from verifier_terminal import errors

        try:
            return command(*args, **kwargs)
        except (errors.NotATerminal, errors.AlreadyATerminal) as failure:
            raise Failure(str(failure), EXIT_USAGE) from failure
        except (errors.OutOfOrder, errors.StoreDamaged) as failure:
            raise Failure(str(failure), EXIT_OUT_OF_ORDER) from failure
        except errors.TerminalError as failure:
            raise Failure(str(failure), 1) from failure

    return run


class Appraising:
    """The codes of one call: shows each verdict, remembers how to exit, and writes the receipt that was asked for."""

    def __init__(
        self,
        session: "Session",
        *,
        at: UnixTime | None,
        as_json: bool,
        receipt: "ReceiptWanted | None" = None,
        print_slip: Callable[[str], None] | None = None,
    ) -> None:
        self.session = session
        self.exits: set[int] = set()
        self._at = at
        self._as_json = as_json
        self._receipt = receipt
        self._print_slip = print_slip
        self._told = session.subscribe()

    def take(self, text: str, source: str) -> bool:
        """Appraises one text and shows the verdict; False for a frame of an animated code, after which others follow.

        An exercise knows no frames: it reads and writes nothing, so that nothing can be put together.
        """
        from verifier_terminal.errors import OutOfOrder
        from verifier_terminal.session import name_foreign

        if self._at is not None:
            verdict = self.session.exercise(text, at=self._at)
            foreign = name_foreign(text) if verdict.verdict_class.value == "not_read" else None
        else:
            try:
                shown = self.session.read(text, source=source)
            except OutOfOrder as failure:
                self.fail(str(failure), source, EXIT_OUT_OF_ORDER)
                return True
            finally:
                self._tell_progress(source)
            if shown is None:
                return False
            verdict, foreign = shown.verdict, shown.foreign
        self.exits.add(EXIT_OF[verdict.verdict_class.value])
        self._show(verdict, foreign, source)
        if self._receipt is not None:
            self._receipt.write(self.session, verdict.check_number)
        if self._print_slip is not None:
            self._print_slip(verdict.check_number)
        return True

    def _tell_progress(self, source: str) -> None:
        from verifier_terminal.events import AnimationProgress, PortraitShown

        while (event := self._told.next(0)) is not None:
            match event:
                case AnimationProgress(kind=kind, received=received, needed=needed):
                    self.news(f"{kind.name.lower()} {received} of {needed}", source)
                case PortraitShown(image=image):
                    self.news(f"the portrait that the issuer signed is complete ({len(image)} bytes)", source)
                case _:
                    continue

    def fail(self, why: str, source: str, exit_code: int) -> None:
        """Says why there is no verdict; a device at fault is never a refusal."""
        from verifier_terminal import printing

        self.exits.add(exit_code)
        if self._as_json:
            print_json(printing.no_verdict_json(why, source=source, purpose=self.session.settings.profile))
        else:
            click.echo(f"{source}: {why}", err=True)

    def news(self, said: str, source: str) -> None:
        """What a device says about itself goes to standard error."""
        click.echo(f"{source}: {said}", err=True)

    def _show(self, verdict: "Verdict", foreign: "ForeignCode | None", source: str) -> None:
        from verifier_terminal import printing

        exercise = self._at is not None
        catalogue = self.session.catalogue()
        kinds = catalogue.kinds if catalogue else {}
        if self._as_json:
            print_json(printing.verdict_json(verdict, kinds=kinds, source=source, foreign=foreign, exercise=exercise))
            return
        paper = console()
        if exercise:
            paper.print("演练 EXERCISE: nothing was recorded and no replay was looked for", style="reverse")
        printing.print_verdict(paper, verdict, kinds=kinds, foreign=foreign)


@dataclass(frozen=True, slots=True)
class ReceiptWanted:
    """Where the receipt of a check goes, and the holder's copy; both are for their owner alone."""

    receipt: Path
    copy: Path | None
    reason: str | None

    @classmethod
    def of_options(cls, receipt: Path | None, copy: Path | None, reason: str | None) -> "ReceiptWanted | None":
        """What was asked for.

        Raises:
            click.UsageError: A copy without a receipt, or a file that is there already.
        """
        if receipt is None:
            if copy is not None:
                raise click.UsageError("--copy needs --receipt")
            return None
        for path in (receipt, copy):
            if path is not None and path.exists():
                raise click.UsageError(f"{path} is there already; nothing is overwritten")
        return cls(receipt, copy, reason)

    def write(self, session: "Session", check_number: str) -> None:
        """Writes them; that there is none is said, and changes no verdict."""
        from protocol import receipt as receipts
        from verifier_terminal.errors import TerminalError

        try:
            made = session.receipt(check_number, self.reason)
            _write_private(self.receipt, made.receipt)
            if self.copy is not None:
                _write_private(self.copy, receipts.encode_copy(made))
        except TerminalError as failure:
            click.echo(f"no receipt: {failure}", err=True)
        except OSError as failure:
            click.echo(f"the receipt could not be written: {failure.strerror}", err=True)
        else:
            click.echo(f"receipt: {self.receipt}", err=True)


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)


EXIT_OF: Final = {"accept": EXIT_ACCEPT, "check": EXIT_CHECK, "refuse": EXIT_REFUSE, "not_read": EXIT_NOT_READ}


def appraise_sources(one: Appraising, wanted: "Wanted", *, take_all: bool, wait: float) -> None:
    """Takes codes from images or devices, until the first verdict or until told to stop."""
    from hardware.errors import HardwareError
    from verifier_terminal import capture

    stop = threading.Event()
    # A live device may stay silent for ever; files end by themselves, but a stream may pretend to be one.
    limit = threading.Timer(wait, stop.set)
    limit.daemon = True
    limit.start()
    kind = "image" if wanted.images else "camera" if wanted.cameras else "serial"
    try:
        with capture.opened(wanted, wait_for_device=False) as sources:
            for number, source in enumerate(sources, 1):
                # File names may name people, so the journal has the kind of source and its number only.
                name = kind if len(sources) == 1 else f"{kind} {number}"
                try:
                    found = _readings(one, source, name, stop, take_all=take_all)
                except HardwareError as failure:
                    one.fail(str(failure), name, EXIT_NOT_READ)
                    continue
                if not found:
                    one.fail("no code was read", name, EXIT_NOT_READ)
    except HardwareError as failure:
        one.fail(str(failure), kind, EXIT_NOT_READ)
    finally:
        limit.cancel()


def _readings(one: Appraising, source: Any, name: str, stop: threading.Event, *, take_all: bool) -> bool:
    """Takes the codes of one source; whether there was any."""
    from hardware.devices import Reading
    from verifier_terminal import capture

    found = False
    items: Iterator[Any] = source.readings(stop)
    try:
        for item in items:
            if isinstance(item, Reading):
                # Frames of an animated code go on until there is a verdict.
                if one.take(item.text, name):
                    found = True
                    if not take_all:
                        break
            elif (said := capture.words(item)) is not None:
                one.news(said, name)
    finally:
        # Closing the iterator is what releases the device.
        if hasattr(items, "close"):
            items.close()
    return found


def moment(text: str) -> UnixTime:
    """ISO 8601; without a zone it is local time, as on the licences (UTC+8)."""
    try:
        said = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise click.UsageError("--at wants a time such as 2026-11-21T10:00:00+08:00") from wrong
    at = int((said if said.tzinfo else said.replace(tzinfo=LOCAL_ZONE)).timestamp())
    if not 0 <= at <= MAX_TIME:
        raise click.UsageError("--at wants a time from 1970 to 9999")
    return UnixTime(at)


def stdin_text() -> str:
    """Standard input as one text; the one line end that `echo` adds is not part of it."""
    content = sys.stdin.buffer.read(MAX_STDIN_BYTES)
    text = content.decode("utf-8", "surrogateescape")
    return text.removesuffix("\n").removesuffix("\r")


def pictures(text: str) -> tuple[str, ...]:
    """One text; or the pictures of an animated code, which `wallet show --text` prints one a line."""
    lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
    ours = (PREFIX_ANIMATED, PREFIX_PRESENTATION)
    animated = all(line.startswith(ours) for line in lines) and any(line.startswith(PREFIX_ANIMATED) for line in lines)
    return lines if animated else (text,)


def console() -> "Console":
    """A console that makes nothing of what it prints."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def print_json(value: object) -> None:
    """One line; escaped where a terminal could be fooled, readable for people otherwise."""
    click.echo(json.dumps(value, ensure_ascii=True, sort_keys=False))
