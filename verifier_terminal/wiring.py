"""The only file of the terminal that names the real clock, real randomness and the real directory."""

import secrets
import sqlite3
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from protocol import cbor
from protocol.keys import VerificationKey
from protocol.terminal_certificate import TerminalCertificate
from protocol.unixtime import UnixTime
from revocation.repository.releases import Version
from verifier_terminal import config, identity
from verifier_terminal.appraisal.appraise import appraise, appraise_bytes
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import CertificateUnusable, OutOfOrder, StoreDamaged
from verifier_terminal.identity import Identity
from verifier_terminal.passphrase import RFC_9106_LOW_MEMORY
from verifier_terminal.session import Session
from verifier_terminal.staff import settings as staff_settings
from verifier_terminal.staff.errors import StaffSettingsUnusable
from verifier_terminal.staff.files import StaffFiles
from verifier_terminal.store import anchored, schema
from verifier_terminal.store.store import DATABASE, Store
from verifier_terminal.sync import mirror as mirrors
from verifier_terminal.sync.http_mirror import HttpMirror
from verifier_terminal.sync.mirror import FolderMirror
from verifier_terminal.trusted_time import TrustedTime
from verifier_terminal.updates import launching

if TYPE_CHECKING:
    from verifier_terminal.faces.kiosk import Kiosk
    from verifier_terminal.handover import CounterDesk
    from verifier_terminal.signalling import Outputs, Signalling
    from verifier_terminal.sync.repository_mirror import Repository
    from verifier_terminal.updates.opening import OpenedUpdates
    from verifier_terminal.updates.standing import SoftwareStanding

METADATA = "metadata"
"""The folder of the trust metadata in a terminal's directory."""


def now() -> UnixTime:
    """The system's clock."""
    return UnixTime(int(time.time()))


def elapsed_seconds() -> float:
    """Seconds that only count, also while the machine sleeps where the system can tell."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


def jitter(seconds: float) -> float:
    """Between 80 and 120 % of this, so that terminals do not all ask in the same second after an outage."""
    return seconds * (0.8 + 0.4 * secrets.randbelow(1_000) / 1_000)


def spread(seconds: float) -> float:
    """Some moment between now and so many seconds, so that terminals that hear one hint do not all ask at once."""
    return seconds * secrets.randbelow(1_000) / 1_000


def random_bytes(count: int) -> bytes:
    """So many bytes from the system."""
    return secrets.token_bytes(count)


def secret_token() -> str:
    """A fresh secret: of one run of the page, or of one program of the counter."""
    return secrets.token_urlsafe(32)


def open_mirror(location: str) -> HttpMirror | FolderMirror:
    """The mirror at a folder or address. Raises: FetchError."""
    return mirrors.open_mirror(location, monotonic=time.monotonic)


@contextmanager
def open_session(directory: Path) -> Iterator[Session]:
    """The terminal in this directory.

    Raises:
        TerminalError: It holds none, or it cannot be used.
    """
    settings, root = config.load(directory)
    session = make_session(directory, settings, root)
    try:
        yield session
    finally:
        session.close()


def kiosk(session: Session, directory: Path, print_slip: Callable[[str], None] | None = None) -> "Kiosk":
    """The face of a place that nobody attends, with a printer or without."""
    from verifier_terminal.faces import service
    from verifier_terminal.faces.kiosk import Kiosk

    return Kiosk(
        session, elapsed_seconds=elapsed_seconds, service=lambda: service.read(directory), print_slip=print_slip
    )


def counter_desk(session: Session, directory: Path) -> "CounterDesk":
    """What the counter's programs may fetch from the terminal here, from now on."""
    from verifier_terminal import handover

    return handover.open_desk(session, directory, run=secrets.token_hex(8), elapsed_seconds=elapsed_seconds)


def signalling(session: Session, directory: Path, outputs: "Outputs") -> "Signalling":
    """Lamps, display and lock of the terminal here, listening to its session."""
    from verifier_terminal.faces import service
    from verifier_terminal.signalling import Signalling

    made = Signalling(
        outputs,
        purpose=session.settings.purpose,
        in_service=lambda: service.read(directory) is None,
        tell=session.hear,
        elapsed_seconds=elapsed_seconds,
    )
    session.listen(made)
    return made


def identity_of(directory: Path) -> Identity:
    """Key and certificate of the terminal here, which may be in the making."""
    return Identity(directory, random_bytes=secrets.token_bytes)


def terminal_key(directory: Path) -> tuple[TerminalSettings, str]:
    """The settings, and the terminal's public key as base64url of its COSE_Key; made now if there is none.

    Raises:
        TerminalError: There is no terminal here, or its key cannot be used.
    """
    settings, _ = config.load(directory)
    key = Identity(directory, random_bytes=secrets.token_bytes).signer().public_key
    return settings, urlsafe_b64encode(cbor.encode(key.cose_key)).rstrip(b"=").decode()


def install_certificate(directory: Path, file: Path) -> TerminalCertificate:
    """Checks a certificate against key, trust list, clock and purpose, and installs it.

    Raises:
        CertificateUnusable: It is not good here and now; what was installed before stays.
        TerminalError: There is no terminal here, or it cannot be used.
    """
    encoded = read_certificate(file)
    with open_session(directory) as session:
        return session.install_certificate(encoded)


def read_certificate(file: Path) -> bytes:
    """A certificate's bytes, unverified. Raises: CertificateUnusable."""
    try:
        with file.open("rb") as opened:
            return opened.read(identity.MAX_CERTIFICATE_BYTES + 1)
    except OSError as failure:
        raise CertificateUnusable(f"{file}: {failure.strerror}") from failure


def add_staff(session: Session, number: str, passphrase: str, *, to: Path | None) -> tuple[str, Path]:
    """A new key for this person: its public part as base64url of its COSE_Key, and where the file is.

    Raises:
        StaffError, OutOfOrder: As `Roster.add`.
    """
    made, path = session.shift.roster.add(
        number, passphrase, cost=RFC_9106_LOW_MEMORY, random_bytes=secrets.token_bytes, to=to
    )
    return urlsafe_b64encode(cbor.encode(made.public_key.cose_key)).rstrip(b"=").decode(), path


def why_not_anchored(directory: Path, *, position: int, head: bytes, at: UnixTime) -> str | None:
    """Why the journal of the terminal here does not have the row that a receipt names; None: it has. Changes nothing.

    Raises:
        TerminalError: There is no terminal here, or its journal cannot be read.
    """
    settings, _ = config.load(directory)
    return anchored.why_not(directory, terminal_id=settings.terminal_id, position=position, head=head, at=at)


def site_of(directory: Path) -> TerminalSettings:
    """The settings of the terminal here. Raises: TerminalError."""
    return config.load(directory)[0]


def set_site(directory: Path, site: str) -> TerminalSettings:
    """Sets the site, for sessions that are opened from now on; empty takes it away.

    Raises:
        SiteUnusable: These are no site's four characters.
        TerminalError: There is no terminal here, or its settings cannot be written.
    """
    settings, _ = config.load(directory)
    settings = replace(settings, site=config.site_characters(site) if site else "")
    config.change(directory, settings)
    return settings


def running_version() -> Version:
    """The version of this program."""
    return Version.parse(metadata.version("liangzheng"))


def software(directory: Path) -> "SoftwareStanding":
    """How the software of the terminal here stands. Raises: TerminalError."""
    from verifier_terminal.updates import standing

    config.load(directory)
    # Brings the database to this version, and says what is wrong with it.
    schema.open_database(directory / DATABASE).close()
    try:
        return standing.of(directory, running_version(), at=now())
    except sqlite3.Error as failure:
        raise StoreDamaged(f"{DATABASE}: {failure}") from failure


def note_healthy(directory: Path) -> None:
    """This version's page is up at the terminal here."""
    # A full disk is said elsewhere; a version that works is not to end for it.
    with suppress(OSError):
        launching.note_healthy(directory, str(running_version()))


@contextmanager
def open_updates(directory: Path, program: Path) -> "Iterator[OpenedUpdates]":
    """The software of the terminal here, as of now; nobody else works on it meanwhile. Raises: TerminalError."""
    from verifier_terminal.updates import opening

    with ExitStack() as opened:
        with open_session(directory) as session:
            settings, clock = session.settings, session.status().clock
        opened.enter_context(opening.alone(program))
        store = Store(directory, terminal_id=settings.terminal_id, random_bytes=secrets.token_bytes)
        opened.callback(store.close)
        yield opening.of(
            directory,
            program,
            settings,
            store,
            running=running_version(),
            at=clock.at,
            clock_plausible=clock.plausible,
            open_mirror=open_mirror,
        )


def entries_for_peer(directory: Path) -> tuple[str, dict[str, bytes]]:
    """The home region, and what the terminal here can hand to another one (`peer_export`).

    Raises:
        BundleError: It holds nothing that could be handed on.
        TerminalError: There is no terminal here, or its store cannot be used.
    """
    # It reads trust metadata, and so imports python-tuf.
    from verifier_terminal import peer_export

    settings, root = config.load(directory)
    store = Store(directory, terminal_id=settings.terminal_id, random_bytes=secrets.token_bytes)
    try:
        folder = directory / METADATA
        return settings.region, peer_export.entries(store, root, home=settings.region, metadata_folder=folder)
    finally:
        store.close()


def make_session(directory: Path, settings: TerminalSettings, root: VerificationKey) -> Session:
    store = Store(directory, terminal_id=settings.terminal_id, random_bytes=secrets.token_bytes)
    try:
        return Session(
            settings,
            root,
            store,
            identity=Identity(directory, random_bytes=secrets.token_bytes),
            appraise=appraise,
            appraise_bytes=appraise_bytes,
            time=TrustedTime(now=now, elapsed_seconds=elapsed_seconds),
            elapsed_seconds=elapsed_seconds,
            random_bytes=secrets.token_bytes,
            repository=_repository(directory, settings),
            open_mirror=open_mirror,
            jitter=jitter,
            staff=StaffFiles(directory, staff_settings.load(directory)),
        )
    except (OutOfOrder, StaffSettingsUnusable):
        store.close()
        raise


def _repository(directory: Path, settings: TerminalSettings) -> "Repository | None":
    if not settings.repository_sha256:
        return None
    # python-tuf takes a quarter of a second to import, and most commands of most terminals never need it.
    from verifier_terminal.sync.repository_mirror import Repository

    return Repository(directory / METADATA, expected_sha256=settings.repository_sha256)
