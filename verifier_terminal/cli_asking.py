"""`liangzheng terminal key | certificate | site | challenge`: what a terminal needs to ask holders, and asking them.

`challenge` exits as `appraise` does; nobody answered is "not read". The request lives in this one call: whoever ends it
ends the request.
"""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from verifier_terminal.cli_parts import (
    EXIT_NOT_READ,
    MAX_STDIN_BYTES,
    WORST_FIRST,
    Appraising,
    ReceiptWanted,
    appraise_sources,
    named_failures,
    print_json,
)

if TYPE_CHECKING:
    from protocol.licence.catalogue import Catalogue
    from protocol.terminal_certificate import Items
    from verifier_terminal.asking import Askable, OpenedRequest
    from verifier_terminal.session import Session

_Command = TypeVar("_Command", bound=Callable[..., Any])

directory_argument = click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
json_option = click.option("--json", "as_json", is_flag=True, help="For machines.")
_LOOK_EVERY_SECONDS: Final = 0.2
_new_file = click.Path(path_type=Path, dir_okay=False)


def receipt_options(command: _Command) -> _Command:
    """--receipt and --copy."""
    for option in (
        click.option("--copy", type=_new_file, metavar="FILE", help="Write the holder's copy of the receipt here."),
        click.option("--receipt", type=_new_file, metavar="FILE", help="Write a receipt (核验回执) here."),
    ):
        command = option(command)
    return command


@click.command()
@directory_argument
@json_option
@named_failures
def key(directory: Path, as_json: bool) -> None:
    """Print the terminal's public key, for the region to certify; made now if there is none."""
    from verifier_terminal import wiring

    settings, public_key = wiring.terminal_key(directory)
    if as_json:
        print_json({"key": public_key, "terminal": settings.terminal_id, "purpose": settings.profile})
        return
    click.echo(public_key)
    click.echo(f"terminal: {settings.terminal_id} ({settings.profile}, {settings.name})", err=True)


@click.command()
@directory_argument
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@named_failures
def certificate(directory: Path, file: Path, as_json: bool) -> None:
    """Install the certificate in FILE, if it is good: for this key, by a trusted region, now, for this purpose."""
    from protocol import unixtime
    from verifier_terminal import wiring

    certified = wiring.install_certificate(directory, file)
    if as_json:
        print_json(
            {
                "terminal": certified.terminal,
                "place": certified.place,
                "relying_party": certified.relying_party,
                "purposes": [purpose.word for purpose in sorted(certified.maxima)],
                "good_until": unixtime.iso_utc(certified.exp),
            }
        )
        return
    click.echo(f"{certified.terminal}: {certified.place}, {certified.relying_party}")
    click.echo(f"good until {unixtime.iso_local(certified.exp)}")


@click.command()
@directory_argument
@click.argument("code", metavar="[CODE]", required=False)
@named_failures
def site(directory: Path, code: str | None) -> None:
    """Print the site of this terminal, or set it to CODE; - takes it away."""
    from verifier_terminal import wiring

    settings = wiring.site_of(directory) if code is None else wiring.set_site(directory, "" if code == "-" else code)
    click.echo(settings.site or "none: this terminal has no short codes")


@click.command()
@directory_argument
@click.option("--kind", "slugs", multiple=True, metavar="SLUG", help="A licence kind; several are asked for together.")
@click.option("--item", "names", multiple=True, metavar="NAME", help="Items instead of what policy demands.")
@click.option("--reason", metavar="TEXT", help="Why (申请事由), at most 200 characters; the holder reads it.")
@click.option("--short", is_flag=True, help="A code of ten characters for a phone that scans nothing.")
@click.option("--png", type=_new_file, metavar="FILE", help="Draw the code there instead of on the screen.")
@click.option("--text", "as_text", is_flag=True, help="Print the code's text instead of drawing it.")
@click.option("--answer", metavar="TEXT|-", help="The answer's text; - reads lines from standard input.")
@click.option("--answer-file", type=_new_file, metavar="FILE", help="Wait for this file and take its lines.")
@click.option("--image", type=_new_file, metavar="FILE", help="Wait for this picture of the answer.")
@click.option("--camera", metavar="INDEX|FILE|URL", help="A camera, a stream or a video file.")
@click.option("--serial", metavar="PORT|URL", help="A scanner on a serial port.")
@receipt_options
@json_option
@named_failures
def challenge(
    *,
    directory: Path,
    slugs: tuple[str, ...],
    names: tuple[str, ...],
    reason: str | None,
    short: bool,
    png: Path | None,
    as_text: bool,
    answer: str | None,
    answer_file: Path | None,
    image: Path | None,
    camera: str | None,
    serial: str | None,
    receipt: Path | None,
    copy: Path | None,
    as_json: bool,
) -> None:
    """Ask a holder, wait for the answer, and give the verdict on it.

    Exit: 0 accept, 3 check, 1 refuse, 4 not read or not answered, 5 out of order.
    """
    from verifier_terminal import wiring

    if sum(each is not None for each in (answer, answer_file, image, camera, serial)) != 1:
        raise click.UsageError("give exactly one of --answer, --answer-file, --image, --camera, --serial")
    if short and (slugs or names):
        raise click.UsageError("a short code asks for no certain kinds or items")
    if short and receipt is not None and reason is None:
        raise click.UsageError("a receipt about a short code needs --reason TEXT")
    wanted_receipt = ReceiptWanted.of_options(receipt, copy, reason)
    with ExitStack() as opened_things:
        session = opened_things.enter_context(wiring.open_session(directory))
        if short:
            opened = session.open_short_code()
        else:
            opened = session.open_challenge(_wanted(session, slugs, names), reason or _usual_reason(session))
        _show(opened, session.catalogue(), png=png, as_text=as_text, as_json=as_json)
        one = Appraising(session, at=None, as_json=as_json, receipt=wanted_receipt)
        if answer is not None:
            _take_lines(one, _stdin_lines() if answer == "-" else iter((answer,)))
        elif answer_file is not None:
            if _appears(answer_file, opened.seconds_left):
                _take_lines(one, iter(answer_file.read_text("utf-8", "surrogateescape").splitlines()))
        else:
            _take_pictures(one, opened, image=image, camera=camera, serial=serial)
        if not one.exits:
            one.fail("nobody answered", "request", EXIT_NOT_READ)
    sys.exit(next(code for code in WORST_FIRST if code in one.exits))


def _wanted(session: "Session", slugs: tuple[str, ...], names: tuple[str, ...]) -> "Items":
    """Kinds and items by their names; without any the one kind that may be asked for here, as policy demands it."""
    catalogue, askable = session.catalogue(), session.askable()
    if catalogue is None or not askable:
        # Why not is the session's to say.
        return {}
    known = {catalogue.kinds[vct].slug: vct for vct in askable if vct in catalogue.kinds}
    if not slugs and len(known) != 1:
        raise click.UsageError(f"say which kind with --kind: {', '.join(known)}")
    for slug in slugs:
        if slug not in known:
            raise click.UsageError(f"{slug} is not asked for at this terminal; it may ask for {', '.join(known)}")
    chosen = [known[slug] for slug in slugs or known]
    wanted = {vct: _items(catalogue, vct, askable, names) for vct in chosen}
    for name in names:
        if not any((item := catalogue.kinds[vct].item_named(name)) and item.key in wanted[vct] for vct in chosen):
            raise click.UsageError(f"{name} may not be asked for here")
    return wanted


def _items(
    catalogue: "Catalogue", vct: int, askable: Mapping[int, "Askable"], names: tuple[str, ...]
) -> frozenset[int]:
    items = (catalogue.kinds[vct].item_named(name) for name in names)
    named = frozenset(item.key for item in items if item is not None) & askable[vct].maximum
    return named or askable[vct].usual


def _usual_reason(session: "Session") -> str:
    from verifier_terminal.appraisal.reasons import Language
    from verifier_terminal.web import texts

    return texts.say(f"purpose.{session.settings.profile}", Language.ZH_HANS)


def _show(
    opened: "OpenedRequest", catalogue: "Catalogue | None", *, png: Path | None, as_text: bool, as_json: bool
) -> None:
    from protocol.qr import drawing

    if png is not None and not opened.is_short:
        try:
            png.write_bytes(drawing.png(drawing.modules(opened.text)))
        except OSError as failure:
            raise click.UsageError(f"{png}: {failure.strerror}") from failure
    if as_json:
        print_json(
            {
                "challenge": None if opened.is_short else opened.text,
                "short_code": opened.text if opened.is_short else None,
                "purpose": opened.purpose.word,
                "reason": opened.reason,
                "wanted": _names(opened, catalogue),
                "seconds": opened.seconds_left,
            }
        )
    elif opened.is_short or as_text:
        click.echo(opened.text)
    elif png is None:
        click.echo(drawing.half_blocks(drawing.modules(opened.text)))
    # Whoever waits for the code at the other end of a pipe must get it before the answer is waited for.
    sys.stdout.flush()
    if not as_json:
        click.echo(f"open for {opened.seconds_left:.0f} s: {opened.reason or 'short code'}", err=True)


def _names(opened: "OpenedRequest", catalogue: "Catalogue | None") -> dict[str, list[str]]:
    kinds = catalogue.kinds if catalogue else {}
    return {
        kinds[vct].slug: [item.name for item in kinds[vct].items if item.key in items]
        for vct, items in opened.wanted.items()
        if vct in kinds
    }


def _take_lines(one: Appraising, lines: Iterator[str]) -> None:
    """Lines until one gives a verdict; an animated code has a line for each picture."""
    for line in lines:
        if line and one.take(line, "text"):
            return


def _stdin_lines() -> Iterator[str]:
    left = MAX_STDIN_BYTES
    while left > 0 and (line := sys.stdin.buffer.readline(left)):
        left -= len(line)
        yield line.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")


def _appears(path: Path, seconds: float) -> bool:
    """Whether this file is there before so many seconds have passed, and has stopped growing."""
    from verifier_terminal import wiring

    until = wiring.elapsed_seconds() + seconds
    size = -1
    while wiring.elapsed_seconds() < until:
        if path.exists() and 0 < path.stat().st_size == size:
            return True
        size = path.stat().st_size if path.exists() else -1
        threading.Event().wait(_LOOK_EVERY_SECONDS)
    return False


def _take_pictures(
    one: Appraising, opened: "OpenedRequest", *, image: Path | None, camera: str | None, serial: str | None
) -> None:
    from verifier_terminal.capture import Wanted

    if image is not None and not _appears(image, opened.seconds_left):
        return
    wanted = Wanted(
        images=() if image is None else (image,),
        cameras=() if camera is None else (camera,),
        serial_ports=() if serial is None else (serial,),
    )
    appraise_sources(one, wanted, take_all=False, wait=opened.seconds_left)
