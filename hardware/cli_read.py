"""`liangzheng hardware read`: plain reading without appraisal, of image files by the thousand or of a device.

Also the harness for image sets of others: one line of JSON for each code, and one of kind "none" for each image in
which nothing was read, so that no image is missing from the output.
"""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from hardware.cli_parts import EXIT_NOT_READ, EXIT_UNUSABLE, named_failures, print_json
from hardware.errors import HardwareError
from hardware.read_kind import NOTHING, kind_of

if TYPE_CHECKING:
    from hardware.camera.decoder_process import DecoderProcess
    from hardware.devices import CodeSource

IMAGES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
_PROGRESS_EVERY: Final = 50


@click.command()
@click.argument("more_images", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="[FILE|FOLDER]…")
@click.option(
    "--image",
    "images",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE|FOLDER",
    help="An image, or a folder with images in it or below; more may follow.",
)
@click.option("--camera", metavar="SPEC", help="A number, v4l2:/dev/…, http(s)://…, or a video file.")
@click.option("--serial", metavar="SPEC", help="A port, serial:PORT?profile=…, hid:… or wedge:….")
@click.option("--profile", default="generic", show_default=True, help="Of a serial scanner.")
@click.option("--count", type=click.IntRange(1), help="End after so many codes of a device.")
@click.option("--seconds", type=click.FloatRange(0.1), help="End after so long.")
@click.option("--json", "as_json", is_flag=True, help="One line for each code: source, text, kind, aim, ms.")
@named_failures
def read(
    *,
    more_images: tuple[Path, ...],
    images: tuple[Path, ...],
    camera: str | None,
    serial: str | None,
    profile: str,
    count: int | None,
    seconds: float | None,
    as_json: bool,
) -> None:
    """Read codes and print what they say, exactly; nothing is appraised, recorded or sent.

    Exit 0: every image gave a code, or the device did. 4: something was not read. 1: a file or device could not be
    used, which standard error names; the others are read all the same.

    `kind` says how a text begins: LZ1, LB1, LE1, LC1, LP1, LS1 are ours, else url, payment or other; none where nothing
    was read. `ms` is the time for the whole image.
    """
    files = images + more_images
    if more_images and not images:
        raise click.UsageError("files are taken after --image")
    if sum(map(bool, (files, camera, serial))) != 1:
        raise click.UsageError("give one of --image, --camera, --serial")
    from hardware.camera.decoder_process import DecoderProcess

    with DecoderProcess() as decoder:
        if files:
            sys.exit(_read_images(list(_listed(files)), decoder, as_json=as_json))
        from hardware import open_source

        if camera is not None:
            source: CodeSource = open_source.open_camera(camera, decoder, wait_for_device=False)
        else:
            assert serial is not None
            source = open_source.open_serial(serial, profile=profile, wait_for_device=False)
        sys.exit(_read_device(source, count=count, seconds=seconds, as_json=as_json))


def _listed(paths: Sequence[Path]) -> Iterator[Path]:
    """Files as they are named, folders with every image in and below them, in the order of their names."""
    for path in paths:
        if path.is_dir():
            yield from (each for each in sorted(path.rglob("*")) if each.suffix.lower() in IMAGES and each.is_file())
        else:
            yield path


def _read_images(files: Sequence[Path], decoder: "DecoderProcess", *, as_json: bool) -> int:
    from hardware.image_file import packed_image

    unread = unusable = 0
    for number, path in enumerate(files, 1):
        began = time.perf_counter()
        try:
            report = decoder.decode_image(packed_image(path), str(path))
        except HardwareError as failure:
            unusable += 1
            click.echo(str(failure), err=True)
            codes: list[tuple[str, str | None]] = []
        else:
            codes = [(code.text, code.aim) for code in report.codes]
        elapsed = (time.perf_counter() - began) * 1_000
        unread += not codes
        for text, aim in codes or [("", None)]:
            _say(str(path), text, aim, elapsed, as_json=as_json)
        if len(files) >= _PROGRESS_EVERY and (number % _PROGRESS_EVERY == 0 or number == len(files)):
            click.echo(f"{number} of {len(files)} images, {number - unread} read", err=True)
    if not files:
        click.echo("there is no image", err=True)
        return EXIT_UNUSABLE
    return EXIT_UNUSABLE if unusable else EXIT_NOT_READ if unread else 0


def _read_device(source: "CodeSource", *, count: int | None, seconds: float | None, as_json: bool) -> int:
    from hardware.devices import Reading

    stop = threading.Event()
    if seconds is not None:
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
    found = 0
    last = time.perf_counter()
    try:
        for item in source.readings(stop):
            if isinstance(item, Reading):
                found += 1
                now = time.perf_counter()
                _say(item.source, item.text, item.aim, (now - last) * 1_000, as_json=as_json)
                last = now
                if count is not None and found >= count:
                    break
    except KeyboardInterrupt:
        stop.set()
    if not found:
        _say(source.name, "", None, (time.perf_counter() - last) * 1_000, as_json=as_json)
    return 0 if found else EXIT_NOT_READ


def _say(source: str, text: str, aim: str | None, milliseconds: float, *, as_json: bool) -> None:
    kind = kind_of(text)
    if as_json:
        print_json({"source": source, "text": text, "kind": kind, "aim": aim, "ms": round(milliseconds, 1)})
    elif kind == NOTHING:
        click.echo(f"{source}: nothing was read")
    else:
        # What a code says is hostile to a screen: control characters are shown as escapes.
        click.echo(f"{source}: {kind}: {text.encode('unicode_escape').decode() if not text.isprintable() else text}")
