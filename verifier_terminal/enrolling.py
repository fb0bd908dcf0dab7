"""A terminal and its operator: enrolled by one scanned code, and heard from then on.

1 the code is read · 2 everything is fetched from the operator's address, or from the repository of several regions that
the code names, and believed only under the roots that it names · 3 the terminal makes its key · 4 the key and the
code's token are proven; the answer proves where it is from · 5 the certificate is installed, and the settings are
written last. What fails before step 4 uses no token; an answer that is lost is asked for again. Not handled here: what
a certificate is worth (`certification`), sending (`reporting`).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import ClassVar, Final

from protocol import enrolment
from protocol.enrolment import Answer, Invitation
from protocol.errors import ProtocolError
from protocol.keys import Signer
from verifier_terminal import config, setting_up, wiring
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import FetchError, TerminalError
from verifier_terminal.heartbeats import Counting, Heartbeats
from verifier_terminal.reporting import Reporting
from verifier_terminal.session import Session
from verifier_terminal.sync import uplink
from verifier_terminal.sync.http_mirror import HttpMirror
from verifier_terminal.sync.posting import Poster
from verifier_terminal.sync.uplink import Posting, Uplink
from verifier_terminal.upkeep import SyncReport

_ASKED: Final = 3
"""An answer may be lost on its way; the operator gives the same key the same answer."""
_OK: Final = 200
_PATIENCE: Final = 5.0


class CodeUnreadable(TerminalError):
    """What was scanned or typed is no enrolment code."""

    meaning: ClassVar[str] = "this is no enrolment code"
    advice: ClassVar[str] = "scan the code that `liangzheng issuer enrol-terminal` shows, which begins with LT1:"


class EnrolmentRefused(TerminalError):
    """The operator's server certifies this terminal not."""

    meaning: ClassVar[str] = "the operator does not enrol this terminal"
    advice: ClassVar[str] = (
        "ask the operator for a new code; a code is for one machine, is over after an hour, and locked after five wrong"
        " requests"
    )


class AnswerNotOperators(TerminalError):
    """Whoever answered has not the token that the code carries."""

    meaning: ClassVar[str] = "the answer does not come from whoever made the code"
    advice: ClassVar[str] = "look at the network and the address in the code; nothing was set up"


class AddressUnusable(TerminalError):
    """Rows cannot be sent there."""

    meaning: ClassVar[str] = "this is no operator's address"
    advice: ClassVar[str] = "give http:// or https://, a host, and no slash at the end, as the region names it"


def read_code(text: str) -> Invitation:
    """Step 1. Raises: CodeUnreadable."""
    try:
        return enrolment.decode(text.strip("\r\n"))
    except ProtocolError as refusal:
        raise CodeUnreadable(str(refusal)) from refusal


def enrol(
    directory: Path, invitation: Invitation, *, open_poster: Callable[[str], Posting] = Poster
) -> tuple[TerminalSettings, SyncReport]:
    """Steps 2 to 5: a terminal in this directory, new or without one.

    Raises:
        EnrolmentRefused, AnswerNotOperators: The operator says no, or somebody else answered.
        TerminalError: By its own reason; no terminal is left behind.
    """

    def complete(settings: TerminalSettings) -> TerminalSettings:
        identity = wiring.identity_of(directory)
        said = ask(invitation, identity.signer(), open_poster(invitation.url))
        identity.install(said.certificate)
        return replace(settings, profile=said.purpose.word, name=said.name, site=said.site, operator=invitation.url)

    place, root = invitation.repository, invitation.root_sha256.hex()
    trust = f"{invitation.url}/published" if place is None else place.url
    with closing(HttpMirror(trust, monotonic=wiring.elapsed_seconds)) as mirror:
        if place is None:
            return setting_up.initialise(
                directory,
                trust=trust,
                profile=config.PROFILES[0],
                name="terminal",
                root_sha256=root,
                first=mirror,
                complete=complete,
            )
        return setting_up.initialise_from_repository(
            directory,
            repository=trust,
            region=place.region,
            profile=config.PROFILES[0],
            name="terminal",
            root_sha256=place.first_root_sha256.hex(),
            region_root_sha256=root,
            first=mirror,
            complete=complete,
        )


def ask(invitation: Invitation, signer: Signer, posting: Posting) -> Answer:
    """Step 4: what the operator answers to this key.

    Raises:
        EnrolmentRefused, AnswerNotOperators, FetchError: There is no answer to go on with.
    """
    request = enrolment.request(invitation.token, signer)
    failed: FetchError | None = None
    for _ in range(_ASKED):
        try:
            answered = posting.post("/api/v1/enrolments", request)
        except FetchError as failure:
            failed = failure
            continue
        if answered.status != _OK:
            raise EnrolmentRefused(uplink.read_error(answered) or f"status {answered.status}")
        try:
            return enrolment.read_answer(answered.content, token=invitation.token, key=signer.public_key)
        except ProtocolError as refusal:
            raise AnswerNotOperators(str(refusal)) from refusal
    assert failed is not None
    raise failed


def set_operator(directory: Path, address: str) -> TerminalSettings:
    """Sets where the terminal reports, for sessions that are opened from now on; empty: nowhere.

    Raises:
        AddressUnusable: It is none.
        TerminalError: There is no terminal here, or its settings cannot be written.
    """
    if address and not enrolment.is_address(address):
        raise AddressUnusable()
    settings, _ = config.load(directory)
    settings = replace(settings, operator=address)
    config.change(directory, settings)
    return settings


def heartbeats(session: Session, directory: Path, tally: Counting) -> Heartbeats:
    """How this terminal stands from now on, in numbers."""
    return Heartbeats(
        session.status,
        tally,
        rows_waiting=session.reports.waiting,
        free_bytes=lambda: shutil.disk_usage(directory).free,
        version=metadata.version("liangzheng"),
        elapsed_seconds=wiring.elapsed_seconds,
    )


@contextmanager
def reporting(session: Session, directory: Path, tally: Counting, tell: Callable[[str], None]) -> Iterator[None]:
    """Reports to the operator while the block runs, where the terminal has one."""
    if not session.settings.operator:
        yield
        return
    beats = heartbeats(session, directory, tally)
    reports = Reporting(
        session,
        Uplink(Poster(session.settings.operator)),
        beat=beats.make,
        elapsed_seconds=wiring.elapsed_seconds,
        jitter=wiring.jitter,
        tell=tell,
    )
    reports.start()
    try:
        yield
    finally:
        reports.stop(patience=_PATIENCE)
