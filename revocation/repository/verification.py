"""The checks of a TUF client, one function for each file: what is trusted and new bytes in, verified metadata out.

They follow the specification's detailed client workflow (TUF 1.0.31, sections 5.3 to 5.6) but for expiry, which is
nobody's reason to refuse here: it is a grade (`trusted.TrustMetadata.late_since`). No I/O and no clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from revocation.repository import metadata
from revocation.repository.delegations import Step
from revocation.repository.errors import PinnedRootDiffers, RolledBack, Unlisted, WrongBytes, WrongVersion


@dataclass(frozen=True, slots=True)
class Mark:
    """A version that was seen, and whose signatures stood below it."""

    version: int
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """The highest versions that were ever verified: nothing older is taken again.

    They rise as soon as a file is verified, also when the rest of its state then cannot be had.
    """

    timestamp: Mark | None = None
    snapshot: Mark | None = None
    """The version that the timestamp named; the signers of the last snapshot that was verified."""
    roles: Mapping[str, int] = field(default_factory=dict)

    def after(self, root: Root) -> "Marks":
        """What of them is binding under a new root (5.3.11): nothing, when whoever signed them may sign no more.

        Otherwise somebody who stole a key and named the highest version there is would have stopped every later state.
        """
        for role, mark in ((Timestamp.type, self.timestamp), (Snapshot.type, self.snapshot)):
            allowed = root.roles[role]
            if mark is not None and mark.signers and len({*mark.signers} & {*allowed.keyids}) < allowed.threshold:
                return Marks()
        return self


def first_root(content: bytes) -> Metadata[Root]:
    """The root that a folder starts from; its bytes were compared with what was agreed upon.

    Raises:
        MetadataRefused: It does not even fulfil itself.
    """
    root = metadata.parse(content, Root)
    metadata.check_signed(root.signed, Root.type, root)
    return root


def next_root(root: Root, content: bytes) -> Metadata[Root]:
    """The root after this one: signed by the old keys and by its own, and numbered one higher (5.3.4, 5.3.5).

    Raises:
        MetadataRefused: By its own reason.
    """
    new = metadata.parse(content, Root)
    metadata.check_signed(root, Root.type, new)
    metadata.check_signed(new.signed, Root.type, new)
    if new.signed.version != root.version + 1:
        raise WrongVersion(f"root {root.version + 1} is expected, and {new.signed.version} stands here")
    return new


def timestamp(root: Root, content: bytes, marks: Marks) -> tuple[Timestamp, Marks]:
    """A timestamp that is not older than what was seen (5.4.2, 5.4.3), and the marks with it.

    Raises:
        MetadataRefused: By its own reason.
    """
    new = signed_timestamp(root, content)
    version, named = new.signed.version, new.signed.snapshot_meta.version
    if marks.timestamp is not None and marks.snapshot is not None:
        if version < marks.timestamp.version:
            raise RolledBack(f"timestamp {version}, and {marks.timestamp.version} was seen")
        if named < marks.snapshot.version:
            raise RolledBack(f"snapshot {named} is named, and {marks.snapshot.version} was")
        if version == marks.timestamp.version and named != marks.snapshot.version:
            raise RolledBack(f"two timestamps {version} that name two snapshots")
    held = () if marks.snapshot is None else marks.snapshot.signers
    return new.signed, Marks(_mark(root, Timestamp.type, new), Mark(named, held), marks.roles)


def signed_timestamp(root: Root, content: bytes) -> Metadata[Timestamp]:
    """A timestamp by the keys of this root, of whatever version (5.4.2). Raises: MetadataRefused."""
    new = metadata.parse(content, Timestamp)
    metadata.check_signed(root, Timestamp.type, new)
    return new


def snapshot(root: Root, content: bytes, *, named: MetaFile, marks: Marks) -> tuple[Snapshot, Marks]:
    """The snapshot that a timestamp names (5.5.2 to 5.5.5): no role that was listed is missing or older.

    Raises:
        MetadataRefused: By its own reason.
    """
    check_bytes(content, named, Snapshot.type)
    new = metadata.parse(content, Snapshot)
    metadata.check_signed(root, Snapshot.type, new)
    _check_version(new.signed.version, named, Snapshot.type)
    for name, version in marks.roles.items():
        listed = new.signed.meta.get(name)
        if listed is None:
            raise RolledBack(f"{name} was listed, and is no more")
        if listed.version < version:
            raise RolledBack(f"{name}: version {listed.version}, and {version} was listed")
    versions = {name: each.version for name, each in new.signed.meta.items()}
    return new.signed, Marks(marks.timestamp, _mark(root, Snapshot.type, new), versions)


def role(delegator: Root | Targets, step: Step, content: bytes, *, listed: MetaFile) -> Targets:
    """The targets of a role as the snapshot lists it, signed as its delegator says (5.6.2 to 5.6.4).

    Raises:
        MetadataRefused: By its own reason.
    """
    check_bytes(content, listed, step.role)
    new = metadata.parse(content, Targets)
    metadata.check_signed(delegator, step.role, new)
    _check_version(new.signed.version, listed, step.role)
    return new.signed


def listed_in(state: Snapshot, name: str) -> MetaFile:
    """What a snapshot says of a role. Raises: Unlisted."""
    listed = state.meta.get(f"{name}.json")
    if listed is None:
        raise Unlisted(f"{name} is delegated to, and not part of snapshot {state.version}")
    return listed


def check_bytes(content: bytes, named: MetaFile, name: str) -> None:
    """The length and hashes that were signed, where any were. Raises: WrongBytes."""
    try:
        named.verify_length_and_hashes(content)
    except LengthOrHashMismatchError as wrong:
        raise WrongBytes(f"{name}: {wrong}") from wrong


def check_pinned(digest: str, *, expected: str) -> None:
    """The first root is the one that people agreed upon. Raises: PinnedRootDiffers."""
    if digest != expected.lower():
        raise PinnedRootDiffers(f"the first root has the SHA-256 {digest}, and {expected.lower()} was expected")


def _check_version(found: int, named: MetaFile, name: str) -> None:
    if found != named.version:
        raise WrongVersion(f"{name} {named.version} belongs to this state, and {found} stands here")


def _mark(root: Root, name: str, new: Metadata[Timestamp] | Metadata[Snapshot]) -> Mark:
    result = root.get_verification_result(name, new.signed_bytes, new.signatures)
    return Mark(new.signed.version, tuple(sorted(result.signed)))
