"""`liangzheng issuer recognise`: which other regions' licences this region's terminals accept, for what."""

from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click

from issuer import config
from issuer.arguments import ACTOR, FOLDER, json_option, passphrase_option, print_json
from protocol.labels import Purpose

_PURPOSES: Final = {purpose.word: purpose for purpose in Purpose}
_KINDS = click.option("--kind", "kinds", multiple=True, help="A kind; may be repeated. All if none.")
_SCENES = click.option(
    "--purpose", "purposes", multiple=True, type=click.Choice(list(_PURPOSES)), help="May be repeated. All if none."
)


@click.group()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@click.pass_context
def recognise(context: click.Context, folder: Path, passphrase_file: Path | None) -> None:
    """Which other regions' licences this region's terminals accept (漫游), by kind and purpose, in the signed policy.

    Six digits of a province mean its cities and districts too. Terminals also need that region's root, which the
    repository of trust brings (`liangzheng trust add-region`).

    \b
    Example:
      liangzheng issuer recognise ./issuer add 330000 --kind driving-licence --purpose roadside
      liangzheng issuer recognise ./issuer list
    """
    context.obj = folder, passphrase_file


@recognise.command()
@click.argument("region")
@_KINDS
@_SCENES
@json_option
@click.pass_obj
def add(
    place: tuple[Path, Path | None], *, region: str, kinds: tuple[str, ...], purposes: tuple[str, ...], as_json: bool
) -> None:
    """Recognise REGION, and publish that."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        new = issuer.recognition.add(
            region, kinds=frozenset(kinds), purposes=_named(purposes), actor=ACTOR, at=wiring.now()
        )
    if as_json:
        print_json({"region": region, "new": new})
    else:
        click.echo(f"{region}: {new} pairs of kind and purpose are recognised anew, and that is published.")


@recognise.command()
@click.argument("region")
@_KINDS
@_SCENES
@json_option
@click.pass_obj
def remove(
    place: tuple[Path, Path | None], *, region: str, kinds: tuple[str, ...], purposes: tuple[str, ...], as_json: bool
) -> None:
    """Recognise REGION no more, and publish that."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        removed = issuer.recognition.remove(
            region, kinds=frozenset(kinds), purposes=_named(purposes), actor=ACTOR, at=wiring.now()
        )
    if as_json:
        print_json({"region": region, "removed": removed})
    else:
        click.echo(f"{region}: {removed} pairs of kind and purpose are recognised no more, and that is published.")


@recognise.command(name="list")
@click.option("--search", default="", help="A part of the region's digits or of the kind's name.")
@json_option
@click.pass_obj
def list_recognised(place: tuple[Path, Path | None], search: str, as_json: bool) -> None:
    """List what is recognised besides the own region."""
    from issuer import wiring

    folder, passphrase_file = place
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        kinds, found = issuer.kinds, issuer.recognition.listed()
    rows: list[dict[str, Any]] = []
    for (region, vct), each in groupby(found, key=lambda row: (row.region, row.vct)):
        slug = kinds[vct].slug if vct in kinds else str(vct)
        if search in region or search in slug:
            rows.append({"region": region, "kind": slug, "purposes": [row.purpose.word for row in each]})
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['region']}  {row['kind']:<28}  {', '.join(row['purposes'])}")


def _named(words: tuple[str, ...]) -> frozenset[Purpose]:
    return frozenset(_PURPOSES[word] for word in words)
