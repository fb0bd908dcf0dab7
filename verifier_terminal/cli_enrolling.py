"""`liangzheng terminal enrol | operator`: a terminal set up by one code, and where it reports."""

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from verifier_terminal import cli_asking
from verifier_terminal.cli_parts import Failure, named_failures, print_json, stdin_text

if TYPE_CHECKING:
    from protocol.enrolment import Invitation
    from verifier_terminal.capture import Wanted


@click.command()
@cli_asking.directory_argument
@click.option("--code", "text", metavar="TEXT", help="The code's text (LT1:…); - reads it from standard input.")
@click.option("--image", type=click.Path(path_type=Path), metavar="FILE", help="A picture of the code.")
@click.option("--camera", metavar="INDEX|FILE|URL", help="Show the code to this camera.")
@click.option("--serial", metavar="PORT|URL", help="Scan the code with this scanner.")
@click.option("--wait", type=click.FloatRange(0.1), default=60.0, show_default=True, help="Seconds for a live device.")
@cli_asking.json_option
@named_failures
def enrol(
    *,
    directory: Path,
    text: str | None,
    image: Path | None,
    camera: str | None,
    serial: str | None,
    wait: float,
    as_json: bool,
) -> None:
    """Set a terminal up in DIR by the code that its operator shows: documents, key, certificate, place, address.

    \b
    Example:
      liangzheng issuer enrol-terminal ./issuer hall-3-07 --profile kiosk --place 一楼3号自助机 …
      liangzheng terminal enrol ./kiosk --code 'LT1:…'
    """
    from protocol import unixtime
    from verifier_terminal import certification, enrolling, printing, wiring
    from verifier_terminal.capture import Wanted

    if sum(each is not None for each in (text, image, camera, serial)) != 1:
        raise click.UsageError("give exactly one of --code, --image, --camera, --serial")
    if text is not None:
        invitation = enrolling.read_code(stdin_text() if text == "-" else text)
    else:
        wanted = Wanted(
            images=() if image is None else (image,),
            cameras=() if camera is None else (camera,),
            serial_ports=() if serial is None else (serial,),
        )
        invitation = _scanned(wanted, wait)
    settings, report = enrolling.enrol(directory, invitation)
    with wiring.open_session(directory) as session:
        standing = session.status().certification
    certificate = standing.certificate
    ends = None if certificate is None else unixtime.iso_utc(certificate.exp)
    trouble = None if standing.trouble is None else certification.WORDS[standing.trouble]
    if as_json:
        print_json(
            {"directory": str(directory), "region": settings.region, "profile": settings.profile}
            | {"name": settings.name, "site": settings.site or None, "operator": settings.operator}
            | {"terminal": None if certificate is None else certificate.terminal, "certified_until": ends}
            | {"trouble": trouble, "sync": printing.sync_json(report)}
        )
    else:
        click.echo(f"{directory}: {settings.name}, a {settings.profile} terminal for region {settings.region}")
        click.echo(f"It reports to {settings.operator}, and is certified until {ends}; it renews that by itself.")
        click.echo(f"taken in: {', '.join(report.taken_in)}")
    if trouble is not None:
        click.echo(f"The certificate is not good now: {trouble}. Look at this machine's clock.", err=True)
        sys.exit(1)


@click.command()
@cli_asking.directory_argument
@click.argument("address", required=False, metavar="[ADDRESS]")
@click.option("--none", "is_none", is_flag=True, help="Report nowhere.")
@cli_asking.json_option
@named_failures
def operator(directory: Path, address: str | None, is_none: bool, as_json: bool) -> None:
    """Say where the terminal reports to, or set it: http(s)://HOST of the region's service, from the next start on."""
    from verifier_terminal import config, enrolling

    if address is not None and is_none:
        raise click.UsageError("either an address or --none")
    if address is None and not is_none:
        settings, _ = config.load(directory)
    else:
        settings = enrolling.set_operator(directory, address or "")
    if as_json:
        print_json({"operator": settings.operator or None})
    else:
        click.echo(settings.operator or "none: nobody hears this terminal, and nothing renews its certificate")


def _scanned(wanted: "Wanted", wait: float) -> "Invitation":
    """The first enrolment code that comes; other codes are passed over."""
    from hardware.devices import Reading
    from hardware.errors import HardwareError
    from verifier_terminal import capture, enrolling

    stop = threading.Event()
    limit = threading.Timer(wait, stop.set)
    limit.daemon = True
    limit.start()
    try:
        with capture.opened(wanted, wait_for_device=False) as sources:
            for source in sources:
                for item in source.readings(stop):
                    if isinstance(item, Reading):
                        try:
                            return enrolling.read_code(item.text)
                        except enrolling.CodeUnreadable as wrong:
                            click.echo(str(wrong), err=True)
                    elif (said := capture.words(item)) is not None:
                        click.echo(said, err=True)
    except HardwareError as failure:
        raise Failure(str(failure), 1) from failure
    finally:
        limit.cancel()
    raise Failure("no enrolment code was read", 1)
