"""Publishing: the repository's files are made to follow the plan, once more or for the first time.

Whatever is wanted and not published yet gets a new version; whatever has lived half of its life is signed again. A
region that cannot be taken (documents that do not verify, a signature that waits) stays as it was published and holds
up nobody else. Before anything is written, our own loader takes the new state as a terminal would that has the old one.
Written are documents first, then roles, snapshot and root, the timestamp last: a crash at any point leaves the old
state published, and the next run makes the same versions again.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from securesystemslib.signer import Key
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from protocol.checkpoint import TufVersions
from protocol.unixtime import UnixTime
from revocation.repository import ceremony, documents, durable, loader, published_state, release_targets, releases
from revocation.repository.errors import DocumentsUnfit, MetadataRefused, SignaturesWanted
from revocation.repository.keyring import Keyring, signers
from revocation.repository.plan import Plan, patterns
from revocation.repository.published_state import PENDING, PUBLISHED, TIMESTAMP, Current, metadata_name

T = TypeVar("T", Root, Timestamp, Snapshot, Targets)
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication came to.

    Attributes:
        versions: Of root and snapshot that are published now.
        changed: Roles with a new version; empty where everything stood already.
        documents: How many documents were new.
        waiting: Regions that stayed as they were, and why.
    """

    versions: TufVersions
    changed: tuple[str, ...]
    documents: int
    waiting: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Delegate:
    """A region's role as it will be published, and the delegation that leads to it."""

    metadata: Metadata[Targets]
    delegation: DelegatedRole
    keys: dict[str, Key]


def publish(folder: Path, plan: Plan, keyring: Keyring, *, at: UnixTime, progress: Progress) -> Published:
    """Makes the published state follow the plan.

    Raises:
        SignaturesWanted: The root, or a role of the centre, waits for signatures; nothing was published.
        CeremonyError: By its own reason; nothing was published.
        RepositoryError: The new state is not one that a terminal would take; nothing was published.
    """
    return _Publication(folder, plan, keyring, at, progress).run()


@dataclass
class _Publication:
    folder: Path
    plan: Plan
    keyring: Keyring
    at: UnixTime
    progress: Progress
    state: Current = field(init=False)
    files: dict[str, bytes] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    delegates: dict[str, _Delegate] = field(default_factory=dict)

    def run(self) -> Published:
        self.state = published_state.current(self.folder)
        root = self._root()
        for region in sorted(self.plan.regions, key=self._depth, reverse=True):
            self.progress(region)
            self._region(region)
        self._software()
        targets = self._role(Targets.type, self._keys(root, Targets.type), 1, {}, self._delegations(Targets.type))
        if targets is None:
            raise SignaturesWanted("targets waits for its key: look into the pending folder")
        snapshot = self._snapshot(root, targets)
        self._timestamp(root, snapshot)
        documents_new = self._write(root)
        return Published(
            TufVersions(root.signed.version, snapshot.signed.version), tuple(self.changed), documents_new, self.waiting
        )

    def _root(self) -> Metadata[Root]:
        found = ceremony.waiting(self.folder)
        if found is not None and ceremony.standing(*found).complete:
            self.changed.append(Root.type)
            self.files[metadata_name(found[0].signed.version, Root.type)] = found[0].to_bytes()
            return found[0]
        if self.state.root is None:
            raise SignaturesWanted("the first root waits for signatures: nothing can be published before")
        return self.state.root

    def _region(self, region: str) -> None:
        part = self.plan.regions[region]
        keys = {key.keyid: key for key in part.keys}
        contents: dict[str, bytes] = {}
        try:
            contents = {} if part.folder is None else documents.collect(part.folder, region)
            wanted = documents.targets(contents)
        except DocumentsUnfit as unfit:
            held = self.state.roles.get(region)
            if held is None:
                self._leave(region, str(unfit))
                return
            # Its documents stay those that are published; what lies below it is not held up.
            self.waiting[region] = str(unfit)
            wanted = held.signed.targets
        signed = self._role(region, list(keys.values()), 1, wanted, self._delegations(region))
        if signed is None:
            self._leave(region, "its key has to sign the file in the pending folder")
            return
        delegation = DelegatedRole(region, list(keys), 1, terminating=True, paths=patterns(region))
        self.delegates[region] = _Delegate(signed, delegation, keys)
        for path, content in contents.items():
            name = _hashed(path, wanted[path])
            if not (self.folder / PUBLISHED / name).exists():
                self.files[name] = content

    def _software(self) -> None:
        """The role of the terminals' software; while its key has not signed, what that key has signed before stays."""
        part = self.plan.software
        if part is None:
            return
        keys = {key.keyid: key for key in part.keys}
        wanted = {path: release_targets.to_target(each) for path, each in part.listed.items()}
        signed = self._role(releases.ROLE, list(keys.values()), 1, wanted, None)
        if signed is None:
            self.waiting[releases.ROLE] = "its key has to sign the file in the pending folder"
            signed = self.state.roles.get(releases.ROLE)
            if signed is None or not signers(signed, keys.values()):
                return
        delegation = DelegatedRole(releases.ROLE, list(keys), 1, terminating=True, paths=[releases.PATTERN])
        self.delegates[releases.ROLE] = _Delegate(signed, delegation, keys)

    def _leave(self, region: str, reason: str) -> None:
        """The region stays as it is published, and all below it; one with a revoked key is left out."""
        self.waiting[region] = reason
        for below in self.plan.delegated_by(region):
            self._leave(below, f"{region}, which delegates to it, stays as it is")
        made = self.delegates.pop(region, None)
        if made is not None and region in self.changed:
            self.changed.remove(region)
            del self.files[metadata_name(made.metadata.signed.version, region)]
        part = self.plan.regions[region]
        for name, role in self.state.roles.items():
            if name != Targets.type and name not in self.plan.regions:
                continue
            delegations = role.signed.delegations
            held = None if delegations is None or delegations.roles is None else delegations.roles.get(region)
            if held is not None and delegations is not None and not {*held.keyids} & {*part.revoked}:
                keys = {keyid: delegations.keys[keyid] for keyid in held.keyids}
                self.delegates[region] = _Delegate(self.state.roles[region], held, keys)

    def _role(
        self,
        name: str,
        keys: list[Key],
        threshold: int,
        targets: dict[str, TargetFile],
        delegations: Delegations | None,
    ) -> Metadata[Targets] | None:
        """This role with that content, signed: the published one if it will do. None while signatures are wanted."""
        held = self.state.roles.get(name)

        def is_wanted(found: Metadata[Targets] | None) -> bool:
            if found is None or self._is_aging(found, name):
                return False
            return found.signed.targets == targets and found.signed.delegations == delegations

        if held is not None and is_wanted(held) and len(signers(held, keys)) >= threshold:
            return held
        listed = self.state.listed().get(f"{name}.json")
        version = 1 if listed is None else listed.version + 1
        waiting = published_state.pending(self.folder, Targets, version, name)
        new = waiting if waiting is not None and is_wanted(waiting) else None
        if new is None:
            new = Metadata(Targets(version, None, self._end(name), targets, delegations))
        if not self.keyring.sign(new, keys, threshold=threshold):
            durable.write(self.folder / PENDING / f"{version}.{name}.json", new.to_bytes())
            return None
        self.changed.append(name)
        self.files[metadata_name(version, name)] = new.to_bytes()
        return new

    def _delegations(self, role: str) -> Delegations | None:
        names = self.plan.delegated_by(role) + ([releases.ROLE] if role == Targets.type else [])
        below = [self.delegates[name] for name in names if name in self.delegates]
        if not below:
            return None
        keys = {keyid: key for each in below for keyid, key in each.keys.items()}
        return Delegations(keys, {each.delegation.name: each.delegation for each in below})

    def _snapshot(self, root: Metadata[Root], targets: Metadata[Targets]) -> Metadata[Snapshot]:
        held = self.state.snapshot
        meta = dict(self.state.listed())
        current = {Targets.type: targets, **{region: each.metadata for region, each in self.delegates.items()}}
        for name, role in current.items():
            if name in self.changed or f"{name}.json" not in meta:
                meta[f"{name}.json"] = MetaFile.from_data(role.signed.version, role.to_bytes(), ["sha256"])
        keys = self._keys(root, Snapshot.type)
        if held is not None and held.signed.meta == meta and self._stands(held, keys, Snapshot.type):
            return held
        version = 1 if held is None else held.signed.version + 1
        new = Metadata(Snapshot(version, None, self._end(Snapshot.type), meta))
        self.files[metadata_name(version, Snapshot.type)] = self._signed(new, keys, Snapshot.type)
        return new

    def _timestamp(self, root: Metadata[Root], snapshot: Metadata[Snapshot]) -> None:
        held = self.state.timestamp
        meta = MetaFile.from_data(snapshot.signed.version, snapshot.to_bytes(), ["sha256"])
        keys = self._keys(root, Timestamp.type)
        if held is not None and held.signed.snapshot_meta == meta and self._stands(held, keys, Timestamp.type):
            return
        version = 1 if held is None else held.signed.version + 1
        new = Metadata(Timestamp(version, None, self._end(Timestamp.type), meta))
        self.files[TIMESTAMP] = self._signed(new, keys, Timestamp.type)

    def _signed(self, new: Metadata[T], keys: list[Key], name: str) -> bytes:
        if not self.keyring.sign(new, keys, threshold=1):
            raise SignaturesWanted(f"the key of {name} is not in the keys folder")
        self.changed.append(name)
        return new.to_bytes()

    def _stands(self, held: Metadata[T], keys: list[Key], name: str) -> bool:
        return not self._is_aging(held, name) and bool(signers(held, keys))

    def _write(self, root: Metadata[Root]) -> int:
        """Tries the new state as a terminal, then writes it. The timestamp goes last, the root right before it."""
        root_name = metadata_name(root.signed.version, Root.type)
        last = [name for name in (root_name, TIMESTAMP) if name in self.files]
        names = [*(name for name in self.files if name not in last), *last]
        if not names:
            return 0
        self.progress("trying the new state as a terminal would")
        self._try()
        for name in names:
            durable.write(self.folder / PUBLISHED / name, self.files[name])
        for name in names:
            (self.folder / PENDING / Path(name).name).unlink(missing_ok=True)
        for beside in (self.folder / PENDING).glob("before-*.root.json"):
            if root_name in self.files:
                beside.unlink(missing_ok=True)
        return sum(name.startswith("targets/") for name in names)

    def _try(self) -> None:
        def published(name: str, max_bytes: int) -> bytes | None:
            del max_bytes
            path = self.folder / PUBLISHED / name
            return path.read_bytes() if path.exists() else None

        def new(name: str, max_bytes: int) -> bytes | None:
            return self.files.get(name) or published(name, max_bytes)

        with TemporaryDirectory() as scratch:
            first = new(metadata_name(1, Root.type), 0)
            assert first is not None
            loader.initialise(Path(scratch), first, expected_sha256=sha256(first).hexdigest())
            if self.state.timestamp is not None:
                # A crash between the root and the timestamp leaves a state that no terminal takes; this run repairs it.
                with suppress(MetadataRefused):
                    loader.refresh(Path(scratch), published, at=self.at)
            loader.refresh(Path(scratch), new, at=self.at)

    def _is_aging(self, found: Metadata[T], name: str) -> bool:
        """Whether half of its life is over."""
        left = int(found.signed.expires.timestamp()) - self.at
        return left * 2 < self.plan.days_of(name) * 86_400

    def _end(self, name: str) -> datetime:
        return ceremony.moment(self.at, self.plan.days_of(name))

    def _depth(self, region: str) -> int:
        above = self.plan.delegator(region)
        return 0 if above == Targets.type else 1 + self._depth(above)

    @staticmethod
    def _keys(root: Metadata[Root], role: str) -> list[Key]:
        return [root.signed.keys[keyid] for keyid in root.signed.roles[role].keyids]


def _hashed(path: str, target: TargetFile) -> str:
    return loader.TargetDigest(bytes.fromhex(target.hashes["sha256"]), target.length).name(path)
