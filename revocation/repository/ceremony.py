"""Root ceremonies: a new root waits in a file, travels to its keys' keepers, and collects their signatures.

The file is the metadata itself, so that nothing is signed but what will be published; the root before it lies beside,
so that an offline machine can say what changes and whose signature is still missing. Two thresholds count: of the root
before, and of the new one (TUF 5.3.4). Changing a pending root drops the signatures that it had.
"""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from securesystemslib.signer import CryptoSigner, Key
from tuf.api.metadata import TOP_LEVEL_ROLE_NAMES, Metadata, Root, RootVerificationResult, Targets

from protocol.unixtime import UnixTime
from revocation.repository import durable, metadata, published_state
from revocation.repository.errors import KeyFileUnusable, MetadataRefused, PlanRefused, StateUnreadable
from revocation.repository.published_state import PENDING

MIN_ROOT_THRESHOLD: Final = 2
"""One stolen key must not be the whole country's root."""


@dataclass(frozen=True, slots=True)
class RootCeremony:
    """Where a pending root stands.

    Attributes:
        version: The number of the new root.
        changes: What it changes against the root that lies beside it, in words.
        keys: Every key of every role in it: whoever forged the root beside it cannot hide one here.
        signed: Ids of the keys that have signed.
        missing_before: Signatures that the root before still asks for.
        missing_after: Those that the new root itself asks for.
        may_sign: Ids of the keys that may and have not.
    """

    version: int
    changes: tuple[str, ...]
    keys: tuple[str, ...]
    signed: tuple[str, ...]
    missing_before: int
    missing_after: int
    may_sign: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether it may be published."""
        return not self.missing_before and not self.missing_after


def first_root(
    root_keys: Sequence[Key], online: dict[str, Key], *, threshold: int, days: int, at: UnixTime
) -> Metadata[Root]:
    """Root 1, unsigned. Raises: PlanRefused."""
    if not MIN_ROOT_THRESHOLD <= threshold <= len({key.keyid for key in root_keys}):
        raise PlanRefused(f"{threshold} of {len(root_keys)} keys: at least {MIN_ROOT_THRESHOLD} must sign")
    root = Root(version=1, expires=moment(at, days), consistent_snapshot=True)
    for key in root_keys:
        root.add_key(key, Root.type)
    root.roles[Root.type].threshold = threshold
    for role, key in online.items():
        root.add_key(key, role)
    return Metadata(root)


def propose(folder: Path, change: Callable[[Root], None], *, days: int, at: UnixTime) -> Metadata[Root]:
    """Puts a new root into the pending folder, or changes the one that waits there.

    Raises:
        PlanRefused: Nothing has been published yet, or the change leaves a role without keys.
    """
    before = published_state.newest_root(folder / published_state.PUBLISHED)
    if before is None:
        raise PlanRefused("the first root is not published yet: finish its ceremony before")
    version = before.signed.version + 1
    waiting = published_state.pending(folder, Root, version, Root.type)
    new = Metadata(deepcopy(before.signed if waiting is None else waiting.signed))
    change(new.signed)
    new.signed.version, new.signed.expires = version, moment(at, days)
    for role in new.signed.roles.values():
        if len(role.keyids) < role.threshold:
            raise PlanRefused("a role would have fewer keys than must sign")
    keep_pending(folder, new, before)
    return new


def keep_pending(folder: Path, root: Metadata[Root], before: Metadata[Root] | None) -> Path:
    """Writes a pending root, and the one before it beside. Raises: FolderUnusable."""
    if before is not None:
        durable.write(folder / PENDING / f"before-{before.signed.version}.root.json", before.to_bytes())
    path = folder / PENDING / f"{root.signed.version}.{Root.type}.json"
    durable.write(path, root.to_bytes())
    return path


def sign(path: Path, signer: CryptoSigner) -> RootCeremony:
    """Adds one key's signature to a pending root. Signing twice changes nothing.

    Raises:
        KeyFileUnusable: This key signs neither for the root before nor for the new one.
        StateUnreadable: The file, or the root before, is missing or is none.
    """
    root, before = read(path)
    keyid = signer.public_key.keyid
    if keyid not in {*_root_keys(root.signed), *(_root_keys(before.signed) if before is not None else ())}:
        raise KeyFileUnusable("this key signs neither for the root before nor for the new one")
    if keyid not in standing(root, before).signed:
        root.sign(signer, append=True)
        durable.write(path, root.to_bytes())
    return standing(root, before)


def sign_role(path: Path, signer: CryptoSigner) -> tuple[str, ...]:
    """Adds one key's signature to a region's or the centre's pending role; gives the ids of all that signed.

    Whether these keys may sign for it is found when it is published, against the plan.

    Raises:
        StateUnreadable: The file is missing, or no such metadata.
    """
    role = _role(path)
    role.sign(signer, append=True)
    durable.write(path, role.to_bytes())
    return tuple(role.signatures)


def role_in_words(path: Path) -> tuple[str, ...]:
    """What a pending role says, for whoever is about to sign it. Raises: StateUnreadable."""
    role = _role(path).signed
    delegations = None if role.delegations is None else role.delegations.roles
    said = [f"version {role.version}, good until {role.expires:%Y-%m-%d}"]
    for name, target in sorted(role.targets.items()):
        said.append(f"{name}: SHA-256 {target.hashes['sha256']}")
        if target.custom:
            said.append(f"    {json.dumps(target.custom, sort_keys=True)}")
    said += [f"delegates {each.name} to {', '.join(each.keyids)}" for each in (delegations or {}).values()]
    return tuple(said)


def read(path: Path) -> tuple[Metadata[Root], Metadata[Root] | None]:
    """A pending root, and the one before it. Raises: StateUnreadable."""
    try:
        root = metadata.parse(path.read_bytes(), Root)
        beside = path.parent / f"before-{root.signed.version - 1}.root.json"
        before = None if root.signed.version == 1 else metadata.parse(beside.read_bytes(), Root)
    except OSError as failure:
        raise StateUnreadable(f"{failure.filename}: {failure.strerror}") from failure
    except MetadataRefused as wrong:
        raise StateUnreadable(f"{path}: {wrong}") from wrong
    return root, before


def standing(root: Metadata[Root], before: Metadata[Root] | None) -> RootCeremony:
    """Where a pending root stands."""
    result = _result(root, before)
    return RootCeremony(
        root.signed.version,
        tuple(_changes(root.signed, None if before is None else before.signed)),
        tuple(f"{name}: {', '.join(role.keyids)}" for name, role in sorted(root.signed.roles.items())),
        tuple(sorted(result.signed)),
        result.first.missing,
        result.second.missing,
        tuple(sorted(set(result.unsigned) - set(result.signed))),
    )


def waiting(folder: Path) -> tuple[Metadata[Root], Metadata[Root] | None] | None:
    """The pending root of this repository, and the published one before it; None where no ceremony waits."""
    before = published_state.newest_root(folder / published_state.PUBLISHED)
    version = 1 if before is None else before.signed.version + 1
    root = published_state.pending(folder, Root, version, Root.type)
    return None if root is None else (root, before)


def moment(at: UnixTime, days: int) -> datetime:
    """So many days after this moment."""
    return datetime.fromtimestamp(at, UTC) + timedelta(days=days)


def _role(path: Path) -> Metadata[Targets]:
    try:
        return metadata.parse(path.read_bytes(), Targets)
    except OSError as failure:
        raise StateUnreadable(f"{path}: {failure.strerror}") from failure
    except MetadataRefused as wrong:
        raise StateUnreadable(f"{path}: {wrong}") from wrong


def _result(root: Metadata[Root], before: Metadata[Root] | None) -> RootVerificationResult:
    previous = None if before is None else before.signed
    return root.signed.get_root_verification_result(previous, root.signed_bytes, root.signatures)


def _root_keys(root: Root) -> list[str]:
    return root.roles[Root.type].keyids


def _changes(root: Root, before: Root | None) -> list[str]:
    said = []
    for name in sorted(TOP_LEVEL_ROLE_NAMES):
        new, old = root.roles[name], None if before is None else before.roles[name]
        old_ids = [] if old is None else old.keyids
        said += [f"{name}: key {keyid[:12]} comes" for keyid in new.keyids if keyid not in old_ids]
        said += [f"{name}: key {keyid[:12]} goes" for keyid in old_ids if keyid not in new.keyids]
        if old is None or old.threshold != new.threshold:
            said.append(f"{name}: {new.threshold} of {len(new.keyids)} must sign")
    return [*said, f"good until {root.expires:%Y-%m-%d}"]
