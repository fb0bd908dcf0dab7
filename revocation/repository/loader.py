"""The repository as a terminal uses it: last-known-good, at a moment that the application chooses, over any mirror.

`refresh` takes over a newer complete state or refuses and leaves what is held; `load` gives what is held without any
network. Neither refuses for lateness. python-tuf's own client does both, and reads the wall clock (REVOCATION.md,
"Last-known-good"); what it accepts is accepted here with the same hashes, and what it refuses but for lateness is
refused here: `tests/revocation/repository/test_against_ngclient.py`.

Not handled here: the bytes of targets (`verifier_terminal.sync.repository_mirror`), and how late is too late.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from tuf.api.metadata import MetaFile, Root, Snapshot, Targets, Timestamp

from protocol.unixtime import UnixTime
from revocation.repository import delegations, metadata, releases, verification
from revocation.repository.delegations import Step
from revocation.repository.errors import (
    AlreadyHeld,
    Damaged,
    MalformedMetadata,
    MetadataRefused,
    NothingHeld,
    NotServed,
)
from revocation.repository.held import HeldFolder, Record, RootName, State
from revocation.repository.trusted import TargetDigest, TrustMetadata, assembled
from revocation.repository.verification import Marks

__all__ = ["Fetch", "RefreshReport", "TargetDigest", "TrustMetadata", "initialise", "load", "refresh"]

Fetch = Callable[[str, int], bytes | None]
"""The bytes of a published file of at most so many bytes; None where there is no such file."""

_T = TypeVar("_T")
_Read = Callable[[Root | Targets, Step], Targets]

MAX_ROOTS: Final = 256
"""New roots that one refresh follows, as python-tuf does; with one a week that is five years."""
MAX_ROLES: Final = 4_096
"""Provinces, municipalities, prefectures and counties: there are about 3,200."""


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh came to.

    Attributes:
        metadata: The state that is held now.
        changed: Whether it is another one than before.
        new_roots: Roots that were followed.
        fetched: Files of metadata that the mirror gave.
    """

    metadata: TrustMetadata
    changed: bool
    new_roots: int
    fetched: int


def initialise(folder: Path, root_json: bytes, *, expected_sha256: str) -> None:
    """Set a folder up with the first root that is trusted. The same root again changes nothing.

    Args:
        folder: Made if it is not there.
        root_json: The bytes of `metadata/1.root.json`, or of a later root.
        expected_sha256: What people agreed upon, in hexadecimal digits; compared before anything is read.

    Raises:
        RepositoryError: By its own reason.
    """
    digest = sha256(root_json).hexdigest()
    verification.check_pinned(digest, expected=expected_sha256)
    root = verification.first_root(root_json)
    held = HeldFolder(folder)
    with held.alone():
        try:
            first = held.record().roots[0].sha256
        except (NothingHeld, Damaged):
            held.keep(root_json)
            held.commit(Record((RootName(root.signed.version, digest),), Marks()))
            return
        if first != digest:
            raise AlreadyHeld(f"{folder} was set up with another first root")


def load(folder: Path, *, at: UnixTime, expected_sha256: str | None = None) -> TrustMetadata:
    """What is held in this folder, verified once more from the first root on; late or not.

    Args:
        folder: Was set up by `initialise`.
        at: For the grade.
        expected_sha256: Of the first root, where the caller has it in a better place than this folder.

    Raises:
        PinnedRootDiffers: The folder starts from another root than the expected one.
        MetadataRefused: What lies there was signed by others; somebody wrote into the folder.
        NothingHeld: It was not set up, or never refreshed.
        Damaged: A file is not what was written; `refresh` fetches it again.
    """
    held = HeldFolder(folder)
    record = held.record()
    if expected_sha256 is not None:
        verification.check_pinned(record.roots[0].sha256, expected=expected_sha256)
    while True:
        try:
            return _loaded(held, record, at=at)
        except Damaged:
            # A refresh in another process may have replaced the state between the record and its objects.
            again = held.record()
            if again == record:
                raise
            record = again


def refresh(folder: Path, fetch: Fetch, *, at: UnixTime) -> RefreshReport:
    """Take over what a mirror has, if it is a good and newer state.

    Args:
        folder: Was set up by `initialise`. One refresh at a time.
        fetch: Gives `metadata/…`; what it raises goes through, and what is held stays.
        at: For the grade of the answer.

    Raises:
        MetadataRefused: What the mirror has is no good, by its own reason; what was held stays.
        FolderUnusable: The folder cannot be read or written, or another program is updating it.
    """
    held = HeldFolder(folder)
    with held.alone():
        return _Refresh(held, fetch).run(at=at)


class _Refresh:
    """One refresh: the record as it rises, and what the mirror was asked for."""

    def __init__(self, held: HeldFolder, fetch: Fetch) -> None:
        self._held = held
        self._mirror = fetch
        self._record = held.record()
        self._fetched = 0

    def run(self, *, at: UnixTime) -> RefreshReport:
        before = self._record.state
        roots_before = len(self._record.roots)
        root = self._newest_root()
        content = self._timestamp_bytes(root)
        timestamp, marks = verification.timestamp(root, content, self._record.marks)
        self._commit(marks=marks)
        snapshot_bytes, (snapshot, marks) = self._file(
            Snapshot.type,
            timestamp.snapshot_meta,
            held=None if before is None else before.snapshot,
            take=lambda given: verification.snapshot(
                root, given, named=timestamp.snapshot_meta, marks=self._record.marks
            ),
        )
        self._commit(marks=marks)
        contents: dict[str, bytes] = {}

        def read(delegator: Root | Targets, step: Step) -> Targets:
            listed = verification.listed_in(snapshot, step.role)
            contents[step.role], targets = self._file(
                step.role,
                listed,
                held=None if before is None else before.roles.get(step.role),
                take=lambda given: verification.role(delegator, step, given, listed=listed),
            )
            return targets

        roles = _all_roles(root, read)
        keep = self._held.keep
        state = State(
            self._record.root,
            keep(content),
            keep(snapshot_bytes),
            {name: keep(contents[name]) for name in roles},
        )
        if state != before:
            self._commit(state=state)
        return RefreshReport(
            assembled(root, timestamp, snapshot, roles, at=at),
            state != before,
            len(self._record.roots) - roots_before,
            self._fetched,
        )

    def _newest_root(self) -> Root:
        root = _chain(self._record, self._root_bytes)[-1]
        for version in range(root.version + 1, root.version + 1 + MAX_ROOTS):
            content = self._ask(f"metadata/{version}.root.json", Root.type)
            if content is None:
                break
            root = verification.next_root(root, content).signed
            # Kept at once (5.3.8): whatever is refused below, a root that was replaced does not come back.
            name = RootName(version, self._held.keep(content))
            self._commit(roots=(*self._record.roots, name), marks=self._record.marks.after(root))
        return root

    def _root_bytes(self, name: RootName) -> bytes:
        """A root's bytes; when the disk has lost them, the mirror's with the same hash."""
        content = self._held.object(name.sha256)
        if content is None:
            content = self._ask(f"metadata/{name.version}.root.json", Root.type)
            if content is None or self._held.keep(content) != name.sha256:
                raise Damaged(f"root {name.version} is damaged, and the mirror has no good one")
        return content

    def _timestamp_bytes(self, root: Root) -> bytes:
        """The mirror's timestamp; the held one, when the mirror's has its version (5.4.3.1)."""
        content = self._ask(f"metadata/{Timestamp.type}.json", Timestamp.type)
        if content is None:
            raise NotServed("the mirror has no timestamp")
        state = self._record.state
        held = None if state is None else self._held.object(state.timestamp)
        if held is None or state is None or state.root != self._record.root:
            return content
        offered = verification.signed_timestamp(root, content)
        is_the_same = offered.signed.version == metadata.parse(held, Timestamp).signed.version
        return held if is_the_same else content

    def _file(self, name: str, listed: MetaFile, *, held: str | None, take: Callable[[bytes], _T]) -> tuple[bytes, _T]:
        """A file of the state: the one on the disk if it will do, else the mirror's."""
        own = None if held is None else self._held.object(held)
        if own is not None:
            try:
                return own, take(own)
            except MetadataRefused:
                pass
        kind = Snapshot.type if name == Snapshot.type else Targets.type
        path = f"metadata/{listed.version}.{name}.json"
        content = self._ask(path, kind)
        if content is None:
            raise NotServed(f"{path} is named, and the mirror has none")
        return content, take(content)

    def _ask(self, path: str, kind: str) -> bytes | None:
        content = self._mirror(path, metadata.MAX_BYTES[kind])
        self._fetched += content is not None
        return content

    def _commit(self, **changes: object) -> None:
        new = replace(self._record, **changes)  # type: ignore[arg-type]  # its fields
        if new != self._record:
            self._held.commit(new)
            self._record = new


def _loaded(held: HeldFolder, record: Record, *, at: UnixTime) -> TrustMetadata:
    state = record.state
    if state is None:
        raise NothingHeld("the repository was set up, and never refreshed")

    def object_of(name: str) -> bytes:
        content = held.object(name)
        if content is None:
            raise Damaged(f"the object {name} is missing, or is not what was written")
        return content

    roots = _chain(record, lambda name: object_of(name.sha256))
    # What is held was verified under its own root; a newer one whose state could not be had takes nothing away.
    root = roots[record.roots.index(state.root)]
    timestamp, _ = verification.timestamp(root, object_of(state.timestamp), Marks())
    named = timestamp.snapshot_meta
    snapshot, _ = verification.snapshot(root, object_of(state.snapshot), named=named, marks=Marks())

    def read(delegator: Root | Targets, step: Step) -> Targets:
        listed = verification.listed_in(snapshot, step.role)
        return verification.role(delegator, step, object_of(state.roles[step.role]), listed=listed)

    return assembled(roots[-1], timestamp, snapshot, _all_roles(root, read), at=at)


def _chain(record: Record, content: Callable[[RootName], bytes]) -> list[Root]:
    """Every held root, each verified by the one before it."""
    first, *later = record.roots
    roots = [verification.first_root(content(first)).signed]
    for name in later:
        roots.append(verification.next_root(roots[-1], content(name)).signed)
    return roots


def _all_roles(root: Root, read: _Read) -> dict[str, Targets]:
    """Every role that some region's path leads to, a province before its cities (5.6.7), and the software's."""
    roles = {Targets.type: read(root, Step(Root.type, Targets.type))}

    def descend(delegator: str) -> None:
        for region in delegations.named_regions(roles[delegator]):
            step = Step(delegator, region)
            # Whoever delegates what is not in its own hands reaches nobody, whatever it writes.
            if delegations.first_step_beyond(roles, f"{region}/trust.cbor") == step:
                if len(roles) > MAX_ROLES:
                    raise MalformedMetadata(f"more than {MAX_ROLES} roles")
                roles[region] = read(roles[delegator], step)
                descend(region)

    descend(Targets.type)
    software = delegations.first_step_beyond(roles, releases.PATTERN)
    if software is not None:
        roles[software.role] = read(roles[software.delegator], software)
    return roles
