"""`liangzheng hardware watch`: a live view of what is read, for whoever sets a terminal up. Contents stay out of it."""

import threading
import time
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import click

from hardware.cli_parts import named_failures, print_json
from hardware.errors import HardwareError
from hardware.read_kind import OURS, kind_of

if TYPE_CHECKING:
    from hardware.devices import CodeSource, DeviceEvent, Reading

_LOOK_SECONDS = 0.2


@click.command()
@click.option("--camera", "cameras", multiple=True, metavar="SPEC", help="May be given several times.")
@click.option("--serial", "serials", multiple=True, metavar="SPEC", help="A port, serial:…, hid:…, wedge:…; several.")
@click.option("--seconds", type=click.FloatRange(0.1), help="End after so long.")
@click.option("--json", "as_json", is_flag=True, help="One line for each event.")
@named_failures
def watch(*, cameras: tuple[str, ...], serials: tuple[str, ...], seconds: float | None, as_json: bool) -> None:
    """Show what devices read and say about themselves, until Ctrl+C.

    Of a code only its kind, length, version, size and the beginning of its SHA-256 are shown: enough to see that the
    same one was read twice, and nothing of what it says. Only our own codes show how they begin.
    """
    if not cameras and not serials:
        raise click.UsageError("name a --camera or a --serial")
    from hardware import open_source
    from hardware.camera.decoder_process import DecoderProcess

    said: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    stop = threading.Event()
    with ExitStack() as decoders:
        sources: list[CodeSource] = [
            open_source.open_camera(each, decoders.enter_context(DecoderProcess())) for each in cameras
        ]
        sources += [open_source.open_serial(each) for each in serials]
        threads = [threading.Thread(target=_follow, args=(each, stop, said), daemon=True) for each in sources]
        for thread in threads:
            thread.start()
        until = None if seconds is None else time.monotonic() + seconds
        running = len(threads)
        try:
            while running and (until is None or time.monotonic() < until):
                try:
                    item = said.get(timeout=_LOOK_SECONDS)
                except Empty:
                    continue
                if item is None:
                    running -= 1
                elif as_json:
                    print_json(item)
                else:
                    click.echo("  ".join(f"{value}" for name, value in item.items() if value is not None))
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
        stop.set()
        for thread in threads:
            thread.join(3.0)


def _follow(source: "CodeSource", stop: threading.Event, said: "SimpleQueue[dict[str, Any] | None]") -> None:
    from hardware.devices import Reading

    try:
        for item in source.readings(stop):
            said.put(_read(item) if isinstance(item, Reading) else _told(item))
    except HardwareError as failure:
        said.put({"at": _now(), "source": Path(failure.source).name, "says": str(failure)})
    said.put(None)


def _read(reading: "Reading") -> dict[str, Any]:
    kind, quality = kind_of(reading.text), reading.quality
    module = quality.pixels_per_module
    return {
        "at": _now(),
        "source": reading.source,
        "kind": kind,
        "begins": reading.text[:4] if kind in OURS else None,
        "characters": f"{len(reading.text)} characters",
        "version": None if quality.version is None else f"V{quality.version}",
        "module": None if module is None else f"{module:.1f} px/module",
        "variant": quality.variant,
        "sha256": sha256(reading.text.encode("utf-8", "surrogatepass")).hexdigest()[:12],
    }


def _told(event: "DeviceEvent") -> dict[str, Any]:
    what = next((getattr(event, each) for each in ("reason", "hint", "fault", "knob") if hasattr(event, each)), None)
    return {
        "at": _now(),
        "source": event.source,
        "says": type(event).__name__ + (f": {what.value} {getattr(event, 'given', '')}".rstrip() if what else ""),
    }


def _now() -> str:
    return time.strftime("%H:%M:%S")
