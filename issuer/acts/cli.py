"""`liangzheng issuer officers-acts | confirm-act | reject-act`: what officers did, and who says that it counts."""

from pathlib import Path

import click

from issuer import config
from issuer.acts import confirming
from issuer.acts.confirming import ID_DIGITS, ListedAct
from issuer.arguments import FOLDER, json_option, passphrase_option, print_json
from protocol import unixtime

_BY = click.option("--by", required=True, help="Who decides: a name or staff number of 1 to 64 characters; kept.")


@click.command(name="officers-acts")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--all", "decided_too", is_flag=True, help="Those that were decided too.")
@passphrase_option
@json_option
def officers_acts(folder: Path, decided_too: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """List officers' acts that wait for somebody to confirm or reject them.

    An act is what an officer signed at the roadside about a licence that was shown: a seizure (暂扣) or a note. Nothing
    has changed by it yet.

    \b
    Example:
      liangzheng issuer officers-acts ./issuer
      liangzheng issuer confirm-act ./issuer 3f2a91c07b44e5d0 --by 值班长-0021
      liangzheng issuer reject-act ./issuer 3f2a91c07b44e5d0 --by 值班长-0021 --reason 证据不足
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = issuer.acts.listed(decided_too=decided_too, at=wiring.now())
        kinds = {vct: kind.slug for vct, kind in issuer.kinds.items()}
    if as_json:
        print_json([_json(each, kinds) for each in found])
        return
    for each in found:
        click.echo(_line(each, kinds))
    if not found:
        click.echo("No act waits.")


@click.command(name="confirm-act")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("act", metavar="ID")
@_BY
@passphrase_option
@json_option
def confirm_act(folder: Path, act: str, by: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Confirm the act ID: a seizure suspends the licence, and that is published.

    ID is the beginning of the act's id, at least 8 digits. An officer does not confirm their own act.
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        done = issuer.acts.confirm(act, by=by, at=wiring.now())
        kinds = {vct: kind.slug for vct, kind in issuer.kinds.items()}
    _say(done, kinds, as_json=as_json)


@click.command(name="reject-act")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("act", metavar="ID")
@_BY
@click.option("--reason", required=True, help="Why; 1 to 200 characters, kept in the register.")
@passphrase_option
@json_option
def reject_act(*, folder: Path, act: str, by: str, reason: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Reject the act ID: nothing changes, and the reason is kept."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        done = issuer.acts.reject(act, by=by, why=reason, at=wiring.now())
        kinds = {vct: kind.slug for vct, kind in issuer.kinds.items()}
    _say(done, kinds, as_json=as_json)


def _say(act: ListedAct, kinds: dict[int, str], *, as_json: bool) -> None:
    if as_json:
        print_json(_json(act, kinds))
    else:
        click.echo(_line(act, kinds))


def _json(act: ListedAct, kinds: dict[int, str]) -> dict[str, object]:
    return confirming.as_json(act, kinds, unixtime.iso_utc)


def _line(act: ListedAct, kinds: dict[int, str]) -> str:
    said = _json(act, kinds)
    beginning = f"{act.held.id[:ID_DIGITS]}  {said['state']:<9}"
    if act.said is None:
        return f"{beginning}  from terminal {act.held.terminal}: {act.held.problem}"
    decided = f"  by {said['decided_by']}" if said["decided_by"] else ""
    problem = f"  ({said['problem']})" if said["problem"] else ""
    return (
        f"{beginning}  {said['act']:<7}  {said['signed_at']}  officer {said['officer']}  {said['kind']} "
        f"{said['licence'] or 'of another register'}  check {said['check_number']} at {act.held.terminal}  "
        f"{said['reason']}{decided}{problem}"
    )
