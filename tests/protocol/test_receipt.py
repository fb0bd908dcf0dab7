"""Receipts: who said it, what they vouch for without saying it, and one field forged at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from protocol import cbor, challenge, cose_sign1, labels, limits, receipt, sealing, terminal_certificate
from protocol.challenge import Request
from protocol.errors import (
    AlgError,
    CborError,
    DisclosureOrphan,
    DisclosureShape,
    HeaderUnknown,
    HeaderUnprotected,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KcwtError,
    ProtocolError,
    SchemaError,
    ShapeError,
    SizeError,
    TimeOrderError,
    TimeTypeError,
    TypError,
)
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse, Lic, Purpose, TrustTier
from protocol.receipt import ClaimsMac, Receipt, ReceiptCopy, RedactedHashes, ShownLicence
from protocol.terminal_certificate import TerminalCertificate, TerminalSignatureInvalid
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.utopia.kinds import DRIVING_LICENCE
from tests.utopia.loose_cbor import Tag, dump
from tests.utopia.randomness import Drbg
from tests.utopia.world import BEGINNING, World, read

WORLD = World()
AT = BEGINNING
RANDOMNESS = Drbg("receipt")
REGION = WORLD.signer("terminal key of the region", Alg.ED25519)
TERMINAL = WORLD.signer("terminal", Alg.ED25519)
STRANGER = WORLD.signer("stranger", Alg.ED25519)
LATER = UnixTime(AT + 4000 * DAY)
ANCHOR = TrustAnchor(World.iss(), REGION.public_key, KeyUse.TERMINAL, frozenset(), (), LATER, LATER)
TERMINAL_KEYS = {(ANCHOR.iss, ANCHOR.kid): ANCHOR}
CERTIFIED = TerminalCertificate(
    iss=World.iss(),
    terminal="990000-W07",
    place="乌有市政务大厅7号窗",
    relying_party="乌有市车管所",
    maxima={Purpose.WINDOW: {DRIVING_LICENCE: frozenset({1, 2, 5, 7})}},
    key=TERMINAL.public_key,
    iat=UnixTime(AT - HOUR),
    exp=UnixTime(AT - HOUR + 7 * DAY),
)
CERTIFICATE = terminal_certificate.certify(CERTIFIED, REGION)
LC1 = challenge.build(
    Request(
        Purpose.WINDOW,
        "换领驾驶证",
        CERTIFIED.maxima[Purpose.WINDOW],
        RANDOMNESS(16),
        sealing.sealing_key(RANDOMNESS(32)),
        AT,
        UnixTime(AT + 120),
    ),
    certificate=CERTIFICATE,
    signer=TERMINAL,
)

# One licence in layout F, one in layout V, as a terminal has them after the appraisal.
FLEXIBLE = WORLD.credential()
SHOWN_F = FLEXIBLE.disclosures((Lic.NAME, Lic.LICENCE_NO))
READ_F = read(WORLD.code(FLEXIBLE), trust=WORLD.trust(), at=AT)
VIEW = WORLD.credential(view=Purpose.WINDOW)
READ_V = read(WORLD.code(VIEW), trust=WORLD.trust(), at=AT)
CLAIMS_KEY = RANDOMNESS(32)
LICENCE_F = ShownLicence(
    DRIVING_LICENCE,
    frozenset({int(Lic.NAME), int(Lic.LICENCE_NO)}),
    READ_F.replay_key,
    receipt.redacted_hashes(SHOWN_F),
)
LICENCE_V = ShownLicence(
    DRIVING_LICENCE,
    frozenset(key for key in READ_V.items if isinstance(key, int)),
    READ_V.replay_key,
    receipt.claims_mac(CLAIMS_KEY, DRIVING_LICENCE, READ_V.items),
)
RECEIPT = Receipt(
    purpose=Purpose.WINDOW,
    reason="换领驾驶证",
    shown=(LICENCE_F, LICENCE_V),
    tier=TrustTier.AFFIRMING,
    codes=("W_NEAR_EXPIRY", "W_PERSON_CHECK"),
    freshness=1,
    iat=AT,
    journal_position=4711,
    journal_head=RANDOMNESS(32),
    challenge=challenge.challenge_digest(LC1),
)
SIGNED = receipt.sign(RECEIPT, certificate=CERTIFICATE, signer=TERMINAL)


def verified(encoded: bytes, at: int = AT) -> receipt.VerifiedReceipt:
    return receipt.verify(encoded, terminal_keys=TERMINAL_KEYS, at=UnixTime(at))


def test_round_trip() -> None:
    found = verified(SIGNED)
    assert found.receipt == RECEIPT
    assert found.certificate == CERTIFIED
    assert receipt.sign(RECEIPT, certificate=CERTIFICATE, signer=TERMINAL) == SIGNED


@pytest.mark.parametrize("region_alg", Alg)
@pytest.mark.parametrize("terminal_alg", Alg)
def test_both_algorithms(region_alg: Alg, terminal_alg: Alg) -> None:
    region, terminal = WORLD.signer("another region", region_alg), WORLD.signer("another terminal", terminal_alg)
    anchor = replace(ANCHOR, key=region.public_key)
    certificate = terminal_certificate.certify(replace(CERTIFIED, key=terminal.public_key), region)
    encoded = receipt.sign(RECEIPT, certificate=certificate, signer=terminal)
    found = receipt.verify(encoded, terminal_keys={(anchor.iss, anchor.kid): anchor}, at=AT)
    assert found.receipt == RECEIPT


def test_it_is_good_years_later() -> None:
    assert verified(SIGNED, AT + 3650 * DAY).receipt == RECEIPT


def test_sizes() -> None:
    """The sizes that docs/spec/receipt.md states."""
    assert len(SIGNED) == 698
    one = replace(RECEIPT, shown=(LICENCE_V,), codes=(), challenge=None)
    assert len(receipt.sign(one, certificate=CERTIFICATE, signer=TERMINAL)) == 519
    hashes = RedactedHashes(tuple(each.to_bytes(32) for each in range(limits.MAX_DISCLOSURES)))
    wide = frozenset(range(-limits.MAX_DISCLOSURES - 300, -300))
    largest = replace(
        RECEIPT,
        reason="因" * limits.MAX_REASON_CHARACTERS,
        shown=tuple(
            ShownLicence(DRIVING_LICENCE, wide, each.to_bytes(32), hashes) for each in range(limits.MAX_WANTED_KINDS)
        ),
        codes=tuple(f"W_{each:030d}" for each in range(limits.MAX_RECEIPT_CODES)),
    )
    encoded = receipt.sign(largest, certificate=CERTIFICATE, signer=TERMINAL)
    assert len(encoded) < limits.MAX_RECEIPT_BYTES
    assert verified(encoded).receipt == largest


def test_a_receipt_never_holds_a_value() -> None:
    for issued, presentation in ((FLEXIBLE, READ_F), (VIEW, READ_V)):
        values = [value for value in issued.items.values() if isinstance(value, str) and len(value) > 2]
        assert values
        for value in values:
            assert value.encode() not in SIGNED
        assert presentation.credential.sub.encode() not in SIGNED
        assert issued.holder.public_key.cose_key[labels.KEY_X] not in SIGNED
    assert CLAIMS_KEY not in SIGNED


# What a receipt vouches for.


def test_layout_f_vouches_for_exactly_these_disclosures() -> None:
    licence = verified(SIGNED).receipt.shown[0]
    receipt.check_disclosures(licence, SHOWN_F)
    receipt.check_disclosures(licence, tuple(reversed(SHOWN_F)))
    others = FLEXIBLE.disclosures((Lic.NAME, Lic.ADDRESS))
    for wrong in ((), SHOWN_F[:1], (*SHOWN_F, *others), others):
        with pytest.raises(DisclosureOrphan):
            receipt.check_disclosures(licence, wrong)
    with pytest.raises(DisclosureShape):
        receipt.check_disclosures(licence, (b"\x00",))
    with pytest.raises(ShapeError):
        receipt.check_claims_mac(licence, claims_key=CLAIMS_KEY, items=READ_F.items)


def test_layout_f_names_the_hashes_of_the_credential() -> None:
    commitment = LICENCE_F.commitment
    assert isinstance(commitment, RedactedHashes)
    assert set(commitment.hashes) <= set(FLEXIBLE.redacted_lic[cbor.Simple.REDACTED_KEYS])  # type: ignore[arg-type]


def test_layout_v_vouches_for_exactly_these_items() -> None:
    licence = verified(SIGNED).receipt.shown[1]
    receipt.check_claims_mac(licence, claims_key=CLAIMS_KEY, items=READ_V.items)
    name = {**READ_V.items, Lic.NAME: "测试员乙"}
    fewer = {key: value for key, value in READ_V.items.items() if key != Lic.NAME}
    for items in (name, fewer, {**READ_V.items, Lic.ADDRESS: "乌有市"}, {}):
        with pytest.raises(DisclosureOrphan):
            receipt.check_claims_mac(licence, claims_key=CLAIMS_KEY, items=items)
    with pytest.raises(DisclosureOrphan):
        receipt.check_claims_mac(licence, claims_key=bytes(32), items=READ_V.items)
    with pytest.raises(DisclosureOrphan):
        receipt.check_claims_mac(replace(licence, vct=65_001), claims_key=CLAIMS_KEY, items=READ_V.items)
    with pytest.raises(DisclosureOrphan):
        # The names that the receipt states are the names of what its MAC covers.
        receipt.check_claims_mac(replace(licence, items=frozenset({1})), claims_key=CLAIMS_KEY, items=READ_V.items)
    with pytest.raises(ShapeError):
        receipt.check_disclosures(licence, SHOWN_F)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_claims_key_has_one_length(length: int) -> None:
    with pytest.raises(ShapeError):
        receipt.claims_mac(bytes(length), DRIVING_LICENCE, READ_V.items)


# The holder's copy.


def test_copy_round_trip() -> None:
    copy = ReceiptCopy(SIGNED, (None, CLAIMS_KEY))
    encoded = receipt.encode_copy(copy)
    assert receipt.decode_copy(encoded) == copy
    assert len(encoded) == len(SIGNED) + 40
    for keys in ((CLAIMS_KEY,), (None,) * limits.MAX_WANTED_KINDS):
        assert receipt.decode_copy(receipt.encode_copy(ReceiptCopy(SIGNED, keys))).claims_keys == keys
    longest = ReceiptCopy(bytes(limits.MAX_RECEIPT_BYTES - 6), (None,))
    assert len(receipt.encode_copy(longest)) == limits.MAX_RECEIPT_BYTES
    assert receipt.decode_copy(receipt.encode_copy(longest)) == longest


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ((SIGNED,), ShapeError),
        ((SIGNED, ()), ShapeError),
        ((SIGNED, (None,) * 5), ShapeError),
        ((SIGNED, (bytes(31),)), ShapeError),
        ((SIGNED, ("k" * 32,)), ShapeError),
        (("receipt", (None,)), ShapeError),
        ({1: SIGNED}, ShapeError),
        ((SIGNED, (None,), 1), ShapeError),
        ((bytes(limits.MAX_RECEIPT_BYTES), (None,)), SizeError),
    ],
)
def test_what_is_no_copy(value: Any, reason: type[ProtocolError]) -> None:
    with pytest.raises(reason):
        receipt.decode_copy(cbor.encode(value))


# Properties.

DIGESTS = strategies.binary(min_size=32, max_size=32)
ITEM_KEYS = strategies.frozensets(strategies.integers(-300, 199), min_size=1, max_size=9)
COMMITMENTS = DIGESTS.map(ClaimsMac) | strategies.sets(DIGESTS, min_size=1, max_size=9).map(
    lambda found: RedactedHashes(tuple(sorted(found)))
)
LICENCES = strategies.builds(ShownLicence, strategies.sampled_from([65_001, 65_004]), ITEM_KEYS, DIGESTS, COMMITMENTS)
VERDICTS = strategies.sampled_from(
    [
        (TrustTier.AFFIRMING, ()),
        (TrustTier.WARNING, ("W_STATUS_STALE",)),
        (TrustTier.CONTRAINDICATED, ("E_REVOKED", "W_NEAR_EXPIRY")),
        (TrustTier.CONTRAINDICATED, ("E_OF_A_LATER_VERSION",)),
    ]
)


@hypothesis.given(
    strategies.lists(LICENCES, min_size=1, max_size=4, unique_by=lambda each: each.presentation),
    VERDICTS,
    strategies.integers(0, 5),
    strategies.integers(1, 2**63 - 1),
    DIGESTS,
    strategies.none() | DIGESTS,
    strategies.integers(0, 7 * DAY),
)
@hypothesis.settings(max_examples=60)
def test_what_is_stated_is_what_is_read(
    shown: list[ShownLicence],
    verdict: tuple[TrustTier, tuple[str, ...]],
    freshness: int,
    position: int,
    head: bytes,
    digest: bytes | None,
    age: int,
) -> None:
    tier, codes = verdict
    stated = Receipt(
        Purpose.ROADSIDE,
        "路检",
        tuple(shown),
        tier,
        codes,
        freshness,
        UnixTime(CERTIFIED.iat + age),
        position,
        head,
        digest,
    )
    encoded = receipt.sign(stated, certificate=CERTIFICATE, signer=TERMINAL)
    assert verified(encoded, AT + 8 * DAY).receipt == stated


def test_every_single_bit_matters() -> None:
    accepted = []
    for position in range(len(SIGNED) * 8):
        bent = bytearray(SIGNED)
        bent[position // 8] ^= 1 << position % 8
        try:
            verified(bytes(bent))
        except ProtocolError:
            continue
        accepted.append(position)
    assert accepted == []


@hypothesis.given(strategies.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_reason(content: bytes) -> None:
    for reads in (verified, receipt.decode_copy):
        with pytest.raises(ProtocolError):
            reads(content)


# One field of a good receipt is changed and signed again by the honest terminal.


@dataclass
class Sketch:
    """A receipt in parts, with room for what no terminal would write."""

    protected: dict[Any, Any]
    unprotected: dict[Any, Any]
    payload: Any
    signer: Signer = TERMINAL
    tag: int = labels.TAG_SIGN1

    def encoded(self) -> bytes:
        header, content = dump(self.protected), dump(self.payload)
        signature = self.signer.sign(cose_sign1.sig_structure(header, content))
        return dump(Tag(self.tag, (header, self.unprotected, content, signature)))


def sketch() -> Sketch:
    structure: Any = cbor.decode(SIGNED)
    protected, _, payload, _ = structure.value
    header: Any = cbor.decode(protected)
    content: Any = cbor.decode(payload)
    return Sketch(dict(header), {}, dict(content))


Change = Callable[[Sketch], object]


def put(part: str, label: Any, value: Any) -> Change:
    return lambda parts: getattr(parts, part).__setitem__(label, value)


def drop(part: str, label: Any) -> Change:
    return lambda parts: getattr(parts, part).pop(label)


def let(part: str, value: Any) -> Change:
    return lambda parts: setattr(parts, part, value)


def licence(place: int, value: Any) -> Change:
    """One place of the first shown licence."""

    def change(parts: Sketch) -> None:
        first, second = parts.payload[labels.CLAIM_SHOWN]
        parts.payload[labels.CLAIM_SHOWN] = ((*first[:place], value, *first[place + 1 :]), second)

    return change


P, H = "payload", "protected"
FIRST: Any = cbor.decode(cbor.encode(sketch().payload[labels.CLAIM_SHOWN]))[0]  # type: ignore[index]  # an array
A, W, C = (int(tier) for tier in TrustTier)
FORGED_CERTIFICATE: Any = cbor.decode(terminal_certificate.certify(CERTIFIED, STRANGER))
FORGERIES: list[tuple[str, type[ProtocolError], Change]] = [
    ("tag", ShapeError, let("tag", 16)),
    ("typ-challenge", TypError, put(H, labels.HDR_TYP, labels.TYP_CHALLENGE)),
    ("typ-act", TypError, put(H, labels.HDR_TYP, labels.TYP_ACT)),
    ("typ-missing", TypError, drop(H, labels.HDR_TYP)),
    ("alg", AlgError, put(H, labels.HDR_ALG, int(Alg.ESP256))),
    ("alg-unprotected", HeaderUnprotected, put("unprotected", labels.HDR_ALG, int(Alg.ED25519))),
    ("crit", HeaderUnknown, put(H, labels.HDR_CRIT, (labels.HDR_TYP,))),
    ("kcwt-missing", HeaderUnknown, drop(H, labels.HDR_KCWT)),
    ("kcwt-bytes", KcwtError, put(H, labels.HDR_KCWT, CERTIFICATE)),
    ("kcwt-a-receipt", TypError, put(H, labels.HDR_KCWT, cbor.decode(SIGNED))),
    ("kcwt-of-a-stranger", IssuerUnknown, put(H, labels.HDR_KCWT, FORGED_CERTIFICATE)),
    ("signed-by-a-stranger", TerminalSignatureInvalid, let("signer", STRANGER)),
    ("payload-array", ShapeError, let("payload", ())),
    ("claim-missing", ShapeError, drop(P, labels.CLAIM_JOURNAL)),
    ("claim-more", ShapeError, put(P, labels.CLAIM_SUB, "x")),
    ("iat-text", TimeTypeError, put(P, labels.CLAIM_IAT, "now")),
    ("iat-before-the-certificate", TimeOrderError, put(P, labels.CLAIM_IAT, CERTIFIED.iat - 1)),
    ("iat-after-the-certificate", TimeOrderError, put(P, labels.CLAIM_IAT, CERTIFIED.exp + 1)),
    ("iat-ahead", TimeOrderError, put(P, labels.CLAIM_IAT, AT + limits.CLOCK_SKEW + 1)),
    ("purpose", SchemaError, put(P, labels.CLAIM_PURPOSE, ord("z"))),
    ("purpose-text", SchemaError, put(P, labels.CLAIM_PURPOSE, "w")),
    ("reason-empty", SchemaError, put(P, labels.CLAIM_REASON, "")),
    ("reason-201", SchemaError, put(P, labels.CLAIM_REASON, "因" * 201)),
    ("reason-bidi", SchemaError, put(P, labels.CLAIM_REASON, "\u202e换领")),
    ("shown-none", SchemaError, put(P, labels.CLAIM_SHOWN, ())),
    ("shown-five", SchemaError, put(P, labels.CLAIM_SHOWN, (FIRST,) * 5)),
    ("shown-twice", SchemaError, put(P, labels.CLAIM_SHOWN, (FIRST, FIRST))),
    ("shown-map", SchemaError, put(P, labels.CLAIM_SHOWN, {1: FIRST})),
    ("shown-entry-map", SchemaError, put(P, labels.CLAIM_SHOWN, ({1: 2},))),
    ("shown-entry-short", SchemaError, put(P, labels.CLAIM_SHOWN, (FIRST[:3],))),
    ("shown-entry-long", SchemaError, put(P, labels.CLAIM_SHOWN, ((*FIRST, 1),))),
    ("kind", SchemaError, licence(0, 9_999)),
    ("kind-text", SchemaError, licence(0, "driving-licence")),
    ("items-none", SchemaError, licence(1, ())),
    ("items-with-values", SchemaError, licence(1, {1: "测试员甲"})),
    ("items-text", SchemaError, licence(1, ("测试员甲",))),
    ("items-descending", SchemaError, licence(1, (5, 1))),
    ("items-a-group", SchemaError, licence(1, (200,))),
    ("presentation-short", SchemaError, licence(2, bytes(31))),
    ("presentation-text", SchemaError, licence(2, "p" * 32)),
    ("hashes-none", SchemaError, licence(3, ())),
    ("hashes-short", SchemaError, licence(3, (bytes(31),))),
    ("hashes-descending", SchemaError, licence(3, (b"\1" * 32, b"\0" * 32))),
    ("hashes-twice", SchemaError, licence(3, (bytes(32), bytes(32)))),
    ("hashes-33", SchemaError, licence(3, tuple(each.to_bytes(32) for each in range(33)))),
    ("hashes-a-disclosure", SchemaError, licence(3, ((bytes(16), "测试员甲", 1),))),
    ("mac-short", SchemaError, licence(3, bytes(31))),
    ("mac-null", SchemaError, licence(3, None)),
    ("tier-none", SchemaError, put(P, labels.CLAIM_VERDICT, (0, ("E_CBOR",)))),
    ("tier-other", SchemaError, put(P, labels.CLAIM_VERDICT, (3, ()))),
    ("tier-bool", SchemaError, put(P, labels.CLAIM_VERDICT, (True, ()))),
    ("verdict-long", SchemaError, put(P, labels.CLAIM_VERDICT, (A, (), ()))),
    ("accepted-with-an-error", SchemaError, put(P, labels.CLAIM_VERDICT, (A, ("E_REVOKED",)))),
    ("checked-with-an-error", SchemaError, put(P, labels.CLAIM_VERDICT, (W, ("W_CLOCK", "E_REPLAY")))),
    ("refused-without-an-error", SchemaError, put(P, labels.CLAIM_VERDICT, (C, ("W_CLOCK",)))),
    ("code-twice", SchemaError, put(P, labels.CLAIM_VERDICT, (A, ("W_CLOCK", "W_CLOCK")))),
    ("code-free-text", SchemaError, put(P, labels.CLAIM_VERDICT, (A, ("测试员甲",)))),
    ("code-lower-case", SchemaError, put(P, labels.CLAIM_VERDICT, (A, ("w_clock",)))),
    ("code-newline", SchemaError, put(P, labels.CLAIM_VERDICT, (A, ("W_CLOCK\n",)))),
    ("code-map", SchemaError, put(P, labels.CLAIM_VERDICT, (A, ({},)))),
    ("codes-33", SchemaError, put(P, labels.CLAIM_VERDICT, (A, tuple(f"W_{each}" for each in range(33))))),
    ("freshness-6", SchemaError, put(P, labels.CLAIM_FRESHNESS, 6)),
    ("freshness-negative", SchemaError, put(P, labels.CLAIM_FRESHNESS, -1)),
    ("freshness-bool", SchemaError, put(P, labels.CLAIM_FRESHNESS, True)),
    ("journal-position-zero", SchemaError, put(P, labels.CLAIM_JOURNAL, (0, bytes(32)))),
    ("journal-position-bool", SchemaError, put(P, labels.CLAIM_JOURNAL, (True, bytes(32)))),
    ("journal-head-short", SchemaError, put(P, labels.CLAIM_JOURNAL, (1, bytes(31)))),
    ("journal-one-part", SchemaError, put(P, labels.CLAIM_JOURNAL, (1,))),
    ("challenge-cnonce-only", SchemaError, put(P, labels.CLAIM_CHALLENGE, bytes(16))),
    ("challenge-null", SchemaError, put(P, labels.CLAIM_CHALLENGE, None)),
]


def test_a_sketch_left_alone_is_what_the_terminal_makes() -> None:
    assert sketch().encoded() == SIGNED


@pytest.mark.parametrize(
    ("reason", "change"), [entry[1:] for entry in FORGERIES], ids=[entry[0] for entry in FORGERIES]
)
def test_forgery(reason: type[ProtocolError], change: Change) -> None:
    parts = sketch()
    change(parts)
    with pytest.raises(ProtocolError) as caught:
        verified(parts.encoded())
    assert type(caught.value) is reason


@pytest.mark.parametrize(
    "change",
    [
        put(P, labels.CLAIM_IAT, AT + limits.CLOCK_SKEW),
        put(P, labels.CLAIM_IAT, CERTIFIED.iat),
        put(P, labels.CLAIM_JOURNAL, (1, bytes(32))),
        put(P, labels.CLAIM_FRESHNESS, 5),
        put(P, labels.CLAIM_VERDICT, (A, tuple(f"W_{each}" for each in range(32)))),
        drop(P, labels.CLAIM_CHALLENGE),
    ],
)
def test_what_is_just_allowed(change: Change) -> None:
    parts = sketch()
    change(parts)
    assert verified(parts.encoded()).receipt.shown == RECEIPT.shown


def test_at_the_last_moment_of_its_certificate() -> None:
    last = receipt.sign(replace(RECEIPT, iat=CERTIFIED.exp), certificate=CERTIFICATE, signer=TERMINAL)
    assert verified(last, CERTIFIED.exp).receipt.iat == CERTIFIED.exp


def test_a_certificate_bent_inside_a_receipt() -> None:
    parts = sketch()
    kcwt = parts.protected[labels.HDR_KCWT]
    bent = kcwt.value[2].replace("车管所".encode(), "派出所".encode())
    assert bent != kcwt.value[2]
    parts.protected[labels.HDR_KCWT] = Tag(kcwt.tag, (*kcwt.value[:2], bent, kcwt.value[3]))
    with pytest.raises(IssuerSignatureInvalid):
        verified(parts.encoded())


def test_a_receipt_is_no_challenge_and_a_challenge_no_receipt() -> None:
    with pytest.raises(TypError):
        verified(LC1)
    with pytest.raises(TypError):
        challenge.verify(SIGNED, terminal_keys=TERMINAL_KEYS, at=AT)


def test_longer_than_any_receipt() -> None:
    with pytest.raises(SizeError):
        verified(bytes(limits.MAX_RECEIPT_BYTES + 1))
    with pytest.raises(CborError):
        verified(bytes(limits.MAX_RECEIPT_BYTES))


def test_the_regions_key_outlives_the_receipt() -> None:
    ended = replace(ANCHOR, verify_until=UnixTime(AT - 1))
    with pytest.raises(IssuerExpired):
        receipt.verify(SIGNED, terminal_keys={(ended.iss, ended.kid): ended}, at=AT)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (replace(RECEIPT, codes=("E_REVOKED",)), SchemaError),
        (replace(RECEIPT, shown=()), SchemaError),
        (replace(RECEIPT, reason=""), SchemaError),
        (replace(RECEIPT, iat=UnixTime(CERTIFIED.exp + 1)), TimeOrderError),
        (replace(RECEIPT, journal_head=b""), SchemaError),
    ],
)
def test_a_bad_receipt_is_not_signed(bad: Receipt, reason: type[ProtocolError]) -> None:
    with pytest.raises(reason):
        receipt.sign(bad, certificate=CERTIFICATE, signer=TERMINAL)


def test_another_key_than_the_certified_does_not_get_a_receipt_out() -> None:
    with pytest.raises(TerminalSignatureInvalid):
        receipt.sign(RECEIPT, certificate=CERTIFICATE, signer=STRANGER)
