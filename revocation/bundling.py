"""What goes into a bundle: from a region's published files, or from a repository, all that a terminal would fetch.

What a terminal would refuse is not put in: each region's documents are verified by its own root, the checkpoint and the
manifest by the status key, objects by their hashes. So a bad stick is noticed where it is written. Whether the root is
the right one is the receiver's question. Not handled here: files (`bundle_file`), and clocks: what is late goes in.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final

from protocol import cbor, checkpoint, feed_document, feed_names, limits, manifest, root_keys, trust_list
from protocol.checkpoint import Checkpoint
from protocol.errors import ProtocolError
from protocol.feed_document import FeedDocument
from protocol.labels import KeyUse
from protocol.manifest import AGGREGATES, Manifest, ManifestEntry
from protocol.published_names import published
from revocation.errors import NothingToBundle

Fetch = Callable[[str, int], bytes | None]
"""The bytes of a published file of at most so many bytes; None where there is no such file."""
Since = tuple[int, int]
"""The (epoch, seq) that the receiver holds."""

_DOCUMENTS: Final = ("root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor", feed_names.DOCUMENT)
"""What a terminal takes; the directory is for wallets."""
_MAX_DELTAS: Final = 2_880
"""Two days of minutes. A manifest that ended longer ago has stood still."""


def of_region(fetch: Fetch, *, since: Since | None = None) -> dict[str, bytes]:
    """A bundle of one region's published folder.

    Args:
        fetch: Gives the folder's files.
        since: What the receiver holds: no base is put in, if the manifest reaches back so far.

    Raises:
        NothingToBundle: Something is missing, does not verify, or does not lead to the checkpoint.
    """
    entries = {name: _present(fetch, name) for name in _DOCUMENTS}
    try:
        stated = _stated(fetch, entries)
    except ProtocolError as refused:
        raise NothingToBundle(f"what is published does not verify: {refused}") from refused
    # A receiver asks for either name, and one checkpoint with all that rides along answers both.
    entries |= dict.fromkeys((feed_names.CHECKPOINT, feed_names.CHECKPOINT_10), stated.encoded)
    entries[feed_names.MANIFEST] = stated.encoded_manifest
    if since is None or not stated.reaches_back_to(since):
        base = stated.feed.base
        name = feed_names.base(stated.epoch, base.seq)
        entries[name] = _checked(_present(fetch, name), name, base.sha256)
        return entries | stated.way(fetch, after=base.seq)
    return entries | stated.way(fetch, after=since[1])


def of_repository(
    fetch: Fetch, *, regions: Iterable[str], since: Mapping[str, Since] | None = None
) -> dict[str, bytes]:
    """A bundle of a trust repository with these regions in it: all of its metadata, and each region's files.

    Raises:
        NothingToBundle: As `of_region`.
    """
    entries = _metadata(fetch)
    signed = {path: digest for content in entries.values() for path, digest in _targets(content)}
    for region in regions:
        lies = partial(_lies_at, signed, region)

        def fetch_of_region(name: str, max_bytes: int, lies: Callable[[str], str] = lies) -> bytes | None:
            return fetch(lies(name), max_bytes)

        of_this = of_region(fetch_of_region, since=(since or {}).get(region))
        entries |= {lies(name): content for name, content in of_this.items()}
    return entries


def _lies_at(signed: Mapping[str, str], region: str, name: str) -> str:
    """Where a region's file lies in a repository: a target has its hash before its name, the feed is no target."""
    digest = signed.get(f"{region}/{name}")
    return f"targets/{region}/{name if digest is None else f'{digest}.{name}'}"


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a region says about its feed, verified."""

    encoded: bytes
    checkpoint: Checkpoint
    encoded_manifest: bytes
    manifest: Manifest
    feed: FeedDocument

    @property
    def epoch(self) -> int:
        return self.checkpoint.position.epoch

    @property
    def _aggregates(self) -> list[ManifestEntry]:
        # The manifest may have been replaced since the checkpoint was fetched.
        last = self.checkpoint.position.seq
        return [each for each in self.manifest.entries if each.kind in AGGREGATES and each.last <= last]

    def reaches_back_to(self, since: Since) -> bool:
        """Whether aggregates and the deltas after them lead on from there."""
        epoch, seq = since
        first = min((each.first for each in self._aggregates), default=self.checkpoint.position.seq)
        return epoch == self.epoch and min(first, self.checkpoint.position.seq) <= seq

    def way(self, fetch: Fetch, *, after: int) -> dict[str, bytes]:
        """Everything that leads from there to the checkpoint, and whatever the offline key has signed on the way.

        Which objects a receiver takes is its own choice, by their sizes; so all are there, deltas too.
        """
        entries = {}
        for each in self.manifest.entries:
            if each.last > after and (each.kind not in AGGREGATES or each in self._aggregates):
                name = feed_names.listed(each.name(epoch=self.epoch))
                entries[name] = _checked(_present(fetch, name), name, each.sha256)
        end = self.checkpoint.position.seq
        in_aggregates = max((each.last for each in self._aggregates), default=0)
        if end - max(after, in_aggregates) > _MAX_DELTAS:
            raise NothingToBundle(f"the manifest ends {end - in_aggregates} deltas before the checkpoint")
        for seq in range(max(after, end - _MAX_DELTAS) + 1, end + 1):
            name = feed_names.delta(self.epoch, seq)
            # Old ones may have been taken away; aggregates stand for them.
            content = fetch(name, limits.MAX_DELTA_BYTES) if seq <= in_aggregates else _present(fetch, name)
            if content is not None:
                entries[name] = content
        return entries


def _stated(fetch: Fetch, documents: Mapping[str, bytes]) -> _Stated:
    root = root_keys.load(cbor.decode(documents["root.cbor"]))
    trust = trust_list.verify(documents["trust.cbor"], root=root)
    encoded = _present(fetch, feed_names.CHECKPOINT_10)
    unverified = checkpoint.parse(encoded)
    claims = unverified.claims
    region = claims.position.region
    checkpoint.verify(unverified, trust=trust, expected_region=region, at=claims.iat)
    feed = feed_document.verify(documents[feed_names.DOCUMENT], root=root, expected_region=region)
    if feed.epoch != claims.position.epoch or feed.base.seq > claims.position.seq:
        raise NothingToBundle("feed document and checkpoint are of two epochs, or the base lies ahead")
    status_key = trust.find(claims.iss, unverified.kid, use=KeyUse.STATUS).key
    encoded_manifest = _present(fetch, feed_names.MANIFEST)
    listed = manifest.verify(encoded_manifest, signed_by=status_key, expected_region=region)
    if listed.epoch != claims.position.epoch:
        raise NothingToBundle("manifest and checkpoint are of two epochs")
    return _Stated(encoded, claims, encoded_manifest, listed, feed)


def _metadata(fetch: Fetch) -> dict[str, bytes]:
    """Every root, and what the timestamp leads to."""
    entries = {"metadata/timestamp.json": _present(fetch, "metadata/timestamp.json")}
    version = 1
    while (content := fetch(name := f"metadata/{version}.root.json", limits.MAX_DOCUMENT_BYTES)) is not None:
        entries[name] = content
        version += 1
    (snapshot,) = _versions(entries["metadata/timestamp.json"])
    entries[snapshot] = _present(fetch, snapshot)
    for name in _versions(entries[snapshot]):
        entries[name] = _present(fetch, name)
    return entries


def _versions(content: bytes) -> list[str]:
    """The files that a timestamp or a snapshot names."""
    try:
        meta = json.loads(content)["signed"]["meta"]
        return [f"metadata/{each['version']}.{role}" for role, each in meta.items()]
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise NothingToBundle("the repository's timestamp or snapshot cannot be read") from wrong


def _targets(content: bytes) -> list[tuple[str, str]]:
    """The targets of a role with their hashes; none for what is no role's metadata."""
    try:
        signed: dict[str, Any] = json.loads(content)["signed"]
        return [(path, each["hashes"]["sha256"]) for path, each in signed.get("targets", {}).items()]
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise NothingToBundle("the repository's metadata cannot be read") from wrong


def _present(fetch: Fetch, name: str) -> bytes:
    entry = published(name)
    content = None if entry is None else fetch(name, entry.max_bytes)
    if content is None:
        raise NothingToBundle(f"{name} is not there")
    return content


def _checked(content: bytes, name: str, expected: bytes) -> bytes:
    if sha256(content).digest() != expected:
        raise NothingToBundle(f"{name} is not the one that was signed")
    return content
