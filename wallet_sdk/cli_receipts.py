"""`liangzheng wallet receipt add|list|remove`: receipts of what was shown, kept with the licences."""

import json
from pathlib import Path

import click

from protocol import limits, unixtime
from protocol.labels import TrustTier
from wallet_sdk import config
from wallet_sdk.cli_options import FOLDER, PASSPHRASE, files_named, named_refusals, open_wallet
from wallet_sdk.errors import Language, in_language
from wallet_sdk.kept_receipts import KeptReceipt, ReceiptLicence, Statement

_WORDS = {TrustTier.AFFIRMING: "accept", TrustTier.WARNING: "check", TrustTier.CONTRAINDICATED: "refuse"}


@click.group()
def receipt() -> None:
    """Keep the receipts of what was shown: where, when, why, and which items."""


@receipt.command()
@FOLDER
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--text", metavar="LR1:…", help="What the code on the terminal's screen says, instead of a file.")
@PASSPHRASE
@named_refusals
def add(folder: Path, file: Path | None, text: str | None, passphrase_file: Path | None) -> None:
    """Check the holder's copy of a receipt and keep it.

    It is kept if a terminal that this wallet knows signed it, and if it vouches for a licence in this wallet.

    \b
    Example:
      liangzheng wallet receipt add my-wallet copy-7K3-Q42.cbor
    """
    if (file is None) is (text is None):
        raise click.UsageError("give either FILE or --text")
    content = text.encode("utf-8", "surrogatepass") if text is not None else b""
    if file is not None:
        with files_named(file), file.open("rb") as opened:
            content = opened.read(2 * limits.MAX_RECEIPT_BYTES)
    kept = open_wallet(folder, passphrase_file).receipts.take(content)
    click.echo(kept.id)
    _say(kept)


@receipt.command(name="list")
@FOLDER
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@PASSPHRASE
@named_refusals
def list_(folder: Path, as_json: bool, passphrase_file: Path | None) -> None:
    """List the receipts, the newest first, each verified anew."""
    kept = open_wallet(folder, passphrase_file).receipts.listed()
    if as_json:
        click.echo(json.dumps([_as_object(each) for each in kept], ensure_ascii=False, indent=2))
        return
    for each in kept:
        click.echo(each.id)
        _say(each)
    if not kept:
        click.echo("No receipts yet.", err=True)


@receipt.command()
@FOLDER
@click.argument("wanted", metavar="ID")
@PASSPHRASE
@named_refusals
def remove(folder: Path, wanted: str, passphrase_file: Path | None) -> None:
    """Remove a receipt for good: it tells where its holder was, so keep it no longer than it is needed."""
    click.echo(open_wallet(folder, passphrase_file).receipts.forget(wanted))


def _say(kept: KeptReceipt) -> None:
    stated, language = kept.stated, config.language_from_environment()
    if stated is None:
        click.echo("  cannot be verified with the directories that this wallet holds now")
        return
    click.echo(f"  {unixtime.iso_local(stated.at)}  {stated.relying_party}, {stated.place} ({stated.terminal})")
    click.echo(f"  {stated.purpose.word}: {stated.reason}  {_WORDS[stated.tier]} {' '.join(stated.codes)}".rstrip())
    for each in stated.licences:
        mine = "yours" if each.licence_id is not None else "not of a licence that is held here now"
        click.echo(f"  {_kind(each, language)}: {', '.join(_items(each, language))}  ({mine})")


def _kind(each: ReceiptLicence, language: Language) -> str:
    return f"kind {each.vct}" if each.kind is None else in_language(each.kind.names, language)


def _items(each: ReceiptLicence, language: Language) -> list[str]:
    found = [(key, each.kind.item(key) if each.kind is not None else None) for key in each.items]
    return [f"item {key}" if item is None else in_language(item.labels, language) for key, item in found]


def _as_object(kept: KeptReceipt) -> dict[str, object]:
    head = {"id": kept.id, "kept_at": unixtime.iso_utc(kept.kept_at), "verified": kept.stated is not None}
    return head | ({} if kept.stated is None else _statement(kept.stated))


def _statement(stated: Statement) -> dict[str, object]:
    return {
        "at": unixtime.iso_utc(stated.at),
        "region": stated.region,
        "terminal": stated.terminal,
        "relying_party": stated.relying_party,
        "place": stated.place,
        "purpose": stated.purpose.word,
        "reason": stated.reason,
        "verdict": _WORDS[stated.tier],
        "codes": list(stated.codes),
        "licences": [
            {
                "kind": each.kind.slug if each.kind is not None else str(each.vct),
                "items": [_name(each, key) for key in each.items],
                "licence": each.licence_id,
            }
            for each in stated.licences
        ],
    }


def _name(each: ReceiptLicence, key: int) -> str:
    item = each.kind.item(key) if each.kind is not None else None
    return str(key) if item is None else item.name
