"""`liangzheng terminal out-of-service`: staff take an unattended terminal out of service, and put it back."""

import getpass
from pathlib import Path

import click

from protocol import unixtime
from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import named_failures, print_json


@click.command("out-of-service")
@cli_asking.directory_argument
@click.option("--reason", metavar="TEXT", help="Take it out of service; for colleagues, and never shown on the screen.")
@click.option("--end", is_flag=True, help="Put it back into service.")
@cli_asking.json_option
@named_failures
def out_of_service(directory: Path, reason: str | None, end: bool, as_json: bool) -> None:
    """Say whether a kiosk or gate is out of service; take it out with --reason, put it back with --end.

    Its screen follows within a second, also while `serve` runs, and keeps to it after a restart. Nothing that is
    scanned or touched there changes it. A kiosk that cannot write its journal stands still by itself, and goes on by
    itself: that is not what this command is for.
    """
    from verifier_terminal import config, wiring
    from verifier_terminal.faces import service

    if end and reason is not None:
        raise click.UsageError("either --reason or --end")
    config.load(directory)
    if reason is not None:
        service.take_out(directory, service.ServiceNotice(reason.strip(), wiring.now(), getpass.getuser()))
    elif end:
        service.put_back(directory)
    notice = service.read(directory)
    if as_json:
        shown = None if notice is None else {"reason": notice.reason, "since": int(notice.since), "by": notice.by}
        print_json({"out_of_service": shown})
    elif notice is None:
        click.echo("in service")
    else:
        click.echo(f"out of service since {unixtime.iso_local(notice.since)}, by {notice.by}: {notice.reason}")
