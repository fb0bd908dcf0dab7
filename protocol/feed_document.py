"""The feed document: what a region's root says about its status feed, once a day.

The epoch, so that a status key that was replaced cannot go on; a base from which a terminal without any state may start
(REVOCATION.md: bootstrap only from what the trust metadata name, for whoever has nothing cannot see an un-revocation);
and where else the feed lies. Not handled here: lateness, and whether the base is still published.
"""

import re
from dataclasses import dataclass
from typing import Final

from protocol import cbor, labels, limits, signed_document
from protocol.checkpoint import BasePointer
from protocol.errors import SchemaError, ShapeError, StatusUriError
from protocol.feed_position import REGION_PATTERN, feed_number, sha256_digest
from protocol.keys import DEFAULT_ALGORITHMS, AlgorithmTable
from protocol.roots import Root, RootSigner
from protocol.signed_document import SignedDocument
from protocol.unixtime import UnixTime

_URL: Final = re.compile(r"https?://[!-~]*[!-.0-~]", re.ASCII)


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """What is signed. `region` stands as iss, `seq` counts feed documents; `base.seq` is one of this epoch."""

    region: str
    seq: int
    iat: UnixTime
    exp: UnixTime
    epoch: int
    base: BasePointer
    urls: tuple[str, ...] = ()
    """Folders that hold the same feed, without a slash at the end: the next one when the first cannot be reached."""


def sign(document: FeedDocument, signer: RootSigner) -> bytes:
    """The signed bytes of a feed document.

    Raises:
        ProtocolError: A terminal would refuse it; nothing is returned.
    """
    base = document.base
    body: cbor.Value = (document.epoch, (base.seq, base.sha256, base.size), document.urls)
    _region(document.region)
    _body(cbor.decode(cbor.encode(body)))
    enveloped = SignedDocument(document.region, document.seq, document.iat, document.exp, body)
    return signed_document.sign(enveloped, typ=labels.TYP_FEED, body_label=labels.CLAIM_FEED_DOCUMENT, signer=signer)


def verify(
    encoded: bytes, *, root: Root, expected_region: str, algorithms: AlgorithmTable = DEFAULT_ALGORITHMS
) -> FeedDocument:
    """The feed document, once every signature of the root holds. Lateness is not an error here.

    Raises:
        StatusUriError: Of another region.
        ProtocolError: Any other rule of form, by its own reason.
    """
    document = signed_document.verify(
        encoded,
        expected_typ=labels.TYP_FEED,
        body_label=labels.CLAIM_FEED_DOCUMENT,
        root=root,
        algorithms=algorithms,
    )
    if _region(document.iss) != expected_region:
        raise StatusUriError("a feed document of another region")
    epoch, base, urls = _body(document.body)
    return FeedDocument(document.iss, document.seq, document.iat, document.exp, epoch, base, urls)


def _region(iss: str) -> str:
    if not REGION_PATTERN.fullmatch(iss):
        raise SchemaError("a feed document's iss is its region")
    return iss


def _body(body: cbor.Value) -> tuple[int, BasePointer, tuple[str, ...]]:
    match body:
        case (epoch, (seq, sha256, size), tuple() as urls):
            base = BasePointer(feed_number(seq), sha256_digest(sha256), feed_number(size, at_least=1))
        case _:
            raise ShapeError("a feed document is [epoch, [seq, sha256, size], urls]")
    if base.size > limits.MAX_BASE_BYTES:
        raise SchemaError(f"a base of {base.size} bytes")
    if len(urls) > limits.MAX_FEED_URLS:
        raise SchemaError(f"more than {limits.MAX_FEED_URLS} addresses")
    return feed_number(epoch), base, tuple(_url(url) for url in urls)


def _url(value: cbor.Value) -> str:
    if not isinstance(value, str) or len(value) > limits.MAX_FEED_URL_BYTES or not _URL.fullmatch(value):
        raise SchemaError("an address that is none")
    return value
