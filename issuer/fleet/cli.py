"""`liangzheng issuer fleet | fleet-token`: which terminals need somebody, and which machines may ask for the list."""

from pathlib import Path

import click

from issuer import config
from issuer.arguments import ACTOR, FOLDER, json_option, passphrase_option, print_json
from issuer.fleet import listing, texts
from protocol import unixtime


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--search", default="", help="A part of the terminal's name, its place or relying party.")
@click.option(
    "--language", type=click.Choice(list(texts.LANGUAGES)), default="en", show_default=True, help="Of the words."
)
@click.option("--all", "show_all", is_flag=True, help="Also those with which all is well.")
@passphrase_option
@json_option
def fleet(
    *, folder: Path, search: str, language: str, show_all: bool, passphrase_file: Path | None, as_json: bool
) -> None:
    """Say which terminals need somebody, the most urgent first: what is wrong, and what to do.

    JSON has all of them with every number of their last heartbeat. The console has the same list.
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        found = issuer.fleet.standings(search=search, at=at)
    if as_json:
        print_json([listing.as_json(each, at=at) for each in found])
        return
    for each in found:
        shown = listing.line(each, language, at=at)
        if shown.troubles or show_all:
            click.echo(f"{shown.terminal}  {shown.place} ({shown.relying_party})")
        for says, does in shown.troubles:
            click.echo(f"    {says}\n        {does}")
    bad = sum(each.worst is not None for each in found)
    click.echo(texts.word("count", language, all=len(found), bad=bad))


@click.group(name="fleet-token")
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@click.pass_context
def fleet_token(context: click.Context, folder: Path, passphrase_file: Path | None) -> None:
    """What may ask for the list of terminals (GET /api/v1/fleet): a token for each, which opens nothing else.

    \b
    Example:
      liangzheng issuer fleet-token ./issuer add --name 监控甲
      liangzheng issuer fleet-token ./issuer remove 监控甲
    """
    context.obj = folder, passphrase_file


@fleet_token.command()
@click.option("--name", required=True, help="Whose it is; 1 to 64 characters.")
@click.option("--days", type=int, default=90, show_default=True, help="How long it opens the list.")
@json_option
@click.pass_obj
def add(place: tuple[Path, Path | None], name: str, days: int, as_json: bool) -> None:
    """Make a token and show it, this once."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        token = issuer.fleet_tokens.give(name, days=days, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"name": name, "token": token})
    else:
        click.echo(token)


@fleet_token.command(name="list")
@json_option
@click.pass_obj
def list_tokens(place: tuple[Path, Path | None], as_json: bool) -> None:
    """List whose tokens open the list, and until when."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.fleet_tokens.listed(at=wiring.now())
    if as_json:
        print_json([{"name": each.name, "until": unixtime.iso_utc(each.until), "by": each.actor} for each in found])
    for each in () if as_json else found:
        click.echo(f"{each.name}  until {unixtime.iso_utc(each.until)}")


@fleet_token.command()
@click.argument("name")
@json_option
@click.pass_obj
def remove(place: tuple[Path, Path | None], name: str, as_json: bool) -> None:
    """End a token at once."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        issuer.fleet_tokens.remove(name, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        click.echo(f"{name} sees the fleet no more.")
