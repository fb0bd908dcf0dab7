"""What several of the issuer's commands take and print in the same way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from issuer import config, durable_files, holder_keys
from issuer.errors import HolderKeyRefused, IssuerError, StorageFailed
from issuer.issuance import Issued
from protocol import licence_package, limits
from protocol.errors import ProtocolError
from protocol.keys import VerificationKey

ACTOR: Final = "operator (command line)"
_MAX_SUBJECT_BYTES: Final = 64 * 1024
FOLDER: Final = click.Path(file_okay=False, path_type=Path)
FILE: Final = click.Path(dir_okay=False, path_type=Path)


class IssuerGroup(click.Group):
    """Turns the issuer's own errors into plain words and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except IssuerError as error:
            click.echo(f"Error: {error}\nWhat to do: {error.hint}", err=True)
            ctx.exit(1)


def passphrase_option(command: Callable[..., None]) -> Callable[..., None]:
    """Where the passphrase of the keys comes from."""
    return click.option(
        "--passphrase-file",
        type=FILE,
        help=f"First line is the passphrase of the keys (else {config.PASSPHRASE_VARIABLE}, else a key file).",
    )(command)


def json_option(command: Callable[..., None]) -> Callable[..., None]:
    """Whether a machine reads the answer."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def refuse_to_overwrite(out: Path, *, recognise: Callable[[bytes], object], what: str) -> None:
    """Return if the file may be written: nothing is there, or an older thing of the same kind.

    Keys, subjects and devices are not lost to a slip of the finger.

    Args:
        out: What --out named.
        recognise: Raises a ProtocolError at what is not of this kind.
        what: The kind, in words: "licence package".

    Raises:
        StorageFailed: Something else is there, or nobody can say what.
    """
    try:
        out.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageFailed(f"cannot write {out.name}: {error.strerror}") from None
    try:
        if out.is_symlink() or not out.is_file():
            raise StorageFailed(f"{out.name} is a device or a link", hint="Give --out a file name that is free.")
        recognise(durable_files.read(out, max_bytes=limits.MAX_PACKAGE_BYTES))
    except ProtocolError:
        raise StorageFailed(
            f"{out.name} exists and is no {what}", hint="Nothing was issued. Give --out a name that is free."
        ) from None


def prepare_package(out: Path | None, packages: Path) -> None:
    """Before anything is signed: what cannot be handed out should not be issued. Raises: StorageFailed."""
    durable_files.make_folder((out.parent if out is not None else packages), mode=0o700)
    if out is not None:
        refuse_to_overwrite(out, recognise=licence_package.decode, what="licence package")


def keep_package(issued: Issued, out: Path | None, packages: Path) -> Path:
    """Write the package where it was wished for, else under its id; and say where. Raises: StorageFailed."""
    kept = packages / f"{issued.licence_id}.cbor"
    target = kept if out is None else out
    try:
        durable_files.write_atomically(target, issued.package, mode=durable_files.PRIVATE)
    except StorageFailed as error:
        happened = f"{issued.licence_id} is issued, but its package is not where it should be: {error}"
        hint = f"Do not issue it again: the package is {kept}."
        try:
            durable_files.make_folder(packages, mode=0o700)
            durable_files.write_atomically(kept, issued.package, mode=durable_files.PRIVATE)
        except StorageFailed:
            hint = "Remove the cause, revoke this licence, and issue a new one."
        raise StorageFailed(happened, hint=hint) from None
    return target


def public_key(given: str, *, remedy: str | None = None) -> VerificationKey:
    """The key in the file of this name, or in this text.

    Raises:
        HolderKeyRefused: It is neither; `remedy` says what to do where it is not a wallet's key.
        StorageFailed: The file cannot be read.
    """
    path = Path(given)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):
        is_file = False  # A key's text is longer than a file name may be on some systems.
    try:
        if is_file:
            return holder_keys.read(durable_files.read(path, max_bytes=holder_keys.MAX_BYTES))
        return holder_keys.read(given.encode(errors="replace"))
    except HolderKeyRefused as error:
        # A mistyped file name looks like a bad key.
        what = str(error) if is_file else f"there is no such file, and as a text {error}"
        raise HolderKeyRefused(what, hint=remedy) from None


def print_json(content: object) -> None:
    """One JSON value for machines."""
    click.echo(json.dumps(content, ensure_ascii=False, indent=2))


def subject_file(path: Path) -> object:
    """The JSON value in this file, whatever it says. Raises: click.BadParameter, StorageFailed."""
    try:
        return json.loads(durable_files.read(path, max_bytes=_MAX_SUBJECT_BYTES), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, _DuplicateName) else "not a JSON object in UTF-8"
        raise click.BadParameter(f"{path.name}: {reason}", param_hint="--subject") from None


class _DuplicateName(ValueError):
    """JSON leaves open which of two members with one name counts; a licence must not."""


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateName("an item stands twice")
    return members
