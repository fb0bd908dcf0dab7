"""What the commands of `liangzheng trust` take and print in the same way."""

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
from securesystemslib.signer import Key

from liangzheng import config
from liangzheng.printable import printable
from protocol import unixtime
from protocol.errors import ProtocolError
from protocol.unixtime import UnixTime
from revocation.errors import RevocationError
from revocation.repository import authority, errors, key_files
from revocation.repository.authority import Ask, Making
from revocation.repository.ceremony import RootCeremony
from revocation.repository.publication import Published

FOLDER: Final = click.Path(file_okay=False, path_type=Path)
FILE: Final = click.Path(dir_okay=False, path_type=Path)
_MAX_PASSPHRASE_BYTES: Final = 1_024
HINTS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (errors.PassphraseWrong, "Give the passphrase of exactly this file; a new one has at least 8 characters."),
    (errors.KeyFileUnusable, "Bring the stick with the .key file, or choose a free name for a new key."),
    (errors.SignaturesWanted, "`liangzheng trust status DIR` says whose signature is wanted; then `trust sign`."),
    (errors.DocumentsUnfit, "Let the region publish again, and look whether --folder names its published folder."),
    (errors.PlanRefused, "`liangzheng trust status DIR` lists roles, keys and regions."),
    (errors.StateUnreadable, "Name the folder that `trust init` made; restore it from its backup if it is damaged."),
    (errors.Busy, "Wait until the other program has ended."),
    (errors.PinnedRootDiffers, "Do not go on: ask for the root's SHA-256 by another way than this mirror."),
    (errors.NotServed, "Is this the folder or address that `trust publish` fills? Is the copy complete?"),
    (errors.FolderUnusable, "Look at the folder: space, permissions, another disk."),
    (
        errors.MetadataRefused,
        "What lies there is not what the repository signed: do not use it; tell its operator.",
    ),
)


class TrustGroup(click.Group):
    """Turns the repository's own errors into plain words and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (RevocationError, ProtocolError) as error:
            hint = next((text for kind, text in HINTS if isinstance(error, kind)), "Nothing was changed.")
            click.echo(f"Error: {printable(str(error))}\nWhat to do: {hint}", err=True)
            ctx.exit(1)


def passphrase_option(command: Callable[..., None]) -> Callable[..., None]:
    """Where passphrases come from."""
    return click.option(
        "--passphrase-file",
        type=FILE,
        help=f"First line is the passphrase of the keys (else {config.TRUST_PASSPHRASE_VARIABLE}, else a question).",
    )(command)


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """Whether a machine reads the answer."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def passphrases(file: Path | None) -> Ask:
    """Gives each key file its passphrase: one for all of them, or a question for each. There is no default.

    Raises:
        PassphraseWrong: The file cannot be read, or is empty.
    """
    given = config.trust_passphrase()
    if file is not None:
        try:
            with file.open("rb") as opened:
                lines = opened.read(_MAX_PASSPHRASE_BYTES).decode().splitlines()
        except (OSError, UnicodeDecodeError) as wrong:
            raise errors.PassphraseWrong(f"{file} cannot be read as text") from wrong
        given = lines[0] if lines else ""
        if not given:
            raise errors.PassphraseWrong(f"{file} has no passphrase on its first line")

    def ask(path: Path) -> str:
        if given is not None:
            return given
        is_new = not path.exists()
        words = f"New passphrase for {path.name}" if is_new else f"Passphrase of {path.name}"
        answer: str = click.prompt(words, hide_input=True, confirmation_prompt=is_new, err=True)
        return answer

    return ask


def making(ask: Ask) -> Making:
    """New keys by the system's randomness."""
    return Making(ask, secrets.token_bytes)


def public_key(file: Path | None) -> Key | None:
    """The public half in a file. Raises: KeyFileUnusable."""
    return None if file is None else key_files.public_of(file)


def print_json(value: Any) -> None:
    """For machines: UTF-8, indented."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def day(at: UnixTime | None) -> str:
    """A moment for people, or a dash."""
    return "-" if at is None else unixtime.iso_local(at)


def ceremony_as_json(standing: RootCeremony | None) -> dict[str, Any] | None:
    """Where a root ceremony stands, for machines."""
    if standing is None:
        return None
    return {
        "version": standing.version,
        "complete": standing.complete,
        "changes": list(standing.changes),
        "keys": list(standing.keys),
        "signed": list(standing.signed),
        "missing_of_root_before": standing.missing_before,
        "missing_of_new_root": standing.missing_after,
        "may_sign": list(standing.may_sign),
    }


def print_ceremony(standing: RootCeremony) -> None:
    """Where a root ceremony stands, as a checklist."""
    click.echo(f"Root {standing.version}:")
    for change in standing.changes:
        click.echo(f"    {change}")
    click.echo("It holds these keys and no others; compare them with your own list:")
    for key in standing.keys:
        click.echo(f"    {key}")
    for keyid in standing.signed:
        click.echo(f"  [x] signed by {keyid[:12]}")
    for keyid in standing.may_sign:
        click.echo(f"  [ ] {keyid[:12]} may sign")
    if standing.complete:
        click.echo("Enough have signed: `liangzheng trust publish DIR` publishes it.")
    else:
        click.echo(
            f"Still wanted: {standing.missing_before} of the root before, {standing.missing_after} of the new one; "
            "one signature may count for both."
        )


def publish_now(folder: Path, passphrase_file: Path | None, *, at: UnixTime, quiet: bool) -> Published:
    """What every change ends with. Raises: as `authority.publish`."""
    ask = passphrases(passphrase_file)
    return authority.publish(folder, ask=ask, at=at, progress=lambda what: None if quiet else say_progress(what))


def say_progress(what: str) -> None:
    """To whoever waits."""
    click.echo(f"… {what}", err=True)


def print_published(done: Published, *, as_json: bool) -> None:
    """What a publication came to."""
    if as_json:
        versions = {"root": done.versions.root, "snapshot": done.versions.snapshot}
        said = {"versions": versions, "changed": list(done.changed), "documents": done.documents}
        print_json({**said, "waiting": done.waiting})
        return
    if done.changed:
        click.echo(f"Published: new versions of {', '.join(done.changed)}; {done.documents} new documents.")
    else:
        click.echo("Nothing to publish: everything stands already.")
    for region, reason in done.waiting.items():
        click.echo(f"Warning: {region} stays as it was: {reason}", err=True)
