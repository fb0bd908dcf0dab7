"""`liangzheng issuer sandbox`: a running authority of the test region for whoever builds a wallet or a window."""

import sys
from pathlib import Path

import click

from issuer import config
from issuer.arguments import FOLDER
from issuer.openid4vci import identifier
from issuer.sandbox import faults
from issuer.sandbox.misbehaving import Heard


@click.command()
@click.argument("folder", metavar="[DIR]", required=False, type=FOLDER)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=config.DEFAULT_PORT, show_default=True, help="0 takes a free one."
)
@click.option("--url", help="Where wallets reach it through a web server of yours: https://HOST[/PATH].")
@click.option("--calm", is_flag=True, help="Nothing goes wrong, but what --fault names.")
@click.option("--seed", type=click.IntRange(0), help="The misfortunes of an earlier run, which printed it.")
@click.option(
    "--fault", "written", metavar="NAME=RATE", multiple=True, help=f"One of {', '.join(faults.Fault)}; 0 to 1."
)
def sandbox(
    *, folder: Path | None, port: int, url: str | None, calm: bool, seed: int | None, written: tuple[str, ...]
) -> None:
    """Run an issuing authority of the test region 990000 that misbehaves as networks do.

    Every kind, people who do not exist, a page to make offers and to suspend, revoke, renew and lose; and JSON
    endpoints for all of it. Five in a hundred requests of wallets fail, from a seed. Without DIR nothing is kept.

    \b
    Example:
      liangzheng issuer sandbox
      liangzheng issuer sandbox ./sandbox --calm --fault busy=0.3 --seed 7
    """
    from issuer.sandbox import wiring

    rates = faults.rates(written, calm=calm)
    public_url = None if url is None else identifier.checked(url)
    its_seed = wiring.drawn_seed() if seed is None else seed
    with (
        wiring.opened(folder) as issuer,
        wiring.serving(issuer, port=port, public_url=public_url, rates=rates, seed=its_seed, tell=_tell) as running,
    ):
        said = running.sandbox.state()
        click.echo(f"Sandbox 沙箱 {said['authority']}: nothing here is valid anywhere.")
        click.echo(f"Page and offers 网页: {running.page}")
        click.echo(f"Terminals 终端:       liangzheng terminal init DIR --profile window --trust {said['trust']} \\")
        click.echo(f"                        --root {said['root_sha256']}")
        click.echo(f"Misfortune 故障:      {_spoken(said['faults'])} (--seed {its_seed})")
        click.echo("Interrupt with Ctrl+C.")
        sys.stdout.flush()
        running.service.run()


def _tell(heard: Heard) -> None:
    what = f"{heard.status or 'no answer'}{f' {heard.error}' if heard.error else ''}"
    click.echo(
        f"{heard.number:>5}  {heard.method:<4} {heard.path}  {what}{f'  [{heard.fault}]' if heard.fault else ''}",
        err=True,
    )


def _spoken(rates: dict[str, float]) -> str:
    return ", ".join(f"{name} {rate:.0%}" for name, rate in rates.items() if rate) or "none"
