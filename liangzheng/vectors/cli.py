"""`liangzheng vectors …`: run test vectors against any implementation, and answer one as an implementation does.

Exit codes of `check`: 0 every answer is the expected one, 1 at least one is not, 2 wrong use or nothing to check. Exit
codes of `read` are those of the contract in tests/vectors/README.md: 0 read, 1 refuse, 4 not read.
"""

import json
import sys
from functools import partial
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
    help="terminal: verdicts, for the bad presentations at a window and for acts; of COMMAND acts only with --acts.",
)
@click.option("--acts", "with_acts", is_flag=True, help="Ask COMMAND for acts too: it reads their context as JSON.")
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
    with_acts: bool,
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
    from liangzheng.vectors import acts, checking, folder, program

    known = [each.value for each in folder.Format]
    if unknown := [each for each in formats if each not in known]:
        raise click.UsageError(f"no format {', '.join(unknown)}; there are {', '.join(known)}")
    role = checking.Role(role_word)
    if with_acts and (role is not checking.Role.TERMINAL or command is None):
        raise click.UsageError("--acts goes with --as terminal and --command")
    try:
        found = folder.load(directory)
        wanted = frozenset(folder.Format(each) for each in formats)
        vectors = checking.chosen(found.vectors, role, formats=wanted, only=only)
        asked = [each for each in acts.load(directory) if only in each.file] if role is checking.Role.TERMINAL else []
        if formats or (command is not None and not with_acts):
            asked = []
        if not vectors and not asked:
            raise _Unusable("no vector is left to check; look at --format, --only and --as")
        implementation: checking.Implementation
        if command is not None:
            named = program.Program(command, directory, seconds=wait)
            implementation, say = named, named.answer_act
        else:
            own = acts.OwnTerminal(found.ground, partial(folder.document, directory))
            implementation = own if role is checking.Role.TERMINAL else checking.OwnLibrary(found.ground)
            say = own.answer_act
        outcomes = _with_progress(
            checking.check(vectors, implementation, role, jobs=jobs if command is not None else 1), len(vectors)
        )
        wrong_acts = [(each.file, faults) for each in asked if (faults := acts.faults(each, say(each)))]
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
                "acts": len(asked),
                "acts_matched": len(asked) - len(wrong_acts),
                "act_mismatches": [{"file": file, "faults": list(faults)} for file, faults in wrong_acts],
            }
        )
    else:
        mismatches = [(each.vector.file, each.faults) for each in wrong] + wrong_acts
        for file, faults in mismatches[:_SHOWN_MISMATCHES]:
            click.echo(f"{click.style('MISMATCH', fg='red', bold=True)} {printable(file)}")
            for fault in faults:
                click.echo(f"         {printable(fault)}")
        if len(mismatches) > _SHOWN_MISMATCHES:
            click.echo(f"… and {len(mismatches) - _SHOWN_MISMATCHES} more; --json names all")
        if outcomes:
            click.echo(f"{len(outcomes) - len(wrong)} of {len(outcomes)} vectors answered as expected.")
        if asked:
            click.echo(f"{len(asked) - len(wrong_acts)} of {len(asked)} acts answered by the expected verdict.")
        if good:
            click.echo(f"Good vectors: {good}, of which {compared} were also compared in their values.")
        if reading_only:
            click.echo(
                f"{reading_only} vectors are refused by a terminal's clock or purpose; here they were only read."
            )
    sys.exit(1 if wrong or wrong_acts else 0)


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


@cli.command()
@click.option("--vectors", "directory", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
def appraise(*, directory: Path) -> None:
    """Give the verdict on one act from standard input, as a program for `check --as terminal --acts` does.

    An example of the contract: liangzheng vectors check DIR --as terminal --acts --command "liangzheng vectors appraise
    --vectors {dir}". Nothing of a terminal's own is read or written.
    """
    from liangzheng.vectors import acts, folder
    from protocol.unixtime import UnixTime

    try:
        ground = folder.ground_of(directory)
        asked = json.loads(sys.stdin.buffer.read(_MAX_STDIN_BYTES))
        act = acts.Act("", UnixTime(asked["at"]), asked["given"], {})
        said = acts.OwnTerminal(ground, partial(folder.document, directory)).answer_act(act)
    except (KeyError, TypeError, ValueError) as wrong:
        raise click.UsageError(f"no act on standard input ({wrong!r})") from wrong
    except CommandError as failure:
        raise _Unusable(printable(str(failure))) from failure
    codes = [{"code": code, "tier": tier} for code, tier in said["codes"].items()]
    _print_json({**said, "codes": codes})
    sys.exit({"accept": 0, "check": 3, "refuse": 1, "not_read": 4}[said["class"]])


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
