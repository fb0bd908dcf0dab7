"""`liangzheng issuer office`: where people go to have licences renewed, as wallets show it."""

from pathlib import Path

import click

from issuer import config
from issuer.arguments import ACTOR, FOLDER, json_option, passphrase_option, print_json
from issuer.terminals import listing


@click.group()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@click.pass_context
def office(context: click.Context, folder: Path, passphrase_file: Path | None) -> None:
    """Offices where holders have licences renewed or set right; wallets show them without a network.

    \b
    Example:
      liangzheng issuer office ./issuer add --name 幻境市车管所 --address 虚构区演示路9号 --phone 12345 \\
        --kind driving-licence --place 990101@31.2304,121.4737
      liangzheng issuer office ./issuer list --search 虚构区
    """
    context.obj = folder, passphrase_file


@office.command()
@click.option("--name", required=True, help="As holders read it; 1 to 64 characters, once in the region.")
@click.option("--address", required=True, help="1 to 64 characters.")
@click.option("--phone", required=True, help="1 to 64 characters.")
@click.option("--kind", "kinds", multiple=True, help="A kind that it serves; may be repeated. All if none.")
@click.option(
    "--place",
    default="",
    metavar="DIVISION[@LAT,LON]",
    help="Six digits of GB/T 2260, and decimal degrees (CGCS2000 or WGS 84), so that wallets find the nearest office.",
)
@json_option
@click.pass_obj
def add(
    opened: tuple[Path, Path | None],
    *,
    name: str,
    address: str,
    phone: str,
    kinds: tuple[str, ...],
    place: str,
    as_json: bool,
) -> None:
    """List an office and publish that."""
    from issuer import wiring

    folder, passphrase_file = opened
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        listed = issuer.offices.add(
            name=name, address=address, phone=phone, kinds=frozenset(kinds), place=place, actor=ACTOR, at=wiring.now()
        )
    if as_json:
        print_json({"name": listed.name, "address": listed.address, "phone": listed.phone})
    else:
        click.echo(f"{listed.name} is listed for {len(listed.kinds)} kinds and published.")


@office.command(name="list")
@click.option("--search", default="", help="A part of the name or address.")
@json_option
@click.pass_obj
def list_offices(place: tuple[Path, Path | None], search: str, as_json: bool) -> None:
    """List the offices, by name."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        rows = [listing.office_as_json(record, issuer.kinds) for record in issuer.offices.listed(search=search)]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['name']}  {row['address']}  {row['phone']}  ({', '.join(row['kinds'])})")


@office.command()
@click.argument("name")
@json_option
@click.pass_obj
def remove(place: tuple[Path, Path | None], name: str, as_json: bool) -> None:
    """Take an office off the list and publish that."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        issuer.offices.remove(name, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        click.echo(f"{name} is off the list, and that is published.")
