"""`liangzheng vectors …`: run test vectors against any implementation, and answer one as an implementation does.

Exit codes of `check`: 0 every answer is the expected one, 1 at least one is not, 2 wrong use or nothing to check. Exit
codes of `read` are those of the contract in tests/vectors/README.md: 0 read, 1 refuse, 4 not read.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from liangzheng.errors import CommandError
from liangzheng.printable import printable

_SHOWN_MISMATCHES: Final = 40
_MAX_STDIN_BYTES: Final = 4_194_304


class _Unusable(click.ClickException):
    """A named failure: nothing was checked."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Test vectors: run them against this library or against any program."""


@cli.command()
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--command",
    metavar="COMMAND",
    help="Another implementation, run once for each vector. {format} {at} {iso} {key} {file} {dir} are filled in.",
)
@click.option(
    "--as",
    "role_word",
    type=click.Choice(["reader", "terminal"]),
    default="reader",
    show_default=True,
    help="terminal: COMMAND gives verdicts for a window; it is asked for the bad presentations only.",
)
@click.option("--format", "formats", multiple=True, metavar="FORMAT", help="Only this one; may be given several times.")
@click.option("--only", default="", metavar="PART", help="Only vectors with this in their file name, such as bad/.")
@click.option("--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Runs of COMMAND at a time.")
@click.option("--wait", type=click.FloatRange(0.1), default=30.0, show_default=True, help="Seconds for one run.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def check(
    *,
    directory: Path,
    command: str | None,
    role_word: str,
    formats: tuple[str, ...],
    only: str,
    jobs: int,
    wait: float,
    as_json: bool,
) -> None:
    """Run the vectors of DIR against this library, or against COMMAND. Exit 1 if any answer is not the expected one.

    Each vector goes to COMMAND's standard input; it exits 0 (read), 1 (refuse) or 4 (not read) and prints one line of
    JSON with the code. The whole contract: tests/vectors/README.md.
    """
    from liangzheng.vectors import checking, folder, program

    known = [each.value for each in folder.Format]
    if unknown := [each for each in formats if each not in known]:
        raise click.UsageError(f"no format {', '.join(unknown)}; there are {', '.join(known)}")
    role = checking.Role(role_word)
    if role is checking.Role.TERMINAL and command is None:
        raise click.UsageError("--as terminal needs --command: the library by itself is a reader")
    try:
        found = folder.load(directory)
        wanted = frozenset(folder.Format(each) for each in formats)
        vectors = checking.chosen(found.vectors, role, formats=wanted, only=only)
        if not vectors:
            raise _Unusable("no vector is left to check; look at --format, --only and --as")
        implementation: checking.Implementation = (
            checking.OwnLibrary(found.ground) if command is None else program.Program(command, directory, seconds=wait)
        )
        outcomes = _with_progress(
            checking.check(vectors, implementation, role, jobs=jobs if command is not None else 1), len(vectors)
        )
    except CommandError as failure:
        raise _Unusable(printable(str(failure))) from failure
    wrong = [each for each in outcomes if each.faults]
    compared = sum(each.compared > 0 for each in outcomes)
    good = sum(each.vector.is_good for each in outcomes)
    reading_only = sum(
        each.vector.stage is folder.Stage.APPRAISAL and role is checking.Role.READER for each in outcomes
    )
    if as_json:
        _print_json(
            {
                "directory": str(directory),
                "command": command,
                "as": role.value,
                "vectors": len(outcomes),
                "matched": len(outcomes) - len(wrong),
                "good": good,
                "good_compared_in_values": compared,
                "appraisal_vectors_only_read": reading_only,
                "mismatches": [
                    {"file": each.vector.file, "format": each.vector.format.value, "faults": list(each.faults)}
                    for each in wrong
                ],
            }
        )
    else:
        for each in wrong[:_SHOWN_MISMATCHES]:
            click.echo(f"{click.style('MISMATCH', fg='red', bold=True)} {printable(each.vector.file)}")
            for fault in each.faults:
                click.echo(f"         {printable(fault)}")
        if len(wrong) > _SHOWN_MISMATCHES:
            click.echo(f"… and {len(wrong) - _SHOWN_MISMATCHES} more; --json names all")
        click.echo(f"{len(outcomes) - len(wrong)} of {len(outcomes)} vectors answered as expected.")
        if good:
            click.echo(f"Good vectors: {good}, of which {compared} were also compared in their values.")
        if reading_only:
            click.echo(
                f"{reading_only} vectors are refused by a terminal's clock or purpose; here they were only read."
            )
    sys.exit(1 if wrong else 0)


@cli.command()
@click.option("--vectors", "directory", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--format", "form", required=True, metavar="FORMAT")
@click.option("--at", required=True, type=click.IntRange(0), help="Unix seconds.")
@click.option("--key", default="-", metavar="HEX", help="The X25519 key for a sealed presentation; - for none.")
def read(*, directory: Path, form: str, at: int, key: str) -> None:
    """Answer one vector from standard input, as a program for `check --command` does.

    An example of the contract: liangzheng vectors check DIR --command "liangzheng vectors read --vectors {dir} --format
    {format} --at {at} --key {key}".
    """
    from liangzheng.vectors import checking, folder
    from protocol.unixtime import UnixTime

    try:
        chosen = folder.Format(form)
        ground = folder.ground_of(directory)
        content = sys.stdin.buffer.read(_MAX_STDIN_BYTES).decode("utf-8", "surrogateescape")
        given = folder.given_by_input(chosen, content, private_key=None if key == "-" else bytes.fromhex(key))
        vector = folder.Vector("", chosen, UnixTime(at), given, {"class": checking.READ})
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    except CommandError as failure:
        raise _Unusable(printable(str(failure))) from failure
    answer = checking.OwnLibrary(ground).answer(vector)
    _print_json({"code": answer.code, "read": dict(answer.values), "bytes": dict(answer.stages)})
    sys.exit({checking.READ: 0, checking.REFUSE: 1, checking.NOT_READ: 4}[answer.verdict])


def _with_progress(outcomes: Any, total: int) -> list[Any]:
    """All outcomes; a bar on standard error while somebody looks."""
    if not sys.stderr.isatty():
        return list(outcomes)
    from rich.console import Console
    from rich.progress import track

    return list(track(outcomes, "vectors", total=total, console=Console(stderr=True), transient=True))


def _print_json(value: object) -> None:
    """One line, escaped: nothing in a vector may steer a terminal."""
    click.echo(json.dumps(value, ensure_ascii=True))
