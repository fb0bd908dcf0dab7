"""`liangzheng terminal counter DIR add|list|remove`: programs of the counter that may fetch what was checked."""

from pathlib import Path

import click

from protocol import unixtime
from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import named_failures, print_json


@click.group()
@cli_asking.directory_argument
@click.pass_context
def counter(context: click.Context, directory: Path) -> None:
    """Let programs of the counter fetch the checks of the last ten minutes, as fields.

    They ask the running terminal (`terminal serve`) on this machine; its /api/v1/openapi.json says how. What was shown
    stays in the terminal's memory: nothing of it is written to the disk here. Whoever fetches it must keep to the
    retention time that comes with each check.
    """
    context.obj = directory


@counter.command()
@click.argument("name")
@click.option(
    "--purposes",
    metavar="WORD,…",
    help="Of which purposes it gets checks, such as window; without it that of this terminal.",
)
@click.option(
    "--items",
    metavar="ITEM,…",
    help="Which items it gets, such as name,id-card.valid_to; without it all that policy shows for the purpose.",
)
@cli_asking.json_option
@click.pass_obj
@named_failures
def add(directory: Path, name: str, purposes: str | None, items: str | None, as_json: bool) -> None:
    """Add a program and print its token, this once. It may fetch at once, also while `serve` runs.

    \b
    Example:
      liangzheng terminal counter window-3 add queue-system --items name,id-card.citizen_id
    """
    from verifier_terminal import config, counter_clients, wiring

    settings, _ = config.load(directory)
    token = wiring.secret_token()
    made = counter_clients.add(
        directory,
        name,
        purposes=_words(purposes) if purposes is not None else (settings.profile,),
        items=None if items is None else _words(items),
        token=token,
        at=wiring.now(),
    )
    if as_json:
        print_json({"name": made.name, "token": token, "purposes": made.purposes, "items": made.items})
        return
    click.echo(token)
    click.echo("This token is not kept and cannot be shown again; the terminal has its SHA-256 alone.", err=True)


@counter.command(name="list")
@cli_asking.json_option
@click.pass_obj
@named_failures
def list_(directory: Path, as_json: bool) -> None:
    """List the programs that may fetch, with their purposes and items; never their tokens."""
    from verifier_terminal import config, counter_clients

    config.load(directory)
    clients = counter_clients.load(directory)
    if as_json:
        shown = [
            {"name": each.name, "purposes": each.purposes, "items": each.items, "created": int(each.created)}
            for each in clients
        ]
        print_json({"clients": shown})
        return
    for each in clients:
        items = "all that policy shows" if each.items is None else ", ".join(each.items)
        click.echo(f"{each.name}  {unixtime.iso_local(each.created)}  {', '.join(each.purposes)}: {items}")
    if not clients:
        click.echo("No program may fetch checks from this terminal.")


@counter.command()
@click.argument("name")
@click.pass_obj
@named_failures
def remove(directory: Path, name: str) -> None:
    """Remove a program: its token is worth nothing from now on, and a live stream of it ends within a second."""
    from verifier_terminal import config, counter_clients

    config.load(directory)
    counter_clients.remove(directory, name)
    click.echo(f"{name} may fetch nothing any more")


def _words(listed: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in listed.split(",") if each.strip())
