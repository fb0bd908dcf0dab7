"""What the wallet's commands give out: the code in its forms, moving pictures, and words about what it shows."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click

from protocol import unixtime
from protocol.labels import Purpose
from wallet_sdk import config, consent_sheet, wiring
from wallet_sdk.card_pack import CardItem
from wallet_sdk.cli_options import write
from wallet_sdk.consent import ConsentRequest, Decision
from wallet_sdk.dynamic_code import Showing
from wallet_sdk.errors import Language, in_language
from wallet_sdk.moving_code import MovingContent, MovingPortrait
from wallet_sdk.pictures import Frame, Picture
from wallet_sdk.terminal_request import TerminalRequest

_ERASE_LINES = "\x1b[{}A\x1b[J"
Shown = Sequence[tuple[ConsentRequest, Decision]]
"""The sheets of an act with what the holder decided on each."""
Moving = MovingPortrait | MovingContent


def give_out(
    picture: Picture,
    shown: Shown,
    showing: Showing,
    *,
    png: Path | None,
    svg: Path | None,
    text: bool,
    as_json: bool,
    more: Mapping[str, object] | None = None,
) -> None:
    """Writes or prints one code in the form that was asked for; draws it if none was."""
    if text:
        click.echo(picture.text)
    elif png is not None:
        write(png, picture.png)
    elif svg is not None:
        write(svg, picture.svg.encode())
    elif as_json:
        click.echo(json.dumps({**_as_object(picture, shown, showing), **(more or {})}, ensure_ascii=False, indent=2))
    else:
        _draw(picture)


def show_moving(
    moving: Moving,
    shown: Shown,
    showing: Showing,
    *,
    png: Path | None,
    svg: Path | None,
    text: bool,
    as_json: bool,
    rolls: bool,
    more: Mapping[str, object] | None = None,
) -> None:
    """Writes or prints one round of moving pictures, or rolls them on the terminal."""
    count = round(moving.round_seconds * moving.pictures_per_second)
    click.echo(
        f"Moving pictures: {moving.pictures_per_second} a second, {count} in a round of {moving.round_seconds:.1f} s. "
        "Scanners without a camera cannot read them.",
        err=True,
    )
    if rolls:
        _roll_moving(moving)
        return
    pictures = [moving.numbered(number) for number in range(count)]
    if text:
        click.echo("\n".join(picture.text for picture in pictures))
    elif as_json:
        found = _as_object(pictures[0], shown, showing)
        found |= {
            "pictures": [picture.text for picture in pictures],
            "pictures_per_second": moving.pictures_per_second,
            "round_seconds": moving.round_seconds,
        }
        click.echo(json.dumps({**found, **(more or {})}, ensure_ascii=False, indent=2))
    elif png is not None or svg is not None:
        path = png or svg
        assert path is not None
        for number, picture in enumerate(pictures):
            name = path.with_name(f"{path.stem}-{number:03}{path.suffix}")
            write(name, picture.png if png is not None else picture.svg.encode())
    else:
        _draw(pictures[0])


def _roll_moving(moving: Moving) -> None:
    number = 0

    def pictures() -> Iterable[Picture]:
        nonlocal number
        while True:
            yield moving.numbered(number)
            number += 1
            wiring.system_sleep(1 / moving.pictures_per_second)

    _one_place(pictures, _draw)


def roll(showing: Showing) -> None:
    """Rolls the code on the terminal, until the holder interrupts."""
    _one_place(lambda: showing, _draw)


def _one_place(pictures: Callable[[], Iterable[Picture]], draw: Callable[[Picture], int]) -> None:
    """Draws one picture after another in the same lines, until the holder interrupts."""
    above = ""
    try:
        for picture in pictures():
            # Back to the first line of the last code, so that the words above it stay on the screen.
            click.echo(above, nl=False, color=True)
            lines = draw(picture)
            # A file or a pipe has no cursor to move: there each code follows the one before.
            above = _ERASE_LINES.format(lines) if sys.stdout.isatty() else ""
    except KeyboardInterrupt:
        # The holder ends the showing so; it is no failure, and no code stays behind.
        click.echo(above, nl=False, color=True)


def _draw(picture: Picture) -> int:
    """Draws the code and its time, and says how many lines they take."""
    drawn = picture.half_blocks
    click.echo(drawn, color=True)
    if isinstance(picture, Frame):
        click.echo(f"{unixtime.iso_local(picture.issued_at)}  good for {picture.expires_in} s", err=True)
        return drawn.count("\n") + 2
    return drawn.count("\n") + 1


def say_what_is_shown(purpose: Purpose, shown: Shown, showing: Showing) -> None:
    """Lines on stderr: which items of which licence a verifier sees, and which not."""
    language = config.language_from_environment()
    for request, decision in shown:
        keys = showing.shown_of[request.card.id]
        click.echo(
            f"{in_language(request.licence_names, language)} ({request.card.kind}), purpose: {purpose.word}", err=True
        )
        if request.card.acts_for is not None:
            click.echo(f"  mandate: for {consent_sheet.mandate(request.card.acts_for, language)}", err=True)
        visible = [item for item in request.card.items if item.key in keys]
        chosen = [item for item in visible if item.key in decision.items]
        always = [item for item in visible if item.key not in decision.items]
        withheld = [item for item in request.mandatory if item.key not in keys]
        unasked = [item for item in request.separate if item.key not in keys]
        click.echo(f"  disclosed: {_in_words(chosen, language) or 'nothing beyond what is always shown'}", err=True)
        if always:
            click.echo(f"  always shown: {_in_words(always, language)}", err=True)
        if withheld:
            click.echo(f"  withheld, although mandatory here: {_in_words(withheld, language)}", err=True)
        if unasked:
            click.echo(f"  only with your separate consent, by name: {_in_words(unasked, language)}", err=True)
        if request.missing:
            click.echo(f"  not in this licence: {', '.join(item.name for item in request.missing)}", err=True)


def _in_words(items: list[CardItem], language: Language) -> str:
    return ", ".join(f"{in_language(item.labels, language)} ({item.name})" for item in items)


def _as_object(picture: Picture, shown: Shown, showing: Showing) -> dict[str, object]:
    found: dict[str, object] = {"text": picture.text}
    if isinstance(picture, Frame):
        found |= {
            "issued_at": unixtime.iso_utc(picture.issued_at),
            "expires_at": unixtime.iso_utc(picture.expires_at),
        }
    return found | {
        "licences": [
            {
                "id": request.card.id,
                "kind": request.card.kind,
                "shown": [item.name for item in request.card.items if item.key in showing.shown_of[request.card.id]],
            }
            for request, _ in shown
        ]
    }


def request_as_object(request: TerminalRequest, language: Language) -> dict[str, object]:
    """A terminal's request for machines."""
    asker = request.asker
    return {
        "relying_party": asker.relying_party,
        "place": asker.place,
        "region": asker.region,
        "terminal": asker.terminal,
        "site": asker.site,
        "purpose": request.purpose.word,
        "reason": request.reason,
        "expires_at": unixtime.iso_utc(request.expires_at),
        "cautions": [{"code": str(each), "text": each.text(language)} for each in request.cautions],
        "licences": [
            {
                "id": sheet.card.id,
                "kind": sheet.card.kind,
                "state": str(sheet.card.state),
                "mandatory": [item.name for item in sheet.mandatory],
                "optional": [item.name for item in sheet.optional],
                "separate_consent": [item.name for item in sheet.separate],
                "always_shown": [item.name for item in sheet.always_shown],
                "missing": [item.name for item in sheet.missing],
            }
            for sheet in request.sheets
        ],
        "not_held": [each.kind.slug if each.kind is not None else str(each.vct) for each in request.missing],
    }
