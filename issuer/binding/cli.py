"""`liangzheng issuer bind | bindings | authenticator`: evidence of who is behind a device's key."""

from pathlib import Path
from typing import Any, Final

import click

from issuer import config, durable_files
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json, public_key
from issuer.binding.binding import DeviceBinding
from protocol import key_proof, unixtime
from protocol.labels import KeyAssurance

_KEPT: Final = {
    "software": KeyAssurance.SOFTWARE,
    "key-store": KeyAssurance.OS_KEY_STORE,
    "hardware": KeyAssurance.HARDWARE_USER_VERIFICATION,
}


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@click.option("--device", required=True, help="The beginning of its key's SHA-256, as `devices` lists it.")
@click.option("--case", help="At a counter: the number of what was done there; good once.")
@click.option("--kept", type=click.Choice(list(_KEPT)), default="software", show_default=True, help="With --case.")
@click.option("--statement", type=FILE, help="Instead: a statement of a trusted service or of another device (JWT).")
@click.option("--by", default=ACTOR, show_default=True, help="Who looked at the person.")
@passphrase_option
@json_option
def bind(
    *,
    folder: Path,
    licence_id: str,
    device: str,
    case: str | None,
    kept: str,
    statement: Path | None,
    by: str,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Bind a device to its holder by evidence beyond offer and code; its wallet gets what follows by a refresh.

    Kinds of risk G and X say no more than "key store" within the first 24 hours, so that no kiosk accepts them.
    """
    from issuer import wiring

    if (case is None) is (statement is None):
        raise click.UsageError("Give either --case or --statement.")
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        if statement is not None:
            text = durable_files.read(statement, max_bytes=key_proof.MAX_CHARACTERS).decode("ascii", "replace").strip()
            made = issuer.bindings.by_statement(licence_id, device, text, at=wiring.now())
        else:
            made = issuer.bindings.at_counter(
                licence_id, device, case=case or "", kept=_KEPT[kept], actor=by, at=wiring.now()
            )
    _say([made], as_json=as_json, alone=True)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@passphrase_option
@json_option
def bindings(folder: Path, licence_id: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List by which evidence the devices of a licence were bound, the oldest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.bindings.listed(licence_id)
    _say(found, as_json=as_json, alone=False)


@click.group(name="authenticator")
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@click.pass_context
def authenticator(context: click.Context, folder: Path, passphrase_file: Path | None) -> None:
    """Services whose word about a person's identity counts: an eID, an authentication by real name."""
    context.obj = folder, passphrase_file


@authenticator.command()
@click.argument("name")
@click.argument("key")
@json_option
@click.pass_obj
def add(place: tuple[Path, Path | None], name: str, key: str, as_json: bool) -> None:
    """Let the word of NAME count, whose public key (file or text) is KEY."""
    from issuer import wiring

    folder, passphrase_file = place
    read = public_key(key)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        issuer.bindings.trust(name, read, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"name": name, "key": read.thumbprint.hex()})
    else:
        click.echo(f"The word of {name} counts: {read.thumbprint.hex()}.")


@authenticator.command()
@click.argument("key")
@json_option
@click.pass_obj
def remove(place: tuple[Path, Path | None], key: str, as_json: bool) -> None:
    """Let the service whose key begins with KEY count no more."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        issuer.bindings.distrust(key, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"key": key, "trusted": False})
    else:
        click.echo("It counts no more.")


@authenticator.command(name="list")
@json_option
@click.pass_obj
def list_authenticators(place: tuple[Path, Path | None], as_json: bool) -> None:
    """List the services whose word counts."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.bindings.authenticators()
    if as_json:
        print_json([{"name": each.name, "key": each.key_thumbprint.hex()} for each in found])
    for each in () if as_json else found:
        click.echo(f"{each.key_thumbprint.hex()[:16]}  {each.name}")


def _say(found: Any, *, as_json: bool, alone: bool) -> None:
    rows = [_as_row(each) for each in found]
    if as_json:
        print_json(rows[0] if alone else rows)
    for row in () if as_json else rows:
        click.echo(
            f"{row['device'][:16]}  {row['evidence']:<13}  assurance {row['assurance']}  {row['at']}  {row['actor']}"
        )


def _as_row(made: DeviceBinding) -> dict[str, Any]:
    return {
        "device": made.key_thumbprint.hex(),
        "evidence": str(made.evidence),
        "assurance": int(made.assurance),
        "actor": made.actor,
        "at": unixtime.iso_utc(made.at),
        "waits_until": unixtime.iso_utc(made.waits_until),
    }
