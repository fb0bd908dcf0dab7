"""`liangzheng wallet accept|resume|refresh|devices|report-lost|notices`: the wallet and its issuers."""

import json
from pathlib import Path

import click

from wallet_sdk import cli_waiting, openid4vci
from wallet_sdk.card_pack import Card
from wallet_sdk.cli_options import FOLDER, PASSPHRASE, named_refusals, open_wallet
from wallet_sdk.errors import InputUnusable, WalletError
from wallet_sdk.openid4vci.accepting import FOR_GOOD, Waiting
from wallet_sdk.openid4vci.errors import IssuerRefused, LicenceOwed
from wallet_sdk.openid4vci.later import OTHERS
from wallet_sdk.openid4vci.wiring import patient

ROOT = click.option("--root", metavar="SHA256", help="Accept only this root key (SHA-256 thumbprint in hexadecimal).")


@click.command()
@FOLDER
@click.argument("offer", metavar="OFFER")
@click.option("--tx-code", metavar="CODE", help="The transaction code that came another way.")
@ROOT
@PASSPHRASE
@named_refusals
def accept(*, folder: Path, offer: str, tx_code: str | None, root: str | None, passphrase_file: Path | None) -> None:
    """Accept an issuer's offer: what its code says, openid-credential-offer://…

    \b
    Example:
      liangzheng wallet accept my-wallet 'openid-credential-offer://?credential_offer=…' --tx-code 123456
    """
    wallet, expected = open_wallet(folder, passphrase_file), _root(root)
    read = openid4vci.read_offer(offer, patient())
    click.echo(f"{read.issuer} offers: {read.kind}.", err=True)
    try:
        came = openid4vci.accept(wallet, read, patient(), tx_code=tx_code, root=expected)
    except LicenceOwed as owed:
        if owed.waiting is not None:
            cli_waiting.add(folder, owed.waiting)
            click.echo("What is owed is kept; go on with `wallet resume` within ten minutes.", err=True)
        raise
    if isinstance(came, Waiting):
        cli_waiting.add(folder, came)
        click.echo(f"It waits for a review; ask with `wallet resume` from {came.interval} s on.", err=True)
        return
    _say(came)


@click.command()
@FOLDER
@ROOT
@PASSPHRASE
@named_refusals
def resume(folder: Path, root: str | None, passphrase_file: Path | None) -> None:
    """Ask for the licences that wait for a review, or whose answer was lost."""
    wallet, expected = open_wallet(folder, passphrase_file), _root(root)
    waiting = list(cli_waiting.read(folder))
    # One that an issuer refuses, or that does not answer, keeps none of the others back.
    failed: WalletError | None = None
    for each in tuple(waiting):
        came: Card | Waiting | None = None
        try:
            came = openid4vci.resume(wallet, each, patient(), root=expected)
        except openid4vci.OfferError as wrong:
            failed = wrong
            if not (isinstance(wrong, IssuerRefused) and wrong.detail in FOR_GOOD):
                continue
        waiting.remove(each)
        if isinstance(came, Waiting):
            click.echo(f"{each.kind} of {each.issuer} still waits.", err=True)
            waiting.append(came)
        cli_waiting.keep(folder, tuple(waiting))
        if isinstance(came, Card):
            _say(came)
    if failed is not None:
        raise failed


@click.command()
@FOLDER
@click.argument("licence", required=False)
@PASSPHRASE
@named_refusals
def refresh(folder: Path, licence: str | None, passphrase_file: Path | None) -> None:
    """Get licences anew from their issuers: all that came by an offer, or the one named.

    They are new from a quarter of their technical life on (day 30 of 120); before that nothing changes.
    """
    wallet = open_wallet(folder, passphrase_file)
    cards = [wallet.card(licence)] if licence is not None else [each for each in wallet.cards() if each.refresh_url]
    for card in cards:
        came = openid4vci.refresh(wallet, card, patient())
        click.echo(f"{came.id}  {'new' if came.edition != card.edition else 'unchanged'}")
    if not cards:
        click.echo("No licence here came by an offer.", err=True)


@click.command()
@FOLDER
@click.argument("licence")
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@PASSPHRASE
@named_refusals
def devices(folder: Path, licence: str, as_json: bool, passphrase_file: Path | None) -> None:
    """List the devices that hold a licence, this one among them."""
    wallet = open_wallet(folder, passphrase_file)
    found = openid4vci.devices(wallet, wallet.card(licence), patient())
    if as_json:
        rows = [{"device": each.id, "state": each.state, "since": each.since, "this": each.is_this} for each in found]
        click.echo(json.dumps(rows, indent=2))
        return
    for each in found:
        click.echo(f"{each.id[:16]}  {each.state:<8}  {each.since}{'  (this wallet)' if each.is_this else ''}")


@click.command(name="report-lost")
@FOLDER
@click.argument("licence")
@click.option("--device", help=f"The beginning of its id, as `devices` lists it; or '{OTHERS}'.", required=True)
@PASSPHRASE
@named_refusals
def report_lost(folder: Path, licence: str, device: str, passphrase_file: Path | None) -> None:
    """Report another device lost (挂失), for good: what it holds of this licence is refused from now on.

    \b
    Example:
      liangzheng wallet report-lost my-wallet LICENCE --device 3f9a12c0
    """
    wallet = open_wallet(folder, passphrase_file)
    flipped = openid4vci.report_lost(wallet, wallet.card(licence), device, patient())
    click.echo(f"Reported lost; {flipped} status entries flipped.")


@click.command()
@FOLDER
@click.option("--issuer", metavar="URL", help="Ask this issuer alone; all that the licences came from if none.")
@click.option("--all", "again", is_flag=True, help="Everything from the beginning, also what was told before.")
@click.option("--acknowledge", is_flag=True, help="Other devices that were told of are known: take them off the cards.")
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@PASSPHRASE
@named_refusals
def notices(
    *, folder: Path, issuer: str | None, again: bool, acknowledge: bool, as_json: bool, passphrase_file: Path | None
) -> None:
    """Say what has changed of the licences in this wallet, each change once, the oldest first.

    Suspended, reinstated, revoked, reported lost, bound to another device: it stays visible in `wallet list` and
    before a licence is shown. Why it changed, the office says; `wallet offices` lists them.
    """
    wallet = open_wallet(folder, passphrase_file)
    if acknowledge:
        wallet.news.acknowledge()
        return
    known = sorted({card.refresh_url for card in wallet.cards() if card.refresh_url is not None})
    found = 0
    rows: list[dict[str, str]] = []
    # One issuer that does not answer keeps nothing back of the others.
    failed: WalletError | None = None
    for address in [issuer] if issuer else known:
        try:
            came = openid4vci.notices(wallet, address, patient(), cursor="" if again else None).notices
        except openid4vci.OfferError as wrong:
            failed = wrong
            continue
        found += len(came)
        for each in came:
            if as_json:
                more = {"event": each.event, "device": each.device} if each.event else {}
                rows.append({"licence": each.licence_id, "status": each.status, "at": each.at, **more})
            else:
                what = f"{each.event}  {each.device[:16]}" if each.event else each.status
                click.echo(f"{each.at}  {each.licence_id}  {what}")
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif not found and failed is None:
        click.echo("Nothing has changed.", err=True)
    if failed is not None:
        raise failed


def _root(written: str | None) -> bytes | None:
    try:
        return bytes.fromhex(written) if written is not None else None
    except ValueError:
        raise InputUnusable("--root is not hexadecimal") from None


def _say(card: Card) -> None:
    click.echo(card.id)
    click.echo(f"{card.names.zh_hans} / {card.names.en}: {card.state}, from {card.issuer}.", err=True)
