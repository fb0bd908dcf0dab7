"""`liangzheng wallet …`: the wallet on the command line.

stdout carries results alone (a key, a list, a code's text); what a person should know goes to stderr. Exit: 0 done,
1 a named refusal, 2 wrong usage.
"""

import base64
import json
from pathlib import Path

import click

from protocol import limits, unixtime
from protocol.labels import Alg
from protocol.place import Place, Point
from protocol.unixtime import UnixTime
from wallet_sdk import cli_issuers, cli_pack, cli_receipts, cli_showing, config, wiring
from wallet_sdk.card_pack import Card
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
from wallet_sdk.errors import InputUnusable
from wallet_sdk.vault import KEY_FILE, Protection
from wallet_sdk.wallet import Wallet


@click.group()
def cli() -> None:
    """The wallet: receive licences, show dynamic codes, answer terminals."""


cli.add_command(cli_showing.show)
cli.add_command(cli_showing.answer)
cli.add_command(cli_receipts.receipt)
for command in (cli_pack.group, cli_pack.reminders, cli_pack.history, cli_pack.backup, cli_pack.restore):
    cli.add_command(command)
for command in (
    cli_issuers.accept,
    cli_issuers.resume,
    cli_issuers.refresh,
    cli_issuers.devices,
    cli_issuers.report_lost,
    cli_issuers.notices,
):
    cli.add_command(command)


@cli.command()
@FOLDER
@click.option("--key", type=click.Choice(["p256", "ed25519"]), default="p256", show_default=True)
@PASSPHRASE
@named_refusals
def init(folder: Path, key: str, passphrase_file: Path | None) -> None:
    """Make a wallet with a fresh device key."""
    alg = Alg.ESP256 if key == "p256" else Alg.ED25519
    wallet = Wallet.create(folder, passphrase=passphrase(passphrase_file), key=alg)
    click.echo(f"A wallet with a {key} device key (software) is in {folder}.", err=True)
    if wallet.protection is Protection.KEY_FILE:
        click.echo(
            f"Warning: there is no passphrase. Whoever can read {folder / KEY_FILE} can show these licences; "
            f"use --passphrase-file or {config.PASSPHRASE_VARIABLE} for real ones.",
            err=True,
        )


@cli.command()
@FOLDER
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the raw CBOR COSE_Key here.")
@PASSPHRASE
@named_refusals
def key(folder: Path, out: Path | None, passphrase_file: Path | None) -> None:
    """Give the public holder key for the issuer: base64url of a COSE_Key."""
    public = open_wallet(folder, passphrase_file).public_key()
    if out is not None:
        write(out, public)
    else:
        click.echo(base64.urlsafe_b64encode(public).rstrip(b"=").decode())


@cli.command()
@FOLDER
@click.argument("source", metavar="FILE|URL")
@click.option("--root", metavar="SHA256", help="Accept only this root key (SHA-256 thumbprint in hexadecimal).")
@PASSPHRASE
@named_refusals
def receive(folder: Path, source: str, root: str | None, passphrase_file: Path | None) -> None:
    """Check a licence package and keep its licence."""
    wallet = open_wallet(folder, passphrase_file)
    package = wiring.download(source) if source.startswith(("http://", "https://")) else _package_file(Path(source))
    try:
        expected = bytes.fromhex(root) if root is not None else None
    except ValueError:
        raise InputUnusable("--root is not hexadecimal") from None
    card = wallet.receive(package, root=expected)
    if root is None:
        click.echo(
            "The region's root key is taken as it came (compared with earlier packages, if any); --root checks it.",
            err=True,
        )
    click.echo(card.id)
    click.echo(f"{card.names.zh_hans} / {card.names.en}: {card.state}, from {card.issuer}.", err=True)


@cli.command()
@FOLDER
@click.argument("source", metavar="FILE|URL")
@PASSPHRASE
@named_refusals
def directory(folder: Path, source: str, passphrase_file: Path | None) -> None:
    """Take a region's newer directory: its terminals, sites and rules. Each licence package brings one too.

    \b
    Example:
      liangzheng wallet directory my-wallet https://licences.example/directory.cbor
    """
    wallet = open_wallet(folder, passphrase_file)
    encoded = wiring.download(source) if source.startswith(("http://", "https://")) else _package_file(Path(source))
    click.echo(wallet.take_directory(encoded))


@cli.command()
@FOLDER
@click.option("--kind", default="", help="A kind that it must serve, such as driving-licence.")
@click.option("--search", default="", help="A part of its name or address.")
@NEAR
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@PASSPHRASE
@named_refusals
def offices(
    *,
    folder: Path,
    kind: str,
    search: str,
    near: Place | Point | None,
    as_json: bool,
    passphrase_file: Path | None,
) -> None:
    """List the offices where licences are renewed or set right. Needs no network.

    \b
    Example:
      liangzheng wallet offices my-wallet --kind driving-licence
    """
    found = open_wallet(folder, passphrase_file).pack.offices(kind, search, near=near)
    if as_json:
        rows = [
            {"region": region, "name": each.name, "address": each.address, "phone": each.phone}
            for region, each in found
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for region, each in found:
        click.echo(f"{region}  {each.name}  {each.address}  {each.phone}")
    if not found:
        click.echo("No office is listed for that; each region's directory comes with its licences.", err=True)


@cli.command(name="list")
@FOLDER
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@AT
@PASSPHRASE
@named_refusals
def list_cards(folder: Path, as_json: bool, at: UnixTime | None, passphrase_file: Path | None) -> None:
    """List the licences and their states."""
    cards = open_wallet(folder, passphrase_file).cards(at)
    if as_json:
        click.echo(json.dumps([_as_object(card) for card in cards], ensure_ascii=False, indent=2))
        return
    for card in cards:
        until = _day(card.valid_to) or "-"
        devices = f"  ({len(card.devices)} notices of other devices)" if card.devices else ""
        acts = f"  (mandate, level {card.acts_for.level})" if card.acts_for is not None else ""
        click.echo(
            f"{card.id}  {card.kind}  {card.state}  {until}  {card.names.zh_hans} / {card.names.en}{acts}{devices}"
        )
    if cards:
        # A wallet that worked out "valid" from dates must not be taken for the authority.
        click.echo(
            "The states follow the licences' dates and what `wallet notices` brought; whether one has since been "
            "suspended or revoked only its authority and terminals know.",
            err=True,
        )
    else:
        click.echo("No licences yet.", err=True)


def _as_object(card: Card) -> dict[str, object]:
    acts_for = card.acts_for
    mandate = (
        {
            "level": acts_for.level,
            "purposes": sorted(each.word for each in acts_for.purposes),
            "until": unixtime.iso_utc(acts_for.until),
        }
        if acts_for is not None
        else None
    )
    return ({"mandate": mandate} if mandate is not None else {}) | {
        "id": card.id,
        "kind": card.kind,
        "state": str(card.state),
        "valid_from": _day(card.valid_from),
        "valid_to": _day(card.valid_to),
        "names": {"zh-Hans": card.names.zh_hans, "zh-Hant": card.names.zh_hant, "en": card.names.en},
        "issuer": card.issuer,
        "credential_expires": unixtime.iso_utc(card.credential_expires),
        "refresh_url": card.refresh_url,
        "profile": str(card.profile),
        "group": card.group,
        "told": None
        if card.told is None
        else {"status": card.told.status.name.lower(), "at": unixtime.iso_utc(card.told.at)},
        "devices": [
            {"event": str(each.event), "device": each.device, "at": unixtime.iso_utc(each.at)} for each in card.devices
        ],
        "items": [item.name for item in card.items],
    }


def _day(day: int | None) -> str | None:
    return None if day is None else unixtime.calendar_date(day).isoformat()


def _package_file(path: Path) -> bytes:
    with files_named(path), path.open("rb") as file:
        # One byte more than a package may have is enough to refuse it.
        return file.read(limits.MAX_PACKAGE_BYTES + 1)
