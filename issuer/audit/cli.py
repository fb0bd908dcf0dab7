"""`liangzheng issuer audit`: what was done by whom, whether the record of it holds, and its end to be noted down."""

import json
from pathlib import Path
from typing import Any

import click

from issuer import config, durable_files
from issuer.arguments import FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.audit import reading
from issuer.audit.reading import SealedAct
from issuer.errors import StorageFailed
from protocol import unixtime

_SEARCH = click.option("--search", default="", help="A part of the act, actor, object's kind or id, or reason.")


@click.group()
def audit() -> None:
    """Everything that was done in the register: who, what, when, why; in a chain of hashes.

    \b
    Example:
      liangzheng issuer audit list ./issuer --search LICENCE
      liangzheng issuer audit head ./issuer
      liangzheng issuer audit verify ./issuer --anchor 1042:9f2c…
    """


@audit.command(name="list")
@click.argument("folder", metavar="DIR", type=FOLDER)
@_SEARCH
@click.option("--limit", type=click.IntRange(1, reading.MAX_LISTED), default=100, show_default=True)
@passphrase_option
@json_option
def list_acts(folder: Path, search: str, limit: int, passphrase_file: Path | None, as_json: bool) -> None:
    """List acts, the newest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.audit.listed(search=search, limit=limit)
    if as_json:
        print_json([as_row(each) for each in found])
    for each in () if as_json else found:
        moment = unixtime.iso_local(each.at)
        click.echo(f"{each.position:>8}  {moment}  {each.actor}  {each.act}  {each.kind} {each.id}  {each.reason}")


@audit.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def head(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Print the chain's end. Keep it where whoever runs the database cannot write: on paper, with the auditor."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        end = issuer.audit.head()
    if as_json:
        print_json({"position": end.position, "hash": end.hash.hex()})
    else:
        click.echo(str(end))


@audit.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--anchor", "anchors", multiple=True, help="POSITION:HASH as `head` printed it once; may be repeated.")
@passphrase_option
@json_option
def verify(folder: Path, anchors: tuple[str, ...], passphrase_file: Path | None, as_json: bool) -> None:
    """Verify the whole chain; exit code 1 names every act that was changed, removed or put in."""
    from issuer import wiring

    noted = [reading.anchor(each) for each in anchors]
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        end = issuer.audit.verify(anchors=noted)
    if as_json:
        print_json({"acts": end.position, "head": str(end), "anchors": len(noted)})
    else:
        click.echo(f"{end.position} acts, all as they were written. The chain ends with {end}.")


@audit.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--out", required=True, type=FILE, help="Where to write them: one JSON object on each line.")
@_SEARCH
@passphrase_option
@json_option
def export(folder: Path, out: Path, search: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Write acts in the order of the chain into a file, for auditors."""
    from issuer import wiring

    if out.exists() or out.is_symlink():
        raise StorageFailed(f"{out.name} exists", hint="Give --out a name that is free.")
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        lines = [json.dumps(as_row(each), ensure_ascii=False) + "\n" for each in issuer.audit.everything(search=search)]
        end = issuer.audit.head()
    durable_files.write_atomically(out, "".join(lines).encode(), mode=durable_files.PRIVATE)
    if as_json:
        print_json({"acts": len(lines), "head": str(end), "file": str(out)})
    else:
        click.echo(f"{len(lines)} acts are in {out}. The chain ends with {end}.")


def as_row(act: SealedAct) -> dict[str, Any]:
    """One act for machines."""
    return {
        "position": act.position,
        "at": unixtime.iso_utc(act.at),
        "actor": act.actor,
        "act": act.act,
        "kind": act.kind,
        "id": act.id,
        "reason": act.reason,
        "details_sha256": act.details_sha256.hex(),
        "hash": act.hash.hex(),
    }
