"""Checkpoints: what a region's status key signs every minute about the whole of its status lists.

A COSE_Sign1 (typ `application/status-checkpoint+cwt`) of at most 340 bytes and 25 for each ban: where the feed stands,
the head of its chain of deltas, the root of the state after them, where the last base is, which issuer keys are banned
from when on, and which deltas the offline key has co-signed. The last deltas and co-signatures may ride along in the
unprotected header: mirrors may strip them, and what they are is decided by the signed head and by their own signatures.

Guaranteed by `verify`: a status key that may sign all lists of exactly this region. Not handled here: lateness (a
grade), the chain of deltas and the state (`revocation`), clocks that are ahead, and what is held already; `succession`
compares two verified checkpoints.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from protocol import cbor, cose_sign1, cwt, feed_position, keys, labels, limits, packed_deltas
from protocol.cose_sign1 import UnverifiedSign1
from protocol.errors import (
    IssuerExpired,
    IssuerSignatureInvalid,
    SchemaError,
    ShapeError,
    SizeError,
    StatusUriError,
    TimeOrderError,
)
from protocol.feed_position import FeedPosition, feed_number, sha256_digest
from protocol.keys import Signer
from protocol.labels import KeyUse
from protocol.trust_list import TrustList
from protocol.unixtime import Seconds, UnixTime

_PROTECTED: Final = frozenset({labels.HDR_ALG, labels.HDR_KID, labels.HDR_TYP})
_UNPROTECTED: Final = frozenset({labels.HDR_INLINE_DELTAS, labels.HDR_REVERSALS})
_REQUIRED: Final = frozenset(
    {
        labels.CLAIM_ISS,
        labels.CLAIM_EXP,
        labels.CLAIM_IAT,
        labels.CLAIM_TTL,
        labels.CLAIM_FEED,
        labels.CLAIM_HEADS,
        labels.CLAIM_BASE,
        labels.CLAIM_LISTS,
        labels.CLAIM_TUF_VERSIONS,
    }
)
_KNOWN: Final = _REQUIRED | {labels.CLAIM_BANS, labels.CLAIM_REVERSALS}


@dataclass(frozen=True, slots=True)
class BasePointer:
    """The last base: the state after delta `seq`, as one object of `size` bytes with this hash."""

    seq: int
    sha256: bytes
    size: int


@dataclass(frozen=True, slots=True, order=True)
class Ban:
    """A key of this region's issuers that is not to be relied upon for what it signed from this moment on."""

    iss: str
    kid: bytes
    since: UnixTime


@dataclass(frozen=True, slots=True)
class TufVersions:
    """The least versions that a terminal should hold: a hint to fetch, which can only lower a grade."""

    root: int
    snapshot: int


@dataclass(frozen=True, slots=True, order=True)
class CoSignedDelta:
    """A delta that the offline reversal key has signed: its sequence number and its hash."""

    seq: int
    delta_sha256: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed. `lists` counts every list that was ever opened, retired ones too."""

    iss: str
    position: FeedPosition
    iat: UnixTime
    exp: UnixTime
    ttl: Seconds
    head: bytes
    state_root: bytes
    base: BasePointer
    lists: int
    tuf_versions: TufVersions
    bans: tuple[Ban, ...] = ()
    reversals: tuple[CoSignedDelta, ...] = ()


@dataclass(frozen=True, slots=True)
class Inline:
    """What rides along and nobody signed here: the deltas that end at the checkpoint's seq, oldest first."""

    deltas: tuple[bytes, ...] = ()
    reversals: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class UnverifiedCheckpoint:
    """Well-formed, but nobody has checked who signed it."""

    sign1: UnverifiedSign1
    kid: bytes
    claims: Checkpoint
    inline: Inline


@dataclass(frozen=True, slots=True)
class VerifiedCheckpoint:
    """A trusted status key of that region said this. Only `verify` makes one. `kid` tells sources of time apart."""

    claims: Checkpoint
    kid: bytes


class Succession(Enum):
    """How a verified checkpoint stands to the one that is held."""

    NEWER = "newer"
    SAME = "the same moment of the same state"
    OLDER = "older"
    EQUIVOCATION = "one place in the feed, two states"
    """The region's key signed two histories: an alarm, and neither is applied."""


def sign(checkpoint: Checkpoint, signer: Signer, *, inline: Inline) -> bytes:
    """The signed bytes of a checkpoint.

    Raises:
        ProtocolError: A terminal would refuse it; nothing is returned.
    """
    payload: dict[cbor.Key, cbor.Value] = {
        labels.CLAIM_ISS: checkpoint.iss,
        labels.CLAIM_EXP: checkpoint.exp,
        labels.CLAIM_IAT: checkpoint.iat,
        labels.CLAIM_TTL: checkpoint.ttl,
        labels.CLAIM_FEED: checkpoint.position.to_value(),
        labels.CLAIM_HEADS: (checkpoint.head, checkpoint.state_root),
        labels.CLAIM_BASE: (checkpoint.base.seq, checkpoint.base.sha256, checkpoint.base.size),
        labels.CLAIM_LISTS: checkpoint.lists,
        labels.CLAIM_TUF_VERSIONS: (checkpoint.tuf_versions.root, checkpoint.tuf_versions.snapshot),
    }
    if checkpoint.bans:
        payload[labels.CLAIM_BANS] = tuple((each.iss, each.kid, each.since) for each in checkpoint.bans)
    if checkpoint.reversals:
        payload[labels.CLAIM_REVERSALS] = tuple((each.seq, each.delta_sha256) for each in checkpoint.reversals)
    headers: dict[cbor.Key, cbor.Value] = {
        labels.HDR_KID: keys.kid_of(signer.public_key),
        labels.HDR_TYP: labels.TYP_CHECKPOINT,
    }
    encoded = cbor.encode(cose_sign1.sign1(headers, cbor.encode(payload), signer, unprotected=_unprotected(inline)))
    # Nothing leaves the region that a terminal would refuse: the same reader, on the bytes that were made.
    parse(encoded)
    return encoded


def with_inline(encoded: bytes, inline: Inline) -> bytes:
    """The same signed checkpoint with something else riding along.

    Raises:
        ProtocolError: As `parse`, of what was given or of what came out.
    """
    sign1 = parse(encoded).sign1
    parts: cbor.Value = (sign1.protected_bytes, _unprotected(inline), sign1.payload, sign1.signature)
    changed = cbor.encode(cbor.Tagged(labels.TAG_SIGN1, parts))
    parse(changed)
    return changed


def parse(encoded: bytes) -> UnverifiedCheckpoint:
    """The parts of a checkpoint.

    Raises:
        SizeError: Longer than `limits.MAX_CHECKPOINT_BYTES`, or more rides along than may.
        ProtocolError: The reason names the first rule of form that it breaks.
    """
    if len(encoded) > limits.MAX_CHECKPOINT_BYTES:
        raise SizeError(f"a checkpoint of {len(encoded)} bytes")
    sign1 = cose_sign1.parse(
        cbor.decode(encoded),
        expected_typ=labels.TYP_CHECKPOINT,
        protected_labels=_PROTECTED,
        unprotected_labels=_UNPROTECTED,
    )
    kid = sign1.protected[labels.HDR_KID]
    if not isinstance(kid, bytes) or len(kid) != limits.KID_BYTES:
        raise ShapeError(f"kid is not {limits.KID_BYTES} bytes")
    claims = _claims(cbor.decode(sign1.payload))
    return UnverifiedCheckpoint(sign1, kid, claims, _inline(sign1, claims.position))


def verify(
    unverified: UnverifiedCheckpoint, *, trust: TrustList, expected_region: str, at: UnixTime
) -> VerifiedCheckpoint:
    """The checkpoint, once a trusted status key of this region signed it. Lateness is not an error here.

    Raises:
        StatusUriError: Of another region, or by a key that may not sign all of this region's lists.
        IssuerUnknown: No trusted status key has this (iss, kid).
        IssuerExpired: The key had ended when it signed, or must no longer be relied upon.
        AlgError, SignatureForm, IssuerSignatureInvalid: The signature.
    """
    claims = unverified.claims
    if claims.position.region != expected_region:
        raise StatusUriError("a checkpoint of another region")
    anchor = trust.find(claims.iss, unverified.kid, use=KeyUse.STATUS)
    if claims.iat > anchor.sign_until or at > anchor.verify_until:
        raise IssuerExpired("the status key had ended")
    # A key for single lists speaks for those alone; a checkpoint speaks for all of them.
    if claims.position.status_prefix not in anchor.status_prefixes:
        raise StatusUriError("this key may not sign for the whole region")
    try:
        unverified.sign1.verify(anchor.key)
    except keys.SignatureMismatch:
        raise IssuerSignatureInvalid("the status key's signature does not fit") from None
    return VerifiedCheckpoint(claims, unverified.kid)


def succession(held: VerifiedCheckpoint, came: VerifiedCheckpoint) -> Succession:
    """How `came` stands to `held`, in the order (epoch, seq, iat).

    Only what was signed counts: mirrors strip what rides along, and ECDSA signs the same content twice differently.

    Raises:
        StatusUriError: They are of two regions.
    """
    old, new = held.claims, came.claims
    if old.position.region != new.position.region:
        raise StatusUriError("two checkpoints of two regions")
    if old.position == new.position and (old.head, old.state_root) != (new.head, new.state_root):
        return Succession.EQUIVOCATION
    old_order = (old.position.epoch, old.position.seq, old.iat)
    new_order = (new.position.epoch, new.position.seq, new.iat)
    if new_order == old_order:
        return Succession.SAME
    return Succession.NEWER if new_order > old_order else Succession.OLDER


def _claims(payload: cbor.Value) -> Checkpoint:
    if not isinstance(payload, Mapping) or not _REQUIRED <= payload.keys() <= _KNOWN:
        raise ShapeError("the payload has not exactly the claims of a checkpoint")
    position = feed_position.from_claims(payload)
    iat, exp = cwt.moment(payload, labels.CLAIM_IAT), cwt.moment(payload, labels.CLAIM_EXP)
    if not iat < exp <= iat + limits.MAX_CHECKPOINT_LIFE:
        raise TimeOrderError("not iat < exp ≤ iat + a day")
    match payload[labels.CLAIM_HEADS]:
        case (head, state_root):
            heads = sha256_digest(head), sha256_digest(state_root)
        case _:
            raise SchemaError("heads are not [head, state root]")
    match payload[labels.CLAIM_TUF_VERSIONS]:
        case (root, snapshot):
            versions = TufVersions(feed_number(root, at_least=1), feed_number(snapshot, at_least=1))
        case _:
            raise SchemaError("versions are not [root, snapshot]")
    lists = feed_number(payload[labels.CLAIM_LISTS], at_least=1)
    if lists > limits.MAX_STATUS_LISTS:
        raise SchemaError(f"more than {limits.MAX_STATUS_LISTS} lists")
    ttl = feed_number(payload[labels.CLAIM_TTL], at_least=1)
    if ttl > limits.MAX_CHECKPOINT_LIFE:
        raise SchemaError("a ttl of more than a day")
    return Checkpoint(
        iss=feed_position.regional_authority(payload[labels.CLAIM_ISS], position.region),
        position=position,
        iat=iat,
        exp=exp,
        ttl=Seconds(ttl),
        head=heads[0],
        state_root=heads[1],
        base=_base(payload[labels.CLAIM_BASE], position),
        lists=lists,
        tuf_versions=versions,
        bans=_bans(payload, position.region),
        reversals=_reversals(payload, position),
    )


def _base(value: cbor.Value, position: FeedPosition) -> BasePointer:
    match value:
        case (seq, sha256, size):
            base = BasePointer(feed_number(seq), sha256_digest(sha256), feed_number(size, at_least=1))
        case _:
            raise SchemaError("a base pointer is [seq, sha256, size]")
    if base.seq > position.seq:
        raise SchemaError("a base of a state that has not come")
    return base


def _bans(payload: Mapping[cbor.Key, cbor.Value], region: str) -> tuple[Ban, ...]:
    bans = []
    for value in _several(payload, labels.CLAIM_BANS, limits.MAX_BANS):
        match value:
            # Strings of another length are no kid; a moment that is none is found by the shared check.
            case (iss, bytes() as kid, since) if len(kid) == limits.KID_BYTES:
                moment = cwt.moment({labels.CLAIM_IAT: since}, labels.CLAIM_IAT)
                bans.append(Ban(feed_position.regional_authority(iss, region), kid, moment))
            case _:
                raise SchemaError("a ban is [iss, kid, since]")
    pairs = [(each.iss, each.kid) for each in bans]
    if pairs != sorted(set(pairs)):
        raise SchemaError("bans that are not ascending, or one key twice")
    return tuple(bans)


def _reversals(payload: Mapping[cbor.Key, cbor.Value], position: FeedPosition) -> tuple[CoSignedDelta, ...]:
    reversals = []
    for value in _several(payload, labels.CLAIM_REVERSALS, limits.MAX_REVERSALS):
        match value:
            case (seq, sha256):
                reversals.append(CoSignedDelta(feed_number(seq, at_least=1), sha256_digest(sha256)))
            case _:
                raise SchemaError("a reversal is [seq, sha256]")
    numbers = [each.seq for each in reversals]
    if numbers != sorted(set(numbers)) or (numbers and numbers[-1] > position.seq):
        raise SchemaError("reversals that are not ascending, one seq twice, or one that has not come")
    return tuple(reversals)


def _several(payload: Mapping[cbor.Key, cbor.Value], label: int, most: int) -> tuple[cbor.Value, ...]:
    """The entries of an array that is left out when it is empty: one content, one form."""
    if label not in payload:
        return ()
    value = payload[label]
    if not isinstance(value, tuple) or not 0 < len(value) <= most:
        raise SchemaError(f"claim {label} has not 1 to {most} entries")
    return value


def _unprotected(inline: Inline) -> dict[cbor.Key, cbor.Value]:
    unprotected: dict[cbor.Key, cbor.Value] = {}
    if inline.deltas:
        unprotected[labels.HDR_INLINE_DELTAS] = packed_deltas.pack(inline.deltas)
    if inline.reversals:
        unprotected[labels.HDR_REVERSALS] = inline.reversals
    return unprotected


def _inline(sign1: UnverifiedSign1, position: FeedPosition) -> Inline:
    inline = Inline(_deltas(sign1), _objects(sign1, labels.HDR_REVERSALS, limits.MAX_REVERSALS))
    if sum(map(len, inline.deltas)) + sum(map(len, inline.reversals)) > limits.MAX_INLINE_BYTES:
        raise SizeError(f"more than {limits.MAX_INLINE_BYTES} bytes ride along")
    if len(inline.deltas) > position.seq:
        raise SchemaError("more deltas than the epoch has had")
    return inline


def _deltas(sign1: UnverifiedSign1) -> tuple[bytes, ...]:
    """Unpacked, byte by byte as they were hashed."""
    if labels.HDR_INLINE_DELTAS not in sign1.unprotected:
        return ()
    packed = sign1.unprotected[labels.HDR_INLINE_DELTAS]
    if not isinstance(packed, bytes):
        raise SchemaError(f"header {labels.HDR_INLINE_DELTAS} is no byte string")
    if len(packed) > packed_deltas.MAX_BYTES:
        raise SizeError(f"more than {packed_deltas.MAX_BYTES} bytes of packed deltas")
    return packed_deltas.unpack(packed)


def _objects(sign1: UnverifiedSign1, label: int, most: int) -> tuple[bytes, ...]:
    objects = []
    for value in _several(sign1.unprotected, label, most):
        if not isinstance(value, bytes) or not value:
            raise SchemaError(f"header {label} has not byte strings alone")
        objects.append(value)
    return tuple(objects)
