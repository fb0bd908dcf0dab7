"""`liangzheng terminal settings` and `terminal pin`: what a supervisor sets here, and the PIN that keeps it.

A value can only tighten the signed policy. The PIN is typed without being shown, or comes from a file; never from the
command line, where other people of the machine could read it.
"""

from pathlib import Path
from typing import Final

import click

from verifier_terminal import cli_asking, tightening
from verifier_terminal.cli_parts import Failure, console, named_failures, print_json

_MAX_PIN_FILE_BYTES: Final = 64
_YES_NO: Final = {"yes": True, "no": False}

_pin_file = click.option(
    "--pin-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The PIN, instead of a question."
)


@click.command()
@cli_asking.directory_argument
@click.argument("name", metavar="[NAME]", required=False, type=click.Choice(tightening.NAMES))
@click.argument("value", metavar="[VALUE]", required=False)
@click.option("--lock/--unlock", "locked", default=None, help="From now on only with the PIN, or again without.")
@_pin_file
@cli_asking.json_option
@named_failures
def settings(
    *,
    directory: Path,
    name: str | None,
    value: str | None,
    locked: bool | None,
    pin_file: Path | None,
    as_json: bool,
) -> None:
    """Show what a supervisor has set at this terminal, or set NAME to VALUE.

    Every setting can only tighten the signed policy. VALUE is a number, yes or no, or kinds with commas between them
    ("" takes them away). Loosening, locking and changing what is locked need the PIN; a running `serve` follows with
    the next code.
    """
    from verifier_terminal import wiring
    from verifier_terminal.setting_errors import PinRequired

    if (value is not None or locked is not None) and name is None:
        raise click.UsageError("NAME is missing; without one every setting is shown")
    with wiring.open_session(directory) as session:
        if name is not None and (value is not None or locked is not None):
            now = next(each for each in session.supervision.settings() if each.name == name)
            wanted = now.value if value is None else _value(name, value)
            try:
                session.supervision.change(name, wanted, locked=locked, pin=_read(pin_file) if pin_file else None)
            except PinRequired:
                if pin_file is not None or not session.supervision.has_pin():
                    raise
                session.supervision.change(name, wanted, locked=locked, pin=_asked("PIN"))
        standing = [each for each in session.supervision.settings() if name in (None, each.name)]
    if as_json:
        print_json([{"name": each.name, "value": each.value, "locked": each.locked} for each in standing])
        return
    from rich.table import Table

    from verifier_terminal.appraisal.reasons import Language
    from verifier_terminal.web.texts import say

    table = Table("setting", "value", "", "what it does", box=None, pad_edge=False)
    for each in standing:
        is_set = each.value != getattr(tightening.NOTHING, each.name)
        table.add_row(
            each.name,
            _shown(each.value) if is_set else f"[dim]{_shown(each.value)}[/dim]",
            "locked" if each.locked else "",
            say(f"setting.{each.name}", Language.EN),
        )
    console().print(table)


@click.command()
@cli_asking.directory_argument
@_pin_file
@click.option("--new-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="The new PIN.")
@named_failures
def pin(directory: Path, pin_file: Path | None, new_file: Path | None) -> None:
    """Set the supervisor's PIN, or change it with the old one: 6 to 12 digits."""
    from verifier_terminal import wiring

    with wiring.open_session(directory) as session:
        old = None
        if session.supervision.has_pin():
            old = _read(pin_file) if pin_file else _asked("old PIN")
        new = _read(new_file) if new_file else _asked("new PIN", confirmation_prompt=True)
        session.supervision.set_pin(new, old=old)
    click.echo("the PIN is set")


def _value(name: str, text: str) -> object:
    default = getattr(tightening.NOTHING, name)
    if isinstance(default, bool):
        # What is neither is refused by the setting itself, with its own words.
        return _YES_NO.get(text.casefold(), text)
    if isinstance(default, int):
        return int(text) if text.isascii() and text.isdigit() else text
    return [each.strip() for each in text.split(",") if each.strip()]


def _shown(value: tightening.Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_PIN_FILE_BYTES).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as failure:
        raise Failure(f"{file} holds no PIN: a file with 6 to 12 digits is needed", 2) from failure


def _asked(words: str, *, confirmation_prompt: bool = False) -> str:
    return str(click.prompt(words, hide_input=True, confirmation_prompt=confirmation_prompt))
