"""`liangzheng terminal receipt CHECK-NUMBER --pdf FILE`: a check's paper from the running terminal.

What a receipt vouches for is in the memory of the program that made the check (`terminal serve`) and nowhere else, so
this command asks that program's page on this machine, as a clerk's browser does, and cannot work without it.
"""

import http.client
import json
import os
import re
from pathlib import Path
from typing import Final

import click

from verifier_terminal.cli_parts import EXIT_USAGE, Failure

_SECONDS: Final = 20.0
_MOST_BYTES: Final = 4_194_304
_TOKEN: Final = re.compile(r'<meta name="csrf-token" content="([A-Za-z0-9_-]{32,128})">')
_HOST: Final = "127.0.0.1"


@click.command()
@click.argument("check_number", metavar="CHECK-NUMBER")
@click.option(
    "--pdf",
    "file",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it here.",
)
@click.option(
    "--reason", metavar="TEXT", help="申请事由; without it that of the request, or the usual one of the place."
)
@click.option("--values", is_flag=True, help="A note with values (加注件), where policy lets the case file have them.")
@click.option("--port", type=click.IntRange(1, 65_535), default=8471, show_default=True, help="Of the running page.")
def receipt(*, check_number: str, file: Path, reason: str | None, values: bool, port: int) -> None:
    """Write the paper about a check of the last ten minutes into a PDF file.

    It is a receipt, or what to do next after a refusal or a hold. `terminal serve` must be running on this machine:
    what was shown is in its memory alone. Anybody can verify the file with `liangzheng receipt verify`.

    \b
    Example:
      liangzheng terminal receipt 7K3-Q42 --pdf receipt.pdf --reason 换领驾驶证
    """
    from verifier_terminal import check_number as numbers

    wanted = {"reason": reason, "values": values}
    path = f"/api/v1/acts/{numbers.normalise(check_number)}/page?lang=en"
    try:
        status, _, page = _ask(port, "GET", "/", None, {})
        token = _TOKEN.search(page.decode("utf-8", "replace"))
        if status != 200 or token is None:
            raise Failure(f"what answers at port {port} is no terminal's page", EXIT_USAGE)
        headers = {"Content-Type": "application/json", "X-CSRF-Token": token[1], "Origin": f"http://{_HOST}:{port}"}
        status, kind, answer = _ask(port, "POST", path, json.dumps(wanted).encode(), headers)
    except (OSError, http.client.HTTPException) as failure:
        raise Failure(
            f"no terminal answers at port {port} ({type(failure).__name__}); what was shown is in the memory"
            " of `terminal serve` alone: run this while it runs, with its --port",
            EXIT_USAGE,
        ) from failure
    if status != 200 or kind != "application/pdf":
        raise Failure(_why(answer), 1)
    try:
        # It may hold values: for its owner alone, whatever the account's usual mode is.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(answer)
    except OSError as failure:
        raise Failure(f"{file}: {failure.strerror}", EXIT_USAGE) from failure
    click.echo(str(file))


def _ask(
    port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, str | None, bytes]:
    connection = http.client.HTTPConnection(_HOST, port, timeout=_SECONDS)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get_content_type(), answer.read(_MOST_BYTES)
    finally:
        connection.close()


def _why(answer: bytes) -> str:
    """The terminal's own words; never anything else that a stranger's program might have sent."""
    try:
        content = json.loads(answer)
        message = content["message"] if "message" in content else content["views"]["en"]["instruction"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "the terminal gave no answer that can be read"
    return "".join(each for each in str(message)[:300] if each.isprintable())
