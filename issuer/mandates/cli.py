"""`liangzheng issuer mandate | mandates | mandate-revoke`: who may show a licence for its holder."""

from pathlib import Path

import click

from issuer import config
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
from issuer.mandates import listing
from issuer.mandates.issuing import ASSURANCES, LONGEST_DAYS, Wish
from issuer.mandates.register import Capacity
from issuer.terminals.cli import PURPOSES
from protocol import unixtime


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@click.option("--agent-key", required=True, help="File with the agent's wallet key (CBOR or base64url), or the text.")
@click.option("--level", required=True, type=click.IntRange(1, 3), help="Links from the licence.")
@click.option(
    "--as",
    "capacity",
    type=click.Choice([str(each) for each in Capacity]),
    help="For the register. By the level if none.",
)
@click.option(
    "--purpose", "purposes", required=True, multiple=True, type=click.Choice(list(PURPOSES)), help="May be repeated."
)
@click.option("--kind", "kinds", multiple=True, help="Kinds in scope; may be repeated. The licence's own if none.")
@click.option("--days", type=int, default=LONGEST_DAYS, show_default=True, help="How long, if nothing ends before.")
@click.option("--parent-mandate", help="The mandate above it: of level 1 for level 2, of level 2 for level 3.")
@click.option(
    "--key-assurance",
    type=click.Choice(list(ASSURANCES)),
    default="software",
    show_default=True,
    help="How the agent's key is kept, as the authority established it: many acts ask for more than software.",
)
@click.option("--out", type=FILE, help="Where to write the package (default DIR/packages/ID.cbor).")
@passphrase_option
@json_option
def mandate(
    *,
    folder: Path,
    licence_id: str,
    agent_key: str,
    level: int,
    capacity: str | None,
    purposes: tuple[str, ...],
    kinds: tuple[str, ...],
    days: int,
    parent_mandate: str | None,
    key_assurance: str,
    out: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Let somebody show a licence for its holder: a package for the agent's wallet.

    It ends with the licence, with its parent mandate, and after 90 days at the latest.

    \b
    Example: a company's representative, and its licence manager below
      liangzheng issuer mandate ./issuer LICENCE --agent-key rep.key --level 1 --purpose window --out rep.lz
      liangzheng issuer mandate ./issuer LICENCE --agent-key man.key --level 2 --purpose window \\
        --parent-mandate MANDATE --days 30 --out man.lz
    """
    from issuer import wiring

    key = public_key(agent_key)
    wish = Wish(
        licence_id,
        level,
        None if capacity is None else Capacity(capacity),
        frozenset(PURPOSES[word] for word in purposes),
        frozenset(kinds) if kinds else None,
        days,
        parent_mandate,
        ASSURANCES[key_assurance],
    )
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        prepare_package(out, issuer.places.packages)
        issued = issuer.mandates.issue(wish, key, actor=ACTOR, at=wiring.now())
        path = keep_package(issued, out, issuer.places.packages)
        ends = unixtime.iso_utc(issued.exp)
    for warning in issued.warnings:
        click.echo(f"Warning: {warning}", err=True)
    if as_json:
        print_json(
            {
                "id": issued.licence_id,
                "licence": licence_id,
                "to": ends,
                "package": str(path),
                "warnings": issued.warnings,
            }
        )
    else:
        click.echo(issued.licence_id)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("licence_id", metavar="LICENCE")
@passphrase_option
@json_option
def mandates(folder: Path, licence_id: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List every mandate of a licence, the oldest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        rows = [listing.as_json(record, issuer.kinds, at=at) for record in issuer.mandates.listed(licence_id)]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        under = f"  under {row['parent_mandate']}" if row["parent_mandate"] else ""
        click.echo(
            f"{row['id']}  {row['state']:<10}  level {row['level']} {row['as']:<14}  to {row['to']}  "
            f"{','.join(row['purposes'])}{under}"
        )


@click.command(name="mandate-revoke")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("mandate_id", metavar="MANDATE")
@click.option("--reason", required=True, help="Why; 1 to 200 characters, kept in the register.")
@passphrase_option
@json_option
def mandate_revoke(folder: Path, mandate_id: str, reason: str, passphrase_file: Path | None, as_json: bool) -> None:
    """End a mandate and every link below it, for good, and publish that. The licence stays as it is."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        flipped = issuer.mandates.withdraw(mandate_id, reason=reason, actor=ACTOR, at=wiring.now())
        state = listing.state(issuer.mandates.one(mandate_id), at=wiring.now())
    if as_json:
        print_json({"id": mandate_id, "state": state, "flipped": len(flipped)})
    else:
        click.echo(f"{mandate_id} is {state}; {len(flipped)} status entries flipped and published.")
