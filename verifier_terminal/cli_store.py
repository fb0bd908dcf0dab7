"""`liangzheng terminal journal | explain | void | acknowledge | export-acts`: what is written down, to be read.

Whoever reads is written down too: the journal tells where people were. A full disk keeps nobody from looking; that the
reading is not recorded is said then.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import Failure, console, named_failures, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

    from verifier_terminal.appraisal.reasons import Language
    from verifier_terminal.session import Session
    from verifier_terminal.store.journal import JournalRow
    from verifier_terminal.web.explanation import Explanation

_directory, _json = cli_asking.directory_argument, cli_asking.json_option
_TAGS: Final = ("zh-Hans", "zh-Hant", "en")
_language = click.option("--lang", type=click.Choice(_TAGS), default="en", show_default=True, help="Of the words.")
_day = click.DateTime(formats=("%Y-%m-%d",))


@click.command()
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
                print_json(report)
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
        print_json([{"seq": row.seq, **(row.payload or {})} for row in rows])
    else:
        printing.print_rows(console(), [row.payload for row in rows if row.payload is not None])


@click.command()
@_directory
@click.argument("check_number", metavar="CHECK-NUMBER")
@_language
@_json
@named_failures
def explain(directory: Path, check_number: str, lang: str, as_json: bool) -> None:
    """Say how a check was decided: every numbered check, what it found and rested on, and what came afterwards.

    The numbers are those of docs/verification.md. It comes from the journal, which holds names of items and no values.
    --json has the words in three languages, and the rows as they stand. Asking is written down.
    """
    from verifier_terminal import wiring
    from verifier_terminal.appraisal import reasons
    from verifier_terminal.web import explanation
    from verifier_terminal.web.texts import TAGS

    with wiring.open_session(directory) as session:
        rows = session.explain(check_number)
        catalogue = session.catalogue()
        _note(session, f"explain {check_number}")

    def in_language(language: "Language") -> "Explanation":
        return explanation.of_rows(
            rows, explanation.Words(language=language, reasons=reasons.load(), catalogue=catalogue)
        )

    if as_json:
        print_json(_explained(rows, {tag: in_language(language) for language, tag in TAGS.items()}))
    else:
        _print_explanation(console(), in_language(_named(lang)))


@click.command()
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


@click.command()
@_directory
@click.argument("check_number", metavar="CHECK-NUMBER")
@named_failures
def acknowledge(directory: Path, check_number: str) -> None:
    """End the alarms about a check that `terminal status` lists, once somebody has seen to them; a new row says so."""
    from verifier_terminal import errors, wiring

    with wiring.open_session(directory) as session:
        try:
            session.acknowledge(check_number)
        except errors.UnknownCheckNumber as failure:
            words = f"there is no alarm about {check_number}; `terminal status` lists those that stand"
            raise Failure(words, 1) from failure
    click.echo(f"{check_number}: acknowledged")


@click.command("export-acts")
@_directory
@click.argument("file", metavar="FILE.csv", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--since", type=_day, metavar="YYYY-MM-DD", help="The first day, at UTC+8.")
@click.option("--until", type=_day, metavar="YYYY-MM-DD", help="The last day.")
@_language
@named_failures
def export_acts(directory: Path, file: Path, since: "datetime | None", until: "datetime | None", lang: str) -> None:
    """Write the checks of these days into FILE.csv, one line each, for a spreadsheet; - is standard output.

    It has what the journal has: no names, no numbers of licences. It does tell what was done when: only its owner may
    read the file, and exporting is written down. A journal that was tampered with is exported all the same and exits
    1. (`terminal export` is another thing: published files for a neighbour.)
    """
    from protocol import unixtime
    from protocol.limits import MAX_TIME
    from protocol.unixtime import UnixTime
    from verifier_terminal import wiring
    from verifier_terminal.appraisal import reasons
    from verifier_terminal.web import acts_table
    from verifier_terminal.web.explanation import Words

    begin = UnixTime(0) if since is None else unixtime.local_midnight(unixtime.day_of(since.date()))
    end = UnixTime(MAX_TIME) if until is None else unixtime.end_of_local_day(unixtime.day_of(until.date()))
    if begin >= end:
        raise click.UsageError("--since lies after --until")
    with wiring.open_session(directory) as session:
        intact = not session.verify_journal().findings
        numbers = session.check_numbers(since=begin, until=end)
        words = Words(language=_named(lang), reasons=reasons.load(), catalogue=session.catalogue())
        _note(session, f"export-acts {_said(since)}/{_said(until)}")
        with (
            _output(file) as out,
            click.progressbar(numbers, label="acts", file=sys.stderr, hidden=not sys.stderr.isatty()) as shown,
        ):
            count = acts_table.write(out, (session.explain(number) for number in shown), words)
    click.echo(f"{file}: {count} checks", err=True)
    if not intact:
        raise Failure(
            "the journal was TAMPERED with, and what was changed is missing: see `terminal journal --verify`", 1
        )


def _print_explanation(console: "Console", explained: "Explanation") -> None:
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    from verifier_terminal.printing import FACES

    console.print(Text(explained.title, style="bold"))
    if explained.verdict_class is not None:
        word, style = FACES[explained.verdict_class]
        console.print(Panel(Text(word, justify="center"), style=style, padding=(0, 4), expand=False))
    for said in explained.said:
        console.print(Text(said))
    steps = Table.grid(padding=(0, 2))
    for line in explained.lines:
        words = [f"{code} ({tier}): {text}" for code, tier, text in line.findings] + list(line.rested)
        steps.add_row(Text(str(line.number)), Text(f"{line.title}: {line.outcome_words}", style="bold"))
        for each in words:
            steps.add_row("", Text(each))
    console.print(steps)
    for later in explained.afterwards:
        console.print(Text(f"{later.at}  {later.words}"))


def _explained(rows: "tuple[JournalRow, ...]", said: "dict[str, Explanation]") -> dict[str, Any]:
    """The object for machines: structure once, words by language."""
    first = next(iter(said.values()))
    return {
        "check_number": first.check_number,
        "class": first.verdict_class,
        "said": {tag: list(each.said) for tag, each in said.items()},
        "steps": [
            {
                "step": line.number,
                "outcome": line.outcome,
                "codes": [code for code, _, _ in line.findings],
                "words": {
                    tag: {
                        "check": each.lines[place].title,
                        "outcome": each.lines[place].outcome_words,
                        "findings": [text for _, _, text in each.lines[place].findings],
                        "rested_on": list(each.lines[place].rested),
                    }
                    for tag, each in said.items()
                },
            }
            for place, line in enumerate(first.lines)
        ],
        "afterwards": [
            {
                "at": later.at,
                "event": later.event,
                "words": {tag: each.afterwards[place].words for tag, each in said.items()},
            }
            for place, later in enumerate(first.afterwards)
        ],
        "rows": [{"seq": row.seq, **(row.payload or {})} for row in rows],
    }


def _said(day: "datetime | None") -> str:
    return "" if day is None else f"{day:%Y-%m-%d}"


def _named(tag: str) -> "Language":
    from verifier_terminal.web.texts import TAGS

    return next(language for language, each in TAGS.items() if each == tag)


@contextmanager
def _output(file: Path) -> Iterator[TextIO]:
    """Standard output, or a file that is there whole or not at all, for its owner alone."""
    if str(file) == "-":
        with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", newline="") as out:
            yield out
        return
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".tmp")
    except OSError as failure:
        raise Failure(f"{file} cannot be written ({failure.strerror}); nothing was exported", 2) from failure
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            yield out
        Path(temporary).replace(file)
    except OSError as failure:
        raise Failure(f"{file} cannot be written ({failure.strerror}); nothing was exported", 2) from failure
    finally:
        Path(temporary).unlink(missing_ok=True)


def _note(session: "Session", what: str) -> None:
    """A full disk must not keep anybody from looking at the journal; that the reading is not recorded is said."""
    from verifier_terminal.errors import OutOfOrder

    try:
        session.note_reading("".join(each for each in what if each.isprintable())[:40])
    except OutOfOrder as failure:
        click.echo(f"this reading could not be recorded: {failure}", err=True)
