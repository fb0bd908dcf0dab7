"""Manifests: one key or a pair, one entry forged at a time, names that no signer chooses."""

from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, labels, limits, manifest, signed_document
from protocol.errors import (
    CborError,
    IssuerSignatureInvalid,
    IssuerUnknown,
    ProtocolError,
    SchemaError,
    ShapeError,
    SizeError,
    StatusUriError,
    TimeOrderError,
)
from protocol.manifest import EntryKind, Manifest, ManifestEntry
from protocol.ml_dsa import MlDsa65Signer
from protocol.roots import RootPair, RootSigner, SignerPair
from protocol.signed_document import SignedDocument
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.utopia.randomness import Drbg
from tests.utopia.world import BEGINNING, WUYOU, ZIXU, World

WORLD = World()
STATUS = WORLD.status_signers[WUYOU]
PAIR = SignerPair(STATUS, MlDsa65Signer(Drbg("manifest pair")(32)))
DIGEST = bytes(range(32))


def entry(kind: EntryKind, first: int, last: int) -> ManifestEntry:
    return ManifestEntry(kind, first, last, DIGEST, 14_000)


HOURS = (entry(EntryKind.HOUR, 5_000, 5_060), entry(EntryKind.HOUR, 5_060, 5_101))
DAYS = (entry(EntryKind.DAY, 3_000, 4_400), entry(EntryKind.DAY, 4_400, 5_101))
WEEKS = (entry(EntryKind.WEEK, 0, 5_101),)
CO_SIGNED = (entry(EntryKind.CO_SIGNED_DELTA, 4_999, 5_000), entry(EntryKind.CO_SIGNED_DELTA, 5_070, 5_071))
CO_SIGNATURES = (entry(EntryKind.CO_SIGNATURE, 4_999, 5_000), entry(EntryKind.CO_SIGNATURE, 5_070, 5_071))
ENTRIES = (*HOURS, *DAYS, *WEEKS, *CO_SIGNED, *CO_SIGNATURES)


def good(**changes: Any) -> Manifest:
    stated = Manifest(WUYOU, 17, BEGINNING, UnixTime(BEGINNING + DAY), 2, ENTRIES)
    return replace(stated, **changes)


def read(content: bytes, *, region: str = WUYOU, signed_by: Any = STATUS.public_key) -> Manifest:
    return manifest.verify(content, signed_by=signed_by, expected_region=region)


def of_body(body: cbor.Value, *, iss: str = WUYOU, signer: RootSigner = STATUS) -> bytes:
    document = SignedDocument(iss, 17, BEGINNING, UnixTime(BEGINNING + DAY), body)
    return signed_document.sign(document, typ=labels.TYP_MANIFEST, body_label=labels.CLAIM_MANIFEST, signer=signer)


def values(*entries: ManifestEntry) -> tuple[Any, ...]:
    return tuple((int(each.kind), each.first, each.last, each.sha256, each.size) for each in entries)


@pytest.mark.parametrize("signer", [STATUS, PAIR], ids=["one key", "pair"])
@pytest.mark.parametrize("stated", [good(), good(entries=()), good(entries=HOURS[1:]), good(epoch=0)])
def test_round_trip(signer: RootSigner, stated: Manifest) -> None:
    assert read(manifest.sign(stated, signer), signed_by=signer.public_key) == stated


def test_whoever_pins_a_pair_takes_both_signatures() -> None:
    by_one, by_both = manifest.sign(good(), STATUS), manifest.sign(good(), PAIR)
    with pytest.raises(CborError):
        read(by_both)
    with pytest.raises(ShapeError):
        read(by_one, signed_by=PAIR.public_key)
    other = RootPair(STATUS.public_key, MlDsa65Signer(Drbg("another")(32)).public_key)
    with pytest.raises(IssuerUnknown):
        read(by_both, signed_by=other)


def test_a_day_and_its_hours_fit_their_bound() -> None:
    hours = tuple(entry(EntryKind.HOUR, 2**31 + number, 2**31 + number + 1) for number in range(256))
    content = manifest.sign(good(entries=hours), PAIR)
    assert len(content) <= limits.MAX_MANIFEST_BYTES
    assert read(content, signed_by=PAIR.public_key).entries == hours
    with pytest.raises(ShapeError):
        manifest.sign(good(entries=(*hours, entry(EntryKind.HOUR, 2**31 + 256, 2**31 + 257))), PAIR)
    with pytest.raises(SizeError):
        read(bytes(limits.MAX_MANIFEST_BYTES + 1))


def test_every_bit_counts() -> None:
    content = manifest.sign(good(), STATUS)
    for position in range(len(content) * 8):
        bent = bytearray(content)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            read(bytes(bent))


def test_names() -> None:
    assert [each.name(epoch=2) for each in (HOURS[0], DAYS[0], WEEKS[0], CO_SIGNED[0], CO_SIGNATURES[0])] == [
        "hour-2-5000-5060",
        "day-2-3000-4400",
        "week-2-0-5101",
        "co-signed-delta-2-4999-5000",
        "co-signature-2-4999-5000",
    ]


@pytest.mark.parametrize(
    ("kind", "after", "expected"),
    [
        (EntryKind.HOUR, 4_000, HOURS),
        (EntryKind.HOUR, 5_000, HOURS),
        (EntryKind.HOUR, 5_059, HOURS),
        (EntryKind.HOUR, 5_060, HOURS[1:]),
        (EntryKind.HOUR, 5_101, ()),
        (EntryKind.DAY, 4_399, DAYS),
        (EntryKind.CO_SIGNATURE, 5_000, CO_SIGNATURES[1:]),
    ],
)
def test_the_way_on(kind: EntryKind, after: int, expected: tuple[ManifestEntry, ...]) -> None:
    assert good().way(kind, after=after) == expected


_HOUR = (1, 5_000, 5_060, DIGEST, 14_000)
FORGED: list[tuple[Any, type[ProtocolError]]] = [
    ((2,), ShapeError),
    ((2, (), ()), ShapeError),
    ({2: ()}, ShapeError),
    ((2, {}), ShapeError),
    ((-1, ()), SchemaError),
    ((True, ()), SchemaError),
    ((2**32, ()), SchemaError),
    ((2, (_HOUR[:4],)), SchemaError),
    ((2, ((*_HOUR, 0),)), SchemaError),
    ((2, (1,)), SchemaError),
    ((2, ((0, *_HOUR[1:]),)), SchemaError),
    ((2, ((6, *_HOUR[1:]),)), SchemaError),
    ((2, ((True, *_HOUR[1:]),)), SchemaError),
    ((2, (("1", *_HOUR[1:]),)), SchemaError),
    ((2, ((1, -1, 5_060, DIGEST, 14_000),)), SchemaError),
    ((2, ((1, 5_060, 5_060, DIGEST, 14_000),)), SchemaError),
    ((2, ((1, 5_061, 5_060, DIGEST, 14_000),)), SchemaError),
    ((2, ((1, 5_000, 2**32, DIGEST, 14_000),)), SchemaError),
    ((2, ((1, 5_000, 5_060, DIGEST[1:], 14_000),)), SchemaError),
    ((2, ((1, 5_000, 5_060, DIGEST, 0),)), SchemaError),
    ((2, ((1, 5_000, 5_060, DIGEST, limits.MAX_DELTA_BYTES + 1),)), SchemaError),
    # Twice, overlapping, out of order, with a gap; a co-signed "delta" that is two.
    ((2, (_HOUR, _HOUR)), SchemaError),
    ((2, (_HOUR, (1, 5_059, 5_100, DIGEST, 1))), SchemaError),
    ((2, (_HOUR, (1, 5_061, 5_100, DIGEST, 1))), SchemaError),
    ((2, (_HOUR, (1, 4_000, 5_000, DIGEST, 1))), SchemaError),
    ((2, (values(*DAYS)[0], _HOUR)), SchemaError),
    ((2, ((4, 5_000, 5_002, DIGEST, 1),)), SchemaError),
    ((2, ((5, 5_000, 5_002, DIGEST, 1),)), SchemaError),
    ((2, ((4, 5_000, 5_001, DIGEST, 1), (4, 5_000, 5_001, DIGEST, 1))), SchemaError),
    ((2, ((3, 0, 5_000, DIGEST, 1), (3, 4_000, 6_000, DIGEST, 1))), SchemaError),
]


@pytest.mark.parametrize(("body", "error"), FORGED, ids=lambda value: repr(value)[:50])
def test_a_forged_body(body: Any, error: type[ProtocolError]) -> None:
    with pytest.raises(error):
        read(of_body(body))


def test_the_good_body_of_these_forgeries() -> None:
    assert read(of_body((2, (_HOUR,)))).entries == HOURS[:1]


def test_another_region() -> None:
    with pytest.raises(StatusUriError):
        read(of_body((2, ()), iss=ZIXU))
    with pytest.raises(StatusUriError):
        read(manifest.sign(good(), STATUS), region=ZIXU)
    with pytest.raises(SchemaError):
        read(of_body((2, ()), iss="990000.GA"))
    with pytest.raises(SchemaError):
        manifest.sign(good(region="990000.GA"), STATUS)


def test_another_key() -> None:
    with pytest.raises(IssuerUnknown):
        read(manifest.sign(good(), WORLD.status_signers[ZIXU]))
    content = manifest.sign(good(), STATUS)
    with pytest.raises(IssuerSignatureInvalid):
        read(content[:-1] + bytes((content[-1] ^ 1,)))


def test_moments() -> None:
    with pytest.raises(TimeOrderError):
        read(manifest.sign(good(exp=UnixTime(BEGINNING)), STATUS))
    assert read(manifest.sign(good(exp=UnixTime(BEGINNING + HOUR)), STATUS)).exp == BEGINNING + HOUR


def test_another_document() -> None:
    document = SignedDocument(WUYOU, 17, BEGINNING, UnixTime(BEGINNING + DAY), (2, ()))
    with pytest.raises(ProtocolError):
        read(signed_document.sign(document, typ=labels.TYP_TRUST, body_label=labels.CLAIM_MANIFEST, signer=STATUS))
