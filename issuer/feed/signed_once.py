"""Signed documents of the feed that are kept in the register, so that every process publishes the same bytes."""

from collections.abc import Callable
from hashlib import sha256

from issuer.register import Register, StoredDocument
from protocol import cbor
from protocol.unixtime import Seconds, UnixTime


def current(
    register: Register,
    name: str,
    content: cbor.Value,
    *,
    at: UnixTime,
    renew_after: Seconds,
    sign: Callable[[int, UnixTime], bytes],
) -> bytes:
    """The stored document, or a new one where the content changed or it is too old. Call as the leader.

    Args:
        register: Where it is kept.
        name: Under which name.
        content: What it says; equal exactly when the document needs no new signature.
        at: Now.
        renew_after: How old it may become.
        sign: Signs under a sequence number, at a moment.
    """
    digest = sha256(cbor.encode(content)).digest()
    stored = register.stored_document(name)
    if stored is not None and stored.content_sha256 == digest and at - stored.iat < renew_after:
        return stored.encoded
    seq = register.next_document_seq(name)
    encoded = sign(seq, at)
    register.store_document(name, StoredDocument(seq, digest, at, encoded))
    return encoded
