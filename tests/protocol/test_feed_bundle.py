"""Bundles: one form, names of the allow-list alone, bounds before values; one thing forged at a time."""

import cbor2
import pytest

from protocol import cbor, feed_bundle, feed_names, limits
from protocol.errors import CborError, ProtocolError, SchemaError, ShapeError, SizeError
from protocol.published_names import published
from tests.conformance.test_cddl import VALIDATOR

GOOD = {
    "trust.cbor": b"trust",
    feed_names.CHECKPOINT: b"c" * 300,
    feed_names.base(2, 41): b"b" * 70_000,
    feed_names.listed("co-signed-delta-2-40-41"): b"d",
    "metadata/7.snapshot.json": b"{}",
    "targets/310000/" + "0f" * 32 + ".catalogue.cbor": b"k",
}


def as_map(*entries: tuple[bytes, bytes]) -> bytes:
    """A map of these encoded keys and values, in this order."""
    return cbor.head(5, len(entries)) + b"".join(key + value for key, value in entries)


def key(name: str) -> bytes:
    return cbor.encode(name)


VALUE = cbor.encode(b"1")
A, B = key("feed.cbor"), key("root.cbor")


def test_what_is_written_is_read() -> None:
    encoded = feed_bundle.encode(GOOD)
    assert feed_bundle.decode(encoded) == GOOD
    assert feed_bundle.encode(dict(reversed(GOOD.items()))) == encoded


def test_another_reader_of_cbor_agrees() -> None:
    encoded = feed_bundle.encode(GOOD)
    assert cbor2.loads(encoded) == GOOD
    assert cbor2.dumps(GOOD, canonical=True) == encoded


def test_the_page_says_the_same() -> None:
    assert VALIDATOR.validate(feed_bundle.encode(GOOD), root_type="feed-bundle").valid
    for other in ({"feed/delta-01-1": b"1"}, {"feed.cbor": b""}, {"feed.cbor": 1}, {"../feed.cbor": b"1"}, {}):
        assert not VALIDATOR.validate(cbor.encode(other), root_type="feed-bundle").valid


def test_the_index_reads_heads_and_names_alone() -> None:
    encoded = feed_bundle.encode(GOOD)
    read = 0

    def counting(offset: int, count: int) -> bytes:
        nonlocal read
        read += count
        return encoded[offset : offset + count]

    extents = feed_bundle.index(counting, len(encoded))
    assert {name: encoded[each.offset :][: each.size] for name, each in extents.items()} == GOOD
    assert read < 200 * (len(GOOD) + 1)


@pytest.mark.parametrize(
    ("encoded", "error"),
    [
        (b"", CborError),
        (b"\xa0", SizeError),
        (cbor.encode((1, 2)), ShapeError),
        (cbor.encode({1: b"1"}), ShapeError),
        (cbor.encode({"feed.cbor": "text"}), ShapeError),
        (cbor.encode({"feed.cbor": {}}), ShapeError),
        (cbor.encode({"feed.cbor": b""}), SizeError),
        (as_map((A, VALUE), (B, VALUE))[:-1], CborError),
        (as_map((A, VALUE), (B, VALUE))[:12], CborError),
        (as_map((A, VALUE)) + b"\x00", CborError),
        (as_map((B, VALUE), (A, VALUE)), CborError),
        (as_map((A, VALUE), (A, VALUE)), CborError),
        (b"\xbf" + A + VALUE + b"\xff", CborError),
        (b"\xb8\x01" + A + VALUE, CborError),
        (b"\xa1\x78\x09feed.cbor" + VALUE, CborError),
        (b"\xa1" + A + b"\x58\x011", CborError),
        (b"\xa1" + A + b"\x5f" + VALUE + b"\xff", CborError),
        (b"\xa1" + A + b"\x5b" + (1 << 40).to_bytes(8), CborError),
        (cbor.head(5, limits.MAX_FEED_BUNDLE_ENTRIES + 1), SizeError),
        (b"\xa1" + key("f" * 129) + VALUE, SizeError),
    ],
)
def test_another_form(encoded: bytes, error: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as refused:
        feed_bundle.decode(encoded)
    assert type(refused.value) is error


@pytest.mark.parametrize(
    "name",
    [
        "",
        "passwd",
        "/feed.cbor",
        "../feed.cbor",
        "feed/../feed.cbor",
        "./feed.cbor",
        "feed//manifest.cwt",
        "feed\\manifest.cwt",
        "feed.cbor\n",
        "feed.cbor\0",
        "FEED.CBOR",
        "ｆeed.cbor",
        "feed/delta-1",
        "feed/delta-01-1",
        "feed/delta-1-\u0661",
        "feed/delta-1-12345678901",
        "feed/hour-1-2",
        "feed/month-1-2-3",
        "status/1000000.cwt",
        "status/01.cwt",
        "metadata/0.root.json",
        "metadata/1.Root.json",
        "metadata/1.a.b.json",
        "metadata/1..json",
        "metadata/snapshot.json",
        "targets/31000/feed.cbor",
        "targets/310000/metadata/timestamp.json",
        "targets/310000/" + "0f" * 31 + ".feed.cbor",
        "https://feed.example/feed.cbor",
    ],
)
def test_a_name_that_nobody_publishes(name: str) -> None:
    assert published(name) is None
    with pytest.raises(SchemaError):
        feed_bundle.decode(cbor.encode({name: b"1"}))
    with pytest.raises(SchemaError):
        feed_bundle.encode({name: b"1"})


@pytest.mark.parametrize(
    ("name", "most"),
    [
        (feed_names.CHECKPOINT, limits.MAX_CHECKPOINT_BYTES),
        (feed_names.CHECKPOINT_10, limits.MAX_CHECKPOINT_BYTES),
        (feed_names.MANIFEST, limits.MAX_MANIFEST_BYTES),
        (feed_names.listed("co-signature-1-0-1"), limits.MAX_REVERSAL_BYTES),
        ("status/aggregation.json", limits.MAX_AGGREGATION_BYTES),
        ("targets/310000/status/7.cwt", limits.MAX_STATUS_TOKEN_BYTES),
    ],
)
def test_an_entry_is_as_long_as_its_kind_may_be(name: str, most: int) -> None:
    assert feed_bundle.decode(feed_bundle.encode({name: bytes(most)})) == {name: bytes(most)}
    with pytest.raises(SizeError):
        feed_bundle.encode({name: bytes(most + 1)})


def test_sizes_are_refused_before_anything_is_read() -> None:
    def nothing(offset: int, count: int) -> bytes:
        raise AssertionError("read")

    with pytest.raises(SizeError):
        feed_bundle.index(nothing, limits.MAX_FEED_BUNDLE_BYTES + 1)


@pytest.mark.parametrize(
    "name",
    [feed_names.delta(4_294_967_295, 1), feed_names.base(0, 0), feed_names.listed("week-1-0-10080")],
)
def test_objects_with_a_number_never_change(name: str) -> None:
    entry = published(name)
    assert entry is not None
    assert entry.never_changes
    assert published(f"targets/330000/{name}") is not None


@pytest.mark.parametrize("name", [feed_names.DOCUMENT, feed_names.CHECKPOINT, "metadata/timestamp.json"])
def test_what_is_replaced_is_not_called_immutable(name: str) -> None:
    entry = published(name)
    assert entry is not None
    assert not entry.never_changes
