"""`liangzheng wallet …`: the wallet on the command line.

stdout carries results alone (a key, a list, a code's text); what a person should know goes to stderr. Exit: 0 done,
1 a named refusal, 2 wrong usage.
"""

import base64
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from protocol import limits, unixtime
from protocol.labels import Alg, Purpose
from protocol.unixtime import UnixTime
from wallet_sdk import config, wiring
from wallet_sdk.card_pack import Card, CardItem
from wallet_sdk.consent import ConsentRequest, Decision
from wallet_sdk.dynamic_code import Showing
from wallet_sdk.errors import InputUnusable, Language, WalletError, in_language
from wallet_sdk.pictures import Frame
from wallet_sdk.vault import KEY_FILE, Protection
from wallet_sdk.wallet import Wallet

_P = ParamSpec("_P")
_R = TypeVar("_R")
_MAX_PASSPHRASE_BYTES = 4_096
_ERASE_LINES = "\x1b[{}A\x1b[J"

_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
_PASSPHRASE = click.option(
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


_AT = click.option(
    "--at", callback=_moment, metavar="ISO-TIME", help="An exercise: as if it were this moment (ISO 8601)."
)


def _named_refusals(command: Callable[_P, _R]) -> Callable[_P, _R]:
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


@click.group()
def cli() -> None:
    """The wallet: receive licences, show dynamic codes."""


@cli.command()
@_FOLDER
@click.option("--key", type=click.Choice(["p256", "ed25519"]), default="p256", show_default=True)
@_PASSPHRASE
@_named_refusals
def init(folder: Path, key: str, passphrase_file: Path | None) -> None:
    """Make a wallet with a fresh device key."""
    alg = Alg.ESP256 if key == "p256" else Alg.ED25519
    wallet = Wallet.create(folder, passphrase=_passphrase(passphrase_file), key=alg)
    click.echo(f"A wallet with a {key} device key (software) is in {folder}.", err=True)
    if wallet.protection is Protection.KEY_FILE:
        click.echo(
            f"Warning: there is no passphrase. Whoever can read {folder / KEY_FILE} can show these licences; "
            f"use --passphrase-file or {config.PASSPHRASE_VARIABLE} for real ones.",
            err=True,
        )


@cli.command()
@_FOLDER
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the raw CBOR COSE_Key here.")
@_PASSPHRASE
@_named_refusals
def key(folder: Path, out: Path | None, passphrase_file: Path | None) -> None:
    """Give the public holder key for the issuer: base64url of a COSE_Key."""
    public = _open(folder, passphrase_file).public_key()
    if out is not None:
        _write(out, public)
    else:
        click.echo(base64.urlsafe_b64encode(public).rstrip(b"=").decode())


@cli.command()
@_FOLDER
@click.argument("source", metavar="FILE|URL")
@click.option("--root", metavar="SHA256", help="Accept only this root key (SHA-256 thumbprint in hexadecimal).")
@_PASSPHRASE
@_named_refusals
def receive(folder: Path, source: str, root: str | None, passphrase_file: Path | None) -> None:
    """Check a licence package and keep its licence."""
    wallet = _open(folder, passphrase_file)
    package = wiring.download(source) if source.startswith(("http://", "https://")) else _package_file(Path(source))
    try:
        expected = bytes.fromhex(root) if root is not None else None
    except ValueError:
        raise InputUnusable("--root is not hexadecimal") from None
    card = wallet.receive(package, root=expected)
    if root is None:
        click.echo(
            "The region's root key is taken as it came (compared with earlier packages, if any); --root checks it.",
            err=True,
        )
    click.echo(card.id)
    click.echo(f"{card.names.zh_hans} / {card.names.en}: {card.state}, from {card.issuer}.", err=True)


@cli.command(name="list")
@_FOLDER
@click.option("--json", "as_json", is_flag=True, help="A list of objects.")
@_AT
@_PASSPHRASE
@_named_refusals
def list_cards(folder: Path, as_json: bool, at: UnixTime | None, passphrase_file: Path | None) -> None:
    """List the licences and their states."""
    cards = _open(folder, passphrase_file).cards(at)
    if as_json:
        click.echo(json.dumps([_as_object(card) for card in cards], ensure_ascii=False, indent=2))
        return
    for card in cards:
        until = _day(card.valid_to) or "-"
        click.echo(f"{card.id}  {card.kind}  {card.state}  {until}  {card.names.zh_hans} / {card.names.en}")
    if cards:
        # A wallet that worked out "valid" from dates must not be taken for the authority.
        click.echo(
            "The states follow the licences' dates; whether one is suspended or revoked only its authority and "
            "terminals know.",
            err=True,
        )
    else:
        click.echo("No licences yet.", err=True)


@cli.command()
@_FOLDER
@click.argument("licence")
@click.option("--purpose", required=True, type=click.Choice([each.word for each in Purpose]))
@click.option("--disclose", metavar="ITEM,…", help="Exactly these items; '' shows only what cannot be withheld.")
@click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Write one code as a PNG.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write one code as an SVG.")
@click.option("--text", is_flag=True, help="Print one code's text and nothing else on stdout.")
@click.option("--live", is_flag=True, help="Roll the code in the terminal (the default on a terminal).")
@click.option("--every", type=click.IntRange(15, 30), default=30, show_default=True, help="Seconds between codes.")
@_AT
@_PASSPHRASE
@_named_refusals
def show(
    folder: Path,
    licence: str,
    purpose: str,
    *,
    disclose: str | None,
    png: Path | None,
    svg: Path | None,
    text: bool,
    live: bool,
    every: int,
    at: UnixTime | None,
    passphrase_file: Path | None,
) -> None:
    """Show a licence as a dynamic code. LICENCE: an id, its unique beginning, or a kind."""
    if sum((png is not None, svg is not None, text, live)) > 1:
        raise click.UsageError("--png, --svg, --text and --live exclude one another")
    wallet = _open(folder, passphrase_file, at)
    card = wallet.card(licence)
    audience = next(each for each in Purpose if each.word == purpose)
    request = wallet.request(card, audience)
    decision = request.approve(None if disclose is None else [each for each in disclose.split(",") if each])
    with wallet.show(card, audience=audience, consent=decision, every=every) as showing:
        # Signed first, so that a refusal is not preceded by a sheet; nothing has left yet.
        frame = showing.frame(at)
        _say_what_is_shown(request, decision, showing)
        if text:
            click.echo(frame.text)
        elif png is not None:
            _write(png, frame.png)
        elif svg is not None:
            _write(svg, frame.svg.encode())
        elif at is None and (live or sys.stdout.isatty()):
            _roll(showing)
        else:
            _draw(frame)


def _roll(showing: Showing) -> None:
    above = ""
    try:
        for frame in showing:
            # Back to the first line of the last code, so that the words above it stay on the screen.
            click.echo(above, nl=False, color=True)
            lines = _draw(frame)
            # A file or a pipe has no cursor to move: there each code follows the one before.
            above = _ERASE_LINES.format(lines) if sys.stdout.isatty() else ""
    except KeyboardInterrupt:
        # The holder ends the showing so; it is no failure, and no code stays behind.
        click.echo(above, nl=False, color=True)


def _draw(frame: Frame) -> int:
    """Draws the code and its time, and says how many lines they take."""
    picture = frame.half_blocks
    click.echo(picture, color=True)
    click.echo(f"{unixtime.iso_local(frame.issued_at)}  good for {frame.expires_in} s", err=True)
    return picture.count("\n") + 2


def _say_what_is_shown(request: ConsentRequest, decision: Decision, showing: Showing) -> None:
    language = config.language_from_environment()
    names = request.licence_names
    click.echo(f"{in_language(names, language)} ({request.card.kind}), purpose: {request.purpose.word}", err=True)
    shown = [item for item in request.card.items if item.key in showing.shown_items]
    chosen = [item for item in shown if item.key in decision.items]
    always = [item for item in shown if item.key not in decision.items]
    withheld = [item for item in request.mandatory if item.key not in showing.shown_items]
    click.echo(f"  disclosed: {_in_words(chosen, language) or 'nothing beyond what is always shown'}", err=True)
    if always:
        click.echo(f"  always shown: {_in_words(always, language)}", err=True)
    if withheld:
        click.echo(f"  withheld, although mandatory here: {_in_words(withheld, language)}", err=True)
    if request.missing:
        click.echo(f"  not in this licence: {', '.join(item.name for item in request.missing)}", err=True)


def _in_words(items: list[CardItem], language: Language) -> str:
    return ", ".join(f"{in_language(item.labels, language)} ({item.name})" for item in items)


def _as_object(card: Card) -> dict[str, object]:
    return {
        "id": card.id,
        "kind": card.kind,
        "state": str(card.state),
        "valid_from": _day(card.valid_from),
        "valid_to": _day(card.valid_to),
        "names": {"zh-Hans": card.names.zh_hans, "zh-Hant": card.names.zh_hant, "en": card.names.en},
        "issuer": card.issuer,
        "credential_expires": unixtime.iso_utc(card.credential_expires),
        "refresh_url": card.refresh_url,
        "items": [item.name for item in card.items],
    }


def _day(day: int | None) -> str | None:
    return None if day is None else unixtime.calendar_date(day).isoformat()


def _open(folder: Path, passphrase_file: Path | None, at: UnixTime | None = None) -> Wallet:
    clock = wiring.system_clock if at is None else lambda: at
    return Wallet.open(folder, passphrase=_passphrase(passphrase_file), clock=clock, sleep=wiring.system_sleep)


def _passphrase(file: Path | None) -> str | None:
    if file is None:
        return config.passphrase_from_environment()
    with _files_named(file):
        content = file.read_bytes()
    if len(content) > _MAX_PASSPHRASE_BYTES:
        raise InputUnusable(f"{file} is too long for a passphrase")
    try:
        # The first line, as everywhere in Liangzheng: an editor ends the file with a line break.
        return content.decode().split("\n", 1)[0].removesuffix("\r")
    except UnicodeDecodeError:
        raise InputUnusable(f"{file} is not UTF-8 text") from None


def _package_file(path: Path) -> bytes:
    with _files_named(path), path.open("rb") as file:
        # One byte more than a package may have is enough to refuse it.
        return file.read(limits.MAX_PACKAGE_BYTES + 1)


def _write(path: Path, content: bytes) -> None:
    with _files_named(path):
        path.write_bytes(content)


@contextmanager
def _files_named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as wrong:
        raise InputUnusable(f"{path}: {wrong.strerror or wrong}") from wrong
