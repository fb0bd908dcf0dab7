"""What the wallet's commands have in common: options, the opened wallet, files, refusals as lines on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from protocol import limits, unixtime
from protocol.errors import SchemaError
from protocol.place import Place, Point
from protocol.unixtime import UnixTime
from wallet_sdk import config, wiring
from wallet_sdk.errors import InputUnusable, Language, WalletError
from wallet_sdk.wallet import Wallet

_P = ParamSpec("_P")
_R = TypeVar("_R")
_MAX_PASSPHRASE_BYTES = 4_096

FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"File whose first line is the vault's passphrase; else the variable {config.PASSPHRASE_VARIABLE}.",
)


def _moment(context: click.Context, parameter: click.Parameter, written: str | None) -> UnixTime | None:
    """A moment in ISO 8601; without a zone it is UTC+8."""
    del context, parameter
    if written is None:
        return None
    try:
        moment = datetime.fromisoformat(written)
        seconds = moment.replace(tzinfo=moment.tzinfo or unixtime.LOCAL_ZONE).timestamp()
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{written!r} is no time; write 2026-11-21T08:00:00Z") from None
    if not 0 <= seconds <= limits.MAX_TIME:
        raise click.BadParameter(f"{written!r} is out of range")
    return UnixTime(int(seconds))


def _near(context: click.Context, parameter: click.Parameter, written: str | None) -> Place | Point | None:
    """A division of GB/T 2260, a point, or both."""
    del context, parameter
    if written is None:
        return None
    try:
        return Point.read(written) if "," in written and "@" not in written else Place.read(written)
    except SchemaError as wrong:
        raise click.BadParameter(f"{written!r} is no place ({wrong}); write 310115 or 31.2304,121.4737") from None


NEAR = click.option(
    "--near", callback=_near, metavar="DIVISION|LAT,LON", help="The nearest office first; it is kept nowhere."
)
AT = click.option(
    "--at", callback=_moment, metavar="ISO-TIME", help="An exercise: as if it were this moment (ISO 8601)."
)


def named_refusals(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """A refusal of the wallet becomes three lines on stderr and exit 1."""

    @wraps(command)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except WalletError as refused:
            click.echo(f"{refused.code}: {refused.message}", err=True)
            click.echo(f"  {refused.hint}", err=True)
            language = config.language_from_environment()
            if language is not Language.EN:
                click.echo(f"  {refused.user_text(language)}", err=True)
            raise click.exceptions.Exit(1) from None

    return wrapped


def open_wallet(folder: Path, passphrase_file: Path | None, at: UnixTime | None = None) -> Wallet:
    """The wallet in this folder; in an exercise its clock stands at that moment."""
    clock = wiring.system_clock if at is None else lambda: at
    return Wallet.open(folder, passphrase=passphrase(passphrase_file), clock=clock, sleep=wiring.system_sleep)


def passphrase(file: Path | None) -> str | None:
    """The passphrase in the first line of a file, or in the environment; None: there is none."""
    if file is None:
        return config.passphrase_from_environment()
    with files_named(file):
        content = file.read_bytes()
    if len(content) > _MAX_PASSPHRASE_BYTES:
        raise InputUnusable(f"{file} is too long for a passphrase")
    try:
        # The first line, as everywhere in Liangzheng: an editor ends the file with a line break.
        return content.decode().split("\n", 1)[0].removesuffix("\r")
    except UnicodeDecodeError:
        raise InputUnusable(f"{file} is not UTF-8 text") from None


def write(path: Path, content: bytes) -> None:
    """Writes a result where the caller named it."""
    with files_named(path):
        path.write_bytes(content)


@contextmanager
def files_named(path: Path) -> Iterator[None]:
    """What the operating system refuses inside the block becomes a refusal that names the file."""
    try:
        yield
    except OSError as wrong:
        raise InputUnusable(f"{path}: {wrong.strerror or wrong}") from wrong
