"""`liangzheng trust release …`: the terminals' software in the repository, offered in stages."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from liangzheng import trust_arguments, wiring
from liangzheng.trust_arguments import (
    FILE,
    FOLDER,
    day,
    json_option,
    passphrase_option,
    passphrases,
    print_json,
    print_published,
    public_key,
    publish_now,
)
from protocol import unixtime
from protocol.unixtime import UnixTime
from revocation.repository import releases, releasing
from revocation.repository.errors import PlanRefused
from revocation.repository.releases import Offer, Release, Version
from verifier_terminal.store import schema
from verifier_terminal.updates import archive
from verifier_terminal.updates.errors import ArchiveRefused
from verifier_terminal.updates.opening import this_platform

_platform = click.option(
    "--platform", help="Of the wheels, such as cpython_311_linux_x86_64; by default this machine's."
)


@click.group()
def release() -> None:
    """The terminals' software: its role has keys of its own, and a release goes to more terminals step by step."""


@release.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("wheelhouse", type=FOLDER)
@click.option(
    "--notes", type=FILE, required=True, help="TOML with zh-Hans, zh-Hant and en: what is new, a sentence each."
)
@click.option(
    "--from", "least_previous", default="0.0.0", show_default=True, help="The oldest version that may go to it."
)
@click.option(
    "--schema", "schema_version", type=int, default=schema.VERSION, show_default=True, help="Of its database."
)
@click.option(
    "--usable-from",
    type=int,
    default=schema.USABLE_FROM,
    show_default=True,
    help="The oldest database version whose program can work with its database: whoever has it can go back.",
)
@_platform
@click.option(
    "--key", type=FILE, help="Of the first release: the .pub file of the key for releases; none makes one here."
)
@passphrase_option
@json_option
def add(
    *,
    folder: Path,
    wheelhouse: Path,
    notes: Path,
    least_previous: str,
    schema_version: int,
    usable_from: int,
    platform: str | None,
    key: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Pack the wheels in WHEELHOUSE (the product and all it needs) as a release that is offered to nobody; publish."""
    make = trust_arguments.making(passphrases(passphrase_file))
    with TemporaryDirectory() as scratch:
        packed = Path(scratch, "release.tar")
        try:
            version = archive.pack(wheelhouse, packed)
        except (ArchiveRefused, OSError) as wrong:
            raise PlanRefused(str(wrong)) from wrong
        size, sha256 = releasing.measure(packed)
        new = Release(
            version=Version.parse(version),
            platform=platform or this_platform(),
            size=size,
            sha256=sha256,
            least_previous=Version.parse(least_previous),
            schema=schema_version,
            usable_from=usable_from,
            notes=_notes(notes),
            offer=Offer(),
        )
        releasing.add(folder, packed, new, key=public_key(key), making=make)
    _publish(folder, passphrase_file, as_json=as_json)


@release.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("version")
@click.option(
    "--percent", type=click.IntRange(0, 100), help="Of all terminals, or of those of the regions that are named."
)
@click.option(
    "--terminal", "terminals", multiple=True, help="A terminal by its id, whatever the share; adds to those before."
)
@click.option("--region", "regions", multiple=True, help="Six digits: the share is of these regions' terminals; adds.")
@click.option("--everywhere", is_flag=True, help="The share is of all regions' terminals again.")
@click.option("--ask-after", metavar="DATE", help="From this day on (2026-12-24) the terminals' pages ask for it.")
@_platform
@passphrase_option
@json_option
def stage(
    *,
    folder: Path,
    version: str,
    percent: int | None,
    terminals: tuple[str, ...],
    regions: tuple[str, ...],
    everywhere: bool,
    ask_after: str | None,
    platform: str | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Offer VERSION to more terminals; then publish. It never takes a terminal out again."""
    path = releasing.path_of(folder, version, platform)
    held = next(each for each in releasing.listed(folder) if each.path == path)
    before = held.offer
    offer = Offer(
        before.percent if percent is None else percent,
        tuple(dict.fromkeys((*before.terminals, *terminals))),
        () if everywhere else tuple(dict.fromkeys((*before.regions, *regions))),
    )
    asked = held.ask_after if ask_after is None else _day(ask_after)
    releasing.stage(folder, path, offer, ask_after=asked)
    _publish(folder, passphrase_file, as_json=as_json)


@release.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("version")
@click.option("--reason", required=True, help="Why; the terminals that have it show it.")
@_platform
@passphrase_option
@json_option
def withdraw(
    *, folder: Path, version: str, reason: str, platform: str | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Withdraw VERSION: nobody goes to it any more, and whoever did may go back to an older one; then publish."""
    releasing.withdraw(folder, releasing.path_of(folder, version, platform), reason)
    _publish(folder, passphrase_file, as_json=as_json)


@release.command("list")
@click.argument("folder", metavar="DIR", type=FOLDER)
@json_option
def list_(*, folder: Path, as_json: bool) -> None:
    """Say which releases there are, and to whom they are offered."""
    found = releasing.listed(folder)
    if as_json:
        print_json([_as_json(each) for each in found])
        return
    for each in found:
        click.echo(f"{each.version!s:10} {each.platform:28} {each.size >> 20:5} MiB  {_words(each)}")


def _publish(folder: Path, passphrase_file: Path | None, *, as_json: bool) -> None:
    print_published(publish_now(folder, passphrase_file, at=wiring.now(), quiet=as_json), as_json=as_json)


def _notes(file: Path) -> Mapping[str, str]:
    try:
        written = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as wrong:
        raise PlanRefused(f"{file} cannot be read: {wrong}") from wrong
    if written.keys() != {*releases.LANGUAGES}:
        raise PlanRefused(f"{file} has not exactly these entries: {', '.join(releases.LANGUAGES)}")
    return written


def _day(text: str) -> UnixTime:
    try:
        return unixtime.local_midnight(int(text.replace("-", "")))
    except ValueError as wrong:
        raise click.UsageError("--ask-after wants a date such as 2026-12-24") from wrong


def _words(release: Release) -> str:
    if release.withdrawn is not None:
        return f"WITHDRAWN: {release.withdrawn}"
    offer = release.offer
    where = f" of {', '.join(offer.regions)}" if offer.regions else ""
    named = f" and {len(offer.terminals)} by name" if offer.terminals else ""
    asks = f", asked for from {day(release.ask_after)} on" if release.ask_after is not None else ""
    return f"{offer.percent} %{where}{named}{asks}"


def _as_json(release: Release) -> dict[str, Any]:
    return {
        "version": str(release.version),
        "platform": release.platform,
        "size": release.size,
        "sha256": release.sha256.hex(),
        "from": str(release.least_previous),
        "schema": release.schema,
        "usable_from": release.usable_from,
        "notes": dict(release.notes),
        "percent": release.offer.percent,
        "terminals": list(release.offer.terminals),
        "regions": list(release.offer.regions),
        "ask_after": release.ask_after,
        "withdrawn": release.withdrawn,
    }
