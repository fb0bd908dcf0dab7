"""A repository in memory that signs whatever it is told to, and the two clients that look at it: ours and python-tuf's.

python-tuf's is asked twice: once at the moment of the test, and once with its reference time in 1970, when nothing has
expired yet. The second is the oracle for everything that is not lateness.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadError, DownloadHTTPError, ExpiredMetadataError, RepositoryError
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
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

from protocol.unixtime import UnixTime
from revocation.repository import loader
from revocation.repository.errors import MetadataRefused
from revocation.repository.errors import RepositoryError as Refusal
from revocation.repository.loader import TrustMetadata

NOW = UnixTime(1_800_000_000)
DAY = 86_400
LIVES = {"root": 365, "timestamp": 1, "snapshot": 7, "targets": 90}
TREE = {"targets": ["310000", "330000", "340000"], "330000": ["330100", "330400"], "340000": ["340100"]}
REGIONS = ("310000", "330000", "330100", "330400", "340000", "340100")
PATHS = tuple(f"{region}/{name}.cbor" for region in REGIONS for name in ("trust", "feed"))
Keys = list[str]


@cache
def key(name: str) -> CryptoSigner:
    """The key of this name, the same in every test."""
    return CryptoSigner.generate_ecdsa()


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def patterns(region: str) -> list[str]:
    return [f"{region[:2]}????/*"] if region.endswith("0000") else [f"{region}/*"]


class Repository:
    """Every file that was ever published stays; `files` is what the mirror serves now."""

    def __init__(self, *, hashes: bool = True, now: int = NOW) -> None:
        self.now = now
        self.hashes = hashes
        self.files: dict[str, bytes] = {}
        self.signs: dict[str, Keys] = {"root": ["root-1", "root-2", "root-3"]}
        self.signs |= {role: [role] for role in ("timestamp", "snapshot", "targets", *REGIONS)}
        self.root = Root(expires=self.end("root"))
        for role in ("root", "timestamp", "snapshot", "targets"):
            for name in self.signs[role]:
                self.root.add_key(key(name).public_key, role)
        self.root.roles["root"].threshold = 2
        self.roles = {name: Targets(expires=self.end("targets")) for name in ("targets", *REGIONS)}
        self.delegate()
        for region in REGIONS:
            self.document(region, b"first")
        self.snapshot = Snapshot(version=1, expires=self.end("snapshot"), meta={})
        self.timestamp = Timestamp(version=1, expires=self.end("timestamp"))
        self.put_root()
        for name in self.roles:
            self.put_role(name)
        self.put_snapshot()
        self.put_timestamp()
        self.before = dict(self.files)
        """What a mirror may have kept: the first state."""

    def end(self, role: str) -> datetime:
        return moment(self.now) + timedelta(days=LIVES.get(role, 90))

    def delegate(self) -> None:
        """Delegations as `TREE` and `signs` have them."""
        for delegator, below in TREE.items():
            keys = {key(name).public_key.keyid: key(name).public_key for each in below for name in self.signs[each]}
            self.roles[delegator].delegations = Delegations(keys, {each: self.delegated(each) for each in below})

    def delegated(self, region: str) -> DelegatedRole:
        ids = [key(name).public_key.keyid for name in self.signs[region]]
        return DelegatedRole(region, ids, 1, terminating=True, paths=patterns(region))

    def document(self, region: str, content: bytes, path: str | None = None) -> None:
        path = path or f"{region}/trust.cbor"
        self.roles[region].targets[path] = TargetFile.from_data(path, content + path.encode(), ["sha256"])

    def sign(self, signed: Signed, names: Keys) -> bytes:
        metadata = Metadata(signed)
        for name in names:
            metadata.sign(key(name), append=True)
        return metadata.to_bytes()

    def put_root(self, names: Keys | None = None, *, served_as: int | None = None) -> None:
        number = served_as or self.root.version
        self.files[f"metadata/{number}.root.json"] = self.sign(self.root, names or self.signs["root"][:2])

    def next_root(self, names: Keys | None = None) -> None:
        """The root as it has been changed, with the next number."""
        self.root.version += 1
        self.root.expires = self.end("root")
        self.put_root(names)

    def exchange(self, role: str, new: str) -> None:
        """Another key for a role of the centre, in the root that is put next."""
        for name in self.signs[role]:
            self.root.revoke_key(key(name).public_key.keyid, role)
        self.root.add_key(key(new).public_key, role)
        self.signs[role] = [new]

    def put_role(self, name: str, names: Keys | None = None) -> None:
        role = self.roles[name]
        self.files[f"metadata/{role.version}.{name}.json"] = self.sign(role, names or self.signs[name])
        self.list(name)

    def list(self, name: str) -> None:
        """What the snapshot says of a role, as its file is served now."""
        if not hasattr(self, "snapshot"):
            return
        version = self.roles[name].version
        content = self.files[f"metadata/{version}.{name}.json"]
        self.snapshot.meta[f"{name}.json"] = (
            MetaFile.from_data(version, content, ["sha256"]) if self.hashes else MetaFile(version)
        )

    def next_role(self, name: str) -> None:
        self.roles[name].version += 1
        self.roles[name].expires = self.end("targets")
        self.put_role(name)

    def put_snapshot(self, names: Keys | None = None) -> None:
        for name in self.roles:
            if f"{name}.json" not in self.snapshot.meta and self.snapshot.version == 1:
                self.list(name)
        version = self.snapshot.version
        content = self.sign(self.snapshot, names or self.signs["snapshot"])
        self.files[f"metadata/{version}.snapshot.json"] = content
        self.timestamp.snapshot_meta = (
            MetaFile.from_data(version, content, ["sha256"]) if self.hashes else MetaFile(version)
        )

    def put_timestamp(self, names: Keys | None = None) -> None:
        self.files["metadata/timestamp.json"] = self.sign(self.timestamp, names or self.signs["timestamp"])

    def next_state(self, *, snapshot: bool = True) -> None:
        """A new snapshot and a new timestamp."""
        if snapshot:
            self.snapshot.version += 1
            self.snapshot.expires = self.end("snapshot")
            self.put_snapshot()
        self.timestamp.version += 1
        self.timestamp.expires = self.end("timestamp")
        self.put_timestamp()

    def fetch(self, name: str, max_bytes: int) -> bytes | None:
        content = self.files.get(name)
        # A mirror reads one byte more than it may, so that whoever asked can see that there was more.
        return None if content is None else content[: max_bytes + 1]


class Fetcher(FetcherInterface):
    def __init__(self, files: Callable[[str], bytes | None]) -> None:
        self._files = files

    def _fetch(self, url: str) -> Iterator[bytes]:
        content = self._files(url.removeprefix("memory:///"))
        if content is None:
            raise DownloadHTTPError("not there", 404)
        yield content


@dataclass(frozen=True)
class Seen:
    """What a client came to: the hashes of all targets, or why not."""

    hashes: dict[str, str | None] | None
    refusal: Exception | None = None

    @property
    def accepted(self) -> bool:
        return self.hashes is not None


class Theirs:
    """python-tuf's client, with a folder of its own that outlives it."""

    def __init__(self, folder: Path, root: bytes) -> None:
        self._folder, self._root = folder, root
        folder.mkdir(parents=True)

    def look(self, repository: Repository, *, at: int) -> Seen:
        updater = Updater(
            str(self._folder),
            "memory:///metadata/",
            fetcher=Fetcher(repository.files.get),
            bootstrap=self._root,
        )
        updater._trusted_set.reference_time = moment(at)
        try:
            updater.refresh()
            found = {path: updater.get_targetinfo(path) for path in PATHS}
        except (RepositoryError, DownloadError) as refusal:
            return Seen(None, refusal)
        return Seen({path: None if each is None else each.hashes["sha256"] for path, each in found.items()})


class Ours:
    """Our loader, with its folder."""

    def __init__(self, folder: Path, root: bytes) -> None:
        self.folder = folder
        loader.initialise(folder, root, expected_sha256=sha256(root).hexdigest())

    def look(self, repository: Repository, *, at: int) -> Seen:
        try:
            return Seen(hashes(loader.refresh(self.folder, repository.fetch, at=UnixTime(at)).metadata))
        except MetadataRefused as refusal:
            return Seen(None, refusal)

    def held(self, *, at: int = NOW) -> TrustMetadata | None:
        try:
            return loader.load(self.folder, at=UnixTime(at))
        except Refusal:
            return None


def hashes(found: TrustMetadata) -> dict[str, str | None]:
    digests = {path: found.target(path) for path in PATHS}
    return {path: None if each is None else each.sha256.hex() for path, each in digests.items()}


class Clients:
    """All of them before one repository."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        root = repository.files["metadata/1.root.json"]
        self.ours = Ours(folder / "ours", root)
        self.theirs = Theirs(folder / "theirs", root)
        self.timeless = Theirs(folder / "timeless", root)
        self.repository = repository

    def look(self, *, at: int = NOW) -> tuple[Seen, Seen, Seen]:
        return (
            self.ours.look(self.repository, at=at),
            self.theirs.look(self.repository, at=at),
            self.timeless.look(self.repository, at=0),
        )

    def agree(self, *, at: int = NOW) -> Seen:
        """Everybody looks, and comes to the same; lateness is python-tuf's refusal and our grade."""
        before = self.ours.held(at=at)
        ours, theirs, timeless = self.look(at=at)
        held = self.ours.held(at=at)
        assert (ours.hashes, ours.refusal is None) == (timeless.hashes, timeless.refusal is None), (ours, timeless)
        if ours.accepted:
            assert held is not None
            is_late = any(end <= at for end in held.expiries.values())
            assert theirs.accepted != is_late
            assert theirs.accepted or isinstance(theirs.refusal, ExpiredMetadataError)
        else:
            assert not theirs.accepted
            # What was held stays; a root that was replaced does not come back.
            assert (before is None) == (held is None)
            if before is not None and held is not None:
                assert hashes(before) == hashes(held)
        return ours
