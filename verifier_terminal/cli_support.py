"""`liangzheng terminal support`: how a terminal stands, as lines and as the text for whoever supports it from afar."""

import sys
from pathlib import Path

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import console, named_failures, print_json


@click.command()
@click.argument("directory", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--read", "text", metavar="TEXT", help="Say what somebody else's support text says; - reads it from standard input."
)
@cli_asking.json_option
@named_failures
def support(directory: Path | None, text: str | None, as_json: bool) -> None:
    """Say how the terminal in DIR stands, and give the support text; numbers alone, nothing about anybody.

    Counts of what was read are those of this command: a running terminal has its own on its check-up page.
    """
    from verifier_terminal import enrolling, support_text, wiring
    from verifier_terminal.appraisal.reasons import Language
    from verifier_terminal.metrics import Tally
    from verifier_terminal.web.diagnosis_routes import diagnosis_json

    if (directory is None) is (text is None):
        raise click.UsageError("give DIR, or --read TEXT")
    if directory is not None:
        with wiring.open_session(directory) as session:
            beat = enrolling.heartbeats(session, directory, Tally()).make()
    else:
        typed = sys.stdin.read(support_text.MAX_CHARACTERS) if text == "-" else str(text)
        beat = support_text.content(typed)
    found = diagnosis_json(beat, Language.EN, now=wiring.now())
    if as_json:
        print_json(found)
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("", "", "", "what to do", box=None, pad_edge=False)
    lines = found["lines"]
    assert isinstance(lines, list)
    for each in lines:
        table.add_row(*(Text(each[part]) for part in ("grade", "name", "words", "todo")))
    console().print(Text(str(found["program"])))
    console().print(table)
    if directory is not None:
        click.echo(f"\n{found['support']}")
