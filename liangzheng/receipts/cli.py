"""`liangzheng receipt …`: verify a receipt of a terminal against what a region publishes.

Exit codes of `verify`: 0 both signatures hold, 1 refused, 2 wrong use, or nothing to verify it with.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from liangzheng import wiring
from liangzheng.errors import CommandError
from liangzheng.printable import printable
from liangzheng.receipts import published, stated, words
from protocol import limits, receipt, receipt_in_pdf, unixtime
from protocol.errors import ProtocolError
from protocol.labels import PREFIX_RECEIPT
from protocol.qr import envelope
from protocol.receipt import ClaimsMac, VerifiedReceipt

_MEANINGS: Final = {
    "E_ISSUER_UNKNOWN": "no key for terminals in this trust list certified this terminal",
    "E_ISSUER_EXPIRED": "the region's key had ended, or is no longer relied upon",
    "E_SIG_ISSUER": "a signature does not fit: something was changed, or another key signed",
    "E_TIME_ORDER": "its moments contradict one another, or lie ahead of this machine's clock",
    "E_SIZE": "it is larger than any receipt",
}
_OTHERWISE: Final = "it is not a receipt as docs/spec/receipt.md describes it"


class _Unusable(click.ClickException):
    """A named failure: nothing was verified."""

    exit_code = 2


class _CopyDiffers(Exception):
    """The holder's copy does not belong to this receipt."""


class _JournalDiffers(Exception):
    """The journal does not have the receipt's row."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Receipts: what a terminal checked, when, why and with which verdict."""


@cli.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--trust",
    required=True,
    metavar="FOLDER|FILE",
    type=click.Path(path_type=Path),
    help="A region's published files, or its trust.cbor with root.cbor beside it.",
)
@click.option(
    "--root", "root_sha256", metavar="SHA256", help="Thumbprint of the region's root; a single file needs it."
)
@click.option("--copy", "copy_file", metavar="FILE", type=click.Path(path_type=Path), help="The holder's copy.")
@click.option(
    "--journal", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="The terminal's directory."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def verify(
    *, file: Path, trust: Path, root_sha256: str | None, copy_file: Path | None, journal: Path | None, as_json: bool
) -> None:
    """Verify the receipt in FILE. Exit: 0 both signatures hold, 1 refused, 2 nothing to verify it with.

    FILE may also be the PDF page of a receipt, or hold the text of a printed slip's code. A receipt is signed by the
    terminal that gave the verdict; it says what was checked and never what the items said. What a page says in words
    was signed by nobody: what is printed here is. Anchored means that the terminal's journal has the receipt's
    row, in a chain that nobody broke; without --journal nobody has looked, and the answer is "not anchored".
    """
    try:
        source = published.load(trust, root_sha256=root_sha256)
        # One byte more than a receipt has is enough to refuse it by its own reason.
        encoded = published.content_of(file, max_bytes=limits.MAX_DOCUMENT_BYTES)
        copy_bytes = None if copy_file is None else published.content_of(copy_file, max_bytes=limits.MAX_DOCUMENT_BYTES)
    except CommandError as failure:
        raise _Unusable(printable(str(failure))) from failure
    at = wiring.now()
    about = _about(source, late=at > source.trust.exp)
    try:
        encoded = _as_bytes(encoded)
        found = receipt.verify(encoded, terminal_keys=source.trust.anchors, at=at)
        if copy_bytes is not None:
            _check_copy(found, encoded, copy_bytes)
        if journal is not None:
            _check_journal(found, journal)
    except ProtocolError as refused:
        _refuse(refused.code, _MEANINGS.get(refused.code, _OTHERWISE), str(refused), about, as_json=as_json)
    except _CopyDiffers as differs:
        _refuse("COPY_DIFFERS", "the receipt holds, and the copy is not its copy", str(differs), about, as_json=as_json)
    except _JournalDiffers as differs:
        meaning = "the signatures hold, and this journal does not have its row"
        _refuse("JOURNAL_DIFFERS", meaning, str(differs), about, as_json=as_json)
    anchored = journal is not None
    if as_json:
        said: dict[str, Any] = {"verified": True, "anchored": anchored, "code": None, "trust": about}
        _print_json({**said, "copy": copy_bytes is not None, "receipt": stated.receipt_values(found)})
        return
    stand = "anchored" if anchored else "not anchored"
    click.echo(click.style("VERIFIED", fg="green", bold=True) + f", {stand}: the certified terminal stated this.")
    for label, text in words.lines(found, kinds=source.kinds, anchored=anchored):
        click.echo(f"{label:>14}  {printable(text)}")
    if copy_bytes is not None:
        click.echo(f"{'copy':>14}  it belongs to this receipt")
    _say_trust(about)


def _as_bytes(content: bytes) -> bytes:
    """A receipt from a file of bytes, from a PDF page, or from the text of a slip's code. Raises: ProtocolError."""
    if content.startswith(receipt_in_pdf.MAGIC):
        return receipt_in_pdf.found(content)
    if not content.startswith(PREFIX_RECEIPT.encode()):
        return content
    text = content.decode("ascii", "replace").removesuffix("\n").removesuffix("\r")
    return envelope.unwrap(text, expected_prefix=PREFIX_RECEIPT)


def _check_copy(found: VerifiedReceipt, encoded: bytes, copy_bytes: bytes) -> None:
    """Return if it is this receipt's copy. Raises: _CopyDiffers."""
    try:
        copy = receipt.decode_copy(copy_bytes)
    except ProtocolError as refused:
        raise _CopyDiffers(f"it is no holder's copy ({refused.code}: {refused})") from refused
    if copy.receipt != encoded:
        raise _CopyDiffers("it holds another receipt")
    needs_key = [isinstance(each.commitment, ClaimsMac) for each in found.receipt.shown]
    if needs_key != [key is not None for key in copy.claims_keys]:
        raise _CopyDiffers("its keys are not one for each licence that needs one")


def _check_journal(found: VerifiedReceipt, directory: Path) -> None:
    """Return if the journal in this directory has the receipt's row.

    Raises:
        _JournalDiffers: It has not.
        _Unusable: There is none that can be read.
    """
    from verifier_terminal import wiring as terminal
    from verifier_terminal.errors import TerminalError

    stated = found.receipt
    try:
        why_not = terminal.why_not_anchored(
            directory, position=stated.journal_position, head=stated.journal_head, at=stated.iat
        )
    except TerminalError as failure:
        raise _Unusable(printable(str(failure))) from failure
    if why_not is not None:
        raise _JournalDiffers(why_not)


def _about(source: published.Published, *, late: bool) -> dict[str, Any]:
    return {
        "region": source.trust.iss,
        "seq": source.trust.seq,
        "ends": unixtime.iso_utc(source.trust.exp),
        "late": late,
        "root_sha256": source.root.thumbprint.hex(),
        "root_compared": source.is_pinned,
        "terminal_keys": source.terminal_keys,
    }


def _refuse(code: str, meaning: str, detail: str, about: dict[str, Any], *, as_json: bool) -> NoReturn:
    if as_json:
        _print_json({"verified": False, "anchored": False, "code": code, "detail": detail, "trust": about})
    else:
        click.echo(f"{click.style('REFUSED', fg='red', bold=True)} {code}: {meaning}.")
        click.echo(f"{'detail':>14}  {printable(detail)}")
        click.echo(f"{'what to do':>14}  rely on nothing in it; ask the office named on it for the original")
        _say_trust(about)
    sys.exit(1)


def _say_trust(about: dict[str, Any]) -> None:
    compared = "compared with --root" if about["root_compared"] else "not compared: give --root SHA256"
    click.echo(f"{'trust':>14}  region {printable(about['region'])}, root SHA-256 {about['root_sha256']} ({compared})")
    if about["terminal_keys"] == 0:
        click.echo(f"{'':>14}  this trust list names no key for terminals, so it can vouch for no receipt")
    if about["late"]:
        click.echo(f"{'':>14}  this trust list ended at {about['ends']}; get a newer one, keys may have been withdrawn")


def _print_json(value: object) -> None:
    """One line, escaped: nothing in a receipt may steer a terminal."""
    click.echo(json.dumps(value, ensure_ascii=True))
