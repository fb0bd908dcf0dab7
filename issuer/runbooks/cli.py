"""`liangzheng issuer runbook list|show|run|runs`: what to do when something has gone wrong, step by step."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from issuer import config
from issuer.approvals.proposing import person
from issuer.arguments import FOLDER, json_option, passphrase_option, print_json
from issuer.runbooks import shelf
from issuer.runbooks.book import Runbook, Scene, Step
from issuer.runbooks.errors import AnswerRefused
from issuer.runbooks.running import Outcome
from protocol import unixtime

_YES: Final = "yes"
_MARKS: Final = {"done": "=", "acted": "+", "to do": "-", "blocked": "!"}


@click.group()
def runbook() -> None:
    """What to do when something has gone wrong, step by step; looked at first, and changed by `--do` alone.

    \b
    Example:
      liangzheng issuer runbook show key-stolen
      liangzheng issuer runbook run key-stolen ./issuer --answer kid=… --answer since=… --answer reason=失窃
      liangzheng issuer runbook run key-stolen ./issuer --answer … --do --by 甲 --second 乙
      liangzheng issuer runbook run key-stolen ./issuer --answer … --drill --yes --by 甲
    """


@runbook.command(name="list")
@json_option
def list_runbooks(as_json: bool) -> None:
    """List the runbooks."""
    if as_json:
        print_json([{"name": each.name, "when": each.when} for each in shelf.RUNBOOKS.values()])
    for each in () if as_json else shelf.RUNBOOKS.values():
        click.echo(f"{each.name:<18} {each.when}")


@runbook.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Say what a runbook asks, its steps, what each means and how long it takes."""
    book = shelf.one(name)
    if as_json:
        print_json(
            {
                "name": book.name,
                "when": book.when,
                "questions": [{"name": each.name, "asks": each.asks} for each in book.questions],
                "steps": [
                    {"name": each.name, "what": each.what, "means": each.means, "takes": each.takes}
                    for each in book.steps
                ],
            }
        )
        return
    click.echo(book.when)
    for question in book.questions:
        click.echo(f"  --answer {question.name}=…  {question.asks}")
    for number, step in enumerate(book.steps, 1):
        click.echo(f"{number} {step.name}: {step.what}. {step.means} (Takes: {step.takes}.)")


@runbook.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def runs(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """List what was run, the newest first, and how far it came."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        rows = [asdict(each) | {"at": unixtime.iso_utc(each.at)} for each in issuer.runs.listed()]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['id']}  {row['state']:<8}  {row['name']:<18}  {row['step']:<12}  {row['at']}  {row['actor']}")


@runbook.command()
@click.argument("name")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--answer", "given", multiple=True, metavar="NAME=TEXT", help="An answer; what is missing is asked for.")
@click.option("--do", "for_real", is_flag=True, help="Do it; without this it is only looked at.")
@click.option("--drill", "is_drill", is_flag=True, help="Do it upon a copy, which is thrown away.")
@click.option("--yes", is_flag=True, help="With --drill: do not ask.")
@click.option("--by", default="", help="Who runs it: your name or staff number. Needed with --do and --drill.")
@click.option("--second", help="A second person who stands beside; else somebody approves elsewhere, then --resume.")
@click.option("--resume", metavar="RUN", help="Go on with this run.")
@passphrase_option
@json_option
def run(
    *,
    name: str,
    folder: Path,
    given: tuple[str, ...],
    for_real: bool,
    is_drill: bool,
    yes: bool,
    by: str,
    second: str | None,
    resume: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Run a runbook: dry, or for real with --do, or upon a copy with --drill."""
    from issuer import wiring
    from issuer.runbooks import drilling, running
    from issuer.runbooks.opening import RealOpens

    if for_real and is_drill:
        raise click.UsageError("Give either --do or --drill.")
    if yes and not is_drill:
        raise click.UsageError("--yes is for drills alone: with --do every step is asked about.")
    book = shelf.one(name)
    answers = _answers(book, given)
    book.demand(answers)
    if for_real or is_drill:
        by = person(by)
    opens = RealOpens(config.passphrase(passphrase_file), is_drill=is_drill)

    def say(step: Step, word: str, says: str) -> None:
        click.echo(f"{_MARKS[word]} {step.name}: {word}. {says}", err=as_json)

    if is_drill:
        if not yes:
            click.confirm("Upon a copy in a scratch folder, saying yes to every step. Go on?", abort=True, err=True)
        live = opens.issuer(folder) if (folder / "issuer.json").is_file() else None
        try:
            outcome = drilling.drill(live, book, answers, opens=opens, by=by, say=say, now=wiring.now)
        finally:
            if live is not None:
                live.close()
        _print(book, outcome, "drill", as_json=as_json)
        return
    scene = Scene(folder, answers, by, second, wiring.now, opens)
    try:
        if for_real:
            outcome = running.run(book, scene, resume=resume, confirm=_confirmed, say=say)
        else:
            outcome = running.look_through(book, scene, say=say)
    finally:
        scene.close()
    _print(book, outcome, "done" if for_real else "dry", as_json=as_json)


def _answers(book: Runbook, given: tuple[str, ...]) -> dict[str, str]:
    answers: dict[str, str] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or name in answers:
            raise AnswerRefused(f"--answer {name} is no NAME=TEXT, or stands twice")
        answers[name] = text
    for question in book.questions:
        if question.name not in answers:
            answers[question.name] = click.prompt(f"{question.asks}\n{question.name}", err=True)
    return answers


def _confirmed(step: Step) -> bool:
    click.echo(f"\n{step.name}: {step.what}.\n  What it means: {step.means}\n  Takes: {step.takes}.", err=True)
    try:
        said: str = click.prompt(f"Type {_YES} to do this", default="no", show_default=False, err=True)
    except click.Abort:
        return False
    return said == _YES


def _print(book: Runbook, outcome: Outcome, how: str, *, as_json: bool) -> None:
    if as_json:
        rows: list[dict[str, Any]] = [asdict(each) for each in outcome.passed]
        print_json({"runbook": book.name, "how": how, "run": outcome.run, "steps": rows})
    elif how == "dry":
        click.echo("Nothing was changed: this was a look. With --do it is done, with --drill upon a copy.")
    else:
        click.echo(f"{book.name}: {'rehearsed' if how == 'drill' else 'done'}.")
