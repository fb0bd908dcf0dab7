"""What is trusted: one verified state of the repository, as the rest of the system asks it. Immutable, and no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tuf.api.metadata import Root, Snapshot, Targets, Timestamp

from protocol.checkpoint import TufVersions
from protocol.unixtime import UnixTime
from revocation.repository import delegations, metadata, release_targets, releases
from revocation.repository.releases import Release


@dataclass(frozen=True, slots=True)
class TargetDigest:
    """What the bytes of a target must be."""

    sha256: bytes
    size: int

    def name(self, path: str) -> str:
        """Where a repository with consistent snapshots has it: `targets/310000/<sha256>.trust.cbor` (5.7.3)."""
        folder, _, file = path.rpartition("/")
        return f"targets/{folder}/{self.sha256.hex()}.{file}"


@dataclass(frozen=True, slots=True)
class TrustMetadata:
    """A verified state, and how late it is at one moment.

    Attributes:
        regions: Whoever has a role that its own path leads to, in the order of delegation.
        versions: Of the newest root and of the snapshot.
        late_since: The earliest end of root, timestamp, snapshot or targets that has passed; None while all are good.
        root_expired_since: The same of the root alone.
        expiries: When each role ends, `root` and `timestamp` and the regions too.
    """

    regions: tuple[str, ...]
    versions: TufVersions
    late_since: UnixTime | None
    root_expired_since: UnixTime | None
    expiries: Mapping[str, UnixTime]
    _roles: Mapping[str, Targets]

    def target(self, path: str) -> TargetDigest | None:
        """What the metadata say about `310000/trust.cbor`, or None where the way down ends without it."""
        if not delegations.TARGET.fullmatch(path):
            return None
        found = delegations.find(self._roles, path)
        return None if found is None else TargetDigest(bytes.fromhex(found.hashes["sha256"]), found.length)

    def releases(self) -> tuple[Release, ...]:
        """The terminals' software, where there is such a role. Raises: MalformedMetadata."""
        role = self._roles.get(releases.ROLE)
        return (
            ()
            if role is None
            else tuple(release_targets.from_target(path, each) for path, each in role.targets.items())
        )

    def releases_late_since(self, *, at: UnixTime) -> UnixTime | None:
        """When the role of the software ended, if it has; None too where there is none."""
        return _passed([self.expiries[releases.ROLE]] if releases.ROLE in self.expiries else [], at)

    def region_late_since(self, region: str, *, at: UnixTime) -> UnixTime | None:
        """When the region's own role ended, if it has."""
        return _passed([self.expiries[region]], at)

    def seen_at(self, at: UnixTime) -> "TrustMetadata":
        """The same state at another moment."""
        return graded(self.regions, self.versions, self.expiries, self._roles, at=at)


def assembled(
    root: Root, timestamp: Timestamp, snapshot: Snapshot, roles: Mapping[str, Targets], *, at: UnixTime
) -> TrustMetadata:
    """The state that these verified files make up."""
    regions = tuple(name for name in roles if delegations.is_region(name) and delegations.role_for(roles, name) == name)
    signed = {Root.type: root, Timestamp.type: timestamp, Snapshot.type: snapshot, **roles}
    expiries = {name: metadata.expires(each) for name, each in signed.items()}
    return graded(regions, TufVersions(root.version, snapshot.version), expiries, roles, at=at)


def graded(
    regions: tuple[str, ...],
    versions: TufVersions,
    expiries: Mapping[str, UnixTime],
    roles: Mapping[str, Targets],
    *,
    at: UnixTime,
) -> TrustMetadata:
    """A state with its lateness at this moment. `at >= end` is late, as in python-tuf."""
    top = [expiries[name] for name in (Root.type, Timestamp.type, Snapshot.type, Targets.type)]
    return TrustMetadata(
        regions,
        versions,
        _passed(top, at),
        _passed([expiries[Root.type]], at),
        MappingProxyType(dict(expiries)),
        MappingProxyType(dict(roles)),
    )


def _passed(ends: Iterable[UnixTime], at: UnixTime) -> UnixTime | None:
    return min((end for end in ends if end <= at), default=None)
