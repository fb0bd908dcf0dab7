"""`liangzheng terminal devices`: which devices belong to this terminal, and the options that `serve` has for them.

What is set here is kept in `devices.toml`, so that a restart needs no options. Names are checked when they are set; a
device that is not plugged in may be named all the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from verifier_terminal import cli_asking, device_settings
from verifier_terminal.cli_parts import EXIT_USAGE, Failure, named_failures, print_json
from verifier_terminal.device_settings import DeviceSettings

if TYPE_CHECKING:
    from verifier_terminal.session import Session

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option("--camera", "cameras", multiple=True, metavar="INDEX|FILE|URL", help="May be given several times."),
    click.option(
        "--serial",
        "scanners",
        multiple=True,
        metavar="PORT|URL",
        help="A scanner: a port, serial:PATH?profile=…, hid:…, wedge:…; may be given several times.",
    ),
    click.option("--lamp", "lamps", multiple=True, metavar="SPEC", help="lamp:busylight, lamp:gpio:CHIP/R,Y,G"),
    click.option("--buzzer", "buzzers", multiple=True, metavar="SPEC", help="buzzer:gpio:CHIP/LINE"),
    click.option("--lock", metavar="SPEC", help="lock:gpio:CHIP/LINE?seconds=5; opens at kiosks and gates only."),
    click.option("--printer", metavar="SPEC", help="escpos:PATH, escpos:socket://HOST:9100"),
    click.option("--display", metavar="SPEC", help="display:PORT, the customer's."),
)


def device_options(command: _Command) -> _Command:
    """--camera, --serial, --lamp, --buzzer, --lock, --printer and --display."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(directory: Path, given: dict[str, Any]) -> DeviceSettings:
    """What is set, with each kind that was given on the command line in the place of what is set of it.

    Raises:
        DeviceSettingsUnusable: What is set cannot be read.
    """
    return replace(device_settings.load(directory), **{kind: value for kind, value in given.items() if value})


@contextmanager
def slip_printer(session: "Session", directory: Path, reason: str | None) -> Iterator[Callable[[str], None]]:
    """Prints the slip of a check on the printer that is set; that it could not is said, and changes no verdict.

    Raises:
        click.UsageError: No printer is set.
    """
    from hardware.errors import HardwareError
    from verifier_terminal import capture
    from verifier_terminal.appraisal import reasons
    from verifier_terminal.errors import TerminalError
    from verifier_terminal.slips import Slips

    settings = DeviceSettings(printer=device_settings.load(directory).printer)
    with capture.opened_outputs(settings, session.hear) as outputs:
        if outputs.printer is None:
            raise click.UsageError("no printer is set; `terminal devices DIR --printer SPEC` sets one")
        slips = Slips(session, outputs.printer, reasons=reasons.load())

        def print_slip(number: str) -> None:
            try:
                slips.print_slip(number, reason)
            except (HardwareError, TerminalError) as failure:
                click.echo(f"not printed: {failure}", err=True)
            else:
                click.echo("printed", err=True)

        yield print_slip


@click.command()
@cli_asking.directory_argument
@device_options
@click.option(
    "--none", "without", multiple=True, type=click.Choice(device_settings.KINDS), help="There is none of these."
)
@cli_asking.json_option
@named_failures
def devices(directory: Path, without: tuple[str, ...], as_json: bool, **given: Any) -> None:
    """Show the devices of this terminal, or set those that are named; the other kinds stay as they are."""
    from hardware.errors import HardwareError
    from verifier_terminal import config

    config.load(directory)
    settings = chosen(directory, given)
    if both := [kind for kind in without if given[kind]]:
        raise click.UsageError(f"either name {both[0]} or take them away")
    settings = replace(settings, **{kind: getattr(DeviceSettings(), kind) for kind in without})
    if without or any(given.values()):
        try:
            _check(settings)
        except HardwareError as failure:
            raise Failure(str(failure), EXIT_USAGE) from failure
        device_settings.save(directory, settings)
    entries = asdict(settings)
    if as_json:
        print_json(
            {kind: list(value) if isinstance(value, tuple) else value or None for kind, value in entries.items()}
        )
        return
    for kind, value in entries.items():
        named = ", ".join(value) if isinstance(value, tuple) else value
        click.echo(f"{kind + ':':10} {named or '–'}")


def _check(settings: DeviceSettings) -> None:
    from hardware import output_spec
    from hardware.camera.capture import parse_camera_spec
    from hardware.scanner_spec import open_scanner

    for camera in settings.cameras:
        parse_camera_spec(camera)
    for scanner in settings.scanners:
        # Nothing is opened by it yet.
        open_scanner(scanner)
    for lamp in settings.lamps:
        output_spec.parse_lamp(lamp)
    for buzzer in settings.buzzers:
        output_spec.parse_lamp(buzzer, kind="buzzer", lamps=1)
    for named, parse in (
        (settings.lock, output_spec.parse_lock),
        (settings.printer, output_spec.parse_printer),
        (settings.display, output_spec.parse_display),
    ):
        if named:
            parse(named)
