"""`liangzheng issuer feed`: where the status feed stands, ticks by hand, lifted bans, epochs, settings."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from issuer import config
from issuer.arguments import ACTOR, FOLDER, json_option, passphrase_option, print_json
from issuer.feed import assembling, cli_export, cli_reversal, settings
from issuer.feed.ceremonies import Ceremonies, FeedStatus
from issuer.feed.feeding import Tick
from issuer.profile import Places
from protocol import limits, unixtime

_VERSION: Final = click.IntRange(1, limits.MAX_FEED_NUMBER)


@click.group()
def feed() -> None:
    """The feed of status changes that terminals follow: one signed checkpoint a minute, and what leads up to it."""


@feed.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def status(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Where the feed stands, what waits, and what the brake lets through."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        found = Ceremonies(issuer.feed, iss=issuer.profile.iss).status(at=wiring.now())
    if as_json:
        print_json(_status_as_json(found))
        return
    click.echo(f"Epoch {found.epoch}, seq {found.seq}, {found.lists} lists. Head {found.head.hex()}.")
    click.echo(f"Newest checkpoint: {unixtime.iso_local(found.iat)}, {found.age} s ago.")
    click.echo(f"Changes that wait: {found.due} due, {found.later} for later. The brake lets {found.headroom} through.")
    for ban in found.bans:
        click.echo(f"Banned: {ban.kid.hex()} of {ban.iss} since {unixtime.iso_local(ban.since)}.")
    for each in found.reservations:
        what = "signed, goes out at its seq" if each.statement is not None else "waits for the offline key"
        click.echo(f"Reserved: seq {each.seq}, {what} ({each.reason}).")
    click.echo(f"Offline keys: {', '.join(kid.hex() for kid in found.reversal_keys) or 'none'}.")


@feed.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@passphrase_option
@json_option
def tick(folder: Path, passphrase_file: Path | None, as_json: bool) -> None:
    """Publish what is due now. Exit code 1 if something is held back; everything else is published then."""
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        made = issuer.feed.tick(at=wiring.now())
    assert made is not None, "no tick of a command waits for another one"
    if as_json:
        print_json(_tick_as_json(made))
    else:
        click.echo(f"Epoch {made.epoch}, seq {made.seq}: {made.changes} changes published.")
        if made.clock_behind:
            click.echo(f"Warning: this clock is {made.clock_behind} s behind the last checkpoint.", err=True)
    made.demand_nothing_held_back()


@feed.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--keep-key", is_flag=True, help="Begin an epoch under the same status key.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@passphrase_option
@json_option
def epoch(folder: Path, keep_key: bool, yes: bool, passphrase_file: Path | None, as_json: bool) -> None:
    """Replace the status key and begin a new epoch with seq 0; or only the latter. Stop the service before.

    This heals a feed whose status key was stolen, or whose seq was driven ahead.
    """
    from issuer import wiring

    if not yes:
        what = "A new epoch begins" if keep_key else "The status key is replaced for good, and a new epoch begins"
        click.confirm(f"{what}. Is the service stopped? Go on?", abort=True, err=True)
    passphrase = config.passphrase(passphrase_file)
    if not keep_key:
        wiring.replace_status_key(folder, passphrase=passphrase)
    with wiring.open_issuer(folder, passphrase=passphrase) as issuer:
        if keep_key:
            issuer.feed.begin_epoch(at=wiring.now())
        issuer.publish(at=wiring.now())
        # Once more: tokens that the old key had signed were forgotten when the epoch began.
        issuer.publish(at=wiring.now())
        found = Ceremonies(issuer.feed, iss=issuer.profile.iss).status(at=wiring.now())
    if as_json:
        print_json({"epoch": found.epoch, "seq": found.seq, "key_replaced": not keep_key})
    else:
        click.echo(f"Epoch {found.epoch} has begun{'' if keep_key else ' under a new status key'}, and is published.")


@feed.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("kid", metavar="KID")
@passphrase_option
@json_option
def unban(folder: Path, kid: str, passphrase_file: Path | None, as_json: bool) -> None:
    """Take a key out of the checkpoint, once the trust list names it no more.

    This takes nothing back: a terminal keeps a ban as long as its trust list names the key.
    """
    from issuer import wiring

    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        Ceremonies(issuer.feed, iss=issuer.profile.iss).lift_ban(kid, actor=ACTOR, at=wiring.now())
        issuer.publish(at=wiring.now())
    if as_json:
        print_json({"kid": kid, "banned": False})
    else:
        click.echo(f"{kid} stands in the checkpoint no more.")


@feed.command(name="settings")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option("--url", "urls", multiple=True, help="Another folder on the web with the same feed; may be repeated.")
@click.option("--no-urls", is_flag=True, help="There is no other.")
@click.option("--store", help="s3://BUCKET/PREFIX that gets everything, too.")
@click.option("--endpoint", help="The store's server, where it is not Amazon's: https://HOST.")
@click.option("--no-store", is_flag=True, help="There is no store beside the folder.")
@click.option("--tuf-root", type=_VERSION, help="Version of the trust metadata's root that terminals should have.")
@click.option("--tuf-snapshot", type=_VERSION, help="Version of its snapshot that terminals should have.")
@json_option
def settings_(
    *,
    folder: Path,
    urls: tuple[str, ...],
    no_urls: bool,
    store: str | None,
    endpoint: str | None,
    no_store: bool,
    tuf_root: int | None,
    tuf_snapshot: int | None,
    as_json: bool,
) -> None:
    """Show or change where else the feed lies, and which trust metadata terminals should have."""
    path = assembling.settings_path(Places(folder))
    before = settings.read(path)
    after = replace(
        before,
        urls=() if no_urls else urls or before.urls,
        store=None if no_store else store or before.store,
        endpoint=None if no_store else endpoint or before.endpoint,
        tuf_root=tuf_root or before.tuf_root,
        tuf_snapshot=tuf_snapshot or before.tuf_snapshot,
    )
    if after != before:
        settings.write(path, after)
    if as_json:
        print_json(settings.as_json(after))
    else:
        click.echo(f"Other folders: {', '.join(after.urls) or 'none'}")
        click.echo(f"Store:         {after.store or 'none'}{f' at {after.endpoint}' if after.endpoint else ''}")
        click.echo(f"Trust metadata: root {after.tuf_root}, snapshot {after.tuf_snapshot}")


def _tick_as_json(made: Tick) -> dict[str, Any]:
    return {
        "epoch": made.epoch,
        "seq": made.seq,
        "head": made.head.hex(),
        "iat": made.iat,
        "changes": made.changes,
        "held_back": {"final": len(made.final), "not_open": len(made.not_open), "braked": len(made.braked)},
        "clock_behind": made.clock_behind,
    }


def _status_as_json(found: FeedStatus) -> dict[str, Any]:
    return {
        "epoch": found.epoch,
        "seq": found.seq,
        "head": found.head.hex(),
        "iat": found.iat,
        "age": found.age,
        "lists": found.lists,
        "due": found.due,
        "later": found.later,
        "headroom": found.headroom,
        "bans": [{"iss": each.iss, "kid": each.kid.hex(), "since": each.since} for each in found.bans],
        "reservations": [
            {"seq": each.seq, "signed": each.statement is not None, "reason": each.reason}
            for each in found.reservations
        ],
        "reversal_keys": [kid.hex() for kid in found.reversal_keys],
    }


feed.add_command(cli_export.export)
for command in (cli_reversal.reversal, cli_reversal.reversal_key, cli_reversal.trust_key, cli_reversal.retire_key):
    feed.add_command(command)
