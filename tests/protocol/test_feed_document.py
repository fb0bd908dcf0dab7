"""The feed document: the root alone signs it, for its own region, one field forged at a time."""

from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, feed_document, feed_names, labels, limits, signed_document
from protocol.checkpoint import BasePointer
from protocol.errors import (
    IssuerUnknown,
    ProtocolError,
    SchemaError,
    ShapeError,
    StatusUriError,
    TimeOrderError,
    TypError,
)
from protocol.feed_document import FeedDocument
from protocol.ml_dsa import MlDsa65Signer
from protocol.roots import SignerPair
from protocol.signed_document import SignedDocument
from protocol.unixtime import DAY, UnixTime
from tests.utopia.randomness import Drbg
from tests.utopia.world import BEGINNING, WUYOU, ZIXU, World

WORLD = World()
ROOT = WORLD.roots[WUYOU]
DIGEST = bytes(range(32))
BASE = (40, DIGEST, 622_000)
URLS = ("https://feed.example/wuyou", "http://relay.example:8080/wuyou")
GOOD = FeedDocument(WUYOU, 3, BEGINNING, UnixTime(BEGINNING + DAY), 2, BasePointer(*BASE), URLS)


def read(encoded: bytes, *, region: str = WUYOU, root: Any = ROOT.public_key) -> FeedDocument:
    return feed_document.verify(encoded, root=root, expected_region=region)


def of_body(body: cbor.Value, *, iss: str = WUYOU) -> bytes:
    document = SignedDocument(iss, 3, BEGINNING, UnixTime(BEGINNING + DAY), body)
    return signed_document.sign(document, typ=labels.TYP_FEED, body_label=labels.CLAIM_FEED_DOCUMENT, signer=ROOT)


@pytest.mark.parametrize("urls", [(), URLS])
def test_what_is_signed_is_read(urls: tuple[str, ...]) -> None:
    stated = replace(GOOD, urls=urls)
    assert read(feed_document.sign(stated, ROOT)) == stated


def test_a_pair_signs_and_one_of_it_is_not_enough() -> None:
    pair = SignerPair(ROOT, MlDsa65Signer(Drbg("feed pair")(32)))
    encoded = feed_document.sign(GOOD, pair)
    assert read(encoded, root=pair.public_key) == GOOD
    with pytest.raises(ProtocolError):
        read(encoded)
    with pytest.raises(ShapeError):
        read(feed_document.sign(GOOD, ROOT), root=pair.public_key)


def test_the_status_key_is_not_the_root() -> None:
    with pytest.raises(IssuerUnknown):
        read(feed_document.sign(GOOD, WORLD.status_signers[WUYOU]))


def test_another_region() -> None:
    with pytest.raises(StatusUriError):
        read(feed_document.sign(GOOD, ROOT), region=ZIXU)


def test_another_document_of_the_root_is_none() -> None:
    document = SignedDocument(WUYOU, 3, BEGINNING, UnixTime(BEGINNING + DAY), (2, BASE, URLS))
    label = labels.CLAIM_FEED_DOCUMENT
    with pytest.raises(TypError):
        read(signed_document.sign(document, typ=labels.TYP_MANIFEST, body_label=label, signer=ROOT))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ((2, BASE), ShapeError),
        ((2, BASE, URLS, 1), ShapeError),
        ((2, BASE, "https://feed.example"), ShapeError),
        ((2, None, URLS), ShapeError),
        ((-1, BASE, URLS), SchemaError),
        ((True, BASE, URLS), SchemaError),
        ((limits.MAX_FEED_NUMBER + 1, BASE, URLS), SchemaError),
        ((2, (-1, DIGEST, 622_000), URLS), SchemaError),
        ((2, (40, DIGEST[1:], 622_000), URLS), SchemaError),
        ((2, (40, DIGEST, 0), URLS), SchemaError),
        ((2, (40, DIGEST, limits.MAX_BASE_BYTES + 1), URLS), SchemaError),
        ((2, BASE, tuple(f"https://{number}.example" for number in range(limits.MAX_FEED_URLS + 1))), SchemaError),
        ((2, BASE, ("https://feed.example/",)), SchemaError),
        ((2, BASE, ("ftp://feed.example",)), SchemaError),
        ((2, BASE, ("https://feed.example/a b",)), SchemaError),
        ((2, BASE, ("https://feed.example/\n",)), SchemaError),
        ((2, BASE, ("https://" + "f" * limits.MAX_FEED_URL_BYTES,)), SchemaError),
        ((2, BASE, (b"https://feed.example",)), SchemaError),
    ],
)
def test_a_body_of_another_form(body: cbor.Value, error: type[ProtocolError]) -> None:
    with pytest.raises(error):
        read(of_body(body))


@pytest.mark.parametrize("iss", ["31000", "31000a", "310000.GA"])
def test_an_iss_that_is_no_region(iss: str) -> None:
    with pytest.raises(SchemaError):
        read(of_body((2, BASE, URLS), iss=iss), region=iss)
    with pytest.raises(SchemaError):
        feed_document.sign(replace(GOOD, region=iss), ROOT)


def test_an_end_before_the_beginning() -> None:
    with pytest.raises(TimeOrderError):
        read(feed_document.sign(replace(GOOD, exp=GOOD.iat), ROOT))


def test_nothing_is_signed_that_nobody_would_read() -> None:
    with pytest.raises(SchemaError):
        feed_document.sign(replace(GOOD, urls=("feed.example",)), ROOT)


def test_names_are_distinct_and_below_the_folder() -> None:
    names = {
        feed_names.CHECKPOINT,
        feed_names.CHECKPOINT_10,
        feed_names.MANIFEST,
        feed_names.delta(2, 41),
        feed_names.delta(24, 1),
        feed_names.base(2, 41),
        feed_names.listed("hour-2-0-41"),
    }
    assert len(names) == 7
    assert all(name.startswith(f"{feed_names.FOLDER}/") and name.count("/") == 1 for name in names)
