"""`liangzheng terminal …`: set up, sync, appraise, serve, and read the journal of a verifier terminal.

Exit codes of `appraise`: 0 accept, 3 check, 1 refuse, 4 not read, 2 usage, 5 out of order. Several codes end with the
worst, in the order out of order > refuse > not read > check > accept. Heavy libraries (OpenCV, Flask, rich) are loaded
by the commands that need them.
"""

import functools
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NoReturn, ParamSpec, TypeVar

import click

from protocol.limits import MAX_TIME
from protocol.unixtime import LOCAL_ZONE, UnixTime

if TYPE_CHECKING:
    from rich.console import Console

    from verifier_terminal.appraisal.verdict import Verdict
    from verifier_terminal.capture import Wanted
    from verifier_terminal.events import ForeignCode
    from verifier_terminal.session import Session

PROFILES: Final = ("window", "kiosk", "roadside", "gate", "hotel", "airport")
EXIT_ACCEPT: Final = 0
EXIT_REFUSE: Final = 1
EXIT_USAGE: Final = 2
EXIT_CHECK: Final = 3
EXIT_NOT_READ: Final = 4
EXIT_OUT_OF_ORDER: Final = 5
_WORST_FIRST: Final = (EXIT_OUT_OF_ORDER, EXIT_REFUSE, EXIT_NOT_READ, EXIT_CHECK, EXIT_ACCEPT)
_MAX_STDIN_BYTES: Final = 4_194_304

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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The verifier terminal: appraise codes, journal, window page."""


_directory = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
_json = click.option("--json", "as_json", is_flag=True, help="For machines.")


@cli.command()
@_directory
@click.option("--trust", required=True, metavar="FOLDER|URL", help="The issuer's published files.")
@click.option("--profile", required=True, type=click.Choice(PROFILES), help="What this terminal is for.")
@click.option("--root", "root_sha256", metavar="SHA256", help="Thumbprint of the issuer's root; a URL needs it.")
@click.option("--name", default="terminal", show_default=True, help="A name for people, such as 3号窗口.")
@_json
@named_failures
def init(*, directory: Path, trust: str, profile: str, root_sha256: str | None, name: str, as_json: bool) -> None:
    """Set a terminal up in DIR and fetch everything once.

    A FOLDER is trusted as provisioned: whoever filled it decides whom this terminal believes. A URL needs --root.
    """
    from verifier_terminal import printing, wiring

    by_network = trust.startswith(("http://", "https://"))
    if by_network and root_sha256 is None:
        raise click.UsageError("a URL needs --root SHA256: get it from the issuer by a separate way")
    settings, report = wiring.initialise(directory, trust=trust, profile=profile, name=name, root_sha256=root_sha256)
    if as_json:
        _print_json(
            {"directory": str(directory), "region": settings.region, "profile": profile}
            | {"root_sha256": settings.root_sha256, "sync": printing.sync_json(report)}
        )
        return
    click.echo(f"{directory}: a {profile} terminal for region {settings.region}")
    if root_sha256 is None:
        click.echo("The folder was trusted as provisioned: its root key is now pinned.")
    click.echo(f"root SHA-256: {settings.root_sha256}")
    _say_sync(printing.sync_json(report))


@cli.command()
@_directory
@_json
@named_failures
def sync(directory: Path, as_json: bool) -> None:
    """Fetch newer documents, re-check what was accepted on older ones. Exit 1 if anything was refused."""
    from verifier_terminal import printing, wiring

    with wiring.open_session(directory) as session:
        report = session.sync(wiring.open_mirror(session.settings.trust))
    shown = printing.sync_json(report)
    if as_json:
        _print_json(shown)
    else:
        _say_sync(shown)
        for alarm in report.alarms:
            click.echo(f"ALARM: {printing.alarm_words(alarm)}")
    if report.refused:
        sys.exit(1)


@cli.command()
@_directory
@click.argument("more_images", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--text", metavar="TEXT", help="The code's text; - reads it from standard input.")
@click.option("--image", "images", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="Image files.")
@click.option("--camera", metavar="INDEX|FILE|URL", help="A camera, a stream or a video file.")
@click.option("--serial", metavar="PORT|URL", help="A scanner on a serial port.")
@click.option("--at", "at_text", metavar="ISO-TIME", help="An exercise at this moment: nothing is recorded.")
@click.option("--all", "take_all", is_flag=True, help="Go on after the first code, until the source ends.")
@click.option("--wait", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds for a live device.")
@_json
@named_failures
def appraise(
    *,
    directory: Path,
    more_images: tuple[Path, ...],
    text: str | None,
    images: tuple[Path, ...],
    camera: str | None,
    serial: str | None,
    at_text: str | None,
    take_all: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Appraise codes; each call is a new act. Exit: 0 accept, 3 check, 1 refuse, 4 not read, 5 out of order.

    With several codes the worst counts: out of order, refuse, not read, check, accept.
    """
    from verifier_terminal import errors, wiring
    from verifier_terminal.capture import Wanted

    if sum((text is not None, bool(images), camera is not None, serial is not None)) != 1:
        raise click.UsageError("give exactly one of --text, --image, --camera, --serial")
    if more_images and not images:
        raise click.UsageError("files are only taken after --image")
    at = None if at_text is None else _moment(at_text)
    with ExitStack() as opened:
        try:
            session = opened.enter_context(wiring.open_session(directory))
        except errors.RootMismatch as failure:
            # Exit 1 is "refuse" here, and a terminal that cannot work has refused nobody.
            raise Failure(str(failure), EXIT_OUT_OF_ORDER) from failure
        one = _Appraising(session, at=at, as_json=as_json)
        if text is not None:
            one.take(_stdin_text() if text == "-" else text, "text")
        else:
            wanted = Wanted(
                images=images + more_images,
                cameras=() if camera is None else (camera,),
                serial_ports=() if serial is None else (serial,),
            )
            _appraise_sources(one, wanted, take_all=take_all or bool(images), wait=wait)
    sys.exit(next(code for code in _WORST_FIRST if code in one.exits))


class _Appraising:
    """The codes of one call: shows each verdict and remembers how to exit."""

    def __init__(self, session: "Session", *, at: UnixTime | None, as_json: bool) -> None:
        self.session = session
        self.exits: set[int] = set()
        self._at = at
        self._as_json = as_json

    def take(self, text: str, source: str) -> None:
        """Appraises one text and shows the verdict."""
        from verifier_terminal.errors import OutOfOrder
        from verifier_terminal.session import name_foreign

        if self._at is not None:
            verdict = self.session.exercise(text, at=self._at)
            foreign = name_foreign(text) if verdict.verdict_class.value == "not_read" else None
        else:
            try:
                shown = self.session.scan(text, source=source)
            except OutOfOrder as failure:
                self.fail(str(failure), source, EXIT_OUT_OF_ORDER)
                return
            verdict, foreign = shown.verdict, shown.foreign
        self.exits.add(_EXIT_OF[verdict.verdict_class.value])
        self._show(verdict, foreign, source)

    def fail(self, why: str, source: str, exit_code: int) -> None:
        """Says why there is no verdict; a device at fault is never a refusal."""
        from verifier_terminal import printing

        self.exits.add(exit_code)
        if self._as_json:
            _print_json(printing.no_verdict_json(why, source=source, purpose=self.session.settings.profile))
        else:
            click.echo(f"{source}: {why}", err=True)

    def news(self, said: str, source: str) -> None:
        """What a device says about itself goes to standard error."""
        click.echo(f"{source}: {said}", err=True)

    def _show(self, verdict: "Verdict", foreign: "ForeignCode | None", source: str) -> None:
        from verifier_terminal import printing

        exercise = self._at is not None
        catalogue, licence = self.session.catalogue(), verdict.licence
        kind = catalogue.kinds.get(licence.vct) if catalogue and licence else None
        if self._as_json:
            _print_json(printing.verdict_json(verdict, kind=kind, source=source, foreign=foreign, exercise=exercise))
            return
        console = _console()
        if exercise:
            console.print("演练 EXERCISE: nothing was recorded and no replay was looked for", style="reverse")
        printing.print_verdict(console, verdict, kind=kind, foreign=foreign)


_EXIT_OF: Final = {"accept": EXIT_ACCEPT, "check": EXIT_CHECK, "refuse": EXIT_REFUSE, "not_read": EXIT_NOT_READ}


def _appraise_sources(one: _Appraising, wanted: "Wanted", *, take_all: bool, wait: float) -> None:
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


def _readings(one: _Appraising, source: Any, name: str, stop: threading.Event, *, take_all: bool) -> bool:
    """Takes the codes of one source; whether there was any."""
    from hardware.devices import Reading
    from verifier_terminal import capture

    found = False
    items: Iterator[Any] = source.readings(stop)
    try:
        for item in items:
            if isinstance(item, Reading):
                one.take(item.text, name)
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


@cli.command()
@_directory
@click.option("--port", type=click.IntRange(0, 65_535), default=8471, show_default=True, help="0 takes a free one.")
@click.option("--camera", "cameras", multiple=True, metavar="INDEX|FILE|URL", help="May be given several times.")
@click.option("--serial", "serial_ports", multiple=True, metavar="PORT|URL", help="May be given several times.")
@click.option("--sync-every", type=click.FloatRange(1.0), default=60.0, show_default=True, help="Seconds.")
@click.option(
    "--frame-ancestor",
    "frame_ancestors",
    multiple=True,
    metavar="ORIGIN",
    help="A page that may embed this one, such as http://127.0.0.1:8000; without it nobody may.",
)
@named_failures
def serve(
    *,
    directory: Path,
    port: int,
    cameras: tuple[str, ...],
    serial_ports: tuple[str, ...],
    sync_every: float,
    frame_ancestors: tuple[str, ...],
) -> None:
    """Run the window page on this machine, read the devices, and keep the documents fresh."""
    from hardware.errors import HardwareError
    from verifier_terminal import capture, wiring
    from verifier_terminal.appraisal import reasons
    from verifier_terminal.web import app as web_app
    from verifier_terminal.web import server
    from verifier_terminal.web.settings import SettingRefused, WindowSettings

    stop = threading.Event()
    try:
        settings = WindowSettings(csrf_token=wiring.csrf_token(), frame_ancestors=frame_ancestors)
    except SettingRefused as refused:
        raise click.UsageError(str(refused)) from refused
    signal.signal(signal.SIGTERM, _interrupt)
    wanted = capture.Wanted(cameras=cameras, serial_ports=serial_ports)
    try:
        with wiring.open_session(directory) as session, capture.opened(wanted, wait_for_device=True) as sources:
            app = web_app.create_app(session, settings=settings, reasons=reasons.load(), clock=wiring.now)
            threads = capture.start_feeding(session, sources, stop)
            syncing = threading.Thread(target=_keep_fresh, args=(session, stop, sync_every), name="sync", daemon=True)
            syncing.start()
            try:
                server.serve(app, "127.0.0.1", port, settings.stream_cap, ready=_say_address)
            except KeyboardInterrupt:
                click.echo("stopped")
            finally:
                stop.set()
                for thread in (*threads, syncing):
                    thread.join(5.0)
    except HardwareError as failure:
        raise Failure(str(failure), EXIT_USAGE) from failure
    except OSError as failure:
        raise Failure(f"port {port} cannot be used ({failure.strerror}); choose another with --port", 1) from failure


def _keep_fresh(session: "Session", stop: threading.Event, every: float) -> None:
    """The sync thread: failures are kept in the session's status and never end it."""
    from verifier_terminal import wiring
    from verifier_terminal.errors import TerminalError

    while not stop.is_set():
        try:
            session.recover()
            session.sync(wiring.open_mirror(session.settings.trust))
        except TerminalError as failure:
            if not stop.is_set():
                click.echo(f"sync: {failure}", err=True)
        stop.wait(wiring.jitter(every))


@cli.command()
@_directory
@_json
@click.option("--search", default="", help="A part of the content: check number, kind, code, class.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=1_000, show_default=True)
@click.option("--verify", is_flag=True, help="Check the chain instead; exit 1 if it was tampered with.")
@named_failures
def journal(directory: Path, as_json: bool, search: str, limit: int, verify: bool) -> None:
    """Read the journal, the newest rows first. Reading it is written down too."""
    from verifier_terminal import printing, wiring

    with wiring.open_session(directory) as session:
        if verify:
            report = printing.chain_json(session.verify_journal())
            if as_json:
                _print_json(report)
            else:
                click.echo(
                    f"{report['rows']} rows, {report['anchored']} anchored, {report['erased']} erased by retention"
                )
                for finding in report["findings"]:
                    click.echo(f"TAMPERED at row {finding['seq']}: {finding['kind']}: {finding['text']}")
                if report["intact"]:
                    click.echo("The chain is intact.")
            if not report["intact"]:
                sys.exit(1)
            return
        rows = [row for row in session.journal_rows(search, limit) if row.payload is not None]
        _note(session, "journal")
    if as_json:
        _print_json([{"seq": row.seq, **(row.payload or {})} for row in rows])
    else:
        printing.print_rows(_console(), [row.payload for row in rows if row.payload is not None])


@cli.command()
@_directory
@_json
@named_failures
def status(directory: Path, as_json: bool) -> None:
    """Say what the terminal holds, how old it is, and until when it is good enough."""
    from verifier_terminal import printing, wiring

    with wiring.open_session(directory) as session:
        standing = session.status()
    if as_json:
        _print_json(printing.status_json(standing))
    else:
        printing.print_status(_console(), standing)


@cli.command()
@_directory
@click.argument("check_number", metavar="CHECK-NUMBER")
@_json
@named_failures
def explain(directory: Path, check_number: str, as_json: bool) -> None:
    """Say everything that the journal knows about one check: every step, code and age."""
    from verifier_terminal import printing, wiring

    with wiring.open_session(directory) as session:
        rows = session.explain(check_number)
        _note(session, f"explain {check_number}")
    if as_json:
        _print_json([{"seq": row.seq, **(row.payload or {})} for row in rows])
    else:
        printing.print_explanation(_console(), [row.payload for row in rows if row.payload is not None])


@cli.command()
@_directory
@click.argument("check_number", metavar="CHECK-NUMBER")
@click.option("--reason", required=True, help="Why; no personal data, it stays in the journal.")
@named_failures
def void(directory: Path, check_number: str, reason: str) -> None:
    """Declare a check void by a new row; the old one stays."""
    from verifier_terminal import wiring

    with wiring.open_session(directory) as session:
        session.void(check_number, reason)
    click.echo(f"{check_number} is void")


def _note(session: "Session", what: str) -> None:
    """A full disk must not keep anybody from looking at the journal; that the reading is not recorded is said."""
    from verifier_terminal.errors import OutOfOrder

    try:
        session.note_reading("".join(each for each in what if each.isprintable())[:40])
    except OutOfOrder as failure:
        click.echo(f"this reading could not be recorded: {failure}", err=True)


def _say_sync(shown: dict[str, Any]) -> None:
    click.echo(f"taken in: {', '.join(shown['taken_in']) or 'nothing new'}")
    for refused in shown["refused"]:
        click.echo(f"not taken in: {refused['name']}: {refused['text']}", err=True)
    if shown["rechecked"]:
        click.echo(f"{shown['rechecked']} checks re-verified, {len(shown['alarms'])} changed")


def _say_address(port: int) -> None:
    click.echo(f"window page: http://127.0.0.1:{port}/")


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _moment(text: str) -> UnixTime:
    """ISO 8601; without a zone it is local time, as on the licences (UTC+8)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise click.UsageError("--at wants a time such as 2026-11-21T10:00:00+08:00") from wrong
    at = int((moment if moment.tzinfo else moment.replace(tzinfo=LOCAL_ZONE)).timestamp())
    if not 0 <= at <= MAX_TIME:
        raise click.UsageError("--at wants a time from 1970 to 9999")
    return UnixTime(at)


def _stdin_text() -> str:
    """Standard input as one text; the one line end that `echo` adds is not part of it."""
    content = sys.stdin.buffer.read(_MAX_STDIN_BYTES)
    text = content.decode("utf-8", "surrogateescape")
    return text.removesuffix("\n").removesuffix("\r")


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _print_json(value: object) -> None:
    """One line; escaped where a terminal could be fooled, readable for people otherwise."""
    click.echo(json.dumps(value, ensure_ascii=True, sort_keys=False))
