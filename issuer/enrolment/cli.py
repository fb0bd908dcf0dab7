"""`liangzheng issuer enrol-terminal`: a code that one machine scans, and is a certified terminal."""

from pathlib import Path

import click

from issuer import config, durable_files
from issuer.arguments import ACTOR, FILE, FOLDER, json_option, passphrase_option, print_json
from issuer.enrolment.inviting import LIFE, Place
from issuer.terminals.certifying import LONGEST_DAYS, Wish
from issuer.terminals.cli import PURPOSES
from protocol import unixtime
from protocol.enrolment import RepositoryPlace
from protocol.unixtime import MINUTE, Seconds, UnixTime


@click.command(name="enrol-terminal")
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.argument("terminal", metavar="NAME")
@click.option("--profile", required=True, type=click.Choice(list(PURPOSES)), help="What the terminal is for.")
@click.option("--place", required=True, help="Where it stands, as holders read it: 政务服务中心一楼3号自助机.")
@click.option("--relying-party", required=True, help="Who asks, as holders read it: the organisation behind it.")
@click.option("--site", default="", metavar="CODE", help="The site's four characters, for short codes.")
@click.option("--kind", "kinds", multiple=True, help="A kind that it may ask for; may be repeated. All if none.")
@click.option("--days", type=int, default=LONGEST_DAYS, show_default=True, help="How long each certificate holds.")
@click.option("--replace", is_flag=True, help="The machine was replaced: enrol another one under the same name.")
@click.option(
    "--url",
    default=f"http://{config.LOOPBACK}:{config.DEFAULT_PORT}",
    show_default=True,
    help="Where terminals reach `issuer serve`, or the web server in front of it.",
)
@click.option("--repository", metavar="URL", help="Where terminals fetch the repository of several regions.")
@click.option("--repository-root", metavar="SHA256", help="Of its metadata/1.root.json, as people agreed upon it.")
@click.option(
    "--minutes", type=int, default=LIFE // MINUTE, show_default=True, help="How long the code is good, 1 to 1440."
)
@click.option("--png", type=FILE, metavar="FILE", help="Also write the code as a picture, for this account alone.")
@passphrase_option
@json_option
def enrol_terminal(
    *,
    folder: Path,
    terminal: str,
    profile: str,
    place: str,
    relying_party: str,
    site: str,
    kinds: tuple[str, ...],
    days: int,
    replace: bool,
    url: str,
    repository: str | None,
    repository_root: str | None,
    minutes: int,
    png: Path | None,
    passphrase_file: Path | None,
    as_json: bool,
) -> None:
    """Show a code that sets one terminal up: NAME is its name in the region. It is good once, and for an hour.

    Show it to nobody but that machine: whoever scans it first is that terminal.

    \b
    Example:
      liangzheng issuer enrol-terminal ./issuer hall-3-07 --profile kiosk --place 一楼3号自助机 \\
        --relying-party 幻境市政务服务中心 --kind id-card
      liangzheng terminal enrol ./kiosk --camera 0
    """
    from issuer import wiring
    from protocol.qr import drawing

    if (repository is None) is not (repository_root is None):
        raise click.UsageError("--repository and --repository-root go together")
    wish = Wish(
        terminal,
        place,
        relying_party,
        frozenset({PURPOSES[profile]}),
        frozenset(kinds) if kinds else None,
        days,
    )
    with wiring.open_issuer(folder, passphrase=config.passphrase(passphrase_file)) as issuer:
        at, life = wiring.now(), Seconds(minutes * MINUTE)
        several = None
        if repository is not None and repository_root is not None:
            several = RepositoryPlace(repository, _hash(repository_root), issuer.profile.region)
        text = issuer.enrolments.invite(
            wish, Place(PURPOSES[profile], site, several), url=url, replace=replace, life=life, actor=ACTOR, at=at
        )
    until = unixtime.iso_utc(UnixTime(at + life))
    matrix = drawing.modules(text)
    if png is not None:
        durable_files.write_atomically(png, drawing.png(matrix), mode=durable_files.PRIVATE)
    if as_json:
        print_json({"terminal": terminal, "code": text, "url": url, "until": until})
        return
    click.echo(drawing.half_blocks(matrix))
    click.echo(text)
    click.echo(
        f"Terminal {terminal}: good once, until {until}. On the machine: liangzheng terminal enrol DIR --camera 0"
    )


def _hash(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", ""))
    except ValueError:
        raise click.UsageError("--repository-root: 64 hexadecimal digits") from None
