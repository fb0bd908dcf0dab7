"""`liangzheng issuer paper | papers | paper-lost`: codes on paper for people without a phone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import click

from issuer import config, durable_files
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.errors import StorageFailed
from issuer.papers import listing
from issuer.papers.issuing import LONGEST_DAYS, IssuedPaper
from protocol import unixtime


def _png(issued: IssuedPaper) -> bytes:
    from issuer.papers import printing

    return printing.png(issued.code)


def _svg(issued: IssuedPaper) -> bytes:
    from issuer.papers import printing

    return printing.svg(issued.code).encode()


def _page(issued: IssuedPaper) -> bytes:
    from issuer.papers import printing

    return printing.page(issued).encode()


_FORMS: Final[Mapping[str, Callable[[IssuedPaper], bytes]]] = {
    ".html": _page,
    ".svg": _svg,
    ".png": _png,
    ".txt": lambda issued: f"{issued.code}\n".encode(),
}


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@click.option("--days", type=int, default=LONGEST_DAYS, show_default=True, help="How long, if the licence lasts.")
@click.option("--out", required=True, type=FILE, help="A page to print (.html), the code alone (.svg, .png), or .txt.")
@passphrase_option
@json_option
def paper(*, folder: Path, licence_id: str, days: int, out: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Print a code for a holder without a phone: a masked name and four characters, never more than "check".

    \b
    Example:
      liangzheng issuer paper ./issuer LICENCE --out paper.html
    """
    from issuer import wiring

    form = _FORMS.get(out.suffix.lower())
    if form is None:
        raise click.BadParameter(f"the name ends in none of: {', '.join(_FORMS)}", param_hint="--out")
    if out.exists() or out.is_symlink():
        raise StorageFailed(f"{out.name} exists", hint="Nothing was issued. Give --out a name that is free.")
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        durable_files.make_folder(out.parent, mode=0o700)
        issued = issuer.papers.issue(licence_id, days=days, actor=ACTOR, at=wiring.now())
        try:
            durable_files.write_atomically(out, form(issued), mode=durable_files.PRIVATE)
        except StorageFailed as error:
            raise StorageFailed(
                f"paper code {issued.id} is issued, but not written: {error}",
                hint="Nobody has it. Remove the cause and issue another one.",
            ) from None
    ends = unixtime.iso_utc(issued.claims.exp)
    for warning in issued.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        said = {"id": issued.id, "licence": issued.licence_id, "to": ends, "name": issued.claims.masked_name}
        print_json(said | {"code": issued.code, "file": str(out), "warnings": issued.warnings})
    else:
        click.echo(issued.id)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@passphrase_option
@json_option
def papers(folder: Path, licence_id: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List every paper code of a licence, the oldest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        rows = [listing.as_json(record, at=wiring.now()) for record in issuer.papers.listed(licence_id)]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['id']}  {row['state']:<10}  to {row['to']}")


@click.command(name="paper-lost")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("named", metavar="PAPER|LICENCE")
@click.option("--reason", default="挂失", show_default=True, help="1 to 200 characters, kept in the register.")
@passphrase_option
@json_option
def paper_lost(folder: Path, named: str, reason: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Report a paper code lost (挂失), or all of a licence, and publish that at once. The licence stays as it is.

    \b
    Example: the holder knows only the name
      liangzheng issuer list ./issuer --search 张三
      liangzheng issuer paper-lost ./issuer LICENCE
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        flipped = issuer.papers.report_lost(named, reason=reason, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"id": named, "flipped": len(flipped)})
    else:
        click.echo(f"{len(flipped)} paper code(s) ended and published.")
