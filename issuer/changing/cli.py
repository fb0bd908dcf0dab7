"""`liangzheng issuer change`: a legal change of several licences, seen before it is done."""

from pathlib import Path
from typing import Any

import click

from issuer import config, durable_files, listing
from issuer.application import Issuer
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.changing.alone import Left
from issuer.changing.preview import Affected
from issuer.changing.selecting import Selection
from issuer.errors import KindUnknown
from issuer.lifecycle import LegalChange
from protocol import unixtime
from protocol.status_list import Status
from protocol.unixtime import HOUR

_MAX_IDS_BYTES = 1 << 20
_MOMENT = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"])
_STATES = ("valid", "suspended")


def selection_options(command: Any) -> Any:
    """Which licences a bulk act is about."""
    for option in reversed(
        (
            click.option(
                "--to",
                "change",
                type=click.Choice([each.value for each in LegalChange]),
                required=True,
                help="Which change.",
            ),
            click.option("--ids", type=FILE, help="File with ids of licences, one a line."),
            click.option("--licence", "licences", multiple=True, help="An id; may be repeated."),
            click.option("--holder", help="Instead of ids: everything of the holder with this number."),
            click.option("--kind", help="Instead of ids, or beside --holder: this kind."),
            click.option("--recorded-from", type=_MOMENT, help="Recorded at or after this moment, at UTC+8."),
            click.option("--recorded-before", type=_MOMENT, help="Recorded before this moment, at UTC+8."),
            click.option("--status", type=click.Choice(_STATES), help="Only those that are valid, or suspended."),
        )
    ):
        command = option(command)
    return command


def selection(issuer: Issuer, given: dict[str, Any]) -> Selection:
    """What the options mean. Raises: KindUnknown, StorageFailed."""
    ids = list(given["licences"])
    if given["ids"] is not None:
        lines = durable_files.read(given["ids"], max_bytes=_MAX_IDS_BYTES).decode("ascii", "replace").splitlines()
        ids += [line.strip() for line in lines if line.strip()]
    kind = next((vct for vct, kind in issuer.kinds.items() if kind.slug == given["kind"]), None)
    if given["kind"] is not None and kind is None:
        raise KindUnknown(f"there is no such kind: {given['kind']}")
    moments = [
        None
        if each is None
        else int((each if each.tzinfo is not None else each.replace(tzinfo=unixtime.LOCAL_ZONE)).timestamp())
        for each in (given["recorded_from"], given["recorded_before"])
    ]
    status = None if given["status"] is None else Status[given["status"].upper()]
    return Selection(tuple(ids), kind, given["holder"], moments[0], moments[1], status)


def say(found: Affected, left: Left, *, as_json: bool, done: str) -> None:
    """What a change reaches, or has reached, and how much is left to whoever acts before or after it."""
    if as_json:
        print_json(affected_as_json(found) | {"outcome": done, "left": left_as_json(left)})
        return
    click.echo(
        f"{done}: {len(found.licences)} licence(s), {len(found.entries)} status entries, {found.devices} device(s), "
        f"{len(found.mandates)} mandate(s), {len(found.papers)} paper code(s)."
    )
    for licence_id, status in found.licences:
        click.echo(f"  {licence_id}  {status.name.lower()}")
    for licence_id, status in found.refused:
        click.echo(f"  {licence_id}  {status.name.lower()}: the change does not apply", err=True)
    hours = left.limits.window // HOUR
    click.echo(f"Left before a second person is needed: {left.licences} licence(s) within {hours} h.")


def affected_as_json(found: Affected) -> dict[str, Any]:
    """The same for machines."""
    return {
        "change": found.change.value,
        "licences": [each for each, _ in found.licences],
        "refused": {each: status.name.lower() for each, status in found.refused},
        "entries": len(found.entries),
        "devices": found.devices,
        "mandates": found.mandates,
        "papers": found.papers,
    }


def left_as_json(left: Left) -> dict[str, Any]:
    """How much somebody may still do alone, for machines."""
    return {
        "licences": left.licences,
        "person": max(0, left.person),
        "department": max(0, left.department),
        "scarcest_department": left.scarcest,
        "hours": left.limits.window // HOUR,
    }


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def alone(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Say how many licences one person may change alone, and who has used how many of them.

    Counted is each licence once within the hours, over all acts; renewals and confirmed seizures by themselves. Other
    limits: `issuer propose limits`.
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        limits, used = issuer.alone.used(at=wiring.now())
    rows = [
        {
            "whose": each.whose,
            "is_department": each.is_department,
            "is_routine": each.is_routine,
            "licences": each.licences,
        }
        for each in used
    ]
    if as_json:
        said = {
            "person": limits.person,
            "department": limits.department,
            "routine_person": limits.routine_person,
            "routine_department": limits.routine_department,
            "hours": limits.window // HOUR,
        }
        print_json({"limits": said, "used": rows})
        return
    click.echo(
        f"A person {limits.person}, a department {limits.department}; renewals and seizures {limits.routine_person} "
        f"and {limits.routine_department}; within {limits.window // HOUR} h."
    )
    for each in used:
        most = limits.most(is_routine=each.is_routine)[each.is_department]
        of = "renewed or seized by " if each.is_routine else ""
        click.echo(f"{each.licences:>6} of {most}  {of}{'department ' if each.is_department else ''}{each.whose}")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@selection_options
@click.option("--reason", help="Why; 1 to 200 characters, kept in the register. Not needed for --preview.")
@click.option("--preview", is_flag=True, help="Say who is affected, and change nothing.")
@passphrase_option
@json_option
def change(
    folder: Path, reason: str | None, preview: bool, passphrase_file: Path | None, as_json: bool, **given: Any
) -> None:
    """Change several licences at once; more than 20 within a day take a second person: `issuer propose change`.

    \b
    Example:
      liangzheng issuer change ./issuer --to cancel --holder NUMBER --preview
      liangzheng issuer change ./issuer --to cancel --holder NUMBER --reason 死亡注销
    """
    from issuer import wiring

    if reason is None and not preview:
        raise click.UsageError("Give --reason, or --preview to look only.")
    legal_change = LegalChange(given["change"])
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        chosen = selection(issuer, given)
        if preview or reason is None:
            found = issuer.changes.preview(chosen, legal_change, at=wiring.now())
        else:
            found = issuer.changes.change(chosen, legal_change, reason=reason, actor=ACTOR, at=wiring.now())
        left = issuer.changes.left(found, actor=ACTOR, at=wiring.now())
    say(found, left, as_json=as_json, done="would change" if preview else "changed")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--days", type=click.IntRange(0, 3_660), default=30, show_default=True, help="How far ahead.")
@click.option("--kind", help="Only this kind.")
@click.option("--past", is_flag=True, help="Instead: what has ended, within as many days.")
@passphrase_option
@json_option
def expiring(
    *, folder: Path, days: int, kind: str | None, past: bool, passphrase_file: Path | None, as_json: bool
) -> None:
    """List licences whose legal term ends soon, the nearest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        found = issuer.expiry.listed(kind=kind, days=days, past=past, at=at)
        rows = [listing.as_json(record, issuer.kinds, at=at) for record in found]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['valid_to']}  {row['id']}  {row['kind']:<16}  {row['name']}")
