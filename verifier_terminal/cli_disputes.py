"""`liangzheng terminal disputes`: refused licences of other regions, and signed notes about them for those regions."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import Failure, named_failures, print_json

if TYPE_CHECKING:
    from verifier_terminal.disputes import Dispute


@click.command()
@cli_asking.directory_argument
@click.option(
    "--out",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Sign a note about each and write it here, one file each.",
)
@cli_asking.json_option
@named_failures
def disputes(directory: Path, out: Path | None, as_json: bool) -> None:
    """List licences of recognised regions that were refused for what their region said of them.

    Nobody at this counter can put that right. With --out a note about each is signed with the terminal's key, to be
    sent to the region that issued it. It names the kind, the reason, the status and its age, and the digest of what was
    shown: no name, no number. Looking is written down, as every reading of the journal is.
    """
    from verifier_terminal import wiring

    with wiring.open_session(directory) as session:
        held = session.disputes()
        written = [] if out is None else _write(out, session.dispute_notes())
        session.note_reading("disputes")
    shown = [_shown(each) for each in held]
    if as_json:
        print_json({"disputes": shown, "written": written})
        return
    if not shown:
        click.echo("No licence of another recognised region was refused for what its region said.")
    for each in shown:
        status = "" if each["status"] is None else f", status {each['status']} as of {each['as_of']}"
        click.echo(f"{each['check_number']}  {each['at']}  {each['region']} {each['kind']}: {each['code']}{status}")
    for path in written:
        click.echo(f"written: {path}")
    if out is not None and len(written) < len(shown):
        click.echo(f"{len(shown) - len(written)} could not be signed: made by a clock that was ahead, or a changed row")


def _write(folder: Path, notes: tuple[tuple["Dispute", bytes], ...]) -> list[str]:
    """One file for each; the same note again replaces its file."""
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for dispute, encoded in notes:
            note = dispute.note
            path = folder / f"dispute-{note.region}-{note.check_number}-{note.presentation[:4].hex()}.cbor"
            path.write_bytes(encoded)
            paths.append(str(path))
    except OSError as failure:
        why = f"{folder} cannot be written ({failure.strerror}); the disputes stay in the journal"
        raise Failure(why, 2) from failure
    return paths


def _shown(dispute: "Dispute") -> dict[str, Any]:
    from protocol import unixtime

    note = dispute.note
    return {
        "check_number": note.check_number,
        "at": unixtime.iso_utc(note.checked_at),
        "region": note.region,
        "kind": dispute.kind,
        "code": note.code,
        "status": None if note.status is None else note.status.name.lower(),
        "as_of": None if note.as_of is None else unixtime.iso_utc(note.as_of),
        "trust_age": note.trust_age,
        "policy_age": note.policy_age,
        "clock_age": note.clock_age,
        "presentation": note.presentation.hex(),
    }
