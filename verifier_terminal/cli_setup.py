"""`liangzheng terminal init|sync …`: set a terminal up, and fetch what is newer."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import named_failures, print_json

PROFILES: Final = ("window", "kiosk", "roadside", "gate", "hotel", "airport")


@click.command()
@cli_asking.directory_argument
@click.option("--trust", metavar="FOLDER|URL", help="One issuer's published files.")
@click.option("--repository", metavar="FOLDER|URL", help="Instead of --trust: a repository of several regions.")
@click.option("--region", metavar="SIX-DIGITS", help="The home region in the repository: its policy counts here.")
@click.option("--profile", required=True, type=click.Choice(PROFILES), help="What this terminal is for.")
@click.option(
    "--root",
    "root_sha256",
    metavar="SHA256",
    help="Thumbprint of the issuer's root, which a URL needs; of a repository the SHA-256 of metadata/1.root.json.",
)
@click.option("--name", default="terminal", show_default=True, help="A name for people, such as 3号窗口.")
@click.option("--site", default="", metavar="CODE", help="The site's four characters; needed for short codes alone.")
@click.option(
    "--bundle",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Fetch from this bundle (LZ310000.BDL) now, and from the source later. It needs --root.",
)
@cli_asking.json_option
@named_failures
def init(
    *,
    directory: Path,
    trust: str | None,
    repository: str | None,
    region: str | None,
    profile: str,
    root_sha256: str | None,
    name: str,
    site: str,
    bundle: Path | None,
    as_json: bool,
) -> None:
    """Set a terminal up in DIR and fetch everything once.

    A FOLDER is trusted as provisioned: whoever filled it decides whom this terminal believes. A URL needs --root, and
    so do a repository and a bundle, wherever they are.
    """
    from verifier_terminal import printing, setting_up
    from verifier_terminal.sync.bundle_mirror import open_bundle

    if bundle is not None and root_sha256 is None:
        raise click.UsageError("a bundle needs --root SHA256: get it from the issuer by a separate way")
    if (trust is None) == (repository is None):
        raise click.UsageError("give exactly one of --trust, --repository")
    by_network = trust is not None and trust.startswith(("http://", "https://"))
    if repository is not None and (root_sha256 is None or region is None):
        raise click.UsageError("a repository needs --root SHA256 (get it by a separate way) and --region SIX-DIGITS")
    if repository is None and region is not None:
        raise click.UsageError("--region belongs to --repository: the files of --trust say which region they are of")
    if by_network and root_sha256 is None:
        raise click.UsageError("a URL needs --root SHA256: get it from the issuer by a separate way")
    with ExitStack() as opened:
        first = None if bundle is None else opened.enter_context(open_bundle(bundle))
        if repository is not None:
            assert root_sha256 is not None
            assert region is not None
            settings, report = setting_up.initialise_from_repository(
                directory,
                repository=repository,
                region=region,
                profile=profile,
                name=name,
                root_sha256=root_sha256,
                site=site,
                first=first,
            )
        else:
            assert trust is not None
            settings, report = setting_up.initialise(
                directory, trust=trust, profile=profile, name=name, root_sha256=root_sha256, site=site, first=first
            )
    if as_json:
        print_json(
            {"directory": str(directory), "region": settings.region, "profile": profile}
            | {"root_sha256": settings.root_sha256, "site": settings.site or None}
            | {"sync": printing.sync_json(report)}
        )
        return
    click.echo(f"{directory}: a {profile} terminal for region {settings.region}")
    if root_sha256 is None:
        click.echo("The folder was trusted as provisioned: its root key is now pinned.")
    click.echo(f"root SHA-256: {settings.root_sha256}")
    click.echo("Its key lies in terminal.key, without a passphrase: whoever can read this folder can ask in its name.")
    click.echo(f"For challenges and receipts have it certified: liangzheng terminal key {directory}")
    say_sync(printing.sync_json(report))


@click.command()
@cli_asking.directory_argument
@cli_asking.json_option
@named_failures
def sync(directory: Path, as_json: bool) -> None:
    """Fetch newer documents, re-check what was accepted on older ones. Exit 1 if anything was refused."""
    from verifier_terminal import printing, wiring

    with wiring.open_session(directory) as session:
        report = session.sync(wiring.open_mirror(session.settings.trust))
    shown = printing.sync_json(report)
    if as_json:
        print_json(shown)
    else:
        say_sync(shown)
        for alarm in report.alarms:
            click.echo(f"ALARM: {printing.alarm_words(alarm)}")
    if report.refused:
        sys.exit(1)


def say_sync(shown: dict[str, Any]) -> None:
    """One round of fetching, in words."""
    click.echo(f"taken in: {', '.join(shown['taken_in']) or 'nothing new'}")
    for polled in shown["polled"]:
        click.echo(
            f"{polled['region']}: number {polled['seq']} of epoch {polled['epoch']}, as of {polled['as_of']}"
            f" ({polled['way']}; {polled['requests']} requests, {polled['bytes']} bytes)"
        )
    for refused in shown["refused"]:
        click.echo(f"not taken in: {refused['name']}: {refused['text']}", err=True)
    if shown["rechecked"]:
        click.echo(f"{shown['rechecked']} checks re-verified, {len(shown['alarms'])} changed")
