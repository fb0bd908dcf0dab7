"""What a repository's published folder says now, and where its files lie.

`DIR/published` is what a web server shows; `DIR/keys` holds keys; `DIR/pending` holds what waits for signatures. The
published state is whatever timestamp.json leads to: files that it does not lead to are left over and may be replaced.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp

from revocation.repository import metadata
from revocation.repository.errors import MetadataRefused, StateUnreadable

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)
PUBLISHED: Final = "published"
PENDING: Final = "pending"
KEYS: Final = "keys"
TIMESTAMP: Final = "metadata/timestamp.json"


def metadata_name(version: int, role: str) -> str:
    """Where a role's metadata lie below the published folder."""
    return f"metadata/{version}.{role}.json"


@dataclass(frozen=True, slots=True)
class Current:
    """The published state; before the first publication there is only a root, or nothing."""

    root: Metadata[Root] | None = None
    timestamp: Metadata[Timestamp] | None = None
    snapshot: Metadata[Snapshot] | None = None
    roles: Mapping[str, Metadata[Targets]] = field(default_factory=dict)

    def listed(self) -> Mapping[str, MetaFile]:
        """Every role that a snapshot has listed: none may ever be missing again, not even of a region that is gone."""
        return {} if self.snapshot is None else self.snapshot.signed.meta


def current(folder: Path) -> Current:
    """What is published in this repository. Raises: StateUnreadable."""
    published = folder / PUBLISHED
    root = newest_root(published)
    if not (published / TIMESTAMP).exists():
        return Current(root)
    timestamp = _parsed(published / TIMESTAMP, Timestamp)
    snapshot = _parsed(published / metadata_name(timestamp.signed.snapshot_meta.version, Snapshot.type), Snapshot)
    roles = {}
    for name, listed in snapshot.signed.meta.items():
        role = name.removesuffix(".json")
        roles[role] = _parsed(published / metadata_name(listed.version, role), Targets)
    return Current(root, timestamp, snapshot, roles)


def newest_root(published: Path) -> Metadata[Root] | None:
    """The last root of the chain, or None before there is one. Raises: StateUnreadable."""
    version, root = 1, None
    while (path := published / metadata_name(version, Root.type)).exists():
        root = _parsed(path, Root)
        version += 1
    return root


def first_root_sha256(folder: Path) -> str | None:
    """What people compare when a terminal is set up, or None before the first publication. Raises: StateUnreadable."""
    path = folder / PUBLISHED / metadata_name(1, Root.type)
    try:
        return sha256(path.read_bytes()).hexdigest() if path.exists() else None
    except OSError as failure:
        raise StateUnreadable(f"{path}: {failure.strerror}") from failure


def pending(folder: Path, kind: type[T], version: int, role: str) -> Metadata[T] | None:
    """What waits for signatures of this role and version, or None. Raises: StateUnreadable."""
    path = folder / PENDING / f"{version}.{role}.json"
    return _parsed(path, kind) if path.exists() else None


def _parsed(path: Path, kind: type[T]) -> Metadata[T]:
    try:
        return metadata.parse(path.read_bytes(), kind)
    except OSError as failure:
        raise StateUnreadable(f"{path}: {failure.strerror}") from failure
    except MetadataRefused as wrong:
        raise StateUnreadable(f"{path}: {wrong}") from wrong
