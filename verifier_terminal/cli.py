"""`liangzheng terminal …`: set up, sync, appraise, serve, and read the journal of a verifier terminal.

Exit codes of `appraise`: 0 accept, 3 check, 1 refuse, 4 not read, 2 usage, 5 out of order. Several codes end with the
worst, in the order out of order > refuse > not read > check > accept. Heavy libraries (OpenCV, Flask, rich) are loaded
by the commands that need them.
"""

import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from verifier_terminal import (
    cli_asking,
    cli_backup,
    cli_bundle,
    cli_counter,
    cli_devices,
    cli_disputes,
    cli_enrolling,
    cli_receipts,
    cli_relay,
    cli_reports,
    cli_service,
    cli_setup,
    cli_staff,
    cli_store,
    cli_supervision,
    cli_support,
    cli_updates,
)
from verifier_terminal.cli_parts import (
    EXIT_NOT_READ,
    EXIT_OUT_OF_ORDER,
    EXIT_USAGE,
    WORST_FIRST,
    Appraising,
    Failure,
    ReceiptWanted,
    appraise_sources,
    console,
    moment,
    named_failures,
    pictures,
    print_json,
    stdin_text,
)

if TYPE_CHECKING:
    from verifier_terminal.hearing import Multicast


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The verifier terminal: appraise codes, journal, window page."""


for _command in (
    cli_setup.init,
    cli_enrolling.enrol,
    cli_enrolling.operator,
    cli_setup.sync,
    cli_asking.key,
    cli_asking.certificate,
    cli_asking.site,
    cli_asking.challenge,
):
    cli.add_command(_command)
cli.add_command(cli_backup.backup)
cli.add_command(cli_backup.restore)
cli.add_command(cli_bundle.import_)
cli.add_command(cli_bundle.export)
cli.add_command(cli_devices.devices)
cli.add_command(cli_disputes.disputes)
cli.add_command(cli_service.out_of_service)
for _reading in (cli_store.journal, cli_store.explain, cli_store.void, cli_store.acknowledge, cli_store.export_acts):
    cli.add_command(_reading)
cli.add_command(cli_counter.counter)
cli.add_command(cli_staff.staff)
cli.add_command(cli_receipts.receipt)
cli.add_command(cli_reports.reports)
cli.add_command(cli_supervision.settings)
cli.add_command(cli_supervision.pin)
cli.add_command(cli_support.support)
cli.add_command(cli_updates.update)
cli.add_command(cli_updates.launch)

_directory, _json = cli_asking.directory_argument, cli_asking.json_option


@cli.command()
@_directory
@click.argument("more_images", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--text", metavar="TEXT", help="The code's text; - reads it from standard input.")
@click.option("--image", "images", multiple=True, type=click.Path(path_type=Path), metavar="FILE", help="Image files.")
@click.option("--camera", metavar="INDEX|FILE|URL", help="A camera, a stream or a video file.")
@click.option("--serial", metavar="PORT|URL", help="A scanner on a serial port.")
@click.option("--at", "at_text", metavar="ISO-TIME", help="An exercise at this moment: nothing is recorded.")
@click.option("--all", "take_all", is_flag=True, help="Go on after the first code, until the source ends.")
@click.option("--wait", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds for a live device.")
@cli_asking.receipt_options
@click.option("--reason", metavar="TEXT", help="What the receipt gives as its reason (申请事由).")
@click.option("--print", "printing", is_flag=True, help="Print its slip on the printer that `devices` has set.")
@_json
@named_failures
def appraise(
    *,
    directory: Path,
    more_images: tuple[Path, ...],
    text: str | None,
    images: tuple[Path, ...],
    camera: str | None,
    serial: str | None,
    at_text: str | None,
    take_all: bool,
    wait: float,
    receipt: Path | None,
    copy: Path | None,
    reason: str | None,
    printing: bool,
    as_json: bool,
) -> None:
    """Appraise codes; each call is a new act. Exit: 0 accept, 3 check, 1 refuse, 4 not read, 5 out of order.

    With several codes the worst counts: out of order, refuse, not read, check, accept.
    """
    from verifier_terminal import errors, wiring
    from verifier_terminal.capture import Wanted

    if sum((text is not None, bool(images), camera is not None, serial is not None)) != 1:
        raise click.UsageError("give exactly one of --text, --image, --camera, --serial")
    if more_images and not images:
        raise click.UsageError("files are only taken after --image")
    wanted_receipt = ReceiptWanted.of_options(receipt, copy, reason)
    if wanted_receipt is not None and (at_text is not None or take_all or more_images or len(images) > 1):
        raise click.UsageError("a receipt is of one check: not with --at, --all or several images")
    if wanted_receipt is not None and reason is None:
        raise click.UsageError("a receipt needs --reason TEXT")
    if printing and at_text is not None:
        raise click.UsageError("an exercise is not printed")
    at = None if at_text is None else moment(at_text)
    with ExitStack() as opened:
        try:
            session = opened.enter_context(wiring.open_session(directory))
        except errors.RootMismatch as failure:
            # Exit 1 is "refuse" here, and a terminal that cannot work has refused nobody.
            raise Failure(str(failure), EXIT_OUT_OF_ORDER) from failure
        slip = opened.enter_context(cli_devices.slip_printer(session, directory, reason)) if printing else None
        one = Appraising(session, at=at, as_json=as_json, receipt=wanted_receipt, print_slip=slip)
        if text is not None:
            given = pictures(stdin_text()) if text == "-" else (text,)
            verdicts = [one.take(each, "text") for each in given]
            if not any(verdicts):
                one.fail("the pictures of an animated code hold no whole one", "text", EXIT_NOT_READ)
        else:
            wanted = Wanted(
                images=images + more_images,
                cameras=() if camera is None else (camera,),
                serial_ports=() if serial is None else (serial,),
            )
            appraise_sources(one, wanted, take_all=take_all or bool(images), wait=wait)
    sys.exit(next(code for code in WORST_FIRST if code in one.exits))


@cli.command()
@_directory
@click.option("--port", type=click.IntRange(0, 65_535), default=8471, show_default=True, help="0 takes a free one.")
@cli_devices.device_options
@click.option(
    "--sync-every",
    type=click.FloatRange(1.0),
    default=60.0,
    show_default=True,
    help="Seconds, for the home region's feed.",
)
@click.option("--multicast", metavar="GROUP:PORT", help="Hear a site relay's datagrams, such as 239.1.2.3:8472.")
@click.option(
    "--neighbours",
    metavar="GROUP:PORT",
    help="Tell the other terminals of the site which codes were used, and hear it of them, such as 239.1.2.3:8473.",
)
@click.option("--interface", metavar="ADDRESS", help="This machine's address to hear and tell datagrams by.")
@click.option(
    "--frame-ancestor",
    "frame_ancestors",
    multiple=True,
    metavar="ORIGIN",
    help="A page that may embed this one, such as http://127.0.0.1:8000; without it nobody may.",
)
@click.option(
    "--ask",
    "asked_kinds",
    multiple=True,
    metavar="SLUG",
    help="What a kiosk or gate begins with asking for; several are asked for together.",
)
@click.option(
    "--second-licence",
    "join_seconds",
    type=click.IntRange(5, 300),
    default=60,
    show_default=True,
    help="For how many seconds the next code joins the act to which a second licence is to be added.",
)
@named_failures
def serve(
    *,
    directory: Path,
    port: int,
    asked_kinds: tuple[str, ...],
    join_seconds: int,
    sync_every: float,
    multicast: str | None,
    neighbours: str | None,
    interface: str | None,
    frame_ancestors: tuple[str, ...],
    **given: Any,
) -> None:
    """Run the window page on this machine, read the devices, and keep the documents fresh.

    Devices that are not named here are those that `terminal devices` has set.
    """
    from hardware.errors import HardwareError
    from verifier_terminal import capture, enrolling, hearing, mending, wiring
    from verifier_terminal.appraisal import reasons
    from verifier_terminal.metrics import Metrics, Tally
    from verifier_terminal.polling import Polling
    from verifier_terminal.receipt_pages import ReceiptPages
    from verifier_terminal.slips import Slips
    from verifier_terminal.web import app as web_app
    from verifier_terminal.web import server
    from verifier_terminal.web.counter_routes import STREAM_CAP
    from verifier_terminal.web.settings import SettingRefused, WindowSettings

    if multicast is None and neighbours is None and interface is not None:
        raise click.UsageError("--interface belongs to --multicast or --neighbours")
    relayed, talk = _group(multicast, interface), _group(neighbours, interface)
    stop = threading.Event()
    try:
        settings = WindowSettings(
            csrf_token=wiring.secret_token(),
            frame_ancestors=frame_ancestors,
            asked_kinds=asked_kinds,
            join_seconds=join_seconds,
        )
    except SettingRefused as refused:
        raise click.UsageError(str(refused)) from refused
    signal.signal(signal.SIGTERM, _interrupt)
    devices = cli_devices.chosen(directory, given)
    wanted = capture.Wanted(cameras=devices.cameras, serial_ports=devices.scanners)
    try:
        with (
            wiring.open_session(directory) as session,
            capture.opened(wanted, wait_for_device=True) as sources,
            capture.opened_outputs(devices, session.hear) as outputs,
            ExitStack() as heard,
        ):
            try:
                heard.enter_context(
                    hearing.listening(
                        session,
                        has_repository=bool(session.settings.repository_sha256),
                        multicast=relayed,
                        neighbours=talk,
                        spread=wiring.spread,
                        jitter=wiring.jitter,
                        monotonic=wiring.elapsed_seconds,
                    )
                )
            except OSError as failure:
                where = " or ".join(each for each in (multicast, neighbours) if each)
                words = f"{where} cannot be heard ({failure.strerror}); give --interface an address of this machine"
                raise Failure(words, EXIT_USAGE) from failure
            tally = Tally()
            session.listen(tally)
            heard.enter_context(enrolling.reporting(session, directory, tally, _say_report))
            metrics = Metrics(session.status, tally)
            told = reasons.load()
            slips = None if outputs.printer is None else Slips(session, outputs.printer, reasons=told)
            attended = session.settings.face.attended
            face = None if attended else wiring.kiosk(session, directory, slips.print_slip if slips else None)
            counter = wiring.counter_desk(session, directory)
            app = web_app.create_app(
                session,
                settings=settings,
                reasons=told,
                clock=wiring.now,
                metrics=metrics.text,
                kiosk=face,
                slips=slips,
                counter=counter,
                pages=ReceiptPages(session, reasons=told),
                supervised=session.supervision,
                beat=enrolling.heartbeats(session, directory, tally).make,
                staff=session.shift,
                software=lambda: wiring.software(directory),
            )
            threads = capture.start_feeding(session, sources, stop)
            threads += (counter.handover.start(stop), mending.start(session, stop))
            if outputs.signal:
                threads += (wiring.signalling(session, directory, outputs).start(stop),)
            if face is not None:
                threads += (face.start(stop),)
            polling = Polling(
                session, lambda: wiring.open_mirror(session.settings.trust), every=sync_every, tell=_say_failure
            )
            polling.start()
            try:
                threads_wanted = settings.stream_cap + STREAM_CAP
                server.serve(app, "127.0.0.1", port, threads_wanted, ready=lambda port: _say_ready(port, directory))
            except KeyboardInterrupt:
                click.echo("stopped")
            finally:
                stop.set()
                polling.stop(patience=5.0)
                for thread in threads:
                    thread.join(5.0)
    except HardwareError as failure:
        raise Failure(str(failure), EXIT_USAGE) from failure
    except OSError as failure:
        raise Failure(f"port {port} cannot be used ({failure.strerror}); choose another with --port", 1) from failure


@cli.command()
@_directory
@_json
@named_failures
def status(directory: Path, as_json: bool) -> None:
    """Say what the terminal holds, how old it is, and until when it is good enough."""
    from verifier_terminal import printing_status, wiring
    from verifier_terminal.updates import standing as software

    with wiring.open_session(directory) as session:
        standing = session.status()
    found = wiring.software(directory)
    if as_json:
        print_json({**printing_status.status_json(standing), "software": software.as_json(found)})
    else:
        printing_status.print_status(console(), standing)
        console().print("software     ", software.in_words(found), markup=False)


def _group(text: str | None, interface: str | None) -> "Multicast | None":
    from verifier_terminal.hearing import Multicast

    found = None if text is None else cli_relay.multicast_group(text, interface)
    return None if found is None else Multicast(found.address, found.port, found.interface)


def _say_failure(words: str) -> None:
    click.echo(f"sync: {words}", err=True)


def _say_report(words: str) -> None:
    click.echo(f"report: {words}", err=True)


def _say_ready(port: int, directory: Path) -> None:
    from verifier_terminal import wiring

    wiring.note_healthy(directory)
    click.echo(f"window page: http://127.0.0.1:{port}/")


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt
