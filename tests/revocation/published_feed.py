"""A region's published folder with a feed in it, as names and bytes: documents, checkpoints, manifest, every object."""

from collections.abc import Callable

from protocol import (
    appraisal_policy,
    cbor,
    checkpoint,
    feed_document,
    feed_names,
    manifest,
    trust_list,
)
from protocol.checkpoint import Inline
from protocol.feed_document import FeedDocument
from protocol.licence import catalogue
from protocol.manifest import EntryKind, Manifest
from protocol.unixtime import DAY, UnixTime
from revocation import status_base
from tests.revocation.publisher import STATUS, TRUST, WORLD, Feed
from tests.utopia.world import WUYOU

ROOT = WORLD.roots[WUYOU]


def published_files(feed: Feed, *, base: int = 0, hours: tuple[tuple[int, int], ...] = ()) -> dict[str, bytes]:
    """What lies in the folder after the last delta; `hours` are the aggregates that the manifest lists."""
    until = UnixTime(feed.at + DAY)
    encoded_base = feed.base(base)
    pointer = status_base.pointer_to(encoded_base, seq=base)
    aggregates = [feed.aggregate(*hour, kind=EntryKind.HOUR) for hour in hours]
    listed = Manifest(WUYOU, 1, feed.at, until, feed.epoch, tuple(entry for entry, _ in aggregates))
    signed = checkpoint.sign(feed.claims(base=base), STATUS, inline=Inline(tuple(feed.bodies[-3:])))
    return {
        "root.cbor": cbor.encode(ROOT.public_key.cose_key),
        "trust.cbor": trust_list.sign(TRUST, ROOT),
        "catalogue.cbor": catalogue.sign(WORLD.catalogue(), ROOT),
        "policy.cbor": appraisal_policy.sign(WORLD.policy(), ROOT),
        "directory.cbor": b"for wallets",
        feed_names.DOCUMENT: feed_document.sign(FeedDocument(WUYOU, 1, feed.at, until, feed.epoch, pointer), ROOT),
        feed_names.CHECKPOINT: signed,
        feed_names.CHECKPOINT_10: signed,
        feed_names.MANIFEST: manifest.sign(listed, STATUS),
        feed_names.base(feed.epoch, base): encoded_base,
        **{feed_names.listed(entry.name(epoch=feed.epoch)): body for entry, body in aggregates},
        **{feed_names.delta(feed.epoch, seq): body for seq, body in enumerate(feed.bodies, 1)},
    }


def fetching(files: dict[str, bytes], *, asked: list[str] | None = None) -> Callable[[str, int], bytes | None]:
    """Gives these files, and keeps the names that were asked for."""

    def fetch(name: str, max_bytes: int) -> bytes | None:
        if asked is not None:
            asked.append(name)
        content = files.get(name)
        assert content is None or len(content) <= max_bytes
        return content

    return fetch
