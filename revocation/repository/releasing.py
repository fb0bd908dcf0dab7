"""Those who release the terminals' software: put an archive into the repository, offer it to more, or withdraw it.

Each change is one of the plan; `authority.publish` signs it. The archive is copied at once under its hash, where
nothing leads to it before that. A stage only grows: whoever wants a release back withdraws it and makes another one.
"""

import os
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from securesystemslib.signer import Key

from protocol.unixtime import UnixTime
from revocation.repository import authority, durable, plan, published_state, release_targets, releases
from revocation.repository.authority import Making
from revocation.repository.errors import FolderUnusable, MalformedMetadata, PlanRefused
from revocation.repository.plan import Plan, Software
from revocation.repository.releases import Offer, Release

_PIECE_BYTES = 1_048_576


def measure(archive: Path) -> tuple[int, bytes]:
    """Size and SHA-256 of a file. Raises: PlanRefused."""
    digest, size = sha256(), 0
    try:
        with archive.open("rb") as opened:
            while piece := opened.read(_PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
    except OSError as failure:
        raise PlanRefused(f"{archive}: {failure.strerror}") from failure
    return size, digest.digest()


def add(folder: Path, archive: Path, release: Release, *, key: Key | None, making: Making) -> None:
    """Lists a release that is offered to nobody yet, or to whom it says.

    Args:
        folder: The repository.
        archive: What the release's size and hash were measured of.
        release: What is said of it.
        key: The public half of whoever signs for releases, when the first one is added; None makes a key here.
        making: For that key.

    Raises:
        PlanRefused: Its version is there already or not the newest of its platform; another key.
        FolderUnusable: The archive cannot be copied.
    """
    _check(release)
    with durable.alone(folder):
        whole = plan.read(folder)
        software = whole.software
        if software is None:
            made = key or authority.make_key(folder, authority.free_name(folder, releases.ROLE), making)
            software = Software((made,))
        elif key is not None:
            raise PlanRefused("there is a key for releases: exchange it with `rotate DIR releases`")
        newest = max(
            (each.version for each in software.listed.values() if each.platform == release.platform), default=None
        )
        if newest is not None and release.version <= newest:
            raise PlanRefused(f"{release.version} is not newer than {newest}, which is there for {release.platform}")
        if len(software.listed) >= releases.MAX_RELEASES:
            raise PlanRefused(f"{releases.MAX_RELEASES} releases are listed")
        _copy(archive, folder / published_state.PUBLISHED / release.file)
        plan.write(folder, _with(whole, software, release))


def stage(folder: Path, path: str, offer: Offer, *, ask_after: UnixTime | None) -> Release:
    """Offers a release to more terminals. Gives it as it is now listed.

    Raises:
        PlanRefused: No such release, a withdrawn one, or fewer terminals than before.
    """
    with durable.alone(folder):
        whole = plan.read(folder)
        software, held = _listed(whole, path)
        before = held.offer
        # A share of nobody has no place; one of all terminals shrinks with any region that is named.
        fewer_regions = offer.regions and not (before.regions and {*before.regions} <= {*offer.regions})
        shrinks = (
            offer.percent < before.percent
            or not {*before.terminals} <= {*offer.terminals}
            or (before.percent > 0 and fewer_regions)
        )
        if held.withdrawn is not None:
            raise PlanRefused(f"{held.version} is withdrawn: release another version")
        if shrinks:
            raise PlanRefused("fewer terminals than before: a stage only grows; `withdraw` takes a release back")
        staged = replace(held, offer=offer, ask_after=ask_after)
        _check(staged)
        plan.write(folder, _with(whole, software, staged))
        return staged


def withdraw(folder: Path, path: str, reason: str) -> Release:
    """Nobody goes to this release any more, and whoever did may go back. Raises: PlanRefused."""
    with durable.alone(folder):
        whole = plan.read(folder)
        software, held = _listed(whole, path)
        withdrawn = replace(held, withdrawn=reason)
        _check(withdrawn)
        plan.write(folder, _with(whole, software, withdrawn))
        return withdrawn


def exchange_key(folder: Path, *, key: Key | None, making: Making) -> Key:
    """Another key for releases; the old one counts no more, and nothing is offered before the new one has signed.

    Raises:
        PlanRefused: Nothing was ever released.
    """
    with durable.alone(folder):
        whole = plan.read(folder)
        if whole.software is None:
            raise PlanRefused("there is no key for releases: `trust release add` makes the first one")
        new = key or authority.make_key(folder, authority.free_name(folder, releases.ROLE), making)
        plan.write(folder, replace(whole, software=replace(whole.software, keys=(new,))))
        return new


def listed(folder: Path) -> tuple[Release, ...]:
    """Every release of the plan, the newest first. Raises: StateUnreadable."""
    software = plan.read(folder).software
    found = () if software is None else software.listed.values()
    return tuple(sorted(found, key=lambda each: (each.version, each.platform), reverse=True))


def path_of(folder: Path, version: str, platform: str | None) -> str:
    """The path of one release. Raises: PlanRefused: None, or several platforms, of which one must be said."""
    found = [each for each in listed(folder) if str(each.version) == version and platform in (None, each.platform)]
    if len(found) != 1:
        raise PlanRefused(f"{version} names {len(found)} releases; `trust release list` shows them")
    return found[0].path


def _check(release: Release) -> None:
    try:
        release_targets.to_target(release)
    except MalformedMetadata as wrong:
        raise PlanRefused(str(wrong)) from wrong


def _listed(whole: Plan, path: str) -> tuple[Software, Release]:
    if whole.software is None or path not in whole.software.listed:
        raise PlanRefused(f"{path} is no release of this repository")
    return whole.software, whole.software.listed[path]


def _with(whole: Plan, software: Software, release: Release) -> Plan:
    return replace(whole, software=replace(software, listed={**software.listed, release.path: release}))


def _copy(archive: Path, target: Path) -> None:
    temporary = target.with_name(f"{target.name}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open("rb") as source, temporary.open("wb") as copy:
            shutil.copyfileobj(source, copy, _PIECE_BYTES)
            copy.flush()
            os.fsync(copy.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as failure:
        raise FolderUnusable(f"{target}: {failure.strerror}") from failure
    finally:
        temporary.unlink(missing_ok=True)
