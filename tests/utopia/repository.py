"""A repository of the fictional regions in a folder, as `liangzheng trust` publishes one.

Each region's documents lie at `targets/<region>/` without their hashes, where its feed lies too; `publish` signs for
what lies there and puts the copies that clients ask for beside it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

DOCUMENTS = ("root", "trust", "catalogue", "policy", "feed", "directory")
ROOT_KEYS = ("root 1", "root 2", "root 3")


@cache
def key(name: str) -> CryptoSigner:
    """The key of this name: the same for every test of a run."""
    return CryptoSigner.generate_ecdsa()


class Repository:
    """Regions by delegation from the top; `at` is a moment that tests move."""

    def __init__(self, folder: Path, regions: Sequence[str], *, at: int) -> None:
        self.folder = folder
        self.at = at
        self.root = Root(expires=self._end(365))
        for role, names in {"root": ROOT_KEYS, "timestamp": ("t",), "snapshot": ("s",), "targets": ("top",)}.items():
            for name in names:
                self.root.add_key(key(name).public_key, role)
        self.root.roles["root"].threshold = 2
        self.version = 0
        self.regions = list(regions)
        self._listed: dict[str, MetaFile] = {}
        (folder / "metadata").mkdir(parents=True)
        self._write("1.root.json", self.root, ROOT_KEYS[:2])

    @property
    def root_sha256(self) -> str:
        return sha256((self.folder / "metadata/1.root.json").read_bytes()).hexdigest()

    def region_folder(self, region: str) -> Path:
        return self.folder / "targets" / region

    def publish(self) -> None:
        """A new state, as of now, of everything that lies there."""
        self.version += 1
        top = Targets(version=self.version, expires=self._end(90))
        keys = {key(region).public_key.keyid: key(region).public_key for region in self.regions}
        roles = {
            region: DelegatedRole(
                region, [key(region).public_key.keyid], 1, terminating=True, paths=[f"{region[:2]}????/*"]
            )
            for region in self.regions
        }
        top.delegations = Delegations(keys, roles)
        # A role that was listed stays listed, also when nobody delegates to it any more (5.5.5).
        listed = self._listed
        listed["targets.json"] = self._write(f"{self.version}.targets.json", top, ("top",))
        for region in self.regions:
            role = Targets(version=self.version, expires=self._end(90))
            for name in DOCUMENTS:
                self._target(role, region, name)
            listed[f"{region}.json"] = self._write(f"{self.version}.{region}.json", role, (region,))
        snapshot = Snapshot(version=self.version, expires=self._end(7), meta=dict(listed))
        meta = self._write(f"{self.version}.snapshot.json", snapshot, ("s",))
        timestamp = Timestamp(version=self.version, expires=self._end(1), snapshot_meta=meta)
        self._write("timestamp.json", timestamp, ("t",))

    def _target(self, role: Targets, region: str, name: str) -> None:
        path = self.region_folder(region) / f"{name}.cbor"
        if not path.exists():
            return
        content = path.read_bytes()
        role.targets[f"{region}/{name}.cbor"] = TargetFile.from_data(path.name, content, ["sha256"])
        path.with_name(f"{sha256(content).hexdigest()}.{path.name}").write_bytes(content)

    def _write(self, name: str, signed: Signed, names: Sequence[str]) -> MetaFile:
        metadata = Metadata(signed)
        for each in names:
            metadata.sign(key(each), append=True)
        content = metadata.to_bytes()
        (self.folder / "metadata" / name).write_bytes(content)
        return MetaFile.from_data(self.version or 1, content, ["sha256"])

    def _end(self, days: int) -> datetime:
        return datetime.fromtimestamp(self.at, UTC) + timedelta(days=days)
