"""A terminal is made: everything is fetched and checked first, and the settings that make the directory one come last.

Guaranteed: what fails leaves nothing behind in the directory. Not handled here: real clocks and randomness (`wiring`).
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from protocol.keys import VerificationKey
from protocol.labels import Purpose
from verifier_terminal import config, wiring
from verifier_terminal.config import TerminalSettings
from verifier_terminal.errors import AlreadyATerminal, DocumentRefused, NotATerminal
from verifier_terminal.store import trust_store
from verifier_terminal.sync import mirror as mirrors
from verifier_terminal.sync.mirror import Mirror
from verifier_terminal.sync.targets import RegionTargets
from verifier_terminal.upkeep import SyncReport

_TERMINAL_ID_BYTES: Final = 8


def initialise(
    directory: Path,
    *,
    trust: str,
    profile: str,
    name: str,
    root_sha256: str | None,
    site: str = "",
    first: Mirror | None = None,
    complete: Callable[[TerminalSettings], TerminalSettings] | None = None,
) -> tuple[TerminalSettings, SyncReport]:
    """Makes a terminal that knows one region: fetches everything first, and writes the settings last.

    Args:
        directory: New, or without a terminal in it.
        trust: Folder or address of the issuer's published files.
        profile: Word of the purpose.
        name: For people.
        root_sha256: Thumbprint that the root must have; None: the one that lies there is trusted as provisioned.
        site: Four characters by which short codes name this place; empty: none.
        first: Where everything is fetched from this once, such as a bundle on a stick; None: from `trust`.
        complete: Says what the settings are once everything is fetched and the key made; None: these.

    Raises:
        TerminalError: By its own reason; no terminal is left behind.
    """
    settings = _new_settings(directory, trust, profile, name, site)
    mirror = first or wiring.open_mirror(trust)
    root = config.load_root(mirrors.fetch_document(mirror, config.ROOT))
    if root_sha256 is not None:
        config.check_root(root, expected_sha256=root_sha256)
    with _new_directory(directory):
        return _set_up(directory, replace(settings, root_sha256=root.thumbprint.hex()), root, mirror, complete)


def initialise_from_repository(
    directory: Path,
    *,
    repository: str,
    region: str,
    profile: str,
    name: str,
    root_sha256: str,
    region_root_sha256: str | None = None,
    site: str = "",
    first: Mirror | None = None,
    complete: Callable[[TerminalSettings], TerminalSettings] | None = None,
) -> tuple[TerminalSettings, SyncReport]:
    """The same for a terminal that knows every region of a repository which its home region recognises.

    Args:
        directory: As above.
        repository: Its folder or address.
        region: The home region: whose policy counts here.
        profile: As above.
        name: As above.
        root_sha256: SHA-256 of `metadata/1.root.json`, as people agreed upon it.
        region_root_sha256: Thumbprint that the home region's root must have; None: the one that the repository says.
        site: As above.
        first: As above.
        complete: As above.

    Raises:
        TerminalError: By its own reason; no terminal is left behind.
    """
    # It reads trust metadata, and so imports python-tuf.
    from verifier_terminal.sync.repository_mirror import Repository  # noqa: PLC0415

    settings = _new_settings(directory, repository, profile, name, site)
    pinned = root_sha256.strip().lower().replace(":", "")
    with _new_directory(directory):
        mirror = first or wiring.open_mirror(repository)
        held = Repository(directory / wiring.METADATA, expected_sha256=pinned)
        held.set_up(mirror)
        metadata = held.refresh(mirror, at=wiring.now())
        if region not in metadata.regions:
            raise DocumentRefused(f"the repository has no region {region}; it has {', '.join(metadata.regions)}")
        targets = RegionTargets(mirror, metadata, region, held=lambda _: None)
        root = config.load_root(targets.fetch(config.ROOT, max_bytes=config.MAX_ROOT_BYTES))
        if region_root_sha256 is not None:
            config.check_root(root, expected_sha256=region_root_sha256)
        settings = replace(settings, region=region, root_sha256=root.thumbprint.hex(), repository_sha256=pinned)
        return _set_up(directory, settings, root, mirror, complete)


def _new_settings(directory: Path, trust: str, profile: str, name: str, site: str) -> TerminalSettings:
    if config.is_terminal(directory):
        raise AlreadyATerminal(str(directory))
    return TerminalSettings(
        terminal_id=wiring.random_bytes(_TERMINAL_ID_BYTES).hex(),
        name=name,
        profile=Purpose[profile.upper()].word,
        region="",
        trust=trust if trust.startswith(("http://", "https://")) else str(Path(trust).resolve()),
        root_sha256="",
        site=config.site_characters(site) if site else "",
    )


def _set_up(
    directory: Path,
    settings: TerminalSettings,
    root: VerificationKey,
    mirror: Mirror,
    complete: Callable[[TerminalSettings], TerminalSettings] | None = None,
) -> tuple[TerminalSettings, SyncReport]:
    """Fetches everything once; the settings come last."""
    session = wiring.make_session(directory, settings, root)
    try:
        report = session.sync(mirror)
        region = session.knowledge.trust.iss if session.knowledge else None
    finally:
        session.close()
    if region is None:
        raise _why_not(report)
    settings = replace(settings, region=region)
    wiring.identity_of(directory).signer()
    if complete is not None:
        settings = complete(settings)
    config.save(directory, settings, root)
    return settings, report


def _why_not(report: SyncReport) -> DocumentRefused:
    """The reason why trust list, catalogue and policy are not all there."""
    named = next((each for each in report.refused if each.name in trust_store.ROOT_SIGNED), None)
    return DocumentRefused(str(named.why) if named else "trust list, catalogue or policy is missing there")


@contextmanager
def _new_directory(directory: Path) -> Iterator[None]:
    """A directory from which everything is taken away again if the terminal is not made."""
    made = _make(directory)
    try:
        yield
    except BaseException:
        _unmake(directory, made)
        raise


def _make(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as failure:
        raise NotATerminal(f"{directory}: {failure.strerror}") from failure
    return not any(directory.iterdir())


def _unmake(directory: Path, made: bool) -> None:
    """Takes the half-made store away again; what lay there before is left alone."""
    if made:
        for left in directory.iterdir():
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()
