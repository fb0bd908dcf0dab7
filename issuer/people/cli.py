"""`liangzheng issuer console invite | people | disable`: who works at the console, from the machine it runs on."""

from pathlib import Path

import click

from issuer import config
from issuer.arguments import ACTOR, FOLDER, json_option, passphrase_option, print_json
from issuer.people.register import Person
from issuer.people.roles import EVERY_DEPARTMENT, Role
from protocol import unixtime


@click.group()
def console() -> None:
    """Who works at the console (page /console of `issuer serve`): the first administrator begins here.

    \b
    Example:
      liangzheng issuer console invite ./issuer --name 管理员甲 --role administrator
      liangzheng issuer console people ./issuer
      liangzheng issuer console disable ./issuer Ab3dE9fGh2
    """


@console.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--name", help="Of a new person; 1 to 64 characters.")
@click.option("--again", metavar="ID", help="Instead: somebody who lost what they signed in with, and is the same.")
@click.option("--role", "roles", type=click.Choice(list(Role)), multiple=True, help="May be repeated.")
@click.option(
    "--department", "departments", multiple=True, help="Whose licences are theirs; may be repeated. Default: all (*)."
)
@passphrase_option
@json_option
def invite(
    *,
    folder: Path,
    name: str | None,
    again: str | None,
    roles: tuple[str, ...],
    departments: tuple[str, ...],
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Make a link by which one person joins, once, within a day."""
    from issuer import wiring

    if (name is None) == (again is None):
        raise click.UsageError("give --name for somebody new, or --again for somebody known")
    settings = config.console_settings(folder, port=config.DEFAULT_PORT)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        if again is not None:
            secret = issuer.people.invite_again(again, actor=ACTOR, at=wiring.now())
            joined = issuer.people.one(again)
        else:
            assert name is not None, "checked above"
            joined, secret = issuer.people.add(
                name,
                roles=[Role(each) for each in roles],
                departments=departments or (EVERY_DEPARTMENT,),
                actor=ACTOR,
                at=wiring.now(),
            )
    link = f"{settings.origin}/console/join/{secret}"
    if as_json:
        print_json({"person": joined.id, "link": link})
    else:
        click.echo(f"{joined.name} ({joined.id}) opens this within a day, once:\n{link}")


@console.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--search", default="", help="A part of the name, or an id.")
@passphrase_option
@json_option
def people(folder: Path, search: str, passphrase_file: Path | None, as_json: bool) -> None:
    """List who works at the console."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.people.listed(search=search)
    if as_json:
        print_json([as_row(each) for each in found])
    for each in () if as_json else found:
        roles, state = ", ".join(sorted(each.roles)), "" if each.disabled_at is None else "  (disabled)"
        click.echo(f"{each.id}  {each.name}  {roles}  {', '.join(sorted(each.departments))}{state}")


@console.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("person_id", metavar="ID")
@passphrase_option
@json_option
def disable(folder: Path, person_id: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Let somebody in no more, from now on; what they did stays theirs in the trail."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.people.disable(person_id, actor=ACTOR, at=wiring.now())
    if as_json:
        print_json(as_row(found))
    else:
        click.echo(f"{found.name} ({found.id}) is let in no more.")


def as_row(person: Person) -> dict[str, object]:
    """One person for machines."""
    return {
        "id": person.id,
        "name": person.name,
        "roles": sorted(person.roles),
        "departments": sorted(person.departments),
        "passkeys": person.passkeys,
        "account": person.has_account,
        "since": unixtime.iso_utc(person.at),
        "disabled_at": None if person.disabled_at is None else unixtime.iso_utc(person.disabled_at),
    }
