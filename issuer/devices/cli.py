"""`liangzheng issuer devices | report-lost | found`: the devices that hold a licence."""

from pathlib import Path

import click

from issuer import config
from issuer.arguments import (
    ACTOR,
    FILE,
    FOLDER,
    json_option,
    keep_package,
    passphrase_option,
    prepare_package,
    print_json,
)
from issuer.devices import listing

_DEVICE = click.option(
    "--device", help="The beginning of its key's SHA-256, as `devices` lists it; if there are several."
)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@passphrase_option
@json_option
def devices(folder: Path, licence_id: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List the devices that hold a licence, the oldest first: the holder's, and agents'."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        rows = [listing.as_json(record) for record in issuer.devices.listed(licence_id, at=wiring.now())]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['device'][:16]}  {row['state']:<8}  {row['of']:<6}  {row['since']}  to {row['to']}")


@click.command(name="report-lost")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@_DEVICE
@click.option("--reason", default="挂失", show_default=True, help="1 to 200 characters, kept in the register.")
@passphrase_option
@json_option
def report_lost(
    *, folder: Path, licence_id: str, device: str | None, reason: str, passphrase_file: Path | None, as_json: bool
) -> None:
    """Report a device lost (挂失) and publish that at once. The licence and its other devices stay as they are.

    \b
    Example:
      liangzheng issuer devices ./issuer LICENCE
      liangzheng issuer report-lost ./issuer LICENCE --device 3f9a12c0
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        flipped = issuer.devices.report_lost(licence_id, device, reason=reason, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"id": licence_id, "flipped": len(flipped)})
    else:
        click.echo(f"The device is reported lost; {len(flipped)} status entries flipped and published.")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@_DEVICE
@click.option("--reason", default="解挂", show_default=True, help="1 to 200 characters, kept in the register.")
@click.option("--out", type=FILE, help="Where to write the package (default DIR/packages/ID.cbor).")
@passphrase_option
@json_option
def found(
    *,
    folder: Path,
    licence_id: str,
    device: str | None,
    reason: str,
    out: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """A lost device was found: issue the licence to it again. What it held before stays refused for ever."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        prepare_package(out, issuer.places.packages)
        issued = issuer.devices.found(licence_id, device, reason=reason, actor=ACTOR, at=wiring.now())
        path = keep_package(issued, out, issuer.places.packages)
    if as_json:
        print_json({"id": licence_id, "package": str(path), "warnings": issued.warnings})
    else:
        click.echo(f"{path} is the new package for this device.")
