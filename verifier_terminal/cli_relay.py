"""`liangzheng relay …`: one machine in a service centre that polls the issuer and serves the other terminals."""

import ipaddress
import re
from typing import TYPE_CHECKING, Final

import click

from verifier_terminal.cli_parts import EXIT_USAGE, Failure, named_failures

if TYPE_CHECKING:
    from verifier_terminal.relay.multicast import Group

_REGION: Final = re.compile(r"[0-9]{6}", re.ASCII)
_MEGABYTE: Final = 2**20
_SPARE_FILES: Final = 128


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The site relay: poll an issuer once for all terminals of a place."""


def address_and_port(text: str) -> tuple[str, int]:
    """The IP address and the port of "192.0.2.7:8470" or "[2001:db8::7]:8470".

    Raises:
        click.BadParameter: It is none. Names are not taken: somebody else may decide what they mean.
    """
    host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise click.BadParameter(f"{text!r} is not ADDRESS:PORT, such as 0.0.0.0:8470 or [::]:8470") from None
    if not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise click.BadParameter(f"{port!r} is no port; ports are 0 to 65535")
    return str(address), int(port)


def multicast_group(text: str, interface: str | None) -> "Group":
    """The group of "239.1.2.3:8472".

    Raises:
        click.BadParameter: It is none, or the interface is no address of IPv4.
    """
    from verifier_terminal.relay.multicast import Group

    address, port = address_and_port(text)
    if not ipaddress.ip_address(address).is_multicast or ":" in address:
        raise click.BadParameter(f"{address} is no multicast address of IPv4 (224.0.0.0 to 239.255.255.255)")
    if interface is not None:
        try:
            ipaddress.IPv4Address(interface)
        except ValueError:
            raise click.BadParameter(f"{interface!r} is not an IPv4 address of this machine") from None
    return Group(address, port, interface)


@cli.command()
@click.option("--upstream", required=True, metavar="URL|FOLDER", help="What terminals would poll without the relay.")
@click.option(
    "--listen", default="127.0.0.1:8470", show_default=True, metavar="ADDRESS:PORT", help="Port 0: a free one."
)
@click.option(
    "--interval",
    type=click.FloatRange(0.2, 60.0),
    default=5.0,
    show_default=True,
    help="Seconds for which a checkpoint is good enough.",
)
@click.option("--memory", type=click.IntRange(1), default=128, show_default=True, help="MB for what is held.")
@click.option("--connections", type=click.IntRange(1, 100_000), default=2_000, show_default=True, help="At most.")
@click.option(
    "--per-address",
    type=click.IntRange(1, 100_000),
    default=256,
    show_default=True,
    help="Connections of one address; as many as in all behind a proxy.",
)
@click.option("--multicast", metavar="GROUP:PORT", help="Also send checkpoints there by UDP, such as 239.1.2.3:8472.")
@click.option("--interface", metavar="ADDRESS", help="This machine's address to send datagrams from.")
@click.option(
    "--region", "regions", multiple=True, metavar="310000", help="Of a repository: whose checkpoints to send."
)
@named_failures
def serve(
    *,
    upstream: str,
    listen: str,
    interval: float,
    memory: int,
    connections: int,
    per_address: int,
    multicast: str | None,
    interface: str | None,
    regions: tuple[str, ...],
) -> None:
    """Serve what the upstream publishes to the terminals of this place, until interrupted.

    Terminals use http://ADDRESS:PORT as their --trust. The relay holds no keys and decides nothing; every terminal
    verifies what it gets. If the upstream is gone, it goes on with what it has, and terminals see how old that is. News
    are told to terminals that listen (GET /feed/hints). Its health: GET /healthz.
    """
    import asyncio

    from verifier_terminal.relay import running, wiring
    from verifier_terminal.relay.cache import Intervals
    from verifier_terminal.relay.server import Bounds

    host, port = address_and_port(listen)
    if multicast is None and (interface is not None or regions):
        raise click.UsageError("--interface and --region belong to --multicast")
    if wrong := [each for each in regions if not _REGION.fullmatch(each)]:
        raise click.UsageError(f"{wrong[0]!r} is no region; regions have six digits")
    settings = running.RelaySettings(
        upstream=upstream,
        host=host,
        port=port,
        max_bytes=memory * _MEGABYTE,
        intervals=Intervals(checkpoint=interval, after_hint=min(interval, 1.0)),
        bounds=Bounds(connections=connections, per_address=per_address),
        group=None if multicast is None else multicast_group(multicast, interface),
        regions=tuple(f"targets/{each}/" for each in regions) or ("",),
    )
    _allow_files(connections + _SPARE_FILES)

    def ready(port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"relay: http://{shown}:{port}/ for {upstream}")

    try:
        asyncio.run(running.run(settings, wiring.surroundings(upstream), ready=ready))
    except OSError as failure:
        where = f"{listen} cannot be used" if multicast is None else f"{listen} or {multicast} cannot be used"
        raise Failure(f"{where} ({failure.strerror or failure}); choose another address", EXIT_USAGE) from failure
    click.echo("stopped")


def _allow_files(wanted: int) -> None:
    """Each connection takes an open file; systems begin with few and allow more."""
    try:
        import resource
    except ImportError:
        # Windows counts otherwise.
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    able = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < able:
        resource.setrlimit(resource.RLIMIT_NOFILE, (able, hard))
    if able < wanted:
        click.echo(f"only {able} files may be open at once; see ulimit -n", err=True)
