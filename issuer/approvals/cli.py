"""`liangzheng issuer propose | approve | decline | proposals`: what takes two people."""

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from issuer import config
from issuer.approvals.register import Proposal, State
from issuer.arguments import FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.bulk.sources import PULL_SOURCE
from issuer.changing import cli as changing_cli
from issuer.changing.alone import CHANGE_LIMITS, Limits
from issuer.changing.bulk import BULK_CHANGE
from issuer.feed import dangerous
from issuer.holders import cli as holders_cli
from issuer.holders.erasing import ERASE
from issuer.lifecycle import LegalChange
from protocol import unixtime
from protocol.unixtime import HOUR, Seconds, UnixTime

_MOMENT: Final = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"])
_BY = click.option("--by", required=True, help="Who does this: your name or staff number.")
_REASON = click.option("--reason", required=True, help="Why; 1 to 200 characters, kept in the register.")


@click.group()
def propose() -> None:
    """Propose an act that takes a second person; `issuer approve` then carries it out.

    \b
    Example:
      liangzheng issuer propose change ./issuer --to revoke --ids ids.txt --reason 专项整治 --by 甲
      liangzheng issuer proposals ./issuer
      liangzheng issuer approve ./issuer PROPOSAL --by 乙
    """


@propose.command(name="change")
@click.argument("folder", metavar="DIR", type=FOLDER)
@changing_cli.selection_options
@_REASON
@_BY
@passphrase_option
@json_option
def propose_change(
    folder: Path, reason: str, by: str, passphrase_file: Path | None, as_json: bool, **given: Any
) -> None:
    """Propose a legal change of any number of licences."""
    from issuer import wiring

    change = LegalChange(given["change"])
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        chosen = changing_cli.selection(issuer, given)
        content = issuer.changes.content(chosen, change)
        made = issuer.approvals.propose(BULK_CHANGE, content, reason=reason, by=by, at=at)
        found = issuer.changes.preview(chosen, change, at=at)
        left = issuer.changes.left(found, actor=by, at=at)
    if not as_json:
        changing_cli.say(found, left, as_json=False, done="would change")
    _said(made, as_json=as_json, more=changing_cli.affected_as_json(found))


@propose.command(name="ban")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("kid", metavar="KID")
@click.option("--since", type=_MOMENT, required=True, help="From when on; 2026-11-22T08:00:00, at UTC+8 if no zone.")
@click.option("--iss", help="Whose key, such as 310000.SCJG; this issuer's own if left out.")
@_REASON
@_BY
@passphrase_option
@json_option
def propose_ban(
    *,
    folder: Path,
    kid: str,
    since: datetime,
    iss: str | None,
    reason: str,
    by: str,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Propose to ban an issuer's key at once: what it signed from that moment on counts no more.

    Once approved it stands in every checkpoint. Take the key out of the trust list as soon as you can.
    """
    from issuer import wiring

    local = since if since.tzinfo is not None else since.replace(tzinfo=unixtime.LOCAL_ZONE)
    moment = UnixTime(int(local.timestamp()))
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        content = dangerous.ban_content(kid, iss=iss or issuer.profile.iss, since=moment)
        made = issuer.approvals.propose(dangerous.BAN_KEY, content, reason=reason, by=by, at=wiring.now())
    _said(made, as_json=as_json)


@propose.command(name="reversal")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--licence", "licence_id", required=True, help="The licence whose last final change is to be undone.")
@_REASON
@_BY
@passphrase_option
@json_option
def propose_reversal(
    *, folder: Path, licence_id: str, reason: str, by: str, passphrase_file: Path | None, as_json: bool
) -> None:
    """Propose to undo a final status; once approved, `issuer feed reversal prepare` begins the ceremony."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        content = dangerous.reversal_content(licence_id)
        made = issuer.approvals.propose(dangerous.REVERSAL, content, reason=reason, by=by, at=wiring.now())
    _said(made, as_json=as_json)


@propose.command(name="release")
@click.argument("folder", metavar="DIR", type=FOLDER)
@_REASON
@_BY
@passphrase_option
@json_option
def propose_release(*, folder: Path, reason: str, by: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Propose to release what the brake holds back; then `issuer feed reversal prepare --waiting`."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        made = issuer.approvals.propose(dangerous.RELEASE, {}, reason=reason, by=by, at=wiring.now())
    _said(made, as_json=as_json)


@propose.command(name="limits")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--person", type=click.IntRange(0), required=True, help="Licences that one person may change alone.")
@click.option("--department", type=click.IntRange(0), required=True, help="And all the people of a department.")
@click.option("--routine-person", type=click.IntRange(1), help="Renewals and seizures of one person; as it is now.")
@click.option("--routine-department", type=click.IntRange(1), help="And of all the people of a department; as it is.")
@click.option("--hours", type=click.IntRange(1), default=24, show_default=True, help="Within so many hours.")
@_REASON
@_BY
@passphrase_option
@json_option
def propose_limits(
    *,
    folder: Path,
    person: int,
    department: int,
    routine_person: int | None,
    routine_department: int | None,
    hours: int,
    reason: str,
    by: str,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Propose how many licences are changed without a second person; `issuer alone` says what holds."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        now, _ = issuer.alone.used(at=wiring.now())
        limits = Limits(
            person,
            department,
            Seconds(hours * HOUR),
            now.routine_person if routine_person is None else routine_person,
            now.routine_department if routine_department is None else routine_department,
        )
        content = issuer.alone.content(limits)
        made = issuer.approvals.propose(CHANGE_LIMITS, content, reason=reason, by=by, at=wiring.now())
    _said(made, as_json=as_json)


@propose.command(name="source")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("settings", type=FILE)
@_REASON
@_BY
@passphrase_option
@json_option
def propose_source(
    *, folder: Path, settings: Path, reason: str, by: str, passphrase_file: Path | None, as_json: bool
) -> None:
    """Propose that `issuer pull` with these SETTINGS may change more licences than one person may.

    Approved are the settings and their mapping as they stand now: whatever is written differently is proposed again.
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        content = issuer.sources.content(settings)
        made = issuer.approvals.propose(PULL_SOURCE, content, reason=reason, by=by, at=wiring.now())
    _said(made, as_json=as_json)


@propose.command(name="erase")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--number-file", required=True, type=FILE, help="First line is the holder's number.")
@click.option("--after-days", type=click.IntRange(0, 36_600), required=True, help="How long what has ended is kept.")
@_REASON
@_BY
@passphrase_option
@json_option
def propose_erase(
    *,
    folder: Path,
    number_file: Path,
    after_days: int,
    reason: str,
    by: str,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Propose to erase more of a holder than one person may alone (`issuer holder erase --preview` says what)."""
    from issuer import wiring

    number = holders_cli.number_in(number_file)
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at = wiring.now()
        content = issuer.erasing.content(number, after_days=after_days, at=at)
        made = issuer.approvals.propose(ERASE, content, reason=reason, by=by, at=at)
    _said(made, as_json=as_json)


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("proposal")
@_BY
@passphrase_option
@json_option
def approve(folder: Path, proposal: str, by: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Approve somebody else's proposal, which carries it out; nothing is done if it reaches something else by now."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        decided = issuer.approvals.approve(proposal, by=by, at=wiring.now())
        # What follows an erasure: its log, and the file that is written anew.
        issuer.erasing.again(actor=by, at=wiring.now())
    if as_json:
        print_json(as_row(decided))
    elif decided.state is State.EXECUTED:
        click.echo(f"{decided.id} is approved, carried out and published.")
    else:
        click.echo(f"{decided.id} is approved. Go on with `liangzheng issuer feed reversal prepare`.")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("proposal")
@_BY
@click.option("--why", required=True, help="Why not; 1 to 200 characters, kept in the register.")
@passphrase_option
@json_option
def decline(*, folder: Path, proposal: str, by: str, why: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Decline a proposal, or take your own back."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        decided = issuer.approvals.decline(proposal, by=by, why=why, at=wiring.now())
    if as_json:
        print_json(as_row(decided))
    else:
        click.echo(f"{decided.id} is declined.")


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--all", "decided_too", is_flag=True, help="Those that were decided or have expired, too.")
@passphrase_option
@json_option
def proposals(folder: Path, decided_too: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """List proposals that wait, the newest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        rows = [as_row(each) for each in issuer.approvals.listed(decided_too=decided_too, at=wiring.now())]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        click.echo(f"{row['id']}  {row['state']:<9}  {row['what']}  by {row['proposed_by']}  {row['reason']}")


def as_row(proposal: Proposal) -> dict[str, Any]:
    """One proposal for machines."""
    decided_at = proposal.decided_at
    return {
        "id": proposal.id,
        "what": proposal.what,
        "content": dict(proposal.content),
        "reason": proposal.reason,
        "proposed_by": proposal.proposed_by,
        "at": unixtime.iso_utc(proposal.at),
        "until": unixtime.iso_utc(proposal.until),
        "state": str(proposal.state),
        "decided_by": proposal.decided_by,
        "decided_at": None if decided_at is None else unixtime.iso_utc(decided_at),
        "why": proposal.why,
    }


def _said(made: Proposal, *, as_json: bool, more: dict[str, Any] | None = None) -> None:
    if as_json:
        print_json(as_row(made) | ({} if more is None else {"reaches": more}))
    else:
        click.echo(f"Proposed: {made.id}, until {unixtime.iso_local(made.until)}. Somebody else approves it:")
        click.echo(f"  liangzheng issuer approve DIR {made.id[:8]} --by NAME")
