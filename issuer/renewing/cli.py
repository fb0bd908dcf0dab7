"""`liangzheng issuer renew | renewals`: a licence in the place of an older one."""

import json
from pathlib import Path
from typing import Any, Final

import click

from issuer import config, durable_files
from issuer.arguments import (
    ACTOR,
    FILE,
    FOLDER,
    json_option,
    keep_package,
    passphrase_option,
    prepare_package,
    print_json,
    public_key,
)
from protocol import unixtime

_MAX_CHANGES_BYTES: Final = 64 * 1024
_MAX_PHOTO_BYTES: Final = 32 * 1024 * 1024


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@click.option("--changes", type=FILE, help="JSON file with the items that change; null takes one out.")
@click.option("--to", "valid_to", help="The new last day, YYYY-MM-DD; the first one is today.")
@click.option("--holder-key", required=True, help="File with the wallet's key (CBOR or base64url), or the text itself.")
@click.option("--portrait", type=FILE, help="A new picture; the old one if left out.")
@click.option("--reason", required=True, help="Why; 1 to 200 characters, kept in the register.")
@click.option("--out", type=FILE, help="Where to write the package (default DIR/packages/ID.cbor).")
@passphrase_option
@json_option
def renew(
    *,
    folder: Path,
    licence_id: str,
    changes: Path | None,
    valid_to: str | None,
    holder_key: str,
    portrait: Path | None,
    reason: str,
    out: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Issue a licence in the place of this one, which is superseded when the new one is finished (换证, 变更).

    \b
    Example:
      liangzheng issuer renew ./issuer LICENCE --to 2042-01-01 --holder-key key.cbor --reason 期满换证
    """
    from issuer import wiring

    key, changed = public_key(holder_key), _changes(changes)
    picture = None if portrait is None else durable_files.read(portrait, max_bytes=_MAX_PHOTO_BYTES)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        prepare_package(out, issuer.places.packages)
        at = wiring.now()
        if valid_to is not None:
            changed |= {"valid_from": unixtime.iso_local(at)[:10], "valid_to": valid_to}
        issued = issuer.licence_renewals.renew(
            licence_id, changed, key, reason=reason, actor=ACTOR, at=at, portrait=picture
        )
        path = keep_package(issued, out, issuer.places.packages)
    if as_json:
        print_json({"id": issued.licence_id, "previous": licence_id, "package": str(path), "warnings": issued.warnings})
    else:
        click.echo(f"{issued.licence_id} has taken the place of {licence_id}. Its package is {path}.")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@passphrase_option
@json_option
def renewals(folder: Path, licence_id: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List which licences this one has followed, and which have followed it, the oldest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.licence_renewals.line(licence_id)
    rows = [
        {
            "previous": each.previous,
            "next": each.next,
            "at": unixtime.iso_utc(each.at),
            "finished": each.superseded_at is not None,
            "reason": each.reason,
        }
        for each in found
    ]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['previous']} -> {row['next']}  {row['at']}  {row['reason']}")


def _changes(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        read = json.loads(durable_files.read(path, max_bytes=_MAX_CHANGES_BYTES))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise click.BadParameter(f"{path.name}: not a JSON object in UTF-8", param_hint="--changes")
    return read
