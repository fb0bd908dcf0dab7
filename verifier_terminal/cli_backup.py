"""`liangzheng terminal backup` and `terminal restore`: the whole terminal as one encrypted file, and the way back."""

from pathlib import Path

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import Failure, named_failures

_MAX_PASSPHRASE_BYTES = 1_024

_passphrase_file = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The passphrase, instead of a question.",
)


@click.command()
@cli_asking.directory_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_passphrase_file
@named_failures
def backup(directory: Path, file: Path, passphrase_file: Path | None) -> None:
    """Write the terminal in DIR into FILE, encrypted, also while it works.

    The file holds the terminal's key and journal: keep it where the terminal itself could be kept.
    """
    from verifier_terminal import backup as backups
    from verifier_terminal import wiring

    passphrase = _passphrase(passphrase_file, is_new=True)
    size = backups.make(directory, file, passphrase, random_bytes=wiring.random_bytes)
    click.echo(f"{file}: {size / 1024:,.0f} KiB; without the passphrase nobody opens it, not even us")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@_passphrase_file
@named_failures
def restore(file: Path, directory: Path, passphrase_file: Path | None) -> None:
    """Make the terminal of the backup FILE anew in DIR, which must be new or empty.

    Never let the old machine run on beside it: both would have one key and one journal. What was checked after the
    backup stands in the old journal alone; codes of the minutes before the restoring are too old to be shown again.
    """
    from verifier_terminal import backup as backups
    from verifier_terminal import wiring

    backups.restore(file, directory, _passphrase(passphrase_file, is_new=False))
    with wiring.open_session(directory) as session:
        session.note_restored()
        name, rows = session.settings.name, session.status().journal_rows
    click.echo(
        f"{name} is back in {directory}, with {rows} rows in its journal; fetch what is new: terminal sync {directory}"
    )


def _passphrase(file: Path | None, *, is_new: bool) -> str:
    if file is None:
        return str(click.prompt("passphrase", hide_input=True, confirmation_prompt=is_new))
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_PASSPHRASE_BYTES).decode().strip("\r\n")
    except (OSError, UnicodeDecodeError) as failure:
        raise Failure(f"{file} holds no passphrase: a file with one line of text is needed", 2) from failure
