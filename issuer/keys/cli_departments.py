"""`liangzheng issuer department`: departments of one authority, each with a key for its own kinds."""

from pathlib import Path

import click

from issuer import config
from issuer.arguments import ACTOR, FOLDER, json_option, passphrase_option, print_json
from issuer.keys import listing
from issuer.keys.cli import ahead_option, print_changed
from protocol.unixtime import HOUR, Seconds


@click.group()
def department() -> None:
    """Departments: each issues its own kinds, under a key that terminals accept for these kinds alone.

    \b
    Example:
      liangzheng issuer department add ./issuer --name traffic-police
      liangzheng issuer issue ./issuer --kind driving-licence --department traffic-police …
    """


@department.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--name", required=True, help="1 to 32 of a-z, 0-9 and -: traffic-police. Never given again.")
@click.option("--kind", "kinds", multiple=True, help="A kind that it issues, may be repeated; else what the kinds say.")
@ahead_option
@passphrase_option
@json_option
def add(
    *, folder: Path, name: str, kinds: tuple[str, ...], hours: int, passphrase_file: Path | None, as_json: bool
) -> None:
    """Add a department, and publish a key of its own that signs its kinds and nothing else."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        usual = (kind.slug for kind in issuer.kinds.values() if name in kind.departments)
        made = issuer.keys.add_department(
            name, frozenset(kinds or usual), ahead=Seconds(hours * HOUR), actor=ACTOR, at=wiring.now()
        )
    print_changed(made, as_json=as_json)


@department.command(name="list")
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def list_departments(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """List every department with its kinds."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        rows = [listing.department_as_json(each, issuer.kinds) for each in issuer.keys.departments()]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        retired = "" if row["retired"] is None else f"  retired {row['retired']}"
        click.echo(f"{row['name']:<32}  {', '.join(row['kinds'])}{retired}")


@department.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("name", metavar="NAME")
@ahead_option
@passphrase_option
@json_option
def retire(folder: Path, name: str, hours: int, passphrase_file: Path | None, as_json: bool) -> None:
    """Let a department issue nothing more; its kinds become the authority's own again. What it signed stays good."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        made = issuer.keys.retire_department(name, ahead=Seconds(hours * HOUR), actor=ACTOR, at=wiring.now())
    print_changed(made, as_json=as_json)
