"""What goes into a bundle leads from a base, or from what is held, to the checkpoint; nothing else goes in."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from protocol import checkpoint, feed_bundle, feed_document, feed_names, manifest
from protocol.checkpoint import Inline
from protocol.feed_document import FeedDocument
from protocol.manifest import EntryKind, Manifest, ManifestEntry
from protocol.unixtime import DAY, UnixTime
from revocation import advance, bundling, status_base
from revocation.errors import NothingToBundle
from revocation.guard import NOTHING_CO_SIGNED
from tests.revocation.published_feed import ROOT, fetching, published_files
from tests.revocation.publisher import STATUS, Feed
from tests.utopia.world import WUYOU


@pytest.fixture(scope="module")
def feed() -> Feed:
    made = Feed()
    for seq in range(1, 13):
        made.publish({seq * 100: 2, seq * 100 + 1: 1})
    return made


@pytest.fixture
def files(feed: Feed) -> dict[str, bytes]:
    return published_files(feed, base=2, hours=((0, 4), (4, 8)))


DOCUMENTS = {"root.cbor", "trust.cbor", "catalogue.cbor", "policy.cbor", "feed.cbor"}
STANDING = DOCUMENTS | {feed_names.CHECKPOINT, feed_names.CHECKPOINT_10, feed_names.MANIFEST}


def test_for_whoever_has_nothing(feed: Feed, files: dict[str, bytes]) -> None:
    made = bundling.of_region(fetching(files))
    assert made.keys() == STANDING | {
        "feed/base-1-2",
        "feed/hour-1-0-4",
        "feed/hour-1-4-8",
        *(feed_names.delta(1, seq) for seq in range(3, 13)),
    }
    assert feed_bundle.decode(feed_bundle.encode(made)) == made
    # It leads there: the base, the aggregates after it, the deltas after these.
    base, entries = made["feed/base-1-2"], manifest_of(made).way(EntryKind.HOUR, after=2)
    pointer = feed_document.verify(made["feed.cbor"], root=ROOT.public_key, expected_region=WUYOU).base
    pairs = [(each, made[feed_names.listed(each.name(epoch=1))]) for each in entries]
    deltas = [made[feed_names.delta(1, seq)] for seq in range(9, 13)]
    signed = feed.checkpoint(base=2)
    came = advance.from_nothing(base, pairs, deltas, pointer=pointer, checkpoint=signed, co_signed=NOTHING_CO_SIGNED)
    assert came.state.root == feed.states[12].root


def manifest_of(entries: dict[str, bytes]) -> Manifest:
    return manifest.verify(entries[feed_names.MANIFEST], signed_by=STATUS.public_key, expected_region=WUYOU)


def test_since_what_is_held_there_is_no_base(files: dict[str, bytes]) -> None:
    made = bundling.of_region(fetching(files), since=(1, 5))
    assert made.keys() - STANDING == {
        "feed/hour-1-4-8",
        *(feed_names.delta(1, seq) for seq in range(6, 13)),
    }


def test_old_deltas_that_were_taken_away_are_not_needed(files: dict[str, bytes]) -> None:
    for seq in range(1, 9):
        del files[feed_names.delta(1, seq)]
    made = bundling.of_region(fetching(files))
    assert {name for name in made if "delta" in name} == {feed_names.delta(1, seq) for seq in range(9, 13)}


def test_since_the_last_hour_there_are_deltas_alone(files: dict[str, bytes]) -> None:
    made = bundling.of_region(fetching(files), since=(1, 10))
    assert made.keys() - STANDING == {feed_names.delta(1, 11), feed_names.delta(1, 12)}


def test_since_now_there_is_the_checkpoint(files: dict[str, bytes]) -> None:
    assert bundling.of_region(fetching(files), since=(1, 12)).keys() == STANDING


@pytest.mark.parametrize("since", [(0, 5), (2, 5), (1, 3)])
def test_since_a_place_that_the_manifest_does_not_reach_there_is_a_base(feed: Feed, since: tuple[int, int]) -> None:
    made = bundling.of_region(fetching(published_files(feed, base=2, hours=((4, 8),))), since=since)
    assert "feed/base-1-2" in made


def test_an_hour_after_the_checkpoint_is_left_out(feed: Feed, files: dict[str, bytes]) -> None:
    """The publisher went on between two of our requests."""
    early = checkpoint.sign(feed.claims(seq=6, base=2), STATUS, inline=Inline())
    made = bundling.of_region(fetching(files | {feed_names.CHECKPOINT_10: early}))
    deltas = {feed_names.delta(1, seq) for seq in range(3, 7)}
    assert made.keys() - STANDING == {"feed/base-1-2", "feed/hour-1-0-4", *deltas}
    assert made[feed_names.CHECKPOINT] == early


def test_what_the_offline_key_signed_goes_along(feed: Feed, files: dict[str, bytes]) -> None:
    bodies = {"co-signed-delta-1-6-7": b"a delta", "co-signature-1-6-7": b"a co-signature"}
    entries = manifest_of(files).entries + tuple(
        ManifestEntry(kind, 6, 7, sha256(body).digest(), len(body))
        for kind, body in zip((EntryKind.CO_SIGNED_DELTA, EntryKind.CO_SIGNATURE), bodies.values(), strict=True)
    )
    files[feed_names.MANIFEST] = manifest.sign(replace(manifest_of(files), entries=entries), STATUS)
    files |= {feed_names.listed(name): body for name, body in bodies.items()}
    for since in (None, (1, 5)):
        assert {feed_names.listed(name) for name in bodies} <= bundling.of_region(fetching(files), since=since).keys()
    assert "feed/co-signature-1-6-7" not in bundling.of_region(fetching(files), since=(1, 7))
    files["feed/co-signed-delta-1-6-7"] = b"another"
    with pytest.raises(NothingToBundle, match=r"co-signed-delta-1-6-7 is not the one"):
        bundling.of_region(fetching(files))


@pytest.mark.parametrize(
    "name", [*sorted(DOCUMENTS), feed_names.CHECKPOINT_10, feed_names.MANIFEST, "feed/base-1-2", "feed/delta-1-9"]
)
def test_something_missing_is_named(files: dict[str, bytes], name: str) -> None:
    del files[name]
    with pytest.raises(NothingToBundle, match=f"{name} is not there"):
        bundling.of_region(fetching(files))


@pytest.mark.parametrize("name", ["feed/base-1-2", "feed/hour-1-4-8"])
def test_another_object_than_the_signed_one(files: dict[str, bytes], name: str) -> None:
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
    with pytest.raises(NothingToBundle, match=f"{name} is not the one that was signed"):
        bundling.of_region(fetching(files))


@pytest.mark.parametrize("name", ["trust.cbor", "feed.cbor", feed_names.CHECKPOINT_10, feed_names.MANIFEST])
def test_what_does_not_verify_is_not_carried_anywhere(files: dict[str, bytes], name: str) -> None:
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
    with pytest.raises(NothingToBundle, match="does not verify"):
        bundling.of_region(fetching(files))


def test_two_epochs_do_not_fit_together(feed: Feed, files: dict[str, bytes]) -> None:
    pointer = status_base.pointer_to(feed.base(2), seq=2)
    later = FeedDocument(WUYOU, 2, feed.at, UnixTime(feed.at + DAY), 2, pointer)
    with pytest.raises(NothingToBundle, match="two epochs"):
        bundling.of_region(fetching(files | {"feed.cbor": feed_document.sign(later, ROOT)}))
    other = manifest.sign(replace(manifest_of(files), epoch=2), STATUS)
    with pytest.raises(NothingToBundle, match="two epochs"):
        bundling.of_region(fetching(files | {feed_names.MANIFEST: other}))


def test_a_manifest_that_stood_still(feed: Feed, files: dict[str, bytes]) -> None:
    far = replace(feed.claims(base=2), position=feed.position(3_000))
    files[feed_names.CHECKPOINT_10] = checkpoint.sign(far, STATUS, inline=Inline())
    with pytest.raises(NothingToBundle, match="2992 deltas before"):
        bundling.of_region(fetching(files))


def as_repository(files: dict[str, bytes]) -> dict[str, bytes]:
    """A repository of one region, as far as names go; nobody signs here."""
    digests = {name: sha256(files[name]).hexdigest() for name in DOCUMENTS}
    targets = {f"{WUYOU}/{name}": {"hashes": {"sha256": digest}} for name, digest in digests.items()}
    metadata = {
        "1.root": {"signed": {}},
        "2.root": {"signed": {}},
        "timestamp": {"signed": {"meta": {"snapshot.json": {"version": 9}}}},
        "9.snapshot": {"signed": {"meta": {"targets.json": {"version": 3}, f"{WUYOU}.json": {"version": 4}}}},
        "3.targets": {"signed": {"targets": {}}},
        f"4.{WUYOU}": {"signed": {"targets": targets}},
    }
    made = {f"metadata/{name}.json": json.dumps(content).encode() for name, content in metadata.items()}
    for name, content in files.items():
        made[f"targets/{WUYOU}/{f'{digests[name]}.' if name in digests else ''}{name}"] = content
    return made


def test_of_a_repository(files: dict[str, bytes]) -> None:
    repository = as_repository(files)
    made = bundling.of_repository(fetching(repository | {"metadata/8.snapshot.json": b"old"}), regions=[WUYOU])
    assert made.items() <= repository.items()
    assert {name for name in made if name.startswith("metadata/")} == {
        name for name in repository if name.startswith("metadata/")
    }
    assert f"targets/{WUYOU}/feed/base-1-2" in made
    assert len(made) == 6 + len(bundling.of_region(fetching(files)))
    assert feed_bundle.decode(feed_bundle.encode(made)) == made
    since = bundling.of_repository(fetching(repository), regions=[WUYOU], since={WUYOU: (1, 12)})
    assert f"targets/{WUYOU}/feed/base-1-2" not in since


def test_another_region_of_the_repository_is_left_out(files: dict[str, bytes]) -> None:
    repository = as_repository(files)
    made = bundling.of_repository(fetching(repository), regions=[])
    assert made.keys() == {name for name in repository if name.startswith("metadata/")}
    with pytest.raises(NothingToBundle, match=r"root[.]cbor is not there"):
        bundling.of_repository(fetching(repository), regions=["980000"])


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"signed": 1}', b'{"signed": {"meta": {"a": 1}}}'])
def test_a_repository_that_cannot_be_read(files: dict[str, bytes], content: bytes) -> None:
    repository = as_repository(files) | {"metadata/timestamp.json": content}
    with pytest.raises(NothingToBundle):
        bundling.of_repository(fetching(repository), regions=[WUYOU])
