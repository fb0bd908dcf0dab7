"""What the offline key has signed on the way to a checkpoint: from the checkpoint itself, the feed, and its manifest.

Each statement is verified by its own key wherever it comes from; one that does not verify, or is for other bytes than
the delta that took its place, is left out: `revocation.guard` then refuses what it would have allowed.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from protocol import limits, reversal
from protocol.checkpoint import UnverifiedCheckpoint
from protocol.errors import ProtocolError
from protocol.feed_position import FeedPosition
from protocol.manifest import EntryKind, Manifest, ManifestEntry
from protocol.reversal import VerifiedReversal
from protocol.trust_list import TrustList
from protocol.unixtime import UnixTime
from revocation import chain, guard
from revocation.errors import RevocationError
from revocation.guard import CoSigned
from verifier_terminal.errors import FetchError

Fetch = Callable[[str, int], bytes]
"""The object of this name in the feed's folder, by name and most bytes."""


def on_the_way(
    came: UnverifiedCheckpoint,
    manifest: Manifest | None,
    deltas: Mapping[int, bytes],
    fetch: Fetch,
    *,
    after: int,
    trust: TrustList,
    at: UnixTime,
) -> CoSigned:
    """The co-signed deltas after this seq up to the checkpoint's, with what signs them.

    Args:
        came: The checkpoint with what rides along.
        manifest: The verified manifest, when one was fetched.
        deltas: Bodies that are there already, by seq.
        fetch: Raises FetchError.
        after: Where the way begins.
        trust: Of the region.
        at: By which reversal keys must not have ended.
    """
    end = came.claims.position
    wanted = {each.seq for each in came.claims.reversals if after < each.seq}
    if manifest is not None:
        wanted |= {
            each.last
            for each in manifest.entries
            if each.kind is EntryKind.CO_SIGNATURE and after < each.last <= end.seq
        }
    statements = _inline(came, trust, at)
    pairs = []
    for seq in sorted(wanted):
        position = replace(end, seq=seq)
        statement = statements.get(seq) or _fetched(fetch, position, trust, at)
        body = deltas.get(seq) or _object(fetch, EntryKind.CO_SIGNED_DELTA, position, limits.MAX_DELTA_BYTES)
        if statement is None or body is None:
            continue
        if chain.delta_hash(position, body) == statement.reversal.delta_sha256:
            pairs.append((statement, body))
    try:
        return guard.co_signed(pairs)
    except RevocationError:
        # The offline key signed bytes that are no delta. Nothing that it would allow can be taken.
        return guard.NOTHING_CO_SIGNED


def _inline(came: UnverifiedCheckpoint, trust: TrustList, at: UnixTime) -> Mapping[int, VerifiedReversal]:
    read = (_verified(each, came.claims.position, trust, at) for each in came.inline.reversals)
    return {each.reversal.position.seq: each for each in read if each is not None}


def _fetched(fetch: Fetch, position: FeedPosition, trust: TrustList, at: UnixTime) -> VerifiedReversal | None:
    encoded = _object(fetch, EntryKind.CO_SIGNATURE, position, limits.MAX_REVERSAL_BYTES)
    return None if encoded is None else _verified(encoded, position, trust, at)


def _verified(encoded: bytes, position: FeedPosition, trust: TrustList, at: UnixTime) -> VerifiedReversal | None:
    try:
        verified = reversal.verify(encoded, trust=trust, expected_region=position.region, at=at)
    except ProtocolError:
        return None
    return verified if verified.reversal.position.epoch == position.epoch else None


def _object(fetch: Fetch, kind: EntryKind, position: FeedPosition, max_bytes: int) -> bytes | None:
    # Of an entry only its name is needed: what the bytes are is said by the statement's signature and the chain.
    named = ManifestEntry(kind, position.seq - 1, position.seq, b"", 0)
    try:
        return fetch(named.name(epoch=position.epoch), max_bytes)
    except FetchError:
        return None
