"""Those who run the repository: make it, add, exchange and revoke keys, and say where everything stands.

Every change is one of the plan or of the pending root, kept durably before it is published; running `publish` again
after a crash finishes what was begun. One program writes a repository at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from protocol.unixtime import UnixTime
from revocation.repository import (
    ceremony,
    durable,
    key_files,
    metadata,
    plan,
    publication,
    published_state,
    releases,
)
from revocation.repository.errors import KeyFileUnusable, PlanRefused, StateUnreadable
from revocation.repository.key_files import MODERATE, Strength
from revocation.repository.keyring import Keyring
from revocation.repository.plan import ONLINE, Plan, Region
from revocation.repository.published_state import KEYS, PENDING, Current

ROOT_KEYS: Final = 3
ROOT_THRESHOLD: Final = 2

Ask = Callable[[Path], str]
"""Gives the passphrase of a key file, an old or a new one."""


@dataclass(frozen=True, slots=True)
class Making:
    """What making a key takes: randomness, a passphrase for its file, and what trying one passphrase shall cost."""

    ask: Ask
    random_bytes: Callable[[int], bytes]
    strength: Strength = MODERATE


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """A role as it is published.

    Attributes:
        usable_until: When it is late from; None for a role that is not published.
        keys: The files of its keys here, or the beginning of an id whose private half is elsewhere.
        threshold: How many of them must sign.
    """

    role: str
    version: int
    usable_until: UnixTime | None
    keys: tuple[str, ...]
    threshold: int
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """Where everything stands."""

    roles: tuple[RoleStatus, ...]
    root_ceremony: ceremony.RootCeremony | None
    pending: tuple[str, ...]
    root_sha256: str | None


def initialise(
    folder: Path,
    *,
    root_keys: Sequence[Key],
    threshold: int,
    days: Mapping[str, int],
    making: Making,
    at: UnixTime,
) -> ceremony.RootCeremony:
    """Makes a repository. Root keys that are not given are made here, to be carried away.

    Raises:
        CeremonyError: By its own reason.
    """
    with durable.alone(folder):
        if (folder / "trust.json").exists():
            raise PlanRefused(f"{folder} holds a repository already")
        given = list(root_keys) or [make_key(folder, f"root-{number}", making) for number in range(1, ROOT_KEYS + 1)]
        online = {role: make_key(folder, f"{role}-1", making) for role in ONLINE}
        whole = Plan(days={**plan.DEFAULT_DAYS, **days})
        root = ceremony.first_root(given, online, threshold=threshold, days=whole.days_of(Root.type), at=at)
        keyring = Keyring(folder / KEYS, ask=making.ask)
        keyring.sign(root, given, threshold=threshold)
        ceremony.keep_pending(folder, root, None)
        plan.write(folder, whole)
        return ceremony.standing(root, None)


def publish(
    folder: Path, *, ask: Ask, at: UnixTime, progress: publication.Progress = lambda _: None
) -> publication.Published:
    """Makes the published state follow the plan. Raises: as `publication.publish`."""
    with durable.alone(folder):
        return publication.publish(folder, plan.read(folder), Keyring(folder / KEYS, ask=ask), at=at, progress=progress)


def add_region(folder: Path, region: str, *, documents: Path | None, key: Key | None, making: Making) -> Key:
    """Puts a region into the plan, or another folder for one that is there. Gives the key that signs for it.

    Raises:
        PlanRefused: No region's code.
    """
    plan.check_region(region)
    with durable.alone(folder):
        whole = plan.read(folder)
        held = whole.regions.get(region)
        if held is not None and key is not None:
            raise PlanRefused(f"{region} has a key: exchange it with `rotate`, or revoke it")
        signs = held.keys[0] if held is not None else key or make_key(folder, free_name(folder, region), making)
        part = replace(held or Region((signs,)), folder=None if documents is None else documents.resolve())
        plan.write(folder, whole.with_region(region, part))
        return signs


def remove_region(folder: Path, region: str) -> None:
    """Takes a region out: nothing it signs counts from the next publication on. Raises: PlanRefused."""
    with durable.alone(folder):
        plan.write(folder, plan.read(folder).without_region(region))


def exchange_region_key(folder: Path, region: str, *, key: Key | None, revoke: bool, making: Making) -> Key:
    """Another key for one region; nobody else notices.

    Args:
        folder: The repository.
        region: Whose.
        key: The new key's public half, when its private half is kept elsewhere; made here if None.
        revoke: The old key counts no more, even when the new one has not signed yet.
        making: For a new key.

    Raises:
        PlanRefused: No such region.
    """
    with durable.alone(folder):
        whole = plan.read(folder)
        held = whole.region(region)
        new = key or make_key(folder, free_name(folder, region), making)
        revoked = (*held.revoked, *(old.keyid for old in held.keys)) if revoke else held.revoked
        plan.write(folder, whole.with_region(region, replace(held, keys=(new,), revoked=revoked)))
        return new


def exchange_online_key(folder: Path, role: str, *, making: Making, at: UnixTime) -> ceremony.RootCeremony:
    """A new key for timestamp, snapshot or targets: a root ceremony begins. Raises: PlanRefused."""
    if role not in ONLINE:
        raise PlanRefused(f"{role} is no role of the centre: {', '.join(ONLINE)} and root are")
    with durable.alone(folder):
        new = make_key(folder, free_name(folder, role), making)

        def change(root: Root) -> None:
            for keyid in list(root.roles[role].keyids):
                root.revoke_key(keyid, role)
            root.add_key(new, role)

        return _propose(folder, change, making, at)


def exchange_root_key(
    folder: Path, *, out: str | None, into: Key | None, making: Making, at: UnixTime
) -> ceremony.RootCeremony:
    """A root with another key in the place of one, or with the same keys and a new year.

    Args:
        folder: The repository.
        out: The beginning of the id of the key that goes, or the name of its file.
        into: The key that comes.
        making: For keys of the root that lie here, which sign at once.
        at: Now.

    Raises:
        PlanRefused: No such key, or one without the other.
    """
    if (out is None) != (into is None):
        raise PlanRefused("say which key goes and which one comes; neither renews the root with the keys it has")
    with durable.alone(folder):
        names = {keyid: path.stem for keyid, path in Keyring(folder / KEYS, ask=making.ask).files.items()}

        def change(root: Root) -> None:
            if out is None or into is None:
                return
            going = [each for each in root.roles[Root.type].keyids if each.startswith(out) or names.get(each) == out]
            if len(going) != 1:
                raise PlanRefused(f"{out} names {len(going)} keys of the root")
            root.revoke_key(going[0], Root.type)
            root.add_key(into, Root.type)

        return _propose(folder, change, making, at)


def status(folder: Path) -> Status:
    """Where everything stands. Needs no passphrase. Raises: StateUnreadable."""
    whole, state = plan.read(folder), published_state.current(folder)
    found = ceremony.waiting(folder)
    names = {keyid: path.name for keyid, path in Keyring(folder / KEYS, ask=_nobody).files.items()}
    return Status(
        tuple(_roles(whole, state, names)),
        None if found is None else ceremony.standing(*found),
        tuple(sorted(path.name for path in (folder / PENDING).glob("*.json") if not path.name.startswith("before-"))),
        published_state.first_root_sha256(folder),
    )


def _roles(whole: Plan, state: Current, names: Mapping[str, str]) -> list[RoleStatus]:
    root = state.root
    if root is None:
        return []
    signed: dict[str, Metadata[Root] | Metadata[Timestamp] | Metadata[Snapshot] | Metadata[Targets] | None] = {
        Root.type: root,
        Timestamp.type: state.timestamp,
        Snapshot.type: state.snapshot,
        Targets.type: state.roles.get(Targets.type),
    }
    found = []
    for role, each in signed.items():
        keys = tuple(names.get(keyid, keyid[:12]) for keyid in root.signed.roles[role].keyids)
        found.append(_status(role, each, keys, root.signed.roles[role].threshold, None))
    for region, part in sorted(whole.regions.items()):
        keys = tuple(names.get(key.keyid, key.keyid[:12]) for key in part.keys)
        found.append(_status(region, state.roles.get(region), keys, 1, part.folder))
    if whole.software is not None:
        keys = tuple(names.get(key.keyid, key.keyid[:12]) for key in whole.software.keys)
        found.append(_status(releases.ROLE, state.roles.get(releases.ROLE), keys, 1, None))
    return found


def _status(
    role: str,
    each: Metadata[Root] | Metadata[Timestamp] | Metadata[Snapshot] | Metadata[Targets] | None,
    keys: tuple[str, ...],
    threshold: int,
    folder: Path | None,
) -> RoleStatus:
    version = 0 if each is None else each.signed.version
    return RoleStatus(role, version, None if each is None else metadata.expires(each.signed), keys, threshold, folder)


def _propose(folder: Path, change: Callable[[Root], None], making: Making, at: UnixTime) -> ceremony.RootCeremony:
    """The new root, signed by whichever of its keys lie here."""
    ceremony.propose(folder, change, days=plan.read(folder).days_of(Root.type), at=at)
    found = ceremony.waiting(folder)
    if found is None:
        raise StateUnreadable("the pending root is gone")
    root, before = found
    keyring = Keyring(folder / KEYS, ask=making.ask)
    for each in (root, *(() if before is None else (before,))):
        role = each.signed.roles[Root.type]
        keyring.sign(root, [each.signed.keys[keyid] for keyid in role.keyids], threshold=role.threshold)
    ceremony.keep_pending(folder, root, before)
    return ceremony.standing(root, before)


def make_key(folder: Path, name: str, making: Making) -> Key:
    """A key in the repository's folder; gives its public half. Raises: KeyFileUnusable, PassphraseWrong."""
    path = folder / KEYS / f"{name}{key_files.PRIVATE}"
    return key_files.make(path, making.ask(path), random_bytes=making.random_bytes, strength=making.strength)


def free_name(folder: Path, role: str) -> str:
    """The next name for a key of this role."""
    number = 1
    while (folder / KEYS / f"{role}-{number}{key_files.PUBLIC}").exists():
        number += 1
    return f"{role}-{number}"


def _nobody(path: Path) -> str:
    raise KeyFileUnusable(f"{path} is not opened for this")
