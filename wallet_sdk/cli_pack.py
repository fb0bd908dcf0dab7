"""`liangzheng wallet group|reminders|history|backup|restore`: the card pack as its holder keeps it."""

import json
from pathlib import Path

import click

from protocol import unixtime
from protocol.labels import Alg
from protocol.place import Place, Point
from protocol.unixtime import UnixTime
from wallet_sdk import backups, config
from wallet_sdk.cli_options import (
    AT,
    FOLDER,
    NEAR,
    PASSPHRASE,
    files_named,
    named_refusals,
    open_wallet,
    passphrase,
    write,
)
from wallet_sdk.errors import in_language
from wallet_sdk.history import Use
from wallet_sdk.reminders import Reminder
from wallet_sdk.wallet import Wallet

_JSON = click.option("--json", "as_json", is_flag=True, help="A list of objects.")
_BACKUP_PASSPHRASE = click.option(
    "--backup-passphrase-file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="File whose first line is the backup's own passphrase.",
)


@click.command()
@FOLDER
@click.argument("wanted", metavar="CARD")
@click.argument("name", metavar="[GROUP]", required=False)
@PASSPHRASE
@named_refusals
def group(folder: Path, wanted: str, name: str | None, passphrase_file: Path | None) -> None:
    """Put a card into a group of your own, or with no GROUP into none.

    \b
    Example:
      liangzheng wallet group my-wallet driving-licence 出行
    """
    wallet = open_wallet(folder, passphrase_file)
    wallet.pack.put(wallet.card(wanted), name)


@click.command()
@FOLDER
@click.option("--to-come", is_flag=True, help="Those that are not due yet, by their moments.")
@NEAR
@_JSON
@AT
@PASSPHRASE
@named_refusals
def reminders(
    *,
    folder: Path,
    to_come: bool,
    near: Place | Point | None,
    as_json: bool,
    at: UnixTime | None,
    passphrase_file: Path | None,
) -> None:
    """List the licences that end soon, with the offices that renew them. Needs no network."""
    pack = open_wallet(folder, passphrase_file, at).pack
    found = pack.schedule(near=near) if to_come else pack.reminders(near=near)
    if as_json:
        click.echo(json.dumps([_reminder(each) for each in found], ensure_ascii=False, indent=2))
        return
    language = config.language_from_environment()
    for each in found:
        days = "1 day" if each.days_left == 1 else f"{each.days_left} days"
        click.echo(
            f"{unixtime.iso_local(each.at)}  {days} left  {each.card.id}  {in_language(each.card.names, language)}"
        )
        for office in each.offices:
            click.echo(f"  {office.name}  {office.address}  {office.phone}")
    if not found:
        click.echo("Nothing ends soon." if not to_come else "Nothing is to come.", err=True)


@click.command()
@FOLDER
@click.option("--clear", is_flag=True, help="Forget every use, for good. Receipts stay.")
@_JSON
@PASSPHRASE
@named_refusals
def history(folder: Path, clear: bool, as_json: bool, passphrase_file: Path | None) -> None:
    """List what was shown when, for whom, the newest first. It lies beside the vault and nowhere else."""
    wallet = open_wallet(folder, passphrase_file)
    if clear:
        wallet.history.clear()
        return
    uses = wallet.history.uses()
    if as_json:
        click.echo(json.dumps([_use(each) for each in uses], ensure_ascii=False, indent=2))
        return
    for each in uses:
        click.echo(f"{unixtime.iso_local(each.at)}  {each.purpose.word}  {each.audience}  {each.reason}".rstrip())
        for used in each.licences:
            click.echo(f"  {used.licence_id}  {used.kind}  {len(used.items)} items")
        if each.receipt is not None and each.receipt.stated is not None:
            click.echo(f"  receipt {each.receipt.id}: {each.receipt.stated.relying_party}")
    if not uses:
        click.echo("Nothing was shown yet.", err=True)


@click.command()
@FOLDER
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False))
@_BACKUP_PASSPHRASE
@PASSPHRASE
@named_refusals
def backup(folder: Path, out: Path, backup_passphrase_file: Path, passphrase_file: Path | None) -> None:
    """Write one encrypted file for another device: everything but the device key."""
    write(out, open_wallet(folder, passphrase_file).backup(_its_own(backup_passphrase_file)))
    click.echo("The licences in it are bound to this device: on another one they are seen, and bound anew.", err=True)


@click.command()
@FOLDER
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--key", type=click.Choice(["p256", "ed25519"]), default="p256", show_default=True)
@_BACKUP_PASSPHRASE
@PASSPHRASE
@named_refusals
def restore(*, folder: Path, file: Path, key: str, backup_passphrase_file: Path, passphrase_file: Path | None) -> None:
    """Make a wallet in DIR from a backup, with a fresh device key."""
    with files_named(file), file.open("rb") as opened:
        content = opened.read(backups.MAX_BYTES)
    wallet = Wallet.restore(
        folder,
        content,
        backup_passphrase=_its_own(backup_passphrase_file),
        passphrase=passphrase(passphrase_file),
        key=Alg.ESP256 if key == "p256" else Alg.ED25519,
    )
    for card in wallet.cards():
        click.echo(f"{card.id}  {card.kind}  {card.state}")


def _its_own(file: Path) -> str:
    given = passphrase(file)
    assert given is not None, "a file was named, and its first line is a passphrase, if an empty one"
    return given


def _reminder(each: Reminder) -> dict[str, object]:
    return {
        "id": each.id,
        "card": each.card.id,
        "kind": each.card.kind,
        "days_left": each.days_left,
        "at": unixtime.iso_utc(each.at),
        "offices": [{"name": one.name, "address": one.address, "phone": one.phone} for one in each.offices],
    }


def _use(each: Use) -> dict[str, object]:
    return {
        "at": unixtime.iso_utc(each.at),
        "purpose": each.purpose.word,
        "audience": each.audience,
        "reason": each.reason,
        "licences": [{"id": used.licence_id, "kind": used.kind, "items": sorted(used.items)} for used in each.licences],
        "receipt": None if each.receipt is None else each.receipt.id,
    }
