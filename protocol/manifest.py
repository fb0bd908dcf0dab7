"""Hourly manifests: which aggregates of deltas there are, for a terminal that was away, and what was co-signed.

A document in the one form of `signed_document`, by the region's status key or by a pair of it and an ML-DSA-65 key; a
day's changes are history that somebody may still want to forge when quantum computers exist. An entry says what it
covers, its size and its hash; its name follows from these, so that no signer chooses a path.

Not handled here: what an aggregate says (`revocation.delta`), and whether this manifest is newer than one that is held.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Final

from protocol import cbor, labels, limits, signed_document
from protocol.errors import SchemaError, ShapeError, SizeError, StatusUriError
from protocol.feed_position import REGION_PATTERN, feed_number, sha256_digest
from protocol.roots import Root, RootSigner
from protocol.signed_document import SignedDocument
from protocol.unixtime import UnixTime


class EntryKind(IntEnum):
    """What an entry names. Aggregates of one kind follow one another without a gap; co-signed deltas need not.

    A week is the last seven days in one: each place that changes is written once, and its bits are fewer the more there
    are.
    """

    HOUR = 1
    DAY = 2
    WEEK = 3
    CO_SIGNED_DELTA = 4
    CO_SIGNATURE = 5


_KINDS: Final = frozenset(EntryKind)
AGGREGATES: Final = frozenset({EntryKind.HOUR, EntryKind.DAY, EntryKind.WEEK})


@dataclass(frozen=True, slots=True, order=True)
class ManifestEntry:
    """One object of the feed: the deltas after `first` up to and including `last`."""

    kind: EntryKind
    first: int
    last: int
    sha256: bytes
    size: int

    def name(self, *, epoch: int) -> str:
        """The object's name in the region's folder: `hour-1-5000-5060`."""
        return f"{self.kind.name.lower().replace('_', '-')}-{epoch}-{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is signed. `seq` counts manifests, and `epoch` is that of every seq inside."""

    region: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    epoch: int
    entries: tuple[ManifestEntry, ...]

    def way(self, kind: EntryKind, *, after: int) -> tuple[ManifestEntry, ...]:
        """The entries of this kind that lead on from `after`: the first one begins there or before."""
        return tuple(each for each in self.entries if each.kind is kind and each.last > after)


def sign(manifest: Manifest, signer: RootSigner) -> bytes:
    """The signed bytes of a manifest.

    Raises:
        ProtocolError: A terminal would refuse it; nothing is returned.
    """
    body: cbor.Value = (
        manifest.epoch,
        tuple((int(each.kind), each.first, each.last, each.sha256, each.size) for each in manifest.entries),
    )
    _region(manifest.region)
    _entries(cbor.decode(cbor.encode(body), max_items=limits.MAX_DOCUMENT_ITEMS))
    document = SignedDocument(manifest.region, manifest.seq, manifest.iat, manifest.exp, body)
    return signed_document.sign(document, typ=labels.TYP_MANIFEST, body_label=labels.CLAIM_MANIFEST, signer=signer)


def verify(encoded: bytes, *, signed_by: Root, expected_region: str) -> Manifest:
    """The manifest, once every signature holds. Lateness is not an error here.

    Args:
        encoded: What `sign` gave.
        signed_by: The status key that the trust list names for this region, or the pair.
        expected_region: Whose feed this is.

    Raises:
        SizeError: Longer than `limits.MAX_MANIFEST_BYTES`.
        StatusUriError: Of another region.
        IssuerUnknown, IssuerSignatureInvalid: Not signed by this key, or not by both of the pair.
        ProtocolError: Any other rule of form, by its own reason.
    """
    if len(encoded) > limits.MAX_MANIFEST_BYTES:
        raise SizeError(f"a manifest of {len(encoded)} bytes")
    document = signed_document.verify(
        encoded, expected_typ=labels.TYP_MANIFEST, body_label=labels.CLAIM_MANIFEST, root=signed_by
    )
    if _region(document.iss) != expected_region:
        raise StatusUriError("a manifest of another region")
    epoch, entries = _entries(document.body)
    return Manifest(document.iss, document.seq, document.iat, document.exp, epoch, entries)


def _region(iss: str) -> str:
    if not REGION_PATTERN.fullmatch(iss):
        raise SchemaError("a manifest's iss is its region")
    return iss


def _entries(body: cbor.Value) -> tuple[int, tuple[ManifestEntry, ...]]:
    match body:
        case (epoch, tuple() as values) if len(values) <= limits.MAX_MANIFEST_ENTRIES:
            entries = tuple(_entry(value) for value in values)
        case _:
            raise ShapeError(f"a manifest is [epoch, at most {limits.MAX_MANIFEST_ENTRIES} entries]")
    for before, entry in pairwise(entries):
        if before.kind > entry.kind or (before.kind is entry.kind and before.last > entry.first):
            raise SchemaError("entries that are not ascending, or overlap")
        if before.kind is entry.kind and entry.kind in AGGREGATES and before.last != entry.first:
            raise SchemaError("a gap between two aggregates")
    return feed_number(epoch), entries


def _entry(value: cbor.Value) -> ManifestEntry:
    match value:
        case (int() as kind, first, last, sha256, size) if type(kind) is int and kind in _KINDS:
            entry = ManifestEntry(
                EntryKind(kind),
                feed_number(first),
                feed_number(last, at_least=1),
                sha256_digest(sha256),
                feed_number(size, at_least=1),
            )
        case _:
            raise SchemaError("an entry is [kind, first, last, sha256, size]")
    if entry.size > limits.MAX_DELTA_BYTES:
        raise SchemaError(f"an object of {entry.size} bytes")
    if not entry.first < entry.last or (entry.kind not in AGGREGATES and entry.last != entry.first + 1):
        raise SchemaError("an entry that covers no delta, or a co-signed one that is more than one")
    return entry
