"""`liangzheng issuer application`: from the filing of an application to its licence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from issuer import config, durable_files
from issuer.applications.reviewing import Application, Applications
from issuer.arguments import (
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
from protocol.unixtime import UnixTime

_MAX_SUBJECT_BYTES: Final = 64 * 1024
_MAX_PHOTO_BYTES: Final = 32 * 1024 * 1024
_BY = click.option("--by", required=True, help="Who does this: a name or staff number.")
_SUBJECT = click.option("--subject", required=True, type=FILE, help="JSON file with the licence's items.")
_PORTRAIT = click.option("--portrait", type=FILE, help="The holder's picture.")
Place = tuple[Path, Path | None]


@click.group()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@click.pass_context
def application(context: click.Context, folder: Path, passphrase_file: Path | None) -> None:
    """Applications: filed, taken by somebody else for review, sent back for more, refused or approved, issued.

    \b
    Example:
      liangzheng issuer application ./issuer file --kind id-card --subject subject.json --by 甲
      liangzheng issuer application ./issuer take APPLICATION --by 乙
      liangzheng issuer application ./issuer approve APPLICATION --by 乙
      liangzheng issuer application ./issuer issue APPLICATION --holder-key key.cbor --by 乙
    """
    context.obj = folder, passphrase_file


@application.command()
@click.option("--kind", required=True, help="Such as driving-licence.")
@_SUBJECT
@_PORTRAIT
@_BY
@json_option
@click.pass_obj
def file(place: Place, *, kind: str, subject: Path, portrait: Path | None, by: str, as_json: bool) -> None:
    """File an application; every problem of its items is said at once."""
    from issuer import wiring

    with wiring.open_issuer(place[0], passphrase=config.passphrase(place[1])) as issuer:
        made = issuer.applications.file(kind, _read(subject), portrait=_picture(portrait), by=by, at=wiring.now())
        code = issuer.following.code(made.id)
    if as_json:
        print_json(_as_row(made) | {"code": code})
    else:
        click.echo(f"{made.id} is {made.state}. Its applicant follows it with the code {code}.")


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@json_option
@click.pass_obj
def receipt(place: Place, application_id: str, as_json: bool) -> None:
    """Show the code again by which the applicant sees how it stands, at /my-application of `issuer serve`."""
    from issuer import wiring

    with wiring.open_issuer(place[0], passphrase=config.passphrase(place[1])) as issuer:
        code = issuer.following.code(application_id)
    if as_json:
        print_json({"id": application_id, "code": code})
    else:
        click.echo(f"number {application_id}, code {code}")


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@_BY
@json_option
@click.pass_obj
def take(place: Place, application_id: str, by: str, as_json: bool) -> None:
    """Review an application that somebody else has filed."""
    _done(place, lambda its, at: its.take(application_id, by=by, at=at), as_json=as_json)


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@click.option("--what", required=True, help="What is wanted; 1 to 200 characters.")
@_BY
@json_option
@click.pass_obj
def ask(place: Place, *, application_id: str, what: str, by: str, as_json: bool) -> None:
    """Send an application back for more."""
    _done(place, lambda its, at: its.ask(application_id, what=what, by=by, at=at), as_json=as_json)


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@_SUBJECT
@_PORTRAIT
@_BY
@json_option
@click.pass_obj
def amend(place: Place, *, application_id: str, subject: Path, portrait: Path | None, by: str, as_json: bool) -> None:
    """Give what was asked for: the whole subject again."""
    changed, picture = _read(subject), _picture(portrait)
    _done(
        place,
        lambda its, at: its.amend(application_id, changed, portrait=picture, by=by, at=at),
        as_json=as_json,
    )


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@click.option("--why", required=True, help="Why; 1 to 200 characters, kept in the register.")
@_BY
@json_option
@click.pass_obj
def refuse(place: Place, *, application_id: str, why: str, by: str, as_json: bool) -> None:
    """Refuse an application for good; what was asked for is wiped."""
    _done(place, lambda its, at: its.refuse(application_id, why=why, by=by, at=at), as_json=as_json)


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@_BY
@json_option
@click.pass_obj
def approve(place: Place, application_id: str, by: str, as_json: bool) -> None:
    """Approve an application that you review."""
    _done(place, lambda its, at: its.approve(application_id, by=by, at=at), as_json=as_json)


@application.command(name="give-back")
@click.argument("application_id", metavar="APPLICATION")
@click.option("--of-another", is_flag=True, help="Also what another reviewer has, who is away.")
@_BY
@json_option
@click.pass_obj
def give_back(place: Place, *, application_id: str, of_another: bool, by: str, as_json: bool) -> None:
    """Let somebody else review an application: it waits as if nobody had taken it."""
    _done(place, lambda its, at: its.give_back(application_id, of_another=of_another, by=by, at=at), as_json=as_json)


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@_BY
@json_option
@click.pass_obj
def reopen(place: Place, application_id: str, by: str, as_json: bool) -> None:
    """Look again at what you have approved and nobody has issued."""
    _done(place, lambda its, at: its.reopen(application_id, by=by, at=at), as_json=as_json)


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@click.option("--why", required=True, help="Why; 1 to 200 characters, kept in the register.")
@_BY
@json_option
@click.pass_obj
def withdraw(place: Place, *, application_id: str, why: str, by: str, as_json: bool) -> None:
    """End an application that its applicant does not want any more; what was asked for is wiped."""
    _done(place, lambda its, at: its.withdraw(application_id, why=why, by=by, at=at), as_json=as_json)


@application.command()
@click.argument("application_id", metavar="APPLICATION")
@click.option("--holder-key", required=True, help="File with the wallet's key (CBOR or base64url), or the text itself.")
@click.option("--out", type=FILE, help="Where to write the package (default DIR/packages/ID.cbor).")
@_BY
@json_option
@click.pass_obj
def issue(place: Place, *, application_id: str, holder_key: str, out: Path | None, by: str, as_json: bool) -> None:
    """Issue what was approved, once."""
    from issuer import wiring

    key = public_key(holder_key)
    with wiring.open_issuer(place[0], passphrase=config.passphrase(place[1])) as issuer:
        prepare_package(out, issuer.places.packages)
        issued = issuer.applications.issue(application_id, key, by=by, at=wiring.now())
        path = keep_package(issued, out, issuer.places.packages)
    if as_json:
        print_json({"id": issued.licence_id, "package": str(path), "warnings": issued.warnings})
    else:
        click.echo(issued.licence_id)


@application.command(name="list")
@click.option("--all", "decided_too", is_flag=True, help="Those that are over, too.")
@json_option
@click.pass_obj
def list_applications(place: Place, decided_too: bool, as_json: bool) -> None:
    """List applications that are open, the oldest first."""
    from issuer import wiring

    with wiring.open_issuer(place[0], passphrase=config.passphrase(place[1])) as issuer:
        rows = [_as_row(each) for each in issuer.applications.listed(decided_too=decided_too)]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['id']}  {row['state']:<11}  {row['filed_at']}  by {row['filed_by']}  {row['said'] or ''}")


def _done(place: Place, act: Callable[[Applications, UnixTime], Application], *, as_json: bool) -> None:
    from issuer import wiring

    with wiring.open_issuer(place[0], passphrase=config.passphrase(place[1])) as issuer:
        made = act(issuer.applications, wiring.now())
    if as_json:
        print_json(_as_row(made))
    else:
        click.echo(f"{made.id} is {made.state}.")


def _as_row(made: Application) -> dict[str, Any]:
    return {
        "id": made.id,
        "state": str(made.state),
        "filed_by": made.filed_by,
        "filed_at": unixtime.iso_utc(made.filed_at),
        "reviewer": made.reviewer,
        "said": made.said,
        "licence": made.licence_id,
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(durable_files.read(path, max_bytes=_MAX_SUBJECT_BYTES))
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise click.BadParameter(f"{path.name}: not a JSON object in UTF-8", param_hint="--subject")
    return read


def _picture(path: Path | None) -> bytes | None:
    return None if path is None else durable_files.read(path, max_bytes=_MAX_PHOTO_BYTES)
