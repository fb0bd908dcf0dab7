"""Sealed presentations: size, round trip, one field forged at a time, keys of small order."""

from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from protocol import cbor, labels, limits, sealing
from protocol.errors import (
    AlgError,
    CborError,
    Code,
    HeaderUnknown,
    HeaderUnprotected,
    KeyRefused,
    PrefixError,
    ProtocolError,
    ShapeError,
    SizeError,
)
from protocol.labels import Purpose
from protocol.qr import envelope
from protocol.sd_cwt import key_binding
from protocol.sealing import SealingKey, SealNotOpened
from tests.utopia.loose_cbor import Pairs, Tag, dump
from tests.utopia.randomness import Drbg
from tests.utopia.world import World

RANDOMNESS = Drbg("sealing")
PRIVATE = RANDOMNESS(32)
OTHER = RANDOMNESS(32)
EPHEMERAL = RANDOMNESS(32)
KEY = sealing.sealing_key(PRIVATE)
PRESENTATION = World().presentation(World().credential(view=Purpose.WINDOW))
SEALED = sealing.seal(PRESENTATION, recipient=KEY, ephemeral_key=EPHEMERAL)
# RFC 7748 section 6.1 and the points of small order of Curve25519 and its twist, in every encoding of 255 bits.
P = 2**255 - 19
SMALL_ORDER = [
    number.to_bytes(32, "little")
    for number in (
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        P - 1,
        P,
        P + 1,
        # The topmost bit is not part of the coordinate (RFC 7748 section 5).
        2**255,
        2**255 + P - 1,
    )
]


def opened(encoded: bytes, private_key: bytes = PRIVATE) -> bytes:
    return sealing.unseal(sealing.parse(encoded), private_key=private_key)


def test_round_trip_of_a_presentation() -> None:
    assert opened(SEALED) == PRESENTATION
    key_binding.parse(opened(SEALED))


def test_the_ephemeral_key_is_the_only_randomness() -> None:
    assert sealing.seal(PRESENTATION, recipient=KEY, ephemeral_key=EPHEMERAL) == SEALED
    assert sealing.seal(PRESENTATION, recipient=KEY, ephemeral_key=OTHER) != SEALED


def test_it_costs_68_bytes_and_fits_a_code() -> None:
    assert (len(PRESENTATION), len(SEALED)) == (382, 450)  # docs/spec/sealed.md
    assert len(SEALED) - len(PRESENTATION) == limits.SEAL_OVERHEAD_BYTES == 68
    text = envelope.wrap(SEALED, labels.PREFIX_SEALED)
    assert text.startswith("LE1:")
    assert opened(envelope.unwrap(text, expected_prefix=labels.PREFIX_SEALED)) == PRESENTATION
    with pytest.raises(PrefixError):
        envelope.unwrap(text)
    longest = bytes(limits.MAX_CODE_BYTES - limits.SEAL_OVERHEAD_BYTES)
    envelope.wrap(sealing.seal(longest, recipient=KEY, ephemeral_key=EPHEMERAL), labels.PREFIX_SEALED)
    with pytest.raises(SizeError):
        envelope.wrap(sealing.seal(longest + b"\0", recipient=KEY, ephemeral_key=EPHEMERAL), labels.PREFIX_SEALED)


@hypothesis.given(*(strategies.binary(min_size=32, max_size=32) for _ in range(2)), strategies.binary(min_size=1))
@hypothesis.settings(max_examples=60)
def test_every_key_opens_what_was_sealed_to_it(private: bytes, ephemeral: bytes, plaintext: bytes) -> None:
    recipient = sealing.sealing_key(private)
    sealed = sealing.seal(plaintext, recipient=recipient, ephemeral_key=ephemeral)
    assert sealing.parse(sealed).kid == recipient.kid
    assert opened(sealed, private) == plaintext


@hypothesis.given(strategies.binary(max_size=200))
@hypothesis.settings(max_examples=300)
def test_no_bytes_raise_anything_but_a_reason(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        opened(content)


def test_every_single_bit_matters() -> None:
    accepted = []
    for position in range(len(SEALED) * 8):
        bent = bytearray(SEALED)
        bent[position // 8] ^= 1 << position % 8
        try:
            opened(bytes(bent))
        except ProtocolError:
            continue
        accepted.append(position)
    assert accepted == []


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(SealNotOpened) as caught:
        opened(SEALED, OTHER)
    assert caught.value.code is Code.E_SEAL_OPEN


def test_another_use_does_not_open_it() -> None:
    sealed = sealing.parse(SEALED)
    with pytest.raises(SealNotOpened):
        sealing.hpke_open(
            sealed.ciphertext,
            ek=sealed.ek,
            private_key=PRIVATE,
            info=b"",
            aad=sealing.enc_structure(sealed.protected_bytes, b""),
        )


# One field of a good seal is changed, and the seal made again over it: no reader may notice the seal first.


def remade(
    *,
    tag: int = labels.TAG_ENCRYPT0,
    protected: Any = None,
    unprotected: Any = None,
    ciphertext: Any = None,
    drop_ciphertext: bool = False,
    ephemeral: bytes = EPHEMERAL,
) -> bytes:
    header = protected if protected is not None else {labels.HDR_ALG: labels.ALG_HPKE_4, labels.HDR_KID: KEY.kid}
    protected_bytes = header if isinstance(header, bytes) else dump(header)
    aad = sealing.enc_structure(protected_bytes, sealing.EXTERNAL_AAD)
    ek, made = sealing.hpke_seal(PRESENTATION, recipient=KEY.x, ephemeral_key=ephemeral, info=b"", aad=aad)
    parts = [
        protected_bytes,
        unprotected if unprotected is not None else {labels.HDR_EK: ek},
        ciphertext if ciphertext is not None else made,
    ]
    return dump(Tag(tag, parts[:2] if drop_ciphertext else parts))


EK = sealing.sealing_key(EPHEMERAL).x
ALG, KID = labels.HDR_ALG, labels.HDR_KID
GOOD = {ALG: labels.ALG_HPKE_4, KID: KEY.kid}
FORGERIES: list[tuple[str, Callable[[], bytes], type[ProtocolError]]] = [
    ("sign1-tag", lambda: remade(tag=labels.TAG_SIGN1), ShapeError),
    ("encrypt-tag", lambda: remade(tag=96), CborError),
    ("two-parts", lambda: remade(drop_ciphertext=True), ShapeError),
    ("detached", lambda: dump(Tag(16, [dump(GOOD), {labels.HDR_EK: EK}, None])), ShapeError),
    ("ciphertext-text", lambda: remade(ciphertext="x"), ShapeError),
    ("ciphertext-empty", lambda: remade(ciphertext=b""), ShapeError),
    ("ciphertext-only-tag", lambda: remade(ciphertext=bytes(16)), ShapeError),
    ("protected-array", lambda: remade(protected=dump([1])), ShapeError),
    ("protected-empty", lambda: remade(protected=b""), CborError),
    ("protected-trailing", lambda: remade(protected=dump(GOOD) + b"\0"), CborError),
    ("alg-missing", lambda: remade(protected={KID: KEY.kid}), AlgError),
    ("alg-hpke-3", lambda: remade(protected={ALG: 41, KID: KEY.kid}), AlgError),
    ("alg-key-encryption", lambda: remade(protected={ALG: 50, KID: KEY.kid}), AlgError),
    ("alg-text", lambda: remade(protected={ALG: "HPKE-4", KID: KEY.kid}), AlgError),
    ("alg-bool", lambda: remade(protected={ALG: True, KID: KEY.kid}), AlgError),
    ("alg-twice", lambda: remade(protected=Pairs(((ALG, 42), (ALG, 42), (KID, KEY.kid)))), CborError),
    ("alg-in-both", lambda: remade(unprotected={labels.HDR_EK: EK, ALG: 42}), HeaderUnprotected),
    ("alg-unprotected", lambda: remade(protected={KID: KEY.kid}, unprotected={labels.HDR_EK: EK, ALG: 42}),
     HeaderUnprotected),
    ("kid-missing", lambda: remade(protected={ALG: 42}), HeaderUnknown),
    ("kid-unprotected", lambda: remade(protected={ALG: 42}, unprotected={labels.HDR_EK: EK, KID: KEY.kid}),
     HeaderUnprotected),
    ("kid-short", lambda: remade(protected={ALG: 42, KID: KEY.kid[:3]}), ShapeError),
    ("kid-long", lambda: remade(protected={ALG: 42, KID: KEY.kid + b"\0"}), ShapeError),
    ("kid-text", lambda: remade(protected={ALG: 42, KID: "abcd"}), ShapeError),
    ("kid-of-another-key", lambda: remade(protected={ALG: 42, KID: sealing.sealing_key(OTHER).kid}), SealNotOpened),
    ("psk-id", lambda: remade(protected={**GOOD, -5: b"psk"}), HeaderUnknown),
    ("crit", lambda: remade(protected={**GOOD, labels.HDR_CRIT: (ALG,)}), HeaderUnknown),
    ("typ", lambda: remade(protected={**GOOD, labels.HDR_TYP: labels.TYP_PRESENTATION}), HeaderUnknown),
    ("ek-missing", lambda: remade(unprotected={}), HeaderUnprotected),
    ("ek-protected", lambda: remade(protected={**GOOD, labels.HDR_EK: EK}, unprotected={}), HeaderUnprotected),
    ("ek-short", lambda: remade(unprotected={labels.HDR_EK: EK[:31]}), ShapeError),
    ("ek-long", lambda: remade(unprotected={labels.HDR_EK: EK + b"\0"}), ShapeError),
    ("ek-text", lambda: remade(unprotected={labels.HDR_EK: "k" * 32}), ShapeError),
    ("ek-of-another-seal", lambda: remade(unprotected={labels.HDR_EK: sealing.sealing_key(OTHER).x}), SealNotOpened),
    ("iv", lambda: remade(unprotected={labels.HDR_EK: EK, 5: bytes(12)}), HeaderUnprotected),
    ("trailing", lambda: SEALED + b"\0", CborError),
]  # fmt: skip


def test_a_seal_made_again_without_a_change_is_the_same() -> None:
    assert remade() == SEALED


@pytest.mark.parametrize(("make", "reason"), [entry[1:] for entry in FORGERIES], ids=[entry[0] for entry in FORGERIES])
def test_forgery(make: Callable[[], bytes], reason: type[ProtocolError]) -> None:
    with pytest.raises(ProtocolError) as caught:
        opened(make())
    assert type(caught.value) is reason


@pytest.mark.parametrize("point", SMALL_ORDER, ids=lambda point: point.hex()[:8])
def test_keys_of_small_order_are_refused_on_both_sides(point: bytes) -> None:
    with pytest.raises(KeyRefused):
        SealingKey(point)
    with pytest.raises(KeyRefused):
        opened(remade(unprotected={labels.HDR_EK: point}))
    with pytest.raises(KeyRefused):
        sealing.hpke_seal(b"x", recipient=point, ephemeral_key=EPHEMERAL, info=b"", aad=b"")


def test_one_key_has_one_form() -> None:
    u = int.from_bytes(KEY.x, "little")
    with pytest.raises(KeyRefused):
        SealingKey((u | 1 << 255).to_bytes(32, "little"))
    # 9 is the base point; 9 + p is the same coordinate, and the largest number of the field is of small order.
    SealingKey((9).to_bytes(32, "little"))
    with pytest.raises(KeyRefused):
        SealingKey((9 + P).to_bytes(32, "little"))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_of_other_lengths_are_refused(length: int) -> None:
    with pytest.raises(KeyRefused):
        SealingKey(bytes(range(1, length + 1)))
    with pytest.raises(KeyRefused):
        sealing.sealing_key(bytes(length))
    with pytest.raises(KeyRefused):
        sealing.seal(b"x", recipient=KEY, ephemeral_key=bytes(length))


def test_nothing_of_the_presentation_is_readable() -> None:
    assert cbor.encode("测试员甲")[1:] in PRESENTATION
    assert cbor.encode("测试员甲")[1:] not in SEALED
