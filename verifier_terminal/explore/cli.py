"""`liangzheng explore DIR`: looks at what a terminal keeps, in the browser, and changes nothing there."""

import getpass
from pathlib import Path

import click

from verifier_terminal.cli_parts import Failure, named_failures


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Of this machine; without it a free one.")
@named_failures
def cli(directory: Path, port: int) -> None:
    """Look at a terminal's directory in the browser: journal, checks, documents, every table. Read only.

    Nothing of the terminal is changed, so that it works on a copy, a backup, and beside a terminal that runs. What was
    looked at, when and by which user, is added to readings.jsonl in DIR; where nothing can be written, as on a
    protected stick, the pages say that it is not. The page is on this machine alone.
    """
    from verifier_terminal import config, wiring
    from verifier_terminal.explore.app import create_app
    from verifier_terminal.explore.readings import Readings
    from verifier_terminal.web import server

    settings, root = config.load(directory)
    readings = Readings(directory, by=getpass.getuser(), now=wiring.now)
    app = create_app(directory, settings, root, csrf_token=wiring.secret_token(), readings=readings)
    try:
        server.serve(app, server.LOOPBACK, port, stream_cap=0, ready=_say_address)
    except KeyboardInterrupt:
        click.echo("stopped")
    except OSError as failure:
        raise Failure(f"port {port} cannot be used ({failure.strerror}); choose another with --port", 1) from failure


def _say_address(port: int) -> None:
    click.echo(f"look at it here: http://127.0.0.1:{port}/")
