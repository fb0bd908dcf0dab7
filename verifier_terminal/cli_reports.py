"""`liangzheng terminal reports DIR`: what people at this terminal said went wrong."""

from pathlib import Path

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import named_failures, print_json


@click.command()
@cli_asking.directory_argument
@cli_asking.json_option
@named_failures
def reports(directory: Path, as_json: bool) -> None:
    """List problem reports (服务找茬), the newest first. Looking is written down, as every reading of the journal is.

    They were made at the window's page (B) or at the kiosk, about a check or about the place; nobody was asked for a
    name. They go to the operator as soon as there is one to be reached.
    """
    from protocol import unixtime
    from verifier_terminal import wiring

    with wiring.open_session(directory) as session:
        found = session.problem_reports()
        session.note_reading("problem reports")
    if as_json:
        shown = [
            {
                "at": unixtime.iso_utc(each.at),
                "check_number": each.check_number,
                "category": each.category,
                "text": each.text,
                "sent": each.sent,
            }
            for each in found
        ]
        print_json({"reports": shown})
        return
    for each in found:
        about = each.check_number or "-" * 7
        state = "sent" if each.sent else "not sent"
        click.echo(f"{unixtime.iso_local(each.at)}  {about}  {each.category}  {state}  {each.text}")
    if not found:
        click.echo("Nobody has reported a problem.")
