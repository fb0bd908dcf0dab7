"""Checkpoints and co-signatures: sizes, one field forged at a time, who may sign, order, equivocation."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from protocol import cbor, checkpoint, cose_sign1, keys, labels, limits, packed_deltas, reversal
from protocol.checkpoint import (
    Ban,
    BasePointer,
    Checkpoint,
    CoSignedDelta,
    Inline,
    Succession,
    TufVersions,
    VerifiedCheckpoint,
    succession,
)
from protocol.errors import (
    HeaderUnknown,
    HeaderUnprotected,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    ProtocolError,
    SchemaError,
    ShapeError,
    SizeError,
    StatusUriError,
    TimeOrderError,
    TimeTypeError,
    TypError,
)
from protocol.feed_position import FeedPosition
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse
from protocol.packed_deltas import pack
from protocol.reversal import Reversal
from protocol.trust_list import TrustAnchor, TrustList
from protocol.unixtime import DAY, Seconds, UnixTime
from tests.utopia.world import BEGINNING, WUYOU, ZIXU, World

WORLD = World()
STATUS = WORLD.status_signers[WUYOU]
OFFLINE = WORLD.signer("reversal", Alg.ESP256)
LATER = UnixTime(BEGINNING + DAY)
HEAD, ROOT, BASE, DELTA = (bytes((number,)) * 32 for number in (1, 2, 3, 4))
KID = b"kid-0001"


def trust(**changes: Any) -> TrustList:
    """The world's anchors and the offline key's; `changes` go into the status and reversal anchors of the region."""
    offline = TrustAnchor(
        WORLD.iss(), OFFLINE.public_key, KeyUse.REVERSAL, frozenset(), (f"lz:{WUYOU}/",), LATER, LATER
    )
    return WORLD.trust(
        tuple(
            replace(each, **changes) if each.use in (KeyUse.STATUS, KeyUse.REVERSAL) else each
            for each in (*WORLD.anchors(), offline)
        )
    )


TRUST = trust()


def good(**changes: Any) -> Checkpoint:
    """A large but ordinary checkpoint: every number at its width in ten years' time."""
    stated = Checkpoint(
        iss=WORLD.iss(),
        position=FeedPosition(WUYOU, 300, 5_000_000),
        iat=BEGINNING,
        exp=UnixTime(BEGINNING + DAY - 1),
        ttl=Seconds(60),
        head=HEAD,
        state_root=ROOT,
        base=BasePointer(4_999_000, BASE, 12_000_000),
        lists=5_000,
        tuf_versions=TufVersions(300, 100_000),
    )
    return replace(stated, **changes)


def bans(count: int) -> tuple[Ban, ...]:
    return tuple(Ban(WORLD.iss(), bytes((number,)) * 8, BEGINNING) for number in range(count))


def encoded(stated: Checkpoint | None = None, *, signer: Signer = STATUS, inline: Inline | None = None) -> bytes:
    return checkpoint.sign(stated or good(), signer, inline=inline or Inline())


def verified(content: bytes, *, region: str = WUYOU, at: int = BEGINNING, by: TrustList = TRUST) -> VerifiedCheckpoint:
    return checkpoint.verify(checkpoint.parse(content), trust=by, expected_region=region, at=UnixTime(at))


def payload_of(content: bytes) -> dict[cbor.Key, Any]:
    parsed: Any = cbor.decode(content)
    return dict(cbor.decode(parsed.value[2]))  # type: ignore[call-overload]  # a map


def signed(payload: Any, *, typ: Any = labels.TYP_CHECKPOINT, signer: Signer = STATUS, **headers: Any) -> bytes:
    protected = {labels.HDR_KID: keys.kid_of(signer.public_key), labels.HDR_TYP: typ}
    protected |= headers.get("protected", {})
    return cbor.encode(
        cose_sign1.sign1(protected, cbor.encode(payload), signer, unprotected=headers.get("unprotected"))
    )


def test_round_trip() -> None:
    stated = good(
        bans=bans(2), reversals=(CoSignedDelta(7, DELTA), CoSignedDelta(8, HEAD)), base=BasePointer(0, BASE, 1)
    )
    inline = Inline((b"delta one", b"delta two"), (b"co-signature",))
    unverified = checkpoint.parse(encoded(stated, inline=inline))
    assert unverified.inline == inline
    came = checkpoint.verify(unverified, trust=TRUST, expected_region=WUYOU, at=BEGINNING)
    assert came == VerifiedCheckpoint(stated, keys.kid_of(STATUS.public_key))


def test_what_is_true_of_the_last_delta_may_be_said() -> None:
    stated = good(base=BasePointer(5_000_000, BASE, 1), reversals=(CoSignedDelta(5_000_000, DELTA),))
    assert verified(encoded(stated)).claims == stated


def test_the_beginning_of_a_feed() -> None:
    stated = good(position=FeedPosition(WUYOU, 0, 0), base=BasePointer(0, BASE, 1), lists=1)
    assert verified(encoded(stated)).claims == stated


@pytest.mark.parametrize("count", range(limits.MAX_BANS + 1))
@pytest.mark.parametrize("alg", Alg)
def test_size(count: int, alg: Alg) -> None:
    """REVOCATION.md, "Goals": at most 340 bytes and 25 for each ban, in any algorithm."""
    stated = good(bans=bans(count), tuf_versions=TufVersions(2**32 - 1, 2**32 - 1), lists=limits.MAX_STATUS_LISTS)
    widest = replace(
        stated, position=FeedPosition(WUYOU, 2**32 - 1, 2**32 - 1), base=BasePointer(2**32 - 1, BASE, 2**32 - 1)
    )
    assert len(encoded(widest, signer=WORLD.signer("size", alg))) <= 340 + 25 * count


def test_everything_at_its_bound_fits() -> None:
    stated = good(bans=bans(8), reversals=tuple(CoSignedDelta(2**31 + number, DELTA) for number in range(8)))
    stated = replace(stated, position=FeedPosition(WUYOU, 2**32 - 1, 2**32 - 1))
    inline = Inline((bytes(25),) * 159 + (bytes(113),), (b"s",) * 8)
    assert sum(map(len, inline.deltas)) + 8 == limits.MAX_INLINE_BYTES
    content = encoded(stated, inline=inline)
    assert len(content) <= limits.MAX_CHECKPOINT_BYTES
    assert verified(content).claims == stated


def test_every_bit_counts() -> None:
    content = encoded(good(bans=bans(1), reversals=(CoSignedDelta(7, DELTA),)))
    for position in range(len(content) * 8):
        bent = bytearray(content)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            verified(bytes(bent))


def test_what_rides_along_is_not_what_was_signed() -> None:
    """Mirrors may strip it: the checkpoint is the same one; nothing else may stand there."""
    with_deltas = encoded(inline=Inline((b"delta",)))
    assert verified(with_deltas) == verified(encoded())
    with pytest.raises(HeaderUnprotected):
        checkpoint.parse(signed(payload_of(encoded()), unprotected={labels.HDR_KCWT: b""}))


@pytest.mark.parametrize(
    ("unprotected", "error"),
    [
        ({labels.HDR_INLINE_DELTAS: ()}, SchemaError),
        ({labels.HDR_INLINE_DELTAS: (b"delta",)}, SchemaError),
        ({labels.HDR_INLINE_DELTAS: "delta"}, SchemaError),
        ({labels.HDR_INLINE_DELTAS: b""}, SchemaError),
        ({labels.HDR_INLINE_DELTAS: b"\x18"}, SchemaError),
        ({labels.HDR_INLINE_DELTAS: pack((b"delta",))[:-1]}, SchemaError),
        ({labels.HDR_INLINE_DELTAS: pack((b"delta",) * 161)}, SchemaError),
        ({labels.HDR_INLINE_DELTAS: bytes(packed_deltas.MAX_BYTES + 1)}, SizeError),
        ({labels.HDR_INLINE_DELTAS: pack((bytes(2000), bytes(2097)))}, SizeError),
        ({labels.HDR_INLINE_DELTAS: pack((bytes(4072),)), labels.HDR_REVERSALS: (bytes(25),)}, SizeError),
        ({labels.HDR_REVERSALS: ()}, SchemaError),
        ({labels.HDR_REVERSALS: (1,)}, SchemaError),
        ({labels.HDR_REVERSALS: (b"co-signature",) * 9}, SchemaError),
    ],
    ids=repr,
)
def test_what_may_not_ride_along(unprotected: dict[cbor.Key, cbor.Value], error: type[ProtocolError]) -> None:
    with pytest.raises(error):
        checkpoint.parse(signed(payload_of(encoded()), unprotected=unprotected))


def test_more_deltas_than_the_epoch_has_had() -> None:
    young = good(position=FeedPosition(WUYOU, 1, 1), base=BasePointer(0, BASE, 1))
    encoded(young, inline=Inline((b"delta",)))
    with pytest.raises(SchemaError):
        encoded(young, inline=Inline((b"delta", b"delta")))


# One claim forged at a time, in what is otherwise good and well signed.

_REVERSAL = (7, DELTA)
_BAN = (WORLD.iss(), KID, BEGINNING)
FORGED = [
    (labels.CLAIM_ISS, "980000.GA", SchemaError),
    (labels.CLAIM_ISS, WUYOU, SchemaError),
    (labels.CLAIM_ISS, 990000, SchemaError),
    (labels.CLAIM_IAT, -1, TimeTypeError),
    (labels.CLAIM_IAT, True, TimeTypeError),
    (labels.CLAIM_EXP, BEGINNING, TimeOrderError),
    (labels.CLAIM_EXP, BEGINNING + DAY + 1, TimeOrderError),
    (labels.CLAIM_EXP, "later", TimeTypeError),
    (labels.CLAIM_TTL, 0, SchemaError),
    (labels.CLAIM_TTL, True, SchemaError),
    (labels.CLAIM_TTL, DAY + 1, SchemaError),
    (labels.CLAIM_FEED, (WUYOU, 300), SchemaError),
    (labels.CLAIM_FEED, (WUYOU, 300, 5_000_000, 0), SchemaError),
    (labels.CLAIM_FEED, (990000, 300, 5_000_000), SchemaError),
    (labels.CLAIM_FEED, ("99000", 300, 5_000_000), SchemaError),
    (labels.CLAIM_FEED, ("99000\u0660", 300, 5_000_000), SchemaError),
    (labels.CLAIM_FEED, (ZIXU, 300, 5_000_000), SchemaError),
    (labels.CLAIM_FEED, (WUYOU, -1, 5_000_000), SchemaError),
    (labels.CLAIM_FEED, (WUYOU, True, 5_000_000), SchemaError),
    (labels.CLAIM_FEED, (WUYOU, 2**32, 5_000_000), SchemaError),
    (labels.CLAIM_FEED, (WUYOU, 300, -1), SchemaError),
    (labels.CLAIM_FEED, (WUYOU, 300, 2**32), SchemaError),
    (labels.CLAIM_FEED, (WUYOU, 300, 4_998_999), SchemaError),
    (labels.CLAIM_HEADS, HEAD, SchemaError),
    (labels.CLAIM_HEADS, (HEAD,), SchemaError),
    (labels.CLAIM_HEADS, (HEAD, ROOT[1:]), SchemaError),
    (labels.CLAIM_HEADS, (HEAD + b"\0", ROOT), SchemaError),
    (labels.CLAIM_HEADS, ("1" * 32, ROOT), SchemaError),
    (labels.CLAIM_BASE, None, SchemaError),
    (labels.CLAIM_BASE, (4_999_000, BASE), SchemaError),
    (labels.CLAIM_BASE, (5_000_001, BASE, 12_000_000), SchemaError),
    (labels.CLAIM_BASE, (-1, BASE, 12_000_000), SchemaError),
    (labels.CLAIM_BASE, (4_999_000, BASE[1:], 12_000_000), SchemaError),
    (labels.CLAIM_BASE, (4_999_000, BASE, 0), SchemaError),
    (labels.CLAIM_BASE, (4_999_000, BASE, 2**32), SchemaError),
    (labels.CLAIM_LISTS, 0, SchemaError),
    (labels.CLAIM_LISTS, True, SchemaError),
    (labels.CLAIM_LISTS, limits.MAX_STATUS_LISTS + 1, SchemaError),
    (labels.CLAIM_TUF_VERSIONS, (0, 1), SchemaError),
    (labels.CLAIM_TUF_VERSIONS, (1, 0), SchemaError),
    (labels.CLAIM_TUF_VERSIONS, (1,), SchemaError),
    (labels.CLAIM_TUF_VERSIONS, (1, True), SchemaError),
    (labels.CLAIM_BANS, (), SchemaError),
    (labels.CLAIM_BANS, None, SchemaError),
    (labels.CLAIM_BANS, (_BAN, _BAN), SchemaError),
    (labels.CLAIM_BANS, (_BAN, (WORLD.iss(), KID, BEGINNING + 1)), SchemaError),
    (labels.CLAIM_BANS, ((WORLD.iss(), b"kid-0002", BEGINNING), _BAN), SchemaError),
    (labels.CLAIM_BANS, tuple((WORLD.iss(), bytes((number,)) * 8, 1) for number in range(9)), SchemaError),
    (labels.CLAIM_BANS, (("980000.GA", KID, BEGINNING),), SchemaError),
    (labels.CLAIM_BANS, ((WORLD.iss(), KID[1:], BEGINNING),), SchemaError),
    (labels.CLAIM_BANS, ((WORLD.iss(), "kid-0001", BEGINNING),), SchemaError),
    (labels.CLAIM_BANS, ((WORLD.iss(), KID),), SchemaError),
    (labels.CLAIM_BANS, ((WORLD.iss(), KID, -1),), TimeTypeError),
    (labels.CLAIM_REVERSALS, (), SchemaError),
    (labels.CLAIM_REVERSALS, (_REVERSAL, _REVERSAL), SchemaError),
    (labels.CLAIM_REVERSALS, ((8, DELTA), (7, DELTA)), SchemaError),
    (labels.CLAIM_REVERSALS, ((0, DELTA),), SchemaError),
    (labels.CLAIM_REVERSALS, ((5_000_001, DELTA),), SchemaError),
    (labels.CLAIM_REVERSALS, ((7, DELTA[1:]),), SchemaError),
    (labels.CLAIM_REVERSALS, ((7,),), SchemaError),
    (labels.CLAIM_REVERSALS, tuple((number, DELTA) for number in range(1, 10)), SchemaError),
]


@pytest.mark.parametrize(("label", "value", "error"), FORGED, ids=lambda value: repr(value)[:40])
def test_a_forged_claim(label: int, value: cbor.Value, error: type[ProtocolError]) -> None:
    content = signed({**payload_of(encoded()), label: value})
    with pytest.raises(error):
        checkpoint.parse(content)


@pytest.mark.parametrize("label", sorted(payload_of(encoded())))  # type: ignore[type-var]  # labels are integers
def test_a_missing_claim(label: int) -> None:
    payload = payload_of(encoded())
    del payload[label]
    with pytest.raises(ShapeError):
        checkpoint.parse(signed(payload))


def test_a_foreign_claim() -> None:
    with pytest.raises(ShapeError):
        checkpoint.parse(signed({**payload_of(encoded()), labels.CLAIM_SUB: "lz:990000/3"}))
    with pytest.raises(ShapeError):
        checkpoint.parse(signed((1, 2)))


@pytest.mark.parametrize("typ", sorted({*labels.TYPES, 16} - {labels.TYP_CHECKPOINT}, key=str))
def test_another_type(typ: int | str) -> None:
    with pytest.raises(TypError):
        checkpoint.parse(signed(payload_of(encoded()), typ=typ))


def test_another_header() -> None:
    with pytest.raises(HeaderUnknown):
        checkpoint.parse(signed(payload_of(encoded()), protected={labels.HDR_CRIT: (labels.HDR_TYP,)}))
    for kid in (b"short", b"nine byte", "8 letter"):
        with pytest.raises(ShapeError):
            checkpoint.parse(signed(payload_of(encoded()), protected={labels.HDR_KID: kid}))


def test_the_bound_on_the_whole() -> None:
    with pytest.raises(SizeError):
        checkpoint.parse(bytes(limits.MAX_CHECKPOINT_BYTES + 1))


def test_nothing_leaves_that_nobody_would_accept() -> None:
    with pytest.raises(SchemaError):
        encoded(good(lists=0))


# Who may sign.


def test_a_checkpoint_of_another_region() -> None:
    other = good(iss=WORLD.iss(ZIXU), position=FeedPosition(ZIXU, 300, 5_000_000))
    content = encoded(other, signer=WORLD.status_signers[ZIXU])
    assert verified(content, region=ZIXU).claims == other
    with pytest.raises(StatusUriError):
        verified(content)


def test_a_key_of_another_region() -> None:
    """SECURITY.md E8: the other region's key has its own name only; ours with its kid is known to nobody."""
    with pytest.raises(IssuerUnknown):
        verified(encoded(signer=WORLD.status_signers[ZIXU]))


@pytest.mark.parametrize("alg", Alg)
def test_a_key_of_another_use(alg: Alg) -> None:
    with pytest.raises(IssuerUnknown):
        verified(encoded(signer=WORLD.issuers[WUYOU, alg]))
    with pytest.raises(IssuerUnknown):
        verified(encoded(signer=OFFLINE))


@pytest.mark.parametrize("prefixes", [(), (f"lz:{WUYOU}/3",), (f"lz:{ZIXU}/",)])
def test_a_key_for_single_lists(prefixes: tuple[str, ...]) -> None:
    with pytest.raises(StatusUriError):
        verified(encoded(), by=trust(status_prefixes=prefixes))


def test_a_key_that_had_ended() -> None:
    verified(encoded(), by=trust(sign_until=BEGINNING, verify_until=BEGINNING))
    for by in (trust(sign_until=UnixTime(BEGINNING - 1)), trust(verify_until=UnixTime(BEGINNING - 1))):
        with pytest.raises(IssuerExpired):
            verified(encoded(), by=by)


def test_lateness_is_no_error() -> None:
    verified(encoded(), at=BEGINNING + DAY)


def test_another_signature() -> None:
    content = encoded()
    with pytest.raises(IssuerSignatureInvalid):
        verified(content[:-1] + bytes((content[-1] ^ 1,)))


# Order and equivocation.

Change = Callable[[Checkpoint], Checkpoint]


def at_place(epoch: int, seq: int, **changes: Any) -> Change:
    return lambda stated: replace(stated, position=FeedPosition(WUYOU, epoch, seq), **changes)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (at_place(300, 5_000_000), Succession.SAME),
        (at_place(300, 5_000_000, iat=UnixTime(BEGINNING + 1)), Succession.NEWER),
        (at_place(300, 5_000_000, iat=UnixTime(BEGINNING - 1)), Succession.OLDER),
        (at_place(300, 5_000_001), Succession.NEWER),
        (at_place(300, 5_000_001, head=BASE), Succession.NEWER),
        (at_place(300, 5_000_001, iat=UnixTime(BEGINNING - 1)), Succession.NEWER),
        (at_place(300, 4_999_999), Succession.OLDER),
        (at_place(300, 4_999_999, iat=UnixTime(BEGINNING + 1)), Succession.OLDER),
        (at_place(301, 4_999_000), Succession.NEWER),
        (at_place(299, 2**32 - 1), Succession.OLDER),
        (at_place(300, 5_000_000, head=BASE), Succession.EQUIVOCATION),
        (at_place(300, 5_000_000, state_root=BASE), Succession.EQUIVOCATION),
        (at_place(300, 5_000_000, state_root=BASE, iat=UnixTime(BEGINNING + 1)), Succession.EQUIVOCATION),
        (at_place(300, 5_000_000, head=BASE, iat=UnixTime(BEGINNING - 1)), Succession.EQUIVOCATION),
        # A new base, a new ban: the same state may be described anew.
        (at_place(300, 5_000_000, base=BasePointer(5_000_000, ROOT, 1)), Succession.SAME),
    ],
)
def test_order(change: Change, expected: Succession) -> None:
    held = verified(encoded())
    assert succession(held, verified(encoded(change(good())))) is expected


def test_two_signatures_of_one_content_are_no_equivocation() -> None:
    """Transport bytes never count: another key of the region, other deltas beside it."""
    other = WORLD.signer("status after a replacement", Alg.ESP256)
    anchor = TrustAnchor(WORLD.iss(), other.public_key, KeyUse.STATUS, frozenset(), (f"lz:{WUYOU}/",), LATER, LATER)
    by = WORLD.trust((*WORLD.anchors(), anchor))
    first = verified(encoded())
    again = verified(encoded(signer=other, inline=Inline((b"delta",))), by=by)
    assert succession(first, again) is Succession.SAME


def test_two_regions_have_no_order() -> None:
    other = good(iss=WORLD.iss(ZIXU), position=FeedPosition(ZIXU, 300, 5_000_000))
    came = verified(encoded(other, signer=WORLD.status_signers[ZIXU]), region=ZIXU)
    with pytest.raises(StatusUriError):
        succession(verified(encoded()), came)


# Co-signatures of the offline key.


def co_signed(**changes: Any) -> Reversal:
    stated = Reversal(WORLD.iss(), BEGINNING, FeedPosition(WUYOU, 300, 5_000_001), DELTA)
    return replace(stated, **changes)


def co_signature(stated: Reversal | None = None, *, signer: Signer = OFFLINE) -> bytes:
    return reversal.sign(stated or co_signed(), signer)


def read_reversal(content: bytes, *, region: str = WUYOU, at: int = BEGINNING, by: TrustList = TRUST) -> Reversal:
    return reversal.verify(content, trust=by, expected_region=region, at=UnixTime(at)).reversal


def test_co_signature_round_trip() -> None:
    content = co_signature()
    assert read_reversal(content) == co_signed()
    assert len(co_signature(co_signed(position=FeedPosition(WUYOU, 2**32 - 1, 2**32 - 1)))) == 179


def test_every_bit_of_a_co_signature_counts() -> None:
    content = co_signature()
    for position in range(len(content) * 8):
        bent = bytearray(content)
        bent[position // 8] ^= 1 << position % 8
        with pytest.raises(ProtocolError):
            read_reversal(bytes(bent))


@pytest.mark.parametrize(
    ("label", "value", "error"),
    [
        (labels.CLAIM_ISS, "980000.GA", SchemaError),
        (labels.CLAIM_IAT, True, TimeTypeError),
        (labels.CLAIM_FEED, (WUYOU, 300, 0), SchemaError),
        (labels.CLAIM_FEED, (WUYOU, 300), SchemaError),
        (labels.CLAIM_DELTA_SHA256, DELTA[1:], SchemaError),
        (labels.CLAIM_DELTA_SHA256, (DELTA, DELTA), SchemaError),
        (labels.CLAIM_EXP, BEGINNING, ShapeError),
    ],
    ids=repr,
)
def test_a_forged_co_signature(label: int, value: cbor.Value, error: type[ProtocolError]) -> None:
    payload = {**payload_of(co_signature()), label: value}
    with pytest.raises(error):
        read_reversal(signed(payload, typ=labels.TYP_REVERSAL, signer=OFFLINE))


def test_a_co_signature_of_another_type_or_size() -> None:
    with pytest.raises(TypError):
        read_reversal(signed(payload_of(co_signature()), signer=OFFLINE))
    with pytest.raises(ShapeError):
        read_reversal(
            signed(
                payload_of(co_signature()),
                typ=labels.TYP_REVERSAL,
                signer=OFFLINE,
                protected={labels.HDR_KID: b"short"},
            )
        )
    with pytest.raises(SizeError):
        read_reversal(bytes(limits.MAX_REVERSAL_BYTES + 1))


def test_the_online_key_signs_no_reversal() -> None:
    for signer in (STATUS, WORLD.issuers[WUYOU, Alg.ED25519]):
        with pytest.raises(IssuerUnknown):
            read_reversal(co_signature(signer=signer))


def test_a_reversal_of_another_region() -> None:
    with pytest.raises(StatusUriError):
        read_reversal(co_signature(), region=ZIXU)
    with pytest.raises(StatusUriError):
        read_reversal(co_signature(), by=trust(status_prefixes=(f"lz:{WUYOU}/3",)))


def test_a_reversal_key_that_had_ended() -> None:
    read_reversal(co_signature(), by=trust(sign_until=BEGINNING, verify_until=BEGINNING))
    for by in (trust(sign_until=UnixTime(BEGINNING - 1)), trust(verify_until=UnixTime(BEGINNING - 1))):
        with pytest.raises(IssuerExpired):
            read_reversal(co_signature(), by=by)


def test_a_reversal_signed_by_another_key() -> None:
    content = co_signature()
    with pytest.raises(IssuerSignatureInvalid):
        read_reversal(content[:-1] + bytes((content[-1] ^ 1,)))
