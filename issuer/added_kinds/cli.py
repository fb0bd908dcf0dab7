"""`liangzheng issuer kind …`: the kinds of an authority: shipped, added by a file, retired."""

from pathlib import Path

import click

from issuer import config, profile
from issuer.added_kinds import authored, keeping, preview
from issuer.added_kinds.authored import Authored
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.profile import Places
from protocol.licence.catalogue import Kind

_POLICY = click.option(
    "--policy", type=FILE, help="TOML file with the rows of this kind: what may be asked for, and why."
)


@click.group()
def kind() -> None:
    """The kinds of licences: list and show them, check and add one by a file, retire one."""


@kind.command(name="list")
@click.argument("folder", metavar="DIR", type=FOLDER)
@json_option
def list_kinds(folder: Path, as_json: bool) -> None:
    """List every kind with its number, name, state and purposes."""
    found = _read(folder)
    rows = [preview.as_json(found.kinds[vct], found) for vct in sorted(found.kinds)]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(
            f"{row['vct']}  {row['kind']:<28}  {row['risk']}  {row['origin']:<7}  {row['state']:<7}  "
            f"{','.join(row['purposes']):<22}  {row['names']['zh_hans']} {row['names']['en']}"
        )


@kind.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("slug", metavar="KIND")
@json_option
def show(folder: Path, slug: str, as_json: bool) -> None:
    """Show what a wallet asks for a kind, and what a terminal demands."""
    found = _read(folder)
    _show(keeping.known(found, slug), found, as_json)


@kind.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("file", metavar="FILE", type=FILE)
@_POLICY
@json_option
def check(folder: Path, file: Path, policy: Path | None, as_json: bool) -> None:
    """Check the files of a kind against everything that is there, and show what it would mean; nothing is kept."""
    _show(*keeping.check(folder, file, policy), as_json)


@kind.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("file", metavar="FILE", type=FILE)
@_POLICY
@click.option("--yes", is_flag=True, help="Do not ask.")
@passphrase_option
@json_option
def add(
    *, folder: Path, file: Path, policy: Path | None, yes: bool, passphrase_file: Path | None, as_json: bool
) -> None:
    """Add a kind by its files, and publish the catalogue with it. What was published is not changed again.

    \b
    Example:
      liangzheng issuer kind check ./issuer fishing-permit.toml --policy fishing-permit.policy.toml
      liangzheng issuer kind add ./issuer fishing-permit.toml --policy fishing-permit.policy.toml
    """
    from issuer import wiring

    added, found = keeping.check(folder, file, policy)
    if not yes:
        for line in preview.lines(added, found):
            click.echo(line, err=True)
        click.confirm("Add this kind and publish it?", abort=True, err=True)
    passphrase = config.passphrase(passphrase_file)
    with wiring.open_issuer(folder, passphrase=passphrase) as issuer:
        issuer.added_kinds.add(file, policy, actor=ACTOR, at=wiring.now())
    # Opened again: from now on with this kind.
    with wiring.open_issuer(folder, passphrase=passphrase) as issuer:
        issuer.publish(at=wiring.now())
    if as_json:
        print_json(preview.as_json(added, found))
    else:
        click.echo(f"{added.slug} ({added.vct}) is in the catalogue. Start `issuer serve` again if it runs.")


@kind.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("slug", metavar="KIND")
@click.option("--undo", is_flag=True, help="Issue it again.")
@passphrase_option
@json_option
def retire(*, folder: Path, slug: str, undo: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """Issue no new licences of a kind. Those that are there stay what they are and are refreshed."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        retired = issuer.added_kinds.retire(slug, undo=undo, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json({"retired": sorted(retired)})
    else:
        state = "issued again" if undo else "not issued any more"
        click.echo(f"{slug} is {state}. Start `issuer serve` again if it runs.")


def _read(folder: Path) -> Authored:
    places = Places(folder)
    return authored.read(places, region=profile.read(places).region)


def _show(named: Kind, found: Authored, as_json: bool) -> None:
    if as_json:
        print_json(preview.as_json(named, found))
    for line in () if as_json else preview.lines(named, found):
        click.echo(line)
