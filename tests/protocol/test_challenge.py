"""Challenges, terminal certificates and short codes: what a wallet believes, and why it refuses the rest."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from protocol import cbor, challenge, cose_sign1, keys, labels, limits, sealing, short_code, terminal_certificate
from protocol.challenge import ChallengeAhead, ChallengeForeign, ChallengeNotOpen, Request, WantedTooMuch
from protocol.errors import (
    AlgError,
    CborError,
    HeaderUnknown,
    HeaderUnprotected,
    IssuerExpired,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KcwtError,
    KeyRefused,
    ProtocolError,
    SchemaError,
    ShapeError,
    SignatureForm,
    TimeOrderError,
    TimeTypeError,
    TypError,
)
from protocol.keys import Signer
from protocol.labels import Alg, KeyUse, Lic, Purpose
from protocol.qr import envelope
from protocol.sd_cwt.key_binding import AUDIENCE_PATTERN
from protocol.short_code import ShortCode
from protocol.terminal_certificate import Items, TerminalCertificate, TerminalSignatureInvalid
from protocol.trust_list import TrustAnchor
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.utopia.kinds import DRIVING_LICENCE, ID_CARD
from tests.utopia.loose_cbor import Pairs, Tag, dump
from tests.utopia.randomness import Drbg
from tests.utopia.world import BEGINNING, WUYOU, ZIXU, World

WORLD = World()
AT = BEGINNING
RANDOMNESS = Drbg("challenge")
REGION = WORLD.signer("terminal key of the region", Alg.ED25519)
TERMINAL = WORLD.signer("terminal", Alg.ED25519)
STRANGER = WORLD.signer("stranger", Alg.ED25519)
LATER = UnixTime(AT + 400 * DAY)
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
SEALING_KEY = sealing.sealing_key(RANDOMNESS(32))
REQUEST = Request(
    purpose=Purpose.WINDOW,
    reason="换领驾驶证",
    wanted={DRIVING_LICENCE: frozenset({Lic.NAME, Lic.CLASS})},
    nonce=RANDOMNESS(16),
    sealing_key=SEALING_KEY,
    iat=AT,
    exp=UnixTime(AT + 120),
)
LC1 = challenge.build(REQUEST, certificate=CERTIFICATE, signer=TERMINAL)


def verified(encoded: bytes, at: int = AT) -> challenge.Challenge:
    return challenge.verify(encoded, terminal_keys=TERMINAL_KEYS, at=UnixTime(at))


def test_round_trip() -> None:
    found = verified(LC1)
    assert found.request == REQUEST
    assert found.certificate == CERTIFIED
    assert found.certificate.audience == "lz:t/990000-W07"
    assert AUDIENCE_PATTERN.fullmatch(found.certificate.audience)


def test_cnonce_is_the_hash_of_the_whole_request() -> None:
    structure: Any = cbor.decode(LC1)
    protected, _, payload, _ = structure.value
    digest = sha256(cose_sign1.sig_structure(protected, payload)).digest()
    assert verified(LC1).cnonce == challenge.cnonce_of(LC1) == digest[:16]
    assert challenge.challenge_digest(LC1) == digest
    for other in (
        replace(REQUEST, reason="补领驾驶证"),
        replace(REQUEST, wanted={DRIVING_LICENCE: frozenset({Lic.NAME})}),
        replace(REQUEST, nonce=bytes(16)),
        replace(REQUEST, sealing_key=sealing.sealing_key(bytes(range(32)))),
        replace(REQUEST, exp=UnixTime(AT + 119)),
    ):
        assert challenge.cnonce_of(challenge.build(other, certificate=CERTIFICATE, signer=TERMINAL)) != digest[:16]


@pytest.mark.parametrize("region_alg", Alg)
@pytest.mark.parametrize("terminal_alg", Alg)
def test_both_algorithms(region_alg: Alg, terminal_alg: Alg) -> None:
    region, terminal = WORLD.signer("another region", region_alg), WORLD.signer("another terminal", terminal_alg)
    anchor = replace(ANCHOR, key=region.public_key)
    certificate = terminal_certificate.certify(replace(CERTIFIED, key=terminal.public_key), region)
    encoded = challenge.build(REQUEST, certificate=certificate, signer=terminal)
    found = challenge.verify(encoded, terminal_keys={(anchor.iss, anchor.kid): anchor}, at=AT)
    assert found.request == REQUEST


def test_sizes() -> None:
    """The sizes that docs/spec/challenge.md states."""
    assert len(CERTIFICATE) == 254
    assert len(LC1) == 473
    text = envelope.wrap(LC1, labels.PREFIX_CHALLENGE)
    assert text.startswith("LC1:")
    assert envelope.unwrap(text, expected_prefix=labels.PREFIX_CHALLENGE) == LC1
    longest = replace(REQUEST, reason="因" * 200)
    assert len(challenge.build(longest, certificate=CERTIFICATE, signer=TERMINAL)) == 1_061 < limits.MAX_CODE_BYTES
    p256 = replace(CERTIFIED, key=WORLD.signer("terminal", Alg.ESP256).public_key)
    assert len(terminal_certificate.certify(p256, REGION)) == 256
    shortest = replace(CERTIFIED, terminal="1", place="窗", relying_party="局")
    assert len(terminal_certificate.certify(shortest, REGION)) == 204


@hypothesis.given(
    strategies.dictionaries(
        strategies.sampled_from([DRIVING_LICENCE, ID_CARD, 10_000, 65_535]),
        strategies.frozensets(strategies.integers(-300, 199) | strategies.integers(216, 2**40), min_size=1, max_size=9),
        min_size=1,
    ),
    strategies.sampled_from(Purpose),
    strategies.text("证abc 1", min_size=1, max_size=200).map(str.strip).filter(bool),
    strategies.binary(min_size=16, max_size=16),
    strategies.integers(1, 120),
)
@hypothesis.settings(max_examples=60)
def test_what_is_asked_is_what_is_read(
    wanted: dict[int, frozenset[int]], purpose: Purpose, reason: str, nonce: bytes, life: int
) -> None:
    certificate = terminal_certificate.certify(replace(CERTIFIED, maxima={purpose: wanted}), REGION)
    request = Request(purpose, reason, wanted, nonce, SEALING_KEY, AT, UnixTime(AT + life))
    encoded = challenge.build(request, certificate=certificate, signer=TERMINAL)
    assert verified(encoded).request == request


def test_every_single_bit_matters() -> None:
    accepted = []
    for position in range(len(LC1) * 8):
        bent = bytearray(LC1)
        bent[position // 8] ^= 1 << position % 8
        try:
            verified(bytes(bent))
        except ProtocolError:
            continue
        accepted.append(position)
    assert accepted == []


@hypothesis.given(strategies.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_reason(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        verified(content)


# One field of a good challenge, or of the certificate in it, is changed; both are signed again by their honest keys.


@dataclass
class Sketch:
    """A challenge in parts, with room for what no builder would write."""

    certificate_protected: dict[Any, Any]
    certificate_unprotected: Any
    certificate_payload: dict[Any, Any]
    protected: dict[Any, Any]
    unprotected: Any
    payload: dict[Any, Any]
    region: Signer = REGION
    terminal: Signer = TERMINAL
    kcwt: Any = None
    tag: int = labels.TAG_SIGN1

    def encoded(self) -> bytes:
        kcwt = self.kcwt
        if kcwt is None:
            kcwt = signed(
                self.certificate_protected, self.certificate_unprotected, self.certificate_payload, self.region
            )
        protected = {
            label: kcwt if label == labels.HDR_KCWT and value is ... else value
            for label, value in self.protected.items()
        }
        return dump(signed(protected, self.unprotected, self.payload, self.terminal, tag=self.tag))


def signed(protected: Any, unprotected: Any, payload: Any, signer: Signer, *, tag: int = labels.TAG_SIGN1) -> Tag:
    header, content = dump(protected), payload if isinstance(payload, bytes) else dump(payload)
    return Tag(tag, (header, unprotected, content, signer.sign(cose_sign1.sig_structure(header, content))))


def sketch() -> Sketch:
    outer: Any = cbor.decode(LC1)
    inner: Any = cbor.decode(CERTIFICATE)
    return Sketch(
        certificate_protected=dict(cbor.decode(inner.value[0])),  # type: ignore[arg-type]  # a map
        certificate_unprotected={},
        certificate_payload=dict(cbor.decode(inner.value[2])),  # type: ignore[arg-type]  # a map
        protected={**cbor.decode(outer.value[0]), labels.HDR_KCWT: ...},  # type: ignore[dict-item]  # a map
        unprotected={},
        payload=dict(cbor.decode(outer.value[2])),  # type: ignore[arg-type]  # a map
    )


Change = Callable[[Sketch], object]


def put(part: str, label: Any, value: Any) -> Change:
    return lambda parts: getattr(parts, part).__setitem__(label, value)


def drop(part: str, label: Any) -> Change:
    return lambda parts: getattr(parts, part).pop(label)


def let(part: str, value: Any) -> Change:
    return lambda parts: setattr(parts, part, value)


def both(*changes: Change) -> Change:
    return lambda parts: [change(parts) for change in changes]


CP, CH, P, H = "certificate_payload", "certificate_protected", "payload", "protected"
WIDE = frozenset({1, 2, 3, 5, 7})
SHOWN_TEXTS = {
    "text-empty": "",
    "text-blank": "  ",
    "text-padded": "车管所 ",
    "text-bidi": "车管所\u202e",
    "text-zero-width": "车\u200b管所",
    "text-line": "车管所\n请转账",
    "text-not-nfc": "e\u0301",
    "text-bytes": b"\xe8\xbd\xa6",
}
FORGERIES: list[tuple[str, type[ProtocolError], Change]] = [
    # The challenge's structure and headers.
    ("tag", ShapeError, let("tag", 16)),
    ("typ-presentation", TypError, put(H, labels.HDR_TYP, labels.TYP_PRESENTATION)),
    ("typ-receipt", TypError, put(H, labels.HDR_TYP, labels.TYP_RECEIPT)),
    ("typ-terminal", TypError, put(H, labels.HDR_TYP, labels.TYP_TERMINAL)),
    ("typ-missing", TypError, drop(H, labels.HDR_TYP)),
    ("alg-missing", AlgError, drop(H, labels.HDR_ALG)),
    ("alg-of-another-key", AlgError, put(H, labels.HDR_ALG, int(Alg.ESP256))),
    ("alg-unprotected", HeaderUnprotected, put("unprotected", labels.HDR_ALG, int(Alg.ED25519))),
    ("crit", HeaderUnknown, put(H, labels.HDR_CRIT, (labels.HDR_TYP,))),
    ("kid", HeaderUnknown, put(H, labels.HDR_KID, bytes(8))),
    ("kcwt-missing", HeaderUnknown, drop(H, labels.HDR_KCWT)),
    ("kcwt-bytes", KcwtError, let("kcwt", CERTIFICATE)),
    ("kcwt-null", KcwtError, put(H, labels.HDR_KCWT, None)),
    ("kcwt-encrypted", ShapeError, let("kcwt", Tag(16, (b"\xa0", {}, b"")))),
    ("kcwt-a-challenge", TypError, let("kcwt", cbor.decode(LC1))),
    ("signed-by-a-stranger", TerminalSignatureInvalid, let("terminal", STRANGER)),
    ("signed-by-the-region", TerminalSignatureInvalid, let("terminal", REGION)),
    # The certificate's headers and signature.
    ("certificate-typ", TypError, put(CH, labels.HDR_TYP, labels.TYP_CHALLENGE)),
    ("certificate-typ-credential", TypError, put(CH, labels.HDR_TYP, labels.TYP_CREDENTIAL)),
    ("certificate-alg", AlgError, put(CH, labels.HDR_ALG, int(Alg.ESP256))),
    ("certificate-x5chain", HeaderUnknown, put(CH, 33, b"\x30\x00")),
    ("certificate-unprotected", HeaderUnprotected, put("certificate_unprotected", 33, b"\x30\x00")),
    ("certificate-kid-missing", HeaderUnknown, drop(CH, labels.HDR_KID)),
    ("certificate-kid-short", ShapeError, put(CH, labels.HDR_KID, ANCHOR.kid[:7])),
    ("certificate-kid-unknown", IssuerUnknown, put(CH, labels.HDR_KID, keys.kid_of(STRANGER.public_key))),
    ("certificate-by-a-stranger", IssuerSignatureInvalid, let("region", STRANGER)),
    ("certificate-by-itself", IssuerSignatureInvalid, let("region", TERMINAL)),
    # The certificate's claims.
    ("certificate-iss-of-another-region", IssuerUnknown, put(CP, labels.CLAIM_ISS, World.iss(ZIXU))),
    ("certificate-iss-form", SchemaError, put(CP, labels.CLAIM_ISS, "乌有市")),
    ("certificate-claim-missing", ShapeError, drop(CP, labels.CLAIM_PLACE)),
    ("certificate-claim-more", ShapeError, put(CP, labels.CLAIM_VCT, DRIVING_LICENCE)),
    ("certificate-name-long", SchemaError, put(CP, labels.CLAIM_SUB, "a" * 25)),
    ("certificate-name-slash", SchemaError, put(CP, labels.CLAIM_SUB, "a/b")),
    ("certificate-name-newline", SchemaError, put(CP, labels.CLAIM_SUB, "ab\n")),
    ("certificate-place-long", SchemaError, put(CP, labels.CLAIM_PLACE, "窗" * 65)),
    ("certificate-cnf-two", SchemaError, put(CP, labels.CLAIM_CNF, {1: TERMINAL.public_key.cose_key, 2: b""})),
    ("certificate-cnf-key", KeyRefused, put(CP, labels.CLAIM_CNF, {1: {1: 1, -1: 6, -2: bytes(32)}})),
    ("certificate-iat-text", TimeTypeError, put(CP, labels.CLAIM_IAT, "now")),
    ("certificate-exp-bool", TimeTypeError, put(CP, labels.CLAIM_EXP, True)),
    ("certificate-exp-before-iat", TimeOrderError, put(CP, labels.CLAIM_EXP, CERTIFIED.iat)),
    ("certificate-eight-days", SchemaError, put(CP, labels.CLAIM_EXP, CERTIFIED.iat + 7 * DAY + 1)),
    ("certificate-over", IssuerExpired,
     both(put(CP, labels.CLAIM_IAT, AT - DAY), put(CP, labels.CLAIM_EXP, AT - limits.CHALLENGED_SKEW - 1))),
    ("certificate-not-begun", IssuerExpired,
     both(put(CP, labels.CLAIM_IAT, AT + limits.CHALLENGED_SKEW + 1), put(CP, labels.CLAIM_EXP, AT + DAY))),
    ("maxima-empty", SchemaError, put(CP, labels.CLAIM_MAXIMA, {})),
    ("maxima-array", SchemaError, put(CP, labels.CLAIM_MAXIMA, [])),
    ("maxima-purpose", SchemaError, put(CP, labels.CLAIM_MAXIMA, {ord("z"): {DRIVING_LICENCE: (1,)}})),
    ("maxima-purpose-text", SchemaError, put(CP, labels.CLAIM_MAXIMA, {"w": {DRIVING_LICENCE: (1,)}})),
    ("maxima-no-kind", SchemaError, put(CP, labels.CLAIM_MAXIMA, {int(Purpose.WINDOW): {}})),
    ("maxima-kinds", SchemaError,
     put(CP, labels.CLAIM_MAXIMA, {int(Purpose.WINDOW): {65_001 + each: (1,) for each in range(33)}})),
    ("maxima-twice", CborError,
     put(CP, labels.CLAIM_MAXIMA, Pairs(((int(Purpose.WINDOW), {DRIVING_LICENCE: (1,)}),) * 2))),
    # The request.
    ("payload-array", ShapeError, let("payload", dump([]))),
    ("payload-trailing", CborError, let("payload", dump(sketch().payload) + b"\0")),
    ("claim-missing", ShapeError, drop(P, labels.CLAIM_REASON)),
    ("claim-more", ShapeError, put(P, labels.CLAIM_ISS, World.iss())),
    ("aud-another-terminal", ChallengeForeign, put(P, labels.CLAIM_AUD, "lz:t/990000-W08")),
    ("aud-purpose", ChallengeForeign, put(P, labels.CLAIM_AUD, Purpose.WINDOW.audience)),
    ("aud-array", ChallengeForeign, put(P, labels.CLAIM_AUD, ("lz:t/990000-W07",))),
    ("nonce-short", SchemaError, put(P, labels.CLAIM_NONCE, bytes(15))),
    ("nonce-long", SchemaError, put(P, labels.CLAIM_NONCE, bytes(17))),
    ("nonce-text", SchemaError, put(P, labels.CLAIM_NONCE, "n" * 16)),
    ("iat-negative", TimeTypeError, put(P, labels.CLAIM_IAT, -1)),
    ("exp-missing-type", TimeTypeError, put(P, labels.CLAIM_EXP, None)),
    ("exp-at-iat", TimeOrderError, put(P, labels.CLAIM_EXP, AT)),
    ("life", SchemaError, put(P, labels.CLAIM_EXP, AT + 121)),
    ("over", ChallengeNotOpen,
     both(put(P, labels.CLAIM_IAT, AT - 700), put(P, labels.CLAIM_EXP, AT - limits.CHALLENGED_SKEW - 1))),
    ("not-begun", ChallengeAhead,
     both(put(P, labels.CLAIM_IAT, AT + limits.CHALLENGED_SKEW + 1), put(P, labels.CLAIM_EXP, AT + 700))),
    ("before-its-certificate", TimeOrderError, put(CP, labels.CLAIM_IAT, AT + 1)),
    ("beyond-its-certificate", TimeOrderError, put(CP, labels.CLAIM_EXP, AT + 119)),
    ("reason-201", SchemaError, put(P, labels.CLAIM_REASON, "因" * 201)),
    ("sealing-key-short", KeyRefused, put(P, labels.CLAIM_SEALING_KEY, bytes(31))),
    ("sealing-key-small-order", KeyRefused, put(P, labels.CLAIM_SEALING_KEY, bytes(32))),
    ("sealing-key-text", SchemaError, put(P, labels.CLAIM_SEALING_KEY, "k" * 32)),
    ("purpose-text", SchemaError, put(P, labels.CLAIM_PURPOSE, "w")),
    ("purpose-unknown", SchemaError, put(P, labels.CLAIM_PURPOSE, ord("z"))),
    ("purpose-not-certified", WantedTooMuch, put(P, labels.CLAIM_PURPOSE, int(Purpose.ROADSIDE))),
    ("wanted-empty", SchemaError, put(P, labels.CLAIM_WANTED, {})),
    ("wanted-array", SchemaError, put(P, labels.CLAIM_WANTED, [DRIVING_LICENCE])),
    ("wanted-five-kinds", SchemaError, put(P, labels.CLAIM_WANTED, {65_001 + each: (1,) for each in range(5)})),
    ("wanted-no-items", SchemaError, put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: ()})),
    ("wanted-33-items", SchemaError, put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: tuple(range(1, 34))})),
    ("wanted-descending", SchemaError, put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: (2, 1)})),
    ("wanted-twice", SchemaError, put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: (1, 1)})),
    ("wanted-a-group", SchemaError, put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: (200,)})),
    ("wanted-bool", SchemaError, put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: (True,)})),
    ("wanted-text", SchemaError, put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: ("name",)})),
    ("wanted-no-kind", SchemaError, put(P, labels.CLAIM_WANTED, {9_999: (1,)})),
    ("wanted-kind-text", SchemaError, put(P, labels.CLAIM_WANTED, {"driving-licence": (1,)})),
    ("wanted-item-not-certified", WantedTooMuch, put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: (1, 3)})),
    ("wanted-kind-not-certified", WantedTooMuch,
     put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: (1,), ID_CARD: (1,)})),
    *((f"reason-{name}", SchemaError, put(P, labels.CLAIM_REASON, text)) for name, text in SHOWN_TEXTS.items()),
    *((f"place-{name}", SchemaError, put(CP, labels.CLAIM_PLACE, text)) for name, text in SHOWN_TEXTS.items()),
    *((f"party-{name}", SchemaError, put(CP, labels.CLAIM_RELYING_PARTY, text)) for name, text in SHOWN_TEXTS.items()),
]  # fmt: skip


def test_a_sketch_left_alone_is_what_the_terminal_makes() -> None:
    assert sketch().encoded() == LC1


@pytest.mark.parametrize(
    ("reason", "change"), [entry[1:] for entry in FORGERIES], ids=[entry[0] for entry in FORGERIES]
)
def test_forgery(reason: type[ProtocolError], change: Change) -> None:
    parts = sketch()
    change(parts)
    with pytest.raises(ProtocolError) as caught:
        verified(parts.encoded())
    assert type(caught.value) is reason


SKEW = limits.CHALLENGED_SKEW
FOUR_KINDS = {65_001 + each: tuple(range(1, 1 + limits.MAX_DISCLOSURES)) for each in range(4)}
JUST_ALLOWED: list[tuple[str, Change]] = [
    (
        "both-end-ten-minutes-ago",
        both(
            put(CP, labels.CLAIM_EXP, AT - SKEW),
            put(P, labels.CLAIM_EXP, AT - SKEW),
            put(P, labels.CLAIM_IAT, AT - 720),
        ),
    ),
    (
        "both-begin-in-ten-minutes",
        both(
            put(CP, labels.CLAIM_IAT, AT + SKEW),
            put(P, labels.CLAIM_IAT, AT + SKEW),
            put(P, labels.CLAIM_EXP, AT + 720),
        ),
    ),
    ("everything-certified", put(P, labels.CLAIM_WANTED, {DRIVING_LICENCE: (1, 2, 5, 7)})),
    (
        "four-kinds-of-32-items",
        both(put(CP, labels.CLAIM_MAXIMA, {int(Purpose.WINDOW): FOUR_KINDS}), put(P, labels.CLAIM_WANTED, FOUR_KINDS)),
    ),
    (
        "32-kinds-certified",
        put(CP, labels.CLAIM_MAXIMA, {int(Purpose.WINDOW): {65_001 + each: (1, 2) for each in range(32)}}),
    ),
    ("names-of-64", both(put(CP, labels.CLAIM_PLACE, "窗" * 64), put(CP, labels.CLAIM_SUB, "990000-W07"))),
    ("reason-of-200", put(P, labels.CLAIM_REASON, "𠮷" * 200)),
]


@pytest.mark.parametrize("change", [entry[1] for entry in JUST_ALLOWED], ids=[entry[0] for entry in JUST_ALLOWED])
def test_what_is_just_allowed(change: Change) -> None:
    parts = sketch()
    change(parts)
    assert verified(parts.encoded()).certificate.terminal == CERTIFIED.terminal


def test_signature_of_another_length() -> None:
    structure: Any = cbor.decode(LC1)
    cut = cbor.encode(cbor.Tagged(structure.tag, (*structure.value[:3], structure.value[3][:63])))
    with pytest.raises(SignatureForm):
        verified(cut)


# Which terminal key is believed, and when.


@pytest.mark.parametrize("use", [use for use in KeyUse if use is not KeyUse.TERMINAL])
def test_a_key_of_another_use_certifies_no_terminal(use: KeyUse) -> None:
    anchor = replace(ANCHOR, use=use)
    with pytest.raises(IssuerUnknown):
        challenge.verify(LC1, terminal_keys={(anchor.iss, anchor.kid): anchor}, at=AT)


def test_without_terminal_keys_nothing_is_believed() -> None:
    with pytest.raises(IssuerUnknown):
        challenge.verify(LC1, terminal_keys={}, at=AT)


def test_sign_until_and_verify_until() -> None:
    for field, last in (("sign_until", CERTIFIED.iat), ("verify_until", AT)):
        anchor = replace(ANCHOR, **{field: UnixTime(last)})
        challenge.verify(LC1, terminal_keys={(anchor.iss, anchor.kid): anchor}, at=AT)
        ended = replace(ANCHOR, **{field: UnixTime(last - 1)})
        with pytest.raises(IssuerExpired):
            challenge.verify(LC1, terminal_keys={(ended.iss, ended.kid): ended}, at=AT)


@pytest.mark.parametrize("offset", [-600, 0, 720])
def test_a_phone_may_be_ten_minutes_wrong(offset: int) -> None:
    assert verified(LC1, AT + offset).request == REQUEST


@pytest.mark.parametrize("offset", [-601, 721])
def test_but_not_more(offset: int) -> None:
    with pytest.raises(ChallengeNotOpen):
        verified(LC1, AT + offset)


# The terminal and the region do not sign what a wallet would refuse.


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (replace(REQUEST, wanted={DRIVING_LICENCE: WIDE}), WantedTooMuch),
        (replace(REQUEST, purpose=Purpose.KIOSK), WantedTooMuch),
        (replace(REQUEST, reason="因" * 201), SchemaError),
        (replace(REQUEST, nonce=bytes(8)), SchemaError),
        (replace(REQUEST, exp=UnixTime(AT + 121)), SchemaError),
        (replace(REQUEST, iat=UnixTime(CERTIFIED.iat - 1), exp=UnixTime(CERTIFIED.iat + 60)), TimeOrderError),
    ],
)
def test_a_bad_request_is_not_signed(request_: Request, reason: type[ProtocolError]) -> None:
    with pytest.raises(reason):
        challenge.build(request_, certificate=CERTIFICATE, signer=TERMINAL)


@pytest.mark.parametrize(
    ("request_", "purpose", "beyond", "text"),
    [
        (
            replace(REQUEST, wanted={DRIVING_LICENCE: frozenset({1, 3, 4}), ID_CARD: frozenset({2})}),
            REQUEST.purpose,
            {DRIVING_LICENCE: frozenset({3, 4}), ID_CARD: frozenset({2})},
            str([ID_CARD, DRIVING_LICENCE]),
        ),
        (
            replace(REQUEST, wanted={DRIVING_LICENCE: frozenset({1, 3})}),
            REQUEST.purpose,
            {DRIVING_LICENCE: frozenset({3})},
            "",
        ),
        (replace(REQUEST, purpose=Purpose.KIOSK), Purpose.KIOSK, REQUEST.wanted, "purpose"),
    ],
    ids=["items and a kind", "an item", "a purpose"],
)
def test_what_is_asked_beyond_the_certificate_is_named(
    request_: Request, purpose: Purpose, beyond: Items, text: str
) -> None:
    with pytest.raises(WantedTooMuch) as refused:
        challenge.build(request_, certificate=CERTIFICATE, signer=TERMINAL)
    assert (refused.value.purpose, refused.value.beyond) == (purpose, beyond)
    assert text in str(refused.value)


def test_another_key_than_the_certified_does_not_get_a_challenge_out() -> None:
    with pytest.raises(TerminalSignatureInvalid):
        challenge.build(REQUEST, certificate=CERTIFICATE, signer=STRANGER)


@pytest.mark.parametrize(
    ("certified", "reason"),
    [
        (replace(CERTIFIED, iss="nowhere"), SchemaError),
        (replace(CERTIFIED, maxima={}), SchemaError),
        (replace(CERTIFIED, exp=UnixTime(CERTIFIED.iat + 8 * DAY)), SchemaError),
        (replace(CERTIFIED, place="\u202e窗"), SchemaError),
        (
            replace(
                CERTIFIED,
                maxima={each: {65_001 + kind: frozenset(range(1, 9)) for kind in range(30)} for each in Purpose},
            ),
            CborError,
        ),
    ],
)
def test_a_bad_certificate_is_not_signed(certified: TerminalCertificate, reason: type[ProtocolError]) -> None:
    with pytest.raises(reason):
        terminal_certificate.certify(certified, REGION)


def test_certificates_of_regions_are_for_their_own_terminals() -> None:
    other = WORLD.signer("terminal key of the other region", Alg.ED25519)
    anchor = replace(ANCHOR, iss=World.iss(ZIXU), key=other.public_key)
    certificate = terminal_certificate.certify(CERTIFIED, other)
    encoded = challenge.build(REQUEST, certificate=certificate, signer=TERMINAL)
    with pytest.raises(IssuerUnknown):
        challenge.verify(encoded, terminal_keys={**TERMINAL_KEYS, (anchor.iss, anchor.kid): anchor}, at=AT)
    assert CERTIFIED.iss.startswith(WUYOU)


# Short codes.


@hypothesis.given(strategies.integers(0, 2**20 - 1), strategies.integers(0, 2**30 - 1))
def test_short_codes_come_back(site: int, nonce: int) -> None:
    code = ShortCode(site, nonce)
    text = short_code.encode(code)
    assert len(text) == 10
    assert set(text) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    spoken = f"{text[:4]}-{text[4:7]}-{text[7:]}".lower().replace("0", "o").replace("1", "l")
    for typed in (text, text.lower(), spoken, text.replace("1", "I").replace("0", "O"), text.replace("1", "i")):
        assert short_code.decode(typed) == code
    assert AUDIENCE_PATTERN.fullmatch(code.audience)
    assert code.audience == f"lz:s/{text[:4]}"
    assert code.site_characters == text[:4]
    assert short_code.decode_site(text[:4]) == short_code.decode_site(text[:4].lower()) == site
    assert int.from_bytes(code.cnonce) == nonce
    assert len(code.cnonce) == 4


def test_short_code_known_answer() -> None:
    code = ShortCode(site=0xABCDE, nonce=0x12345678)
    assert short_code.encode(code) == "NF6Y938NKR"
    assert code.audience == "lz:s/NF6Y"
    assert code.cnonce == bytes.fromhex("12345678")
    assert short_code.encode(ShortCode(0, 0)) == "0000000000"
    assert short_code.encode(ShortCode(2**20 - 1, 2**30 - 1)) == "ZZZZZZZZZZ"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-",
        "NF6Y938NK",
        "NF6Y938NKRX",
        "NF6Y938NKU",
        "NF6Y 938NKR",
        "NF6Y938NK\n",
        "NF6Y938NKR\n",
        "NF6Y938NK*",
        "ＮF6Y938NKR",
        "ſF6Y938NKR",
        "ıF6Y938NKR",
        "\u212aF6Y938NKR",  # The Kelvin sign, whose lower case is a k.
        "-" * 11 + "NF6Y938NKR",
        "0" * 1_000_000,
    ],
)
def test_what_is_no_short_code(typed: str) -> None:
    with pytest.raises(ShapeError):
        short_code.decode(typed)


@pytest.mark.parametrize("characters", ["", "NF6", "NF6Y9", "NF6U", "NF6Y938NKR"])
def test_what_names_no_site(characters: str) -> None:
    with pytest.raises(ShapeError):
        short_code.decode_site(characters)


@pytest.mark.parametrize(("site", "nonce"), [(-1, 0), (2**20, 0), (0, -1), (0, 2**30)])
def test_beyond_its_bits(site: int, nonce: int) -> None:
    with pytest.raises(ShapeError):
        ShortCode(site, nonce)


@hypothesis.given(strategies.text(max_size=25))
def test_no_text_raises_anything_but_a_reason(typed: str) -> None:
    try:
        code = short_code.decode(typed)
    except ShapeError:
        return
    assert short_code.decode(short_code.encode(code)) == code
