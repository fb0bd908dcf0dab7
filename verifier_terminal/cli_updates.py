"""`liangzheng terminal update …` and `terminal launch`: newer versions of this program, fetched, tried, applied.

Only the updating service may write the software's folder; it runs `update due` and `update apply`.
"""

import getpass
import sys
from pathlib import Path
from typing import Final

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import Failure, named_failures, print_json

SOFTWARE: Final = Path("/var/lib/liangzheng/software")
NOT_DUE: Final = 1
_software = click.option(
    "--software",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    default=SOFTWARE,
    show_default=True,
    help="The software's folder, where releases are installed.",
)
_from = click.option("--from", "source", metavar="FOLDER|URL", help="A copy of the repository, such as on a stick.")


@click.group()
def update() -> None:
    """Newer versions of this program: signed in the repository, offered in stages, applied when the place is closed."""


@update.command()
@cli_asking.directory_argument
@cli_asking.json_option
@named_failures
def status(directory: Path, as_json: bool) -> None:
    """Say which version runs, what is on its way, and what was given up."""
    from verifier_terminal import wiring
    from verifier_terminal.updates import standing

    found = wiring.software(directory)
    if as_json:
        print_json(standing.as_json(found))
    else:
        click.echo(standing.in_words(found))
        if found.pending is not None:
            for language, note in found.pending.notes.items():
                click.echo(f"  {language}: {note}")


@update.command()
@cli_asking.directory_argument
@_software
@_from
@named_failures
def fetch(directory: Path, software: Path, source: str | None) -> None:
    """Fetch the newest version that is offered here, install it beside this one, and try it."""
    from verifier_terminal import wiring

    with wiring.open_updates(directory, software) as opened:
        found = opened.fetch(source, tell=_say)
    click.echo("there is nothing newer" if found is None else f"{found.version} is {found.state}")


@update.command()
@cli_asking.directory_argument
@_software
@named_failures
def due(directory: Path, software: Path) -> None:
    """Fetch what there is, and say by the exit code whether it may be applied now: 0 yes, 1 not now."""
    from verifier_terminal import wiring
    from verifier_terminal.errors import TerminalError
    from verifier_terminal.updates.errors import NothingReady, NotNow

    with wiring.open_updates(directory, software) as opened:
        try:
            opened.fetch(None, tell=_say)
        except TerminalError as failure:
            _say(str(failure))
        try:
            ready = opened.updates.check_now(at=opened.at, clock_plausible=opened.clock_plausible)
        except (NothingReady, NotNow) as why:
            click.echo(str(why))
            sys.exit(NOT_DUE)
    click.echo(f"{ready.version} may be applied now")


@update.command()
@cli_asking.directory_argument
@_software
@click.option("--no-way-back", is_flag=True, help="Also a version after which this one could not read the database.")
@named_failures
def apply(directory: Path, software: Path, no_way_back: bool) -> None:
    """Switch to the version that is ready; never while the place is open or in use. Restart the terminal afterwards."""
    from verifier_terminal import wiring

    with wiring.open_updates(directory, software) as opened:
        applied = opened.updates.apply(
            at=opened.at, clock_plausible=opened.clock_plausible, by=getpass.getuser(), no_way_back=no_way_back
        )
    click.echo(f"{applied.version} runs from the next start on")


@update.command()
@cli_asking.directory_argument
@_software
@click.option("--hours", type=click.IntRange(1, 168), default=24, show_default=True, help="For how long.")
@named_failures
def postpone(directory: Path, software: Path, hours: int) -> None:
    """Let the version that is on its way wait, at most seven days at once; as often as is needed."""
    from protocol import unixtime
    from verifier_terminal import wiring

    with wiring.open_updates(directory, software) as opened:
        until = unixtime.UnixTime(opened.at + hours * unixtime.HOUR)
        found = opened.updates.postpone(until, at=opened.at, by=getpass.getuser())
    click.echo(f"{found.version} waits until {unixtime.iso_local(until)}")


@update.command("roll-back")
@cli_asking.directory_argument
@_software
@click.option("--reason", required=True, metavar="TEXT", help="For the journal and for whoever looks after it.")
@named_failures
def roll_back(directory: Path, software: Path, reason: str) -> None:
    """Go back to the version before; this one is not tried again here. Restart the terminal afterwards."""
    from verifier_terminal import wiring

    if not reason.isprintable() or not 0 < len(reason) <= 200:
        raise click.UsageError("--reason wants 1 to 200 printable characters")
    with wiring.open_updates(directory, software) as opened:
        found = opened.updates.roll_back(reason, at=opened.at, by=getpass.getuser())
    click.echo(f"{found.version} is given up; the version before runs from the next start on")


@update.command("self-test", hidden=True)
@cli_asking.directory_argument
@named_failures
def self_test(directory: Path) -> None:
    """Try this version on a copy of a terminal in DIR."""
    from verifier_terminal import self_testing

    self_testing.run(directory)
    click.echo("good")


@click.command(context_settings={"ignore_unknown_options": True})
@cli_asking.directory_argument
@_software
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@named_failures
def launch(directory: Path, software: Path, words: tuple[str, ...]) -> None:
    """Run `terminal WORDS DIR` in the version that is to run, by default `serve`; options go behind the words.

    A version whose page does not come up in three starts is left for the one before.
    """
    from verifier_terminal.updates import launching
    from verifier_terminal.updates.child import StartedProgram

    count = next((number for number, word in enumerate(words) if word.startswith("-")), len(words))
    commands, options = words[:count] or ("serve",), words[count:]
    if commands[0] == update.name:
        options += ("--software", str(software))
    command = ("-I", "-m", "liangzheng", "terminal", *commands, str(directory), *options)
    try:
        code = launching.launch(
            software,
            directory,
            start=lambda python: StartedProgram([str(python), *command]),
            shows_page=commands == ("serve",),
        )
    except OSError as failure:
        raise Failure(f"the program cannot be started ({failure.strerror})", 1) from failure
    sys.exit(code)


def _say(words: str) -> None:
    click.echo(f"update: {words}", err=True)
