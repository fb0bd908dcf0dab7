"""`liangzheng issuer key`: which key signs what, and everything that is done with keys."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from issuer import config
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.errors import PassphraseRequired
from issuer.feed import dangerous
from issuer.keys import listing
from issuer.keys.ceremonies import AHEAD, Changed
from issuer.keys.errors import IssuedLogBroken
from issuer.keys.issued_log import Checked
from issuer.keys.records import USES, WORDS
from issuer.profile import TokenPlace
from protocol import unixtime
from protocol.labels import Alg, KeyUse
from protocol.unixtime import HOUR, Seconds, UnixTime

_MOMENT: Final = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"])
_USE = click.option(
    "--use",
    "word",
    type=click.Choice(sorted(word for word, use in USES.items() if use is not KeyUse.STATUS)),
    default="assert",
    show_default=True,
    help="What the key signs: licences, mandates, paper codes, certificates of staff or of terminals.",
)
_DEPARTMENT = click.option("--department", default="", help="Whose key; the authority's own if left out.")


def ahead_option(command: Callable[..., None]) -> Callable[..., None]:
    """How long terminals have to hear of a key before it signs."""
    return click.option(
        "--hours",
        type=click.IntRange(0, 24 * 90),
        default=AHEAD // HOUR,
        show_default=True,
        help="Published so long before it signs. A terminal that was offline for longer refuses what it signs.",
    )(command)


@click.group()
def key() -> None:
    """The issuer's keys: list, add, rotate, retire, ban, sign again; passphrase and token.

    \b
    Example: exchange the key that signs licences
      liangzheng issuer key rotate ./issuer
      liangzheng issuer key list ./issuer
    """


@key.command(name="list")
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def list_keys(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """List every key with its use, its state and its moments, the oldest first."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        now, kept = wiring.now(), issuer.keys.kept
        rows = [listing.as_json(each, issuer.kinds, kept=kept, at=now) for each in issuer.keys.listed()]
    if as_json:
        print_json(rows)
    for row in () if as_json else rows:
        whose = row["department"] or "-"
        given = "" if row["licences"] is None else f"  {row['licences']} licences"
        ends = f"signs {row['sign_from']} to {row['sign_until']}, good until {row['verify_until']}"
        click.echo(f"{row['kid']}  {row['use']:<8}  {row['state']:<9}  {whose:<16}  {ends}{given}")


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_USE
@_DEPARTMENT
@ahead_option
@passphrase_option
@json_option
def add(*, folder: Path, word: str, department: str, hours: int, passphrase_file: Path | None, as_json: bool) -> None:
    """Publish one more key. It signs when those before it are full (2^20 licences) or have ended."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        ahead = Seconds(hours * HOUR)
        made = issuer.keys.add(USES[word], department=department, ahead=ahead, actor=ACTOR, at=wiring.now())
    print_changed(made, as_json=as_json)


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@_USE
@_DEPARTMENT
@ahead_option
@passphrase_option
@json_option
def rotate(
    *, folder: Path, word: str, department: str, hours: int, passphrase_file: Path | None, as_json: bool
) -> None:
    """Publish a key; when it begins to sign, those that sign now end. What they signed stays good."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        ahead = Seconds(hours * HOUR)
        made = issuer.keys.rotate(USES[word], department=department, ahead=ahead, actor=ACTOR, at=wiring.now())
    print_changed(made, as_json=as_json)


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("kid", metavar="KID")
@passphrase_option
@json_option
def retire(folder: Path, kid: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Let a key sign nothing more, at once. What it signed stays good until its end."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        ended = issuer.keys.retire(kid, actor=ACTOR, at=wiring.now())
    print_changed(Changed((), (ended,)), as_json=as_json)


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("kid", metavar="KID")
@click.option("--from", "since", type=_MOMENT, required=True, help="2026-11-22T08:00:00, at UTC+8 if no zone.")
@click.option("--reason", required=True, help="1 to 200 characters, kept in the register.")
@click.option("--by", required=True, help="Who does this: your name or staff number.")
@passphrase_option
@json_option
def ban(
    *, folder: Path, kid: str, since: datetime, reason: str, by: str, passphrase_file: Path | None, as_json: bool
) -> None:
    """Stop a key that somebody else may have, at once, and propose its ban: another key signs in its place.

    \b
    Once somebody else has approved that (`issuer approve`), what it signed from that moment on is refused everywhere,
    and what claims to be older is checked by a clerk, until `issuer key resign KID` has signed it again and
    `issuer key drop KID` has taken the key out of the trust list.
    """
    from issuer import wiring

    local = since if since.tzinfo is not None else since.replace(tzinfo=unixtime.LOCAL_ZONE)
    moment = UnixTime(int(local.timestamp()))
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        made = issuer.keys.stop(kid, reason=reason, actor=by, at=wiring.now())
        content = dangerous.ban_content(kid, iss=issuer.profile.iss, since=moment)
        proposal = issuer.approvals.propose(dangerous.BAN_KEY, content, reason=reason, by=by, at=wiring.now())
    print_changed(made, as_json=as_json, proposal=proposal.id)


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("kid", metavar="KID")
@click.option("--later", is_flag=True, help="Also what the log has since the ban's moment, once you know it is honest.")
@passphrase_option
@json_option
def resign(folder: Path, kid: str, later: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """Sign again every licence that the issued log has of a banned key. Broken off, it goes on where it was.

    \b
    Wallets get the new signatures when they refresh. What the log does not have stays refused.
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        named = next((each.kid for each in issuer.keys.listed() if each.kid.hex() == kid.lower()), b"")
        signed, passed_over = 0, tuple[str, ...]()
        for progress in issuer.keys.resigning.run(named, later=later, actor=ACTOR, at=wiring.now()):
            signed, passed_over = progress.signed, progress.passed_over
            click.echo(f"{signed} signed again, {progress.left} left", err=True)
    if as_json:
        print_json({"signed": signed, "passed_over": passed_over})
    else:
        click.echo(f"{signed} devices have licences by another key, {len(passed_over)} were passed over.")
        for licence in passed_over:
            click.echo(f"Passed over: {licence}")


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("kid", metavar="KID")
@passphrase_option
@json_option
def drop(folder: Path, kid: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Take a key out of the trust list: whatever it signed is refused from now on."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        gone = issuer.keys.drop(kid, actor=ACTOR, at=wiring.now())
    print_changed(Changed((), (gone,)), as_json=as_json)


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def check(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Check the issued log: that every package is what the log says was signed, by the key that it says."""
    from issuer import wiring

    last = Checked(0, ())
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        for last in issuer.keys.check_log():
            click.echo(f"{last.groups} looked at", err=True)
    if as_json:
        print_json({"groups": last.groups, "wrong": last.wrong})
    for licence in () if as_json else last.wrong:
        click.echo(f"Not as it was signed: {licence}")
    if last.wrong:
        raise IssuedLogBroken(f"{len(last.wrong)} of {last.groups} packages are not what the log says was signed")
    if not as_json:
        click.echo(f"{last.groups} packages, all as they were signed.")


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--new-passphrase-file", required=True, type=FILE, help="First line is the new passphrase.")
@passphrase_option
def passphrase(folder: Path, new_passphrase_file: Path, passphrase_file: Path | None) -> None:
    """Put the keys under another passphrase; also keys that lie under a key file. Then restart the service."""
    from issuer import wiring

    new = config.passphrase(new_passphrase_file)
    if new is None:
        raise PassphraseRequired("no new passphrase was given", hint="Give --new-passphrase-file FILE.")
    wiring.change_passphrase(folder, old=config.passphrase(passphrase_file), new=new)
    click.echo("The keys are under the new passphrase. Copies that were made before still open with the old one.")


@key.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--module", required=True, type=FILE, help="The PKCS#11 library of the token's maker.")
@click.option("--token", "label", required=True, help="The token's label.")
@click.option("--p256", is_flag=True, help="Make P-256 keys where Ed25519 is usual: not every token can that.")
def token(folder: Path, module: Path, label: str, p256: bool) -> None:
    """Let new keys be made in a token from now on; `rotate` every use then. The PIN comes from the environment."""
    from issuer import wiring

    found = wiring.set_token(folder, place(module, label, p256=p256))
    click.echo(f"New keys are made in {found}. Rotate each use: `liangzheng issuer key rotate {folder} --use …`.")


def place(module: Path, label: str, *, p256: bool) -> TokenPlace:
    """What --module, --token and --p256 say."""
    return TokenPlace(module.absolute(), label, Alg.ESP256 if p256 else Alg.ED25519)


def print_changed(changed: Changed, *, as_json: bool, proposal: str | None = None) -> None:
    """What a ceremony did."""
    if as_json:
        rows = {
            "published": [
                {"kid": each.kid.hex(), "use": WORDS[each.use], "sign_from": unixtime.iso_utc(each.sign_from)}
                for each in changed.published
            ],
            "ended": [
                {"kid": each.kid.hex(), "use": WORDS[each.use], "sign_until": unixtime.iso_utc(each.sign_until)}
                for each in changed.ended
            ],
        }
        print_json(rows if proposal is None else {**rows, "proposal": proposal})
        return
    for each in changed.published:
        click.echo(f"Published: {each.kid.hex()} ({WORDS[each.use]}), signs from {unixtime.iso_local(each.sign_from)}.")
    for each in changed.ended:
        if each.dropped_at is not None:
            click.echo(f"Dropped: {each.kid.hex()} ({WORDS[each.use]}) stands in the trust list no more.")
        elif each.banned_since is not None:
            moment = unixtime.iso_local(each.banned_since)
            click.echo(f"Banned: {each.kid.hex()} ({WORDS[each.use]}), what it signed since {moment}.")
        else:
            moment = unixtime.iso_local(each.sign_until)
            click.echo(f"Ends: {each.kid.hex()} ({WORDS[each.use]}) signs until {moment}.")
    if proposal is not None:
        click.echo(f"The ban is proposal {proposal}: somebody else approves it with `liangzheng issuer approve`.")
