"""`liangzheng terminal staff DIR add|certificate|list|remove|settings`: who may sign on at this terminal, and how.

What is changed here counts for a running `serve` from its next start on, but for keys and certificates, which count at
once. Every change is a row of the journal.
"""

from pathlib import Path

import click

from protocol import unixtime
from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import named_failures, print_json

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
@cli_asking.directory_argument
@click.pass_context
def staff(context: click.Context, directory: Path) -> None:
    """Let people sign on at this terminal, each with a key and a passphrase of their own.

    \b
    Example:
      liangzheng terminal staff ./window add --number 0417 > 0417.key
      liangzheng issuer certify-staff ./issuer --key 0417.key --number 0417 --name 演示员0417 --role clerk \\
        --relying-party 幻境市政务服务中心 --out 0417.cbor
      liangzheng terminal staff ./window certificate 0417.cbor
      liangzheng terminal staff ./window settings --required
    """
    context.obj = directory


@staff.command()
@click.option("--number", required=True, help="Staff number: 1 to 24 letters, digits and hyphens.")
@click.option("--on", "folder", type=_FOLDER, metavar="FOLDER", help="Write the key file there, such as on a stick.")
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="First line is the passphrase; else it is asked for, twice.",
)
@cli_asking.json_option
@click.pass_obj
@named_failures
def add(directory: Path, number: str, folder: Path | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Make a key for a person and print its public part, for the region to certify."""
    from verifier_terminal import wiring

    passphrase = _passphrase(passphrase_file)
    with wiring.open_session(directory) as session:
        public, path = wiring.add_staff(session, number, passphrase, to=folder)
    if as_json:
        print_json({"number": number, "key": public, "file": str(path)})
    else:
        click.echo(public)
        click.echo(f"{path}: have it certified with `issuer certify-staff`", err=True)


@staff.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@cli_asking.json_option
@click.pass_obj
@named_failures
def certificate(directory: Path, file: Path, as_json: bool) -> None:
    """Install a person's certificate, new or renewed; it must be good here and now. No passphrase is needed."""
    from verifier_terminal import wiring

    encoded = wiring.read_certificate(file)
    with wiring.open_session(directory) as session:
        claims = session.shift.roster.install(encoded)
    ends = unixtime.iso_local(claims.exp)
    if as_json:
        print_json({"number": claims.number, "role": str(claims.role), "to": unixtime.iso_utc(claims.exp)})
    else:
        click.echo(f"{claims.role} {claims.number} ({claims.name}) may sign on here until {ends}")


@staff.command(name="list")
@cli_asking.json_option
@click.pass_obj
@named_failures
def list_(directory: Path, as_json: bool) -> None:
    """List everybody who has a key here or on a stick, and whether they may sign on now."""
    from verifier_terminal import wiring

    with wiring.open_session(directory) as session:
        people = session.shift.roster.people()
    if as_json:
        print_json(
            [
                {
                    "number": each.number,
                    "name": each.name,
                    "role": each.role,
                    "state": each.state,
                    "to": None if each.until is None else unixtime.iso_utc(each.until),
                }
                for each in people
            ]
        )
    for each in () if as_json else people:
        ends = "" if each.until is None else f"  to {unixtime.iso_local(each.until)}"
        click.echo(f"{each.number:<24}  {each.role or '-':<10}  {each.state:<19}{ends}  {each.name}")


@staff.command()
@click.option("--number", required=True, help="Staff number.")
@click.pass_obj
@named_failures
def remove(directory: Path, number: str) -> None:
    """Remove a person's key from here or from the stick, for good. At the region it is withdrawn apart."""
    from verifier_terminal import wiring

    with wiring.open_session(directory) as session:
        path = session.shift.roster.remove(number)
    click.echo(f"{path} is removed; `issuer withdraw-staff` withdraws the certificate everywhere")


@staff.command()
@click.option("--required/--not-required", default=None, help="Whether no code is read before somebody is on duty.")
@click.option("--idle-minutes", type=int, help="After how long without any use the person on duty is signed off.")
@click.option("--keep-case/--clear-case", default=None, help="Whether a queue number stays for the next act.")
@click.option("--stick", "sticks", multiple=True, type=_FOLDER, metavar="FOLDER", help="Where key files may lie too.")
@click.option("--no-sticks", is_flag=True, help="Key files are taken from the terminal alone.")
@cli_asking.json_option
@click.pass_obj
@named_failures
def settings(
    directory: Path,
    *,
    required: bool | None,
    idle_minutes: int | None,
    keep_case: bool | None,
    sticks: tuple[Path, ...],
    no_sticks: bool,
    as_json: bool,
) -> None:
    """Show how staff sign on here, or set it. A running `serve` takes it up at its next start."""
    from dataclasses import asdict, replace

    from verifier_terminal import wiring

    if sticks and no_sticks:
        raise click.UsageError("--stick and --no-sticks say two things")
    given: dict[str, object] = {
        name: value
        for name, value in (("required", required), ("idle_minutes", idle_minutes), ("keep_case", keep_case))
        if value is not None
    }
    if sticks or no_sticks:
        given["sticks"] = tuple(str(each.resolve()) for each in sticks)
    with wiring.open_session(directory) as session:
        now = session.shift.roster.settings
        if given:
            now = replace(now, **given)  # type: ignore[arg-type]  # checked when it is saved
            session.shift.roster.change_settings(now)
    if as_json:
        print_json(asdict(now))
    else:
        click.echo(f"sign-on      {'required' if now.required else 'not required'}")
        click.echo(f"signed off   after {now.idle_minutes} minutes without use")
        click.echo(f"case         {'kept until cleared' if now.keep_case else 'used up by the next act'}")
        for each in now.sticks:
            click.echo(f"stick        {each}")


def _passphrase(file: Path | None) -> str:
    if file is None:
        passphrase: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
        return passphrase
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as failure:
        raise click.UsageError(f"{file}: it cannot be read") from failure
    return lines[0] if lines else ""
