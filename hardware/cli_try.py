"""`liangzheng hardware test-scanner` and `test-camera`: how well a device reads the test sheet, and what that means."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from hardware.cli_parts import EXIT_NOT_READ, named_failures, print_json
from hardware.self_test import SelfTest
from hardware.sheet_codes import VERSIONS

if TYPE_CHECKING:
    from hardware.camera.report import PictureReport

_json = click.option("--json", "as_json", is_flag=True, help="For machines.")


@click.command("test-scanner")
@click.argument("spec", metavar="SPEC")
@click.option("--profile", default="generic", show_default=True, help="Of a serial scanner.")
@click.option("--scans", type=click.IntRange(1, 100), default=5, show_default=True, help="Of each code.")
@click.option("--seconds", type=click.FloatRange(1.0), default=120.0, show_default=True, help="End after so long.")
@_json
@named_failures
def try_scanner(*, spec: str, profile: str, scans: int, seconds: float, as_json: bool) -> None:
    """Scan each code of the test sheet several times; says which sizes this scanner reads and whether it changes texts.

    SPEC is a port, serial:PORT?profile=…, hid:… or wedge:… (`hardware list` has them). Exit 4 if nothing of the sheet
    was read, 1 if codes were changed on the way.
    """
    from hardware import open_source
    from hardware.devices import Reading, Signal

    test = SelfTest()
    source = open_source.open_serial(spec, profile=profile, wait_for_device=False)
    last = time.perf_counter()
    click.echo(f"Scan each code of the sheet {scans} times, in any order (Ctrl+C ends).", err=True)
    with _stopping(seconds) as stop:
        for item in source.readings(stop):
            if not isinstance(item, Reading):
                continue
            now = time.perf_counter()
            before = test.exact.total()
            test.take(item.text, milliseconds=(now - last) * 1_000)
            last = now
            # The scanner's own voice says what the terminal's verdict would have it say.
            source.answer(Signal.SUCCESS if test.exact.total() > before else Signal.ERROR)
            click.echo(f"\r{_so_far(test, scans)}", err=True, nl=False)
            if all(test.exact[version] >= scans for version in VERSIONS):
                break
    click.echo(err=True)
    _say(test, {}, as_json=as_json)


@click.command("test-camera")
@click.argument("spec", metavar="SPEC")
@click.option("--seconds", type=click.FloatRange(1.0), default=20.0, show_default=True, help="Of a live camera.")
@_json
@named_failures
def try_camera(*, spec: str, seconds: float, as_json: bool) -> None:
    """Hold the test sheet before a camera, near and far; says what it reads, how fast, and how small.

    SPEC is a number, v4l2:/dev/…, http(s)://…, synthetic:… or a video file. Exit 4 if nothing of the sheet was read.
    """
    from hardware.camera.capture import open_device, parse_camera_spec
    from hardware.camera.decoder_process import DecoderProcess
    from hardware.camera.frames import Frame, LiveFrames, RecordedFrames
    from hardware.camera.source import to_grey
    from hardware.open_source import opener

    named = parse_camera_spec(spec)
    stream = (
        LiveFrames(named.name, opener(named), wait_for_device=False)
        if named.is_live
        else RecordedFrames(named, open_device)
    )
    test, pictures, hints = SelfTest(), 0, dict[str, int]()
    sizes: set[tuple[int, int]] = set()
    brightness: list[float] = []
    decoding: list[float] = []
    began = time.perf_counter()
    click.echo("Hold the sheet before the camera, each code near and far (Ctrl+C ends).", err=True)
    with DecoderProcess() as decoder, _stopping(seconds if named.is_live else 3_600.0) as stop:
        for item in stream.frames(stop):
            if not isinstance(item, Frame):
                continue
            pictures += 1
            grey = to_grey(item)
            sizes.add((item.picture.shape[1], item.picture.shape[0]))
            brightness.append(float(grey[::16, ::16].mean()))
            started = time.perf_counter()
            report = decoder.decode_frame(grey, named.name)
            decoding.append((time.perf_counter() - started) * 1_000)
            _take(test, report, decoding[-1])
            if report.hint is not None:
                hints[report.hint.value] = hints.get(report.hint.value, 0) + 1
            click.echo(f"\r{pictures} pictures  {_so_far(test, None)}", err=True, nl=False)
    click.echo(err=True)
    elapsed = max(1e-3, time.perf_counter() - began)
    ordered = sorted(decoding)
    _say(
        test,
        {
            "pictures": pictures,
            "pictures_per_second": round(pictures / elapsed, 1),
            "sizes": sorted(f"{width} x {height}" for width, height in sizes),
            "brightness": round(sum(brightness) / len(brightness), 0) if brightness else None,
            "decoding_ms_p50": round(ordered[len(ordered) // 2], 1) if ordered else None,
            "decoding_ms_p95": round(ordered[len(ordered) * 95 // 100], 1) if ordered else None,
            "hints": hints,
        },
        as_json=as_json,
    )


def _take(test: SelfTest, report: "PictureReport", milliseconds: float) -> None:
    for code in report.codes:
        test.take(code.text, milliseconds=milliseconds, pixels_per_module=code.pixels_per_module)


@contextmanager
def _stopping(seconds: float) -> Iterator[threading.Event]:
    """An event that is set after so long; Ctrl+C ends the test and keeps what it found."""
    stop = threading.Event()
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    except KeyboardInterrupt:
        stop.set()
    finally:
        timer.cancel()


def _so_far(test: SelfTest, wanted: int | None) -> str:
    of = "" if wanted is None else f"/{wanted}"
    return "  ".join(f"V{version}: {test.exact[version]}{of}" for version in VERSIONS) + (
        f"  CHANGED: {test.altered.total()}" if test.altered else ""
    )


def _say(test: SelfTest, more: dict[str, Any], *, as_json: bool) -> None:
    versions = {
        f"V{version}": {
            "read": test.exact[version],
            "changed": test.altered[version],
            "ms": test.typical_milliseconds(version),
            "least_pixels_per_module": test.smallest_module(version),
        }
        for version in VERSIONS
    }
    if as_json:
        said = {"versions": versions, "other": test.other, "how": dict(test.how), "verdict": list(test.verdict())}
        print_json({**said, **more})
    else:
        for name, figures in versions.items():
            least, taken = figures["least_pixels_per_module"], figures["ms"]
            small = f", at least {least:.1f} pixels a module" if least is not None else ""
            speed = f", {taken:.0f} ms" if taken is not None else ""
            changed = f", {figures['changed']} CHANGED" if figures["changed"] else ""
            click.echo(f"{name}: {figures['read']} read{speed}{small}{changed}")
        for name, value in more.items():
            click.echo(f"{name.replace('_', ' ')}: {value}")
        for sentence in test.verdict():
            click.echo(sentence)
    if test.altered:
        raise SystemExit(1)
    if test.largest_read is None:
        raise SystemExit(EXIT_NOT_READ)
