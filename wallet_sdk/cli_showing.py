"""`liangzheng wallet show` and `answer`: one or several licences as a code, by the holder's word or at a request.

stdout carries the code alone (its text, its picture, or one JSON object); who asks and what is shown go to stderr.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from protocol import labels, limits
from protocol.labels import Purpose
from protocol.unixtime import UnixTime
from wallet_sdk import config, consent_sheet
from wallet_sdk.card_pack import Card
from wallet_sdk.cli_options import AT, FOLDER, PASSPHRASE, files_named, named_refusals, open_wallet
from wallet_sdk.cli_output import Moving, Shown, give_out, request_as_object, roll, say_what_is_shown, show_moving
from wallet_sdk.consent import ConsentRequest
from wallet_sdk.dynamic_code import Showing
from wallet_sdk.errors import CodeTooLarge, ConsentMissing, InputUnusable, ItemUnknown
from wallet_sdk.joint_consent import JointRequest
from wallet_sdk.pictures import Picture
from wallet_sdk.terminal_request import TerminalRequest
from wallet_sdk.wallet import Wallet

_LINE_LIMIT = 2 * limits.MAX_TEXT_CHARACTERS
_PURPOSES = click.Choice([each.word for each in Purpose])

_PNG = click.option("--png", type=click.Path(path_type=Path, dir_okay=False), help="Write one code as a PNG.")
_SVG = click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), help="Write one code as an SVG.")
_TEXT = click.option("--text", is_flag=True, help="Print the code's text and nothing else on stdout.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one object: the text, its moments, what it shows.")


@click.command()
@FOLDER
@click.argument("licences", metavar="LICENCE...", nargs=-1, required=True)
@click.option("--purpose", required=True, type=_PURPOSES)
@click.option(
    "--disclose",
    metavar="ITEM,…",
    help="Exactly these items; '' shows only what cannot be withheld. LICENCE:ITEM names an item of one licence.",
)
@click.option("--portrait", is_flag=True, help="Moving pictures: the code together with the licence's portrait.")
@_PNG
@_SVG
@_TEXT
@_JSON
@click.option("--live", is_flag=True, help="Roll the code in the terminal (the default on a terminal).")
@click.option("--every", type=click.IntRange(15, 30), default=30, show_default=True, help="Seconds between codes.")
@AT
@PASSPHRASE
@named_refusals
def show(
    folder: Path,
    licences: tuple[str, ...],
    purpose: str,
    *,
    disclose: str | None,
    portrait: bool,
    png: Path | None,
    svg: Path | None,
    text: bool,
    as_json: bool,
    live: bool,
    every: int,
    at: UnixTime | None,
    passphrase_file: Path | None,
) -> None:
    """Show one licence, or up to four in one act, as a dynamic code. LICENCE: an id, its unique beginning, or a kind.

    What does not fit one code moves, as does a portrait: --text then prints a line for each picture of one round, and
    --png writes each into a file of its own (code-000.png …).

    \b
    Examples:
      liangzheng wallet show my-wallet driving-licence --purpose window
      liangzheng wallet show my-wallet id-card driving-licence --purpose window --text
      liangzheng wallet show my-wallet id-card driving-licence --purpose window --disclose name,driving-licence:class
      liangzheng wallet show my-wallet driving-licence --purpose window --disclose name,portrait --portrait --live
    """
    if sum((png is not None, svg is not None, text, as_json, live)) > 1:
        raise click.UsageError("--png, --svg, --text, --json and --live exclude one another")
    wallet = open_wallet(folder, passphrase_file, at)
    audience = next(each for each in Purpose if each.word == purpose)
    cards = [wallet.card(each) for each in licences]
    names = None if disclose is None else [each for each in disclose.split(",") if each]
    showing, shown = _show(wallet, cards, audience, names, every)
    with showing:
        # Signed first, so that a refusal is not preceded by a sheet; nothing has left yet.
        moving: Moving | None = showing.with_portrait() if portrait else None
        first: Picture
        try:
            first = showing.frame(at)
        except CodeTooLarge:
            moving = showing.animated()
            first = moving.numbered(0)
        say_what_is_shown(audience, shown, showing)
        rolls = at is None and (live or sys.stdout.isatty()) and not any((png, svg, text, as_json))
        if moving is not None:
            show_moving(moving, shown, showing, png=png, svg=svg, text=text, as_json=as_json, rolls=rolls)
        elif rolls:
            roll(showing)
        else:
            give_out(first, shown, showing, png=png, svg=svg, text=text, as_json=as_json)


@click.command()
@FOLDER
@click.option("--challenge", metavar="TEXT|FILE|-", help="What the terminal shows (LC1:…), or where it stands.")
@click.option("--short", metavar="CODE", help="The ten characters on the terminal's screen, where nothing is scanned.")
@click.option("--purpose", type=_PURPOSES, help="With --short: what the licence is shown for; else window.")
@click.option("--card", "cards", metavar="LICENCE", multiple=True, help="Answer with this licence; may be repeated.")
@click.option(
    "--item", "items", metavar="ITEM", multiple=True, help="Exactly these items; may be repeated; LICENCE:ITEM too."
)
@click.option("--yes", is_flag=True, help="The holder has agreed. Without it the command asks on a terminal.")
@click.option("--dry-run", is_flag=True, help="Say who asks for what; sign nothing.")
@_PNG
@_SVG
@_TEXT
@_JSON
@AT
@PASSPHRASE
@named_refusals
def answer(
    folder: Path,
    *,
    challenge: str | None,
    short: str | None,
    purpose: str | None,
    cards: tuple[str, ...],
    items: tuple[str, ...],
    yes: bool,
    dry_run: bool,
    png: Path | None,
    svg: Path | None,
    text: bool,
    as_json: bool,
    at: UnixTime | None,
    passphrase_file: Path | None,
) -> None:
    """Answer what a terminal asks: sealed to it after a challenge, open after a short code.

    Who asks, what for, why and for which items is printed first; nothing is signed before the holder agrees.

    \b
    Examples:
      liangzheng wallet answer my-wallet --challenge request.txt --dry-run
      liangzheng wallet answer my-wallet --challenge - --yes --text < request.txt
      liangzheng wallet answer my-wallet --challenge LC1:... --card id-card --item name --item valid_to --png a.png
      liangzheng wallet answer my-wallet --short NF6Y-938NKR --card driving-licence
    """
    if (challenge is None) == (short is None):
        raise click.UsageError("give either --challenge or --short")
    if purpose is not None and short is None:
        raise click.UsageError("--purpose goes with --short; a challenge says its own")
    if sum((png is not None, svg is not None, text, as_json, dry_run)) > 1 and not (dry_run and as_json):
        raise click.UsageError("--png, --svg, --text, --json and --dry-run exclude one another")
    wallet = open_wallet(folder, passphrase_file, at)
    request = _read(wallet, challenge, short, purpose, cards)
    language = config.language_from_environment()
    click.echo(consent_sheet.text(request, language), err=True)
    if dry_run:
        if as_json:
            click.echo(json.dumps(request_as_object(request, language), ensure_ascii=False, indent=2))
        return
    chosen = [wallet.card(each).id for each in cards]
    decision = request.approve(_choice(request, chosen, list(items) or None))
    for caution in decision.cautions:
        click.echo(caution.text(language), err=True)
    if not yes and not (sys.stdin.isatty() and click.confirm("Agree and show? / 同意并出示？", err=True)):
        raise ConsentMissing("--yes was not given")
    shown = [(request.sheet(each.licence_id), each) for each in decision.cards]
    with wallet.show_answer(request, decision) as showing:
        more = {"request": request_as_object(request, language), "linked": decision.is_linked}
        try:
            frame = showing.frame(at)
        except CodeTooLarge:
            moving = showing.animated()
            moving.numbered(0)
            say_what_is_shown(request.purpose, shown, showing)
            rolls = at is None and sys.stdout.isatty() and not any((png, svg, text, as_json))
            show_moving(moving, shown, showing, png=png, svg=svg, text=text, as_json=as_json, rolls=rolls, more=more)
        else:
            say_what_is_shown(request.purpose, shown, showing)
            give_out(frame, shown, showing, png=png, svg=svg, text=text, as_json=as_json, more=more)


# Before: what is asked, what is chosen.


def _read(
    wallet: Wallet, challenge: str | None, short: str | None, purpose: str | None, cards: tuple[str, ...]
) -> TerminalRequest:
    if challenge is not None:
        return wallet.read_challenge(_challenge_text(challenge))
    assert short is not None
    audience = next(each for each in Purpose if each.word == (purpose or Purpose.WINDOW.word))
    held = wallet.cards()
    if not cards and len(held) > 1:
        raise click.UsageError(f"--short needs --card; there are: {', '.join(each.id for each in held)}")
    return wallet.short_code(short, purpose=audience, cards=[wallet.card(each) for each in cards] or held)


def _challenge_text(given: str) -> str:
    if given.startswith(labels.PREFIX_CHALLENGE):
        return given
    if given == "-":
        return sys.stdin.read(_LINE_LIMIT)
    path = Path(given)
    with files_named(path), path.open("rb") as file:
        content = file.read(_LINE_LIMIT)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError:
        raise InputUnusable(f"{path} is no text of a code") from None


def _show(
    wallet: Wallet, cards: list[Card], audience: Purpose, names: list[str] | None, every: int
) -> tuple[Showing, Shown]:
    if len(cards) == 1:
        request = wallet.request(cards[0], audience)
        decision = request.approve(names)
        for caution in request.cautions:
            click.echo(caution.text(config.language_from_environment()), err=True)
        return wallet.show(cards[0], audience=audience, consent=decision, every=every), [(request, decision)]
    joint = wallet.request_bundle(cards, audience)
    together = joint.approve(_choice(joint, [card.id for card in cards], names))
    for caution in (*joint.cautions, *together.cautions):
        click.echo(caution.text(config.language_from_environment()), err=True)
    shown = [(joint.sheet(each.licence_id), each) for each in together.cards]
    return wallet.show_bundle(consent=together, every=every), shown


def _choice(
    request: JointRequest, chosen: Sequence[str], names: Sequence[str] | None
) -> Mapping[str, Sequence[str] | None] | None:
    """The named items by the cards to which they belong; a name alone means every chosen card that offers it."""
    if names is None:
        return dict.fromkeys(chosen) if chosen else None
    sheets = [request.sheet(each) for each in chosen] if chosen else list(request.sheets)
    choice: dict[str, list[str]] = {sheet.card.id: [] for sheet in sheets}
    for name in names:
        licence, _, item = name.rpartition(":")
        meant = [sheet for sheet in sheets if not licence or _is_meant(sheet.card, licence)]
        offering = [sheet for sheet in meant if item in _offered(sheet)]
        if not offering:
            known = ", ".join(dict.fromkeys(each for sheet in meant for each in _offered(sheet)))
            raise ItemUnknown(f"{name!r}; may be asked for: {known or 'nothing'}")
        for sheet in offering:
            choice[sheet.card.id].append(item)
    return choice


def _is_meant(card: Card, licence: str) -> bool:
    return card.kind == licence or card.id.startswith(licence)


def _offered(sheet: ConsentRequest) -> list[str]:
    return [item.name for item in (*sheet.mandatory, *sheet.optional, *sheet.always_shown)]
