"""`liangzheng terminal import|export …`: what is published, by stick or from one terminal to another."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import Failure, named_failures, print_json

if TYPE_CHECKING:
    from verifier_terminal.standing import RegionStanding, TerminalStatus
    from verifier_terminal.upkeep import SyncReport


@click.command("import")
@cli_asking.directory_argument
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@cli_asking.json_option
@named_failures
def import_(directory: Path, file: Path, as_json: bool) -> None:
    """Take in a bundle (LZ310000.BDL) from a stick or another terminal. Exit 1 if anything was refused.

    Everything in it is verified as if it came from a server, and must be newer than what is held. That it is late does
    not keep it out: the terminal says how old its knowledge is, and judges accordingly.
    """
    from verifier_terminal import printing, wiring
    from verifier_terminal.sync.bundle_mirror import open_bundle

    with open_bundle(file) as bundle, wiring.open_session(directory) as session:
        before = session.status()
        report = session.sync(bundle, importing=True)
        after = session.status()
    shown = {"file": str(file), "regions": _regions(before, after, report), "sync": printing.sync_json(report)}
    if as_json:
        print_json(shown)
    else:
        _say(shown)
    if report.refused:
        sys.exit(1)


@click.command("export")
@cli_asking.directory_argument
@click.argument("file", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@cli_asking.json_option
@named_failures
def export(directory: Path, file: Path, as_json: bool) -> None:
    """Write what this terminal holds of published files into FILE, for a terminal without a network.

    A FOLDER, such as a stick's, gets a file of the region's name (LZ310000.BDL). The other terminal takes it in with
    `terminal import`; it must hold a state of the region already, however old. Nothing about checks goes along.
    """
    from revocation import bundle_file
    from revocation.errors import BundleError
    from verifier_terminal import wiring

    try:
        region, entries = wiring.entries_for_peer(directory)
        path = file / bundle_file.name_for(region) if file.is_dir() else file
        size = bundle_file.write(path, entries)
    except BundleError as failure:
        raise Failure(f"no bundle was written ({failure})", 1) from failure
    if as_json:
        print_json({"file": str(path), "bytes": size, "entries": len(entries), "region": region})
    else:
        click.echo(f"{path}: {len(entries)} entries, {size:,} bytes; it is safe to take the stick out")


def _regions(before: "TerminalStatus", after: "TerminalStatus", report: "SyncReport") -> list[dict[str, Any]]:
    """For each region what came, and how it stands now."""
    held = {each.region: each for each in before.regions}
    ways = {each.region: each.way for each in report.polled}
    return [_region(held.get(each.region), each, ways.get(each.region)) for each in after.regions]


def _region(before: "RegionStanding | None", after: "RegionStanding", way: str | None) -> dict[str, Any]:
    from verifier_terminal.printing import moment_json

    return {
        "region": after.region,
        "came": way,
        "before": None if before is None or before.seq is None else [before.epoch, before.seq],
        "epoch": after.epoch,
        "seq": after.seq,
        "as_of": moment_json(after.as_of),
        "age": after.status_age,
        "grade": after.grade.name.lower(),
    }


def _say(shown: dict[str, Any]) -> None:
    from verifier_terminal.printing import age_words

    for each in shown["regions"]:
        came = "nothing newer" if each["came"] in (None, "same") else f"taken in by {each['came']}"
        place = "no status feed" if each["seq"] is None else f"number {each['epoch']}.{each['seq']}"
        click.echo(f"{each['region']}: {came}; {place}, {age_words(each['age'])} ({each['grade']})")
    sync = shown["sync"]
    click.echo(f"documents: {', '.join(sync['taken_in']) or 'nothing new'}")
    for refused in sync["refused"]:
        click.echo(f"not taken in: {refused['name']}: {refused['text']}", err=True)
    if sync["rechecked"]:
        click.echo(f"{sync['rechecked']} checks re-verified, {len(sync['alarms'])} changed")
