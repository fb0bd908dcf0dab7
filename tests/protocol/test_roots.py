"""A root that is a pair of keys: both signatures in order and nothing besides, each field forged alone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from protocol import appraisal_policy, cbor, cose_sign, cose_sign1, keys, labels, roots, trust_list
from protocol.errors import (
    AlgError,
    CborError,
    HeaderUnknown,
    HeaderUnprotected,
    IssuerSignatureInvalid,
    IssuerUnknown,
    KeyRefused,
    ProtocolError,
    ShapeError,
    SignatureForm,
    TypError,
)
from protocol.keys import Signer
from protocol.labels import Alg
from protocol.licence import catalogue
from protocol.licence.catalogue import Catalogue
from protocol.ml_dsa import MlDsa65Signer
from protocol.roots import RootPair, SignerPair
from protocol.trust_list import TrustList
from protocol.unixtime import DAY, HOUR, UnixTime
from tests.utopia.randomness import Drbg
from tests.utopia.world import WUYOU, World

TYP = labels.TYP_MANIFEST
PAYLOAD = b"what both of them say"
WORLD = World()
CLASSICAL = WORLD.roots[WUYOU]
POST_QUANTUM = MlDsa65Signer(Drbg("root pair")(32))
PAIR = SignerPair(CLASSICAL, POST_QUANTUM)
STRANGERS = SignerPair(WORLD.signer("stranger", Alg.ED25519), MlDsa65Signer(Drbg("a stranger")(32)))

ALG, KID = labels.HDR_ALG, labels.HDR_KID


@dataclass
class Signed:
    """One COSE_Signature before it is made; `signature` stands for what the signer would make."""

    signer: Signer
    protected: dict[Any, Any]
    unprotected: dict[Any, Any] = field(default_factory=dict)
    sign: Callable[[bytes, bytes, bytes], bytes] = cose_sign.sig_structure
    signature: bytes | None = None

    @classmethod
    def by(cls, signer: Signer) -> "Signed":
        key = signer.public_key
        return cls(signer, {ALG: int(key.alg), KID: keys.kid_of(key)})


@dataclass
class Sketch:
    """A COSE_Sign before its signatures are made; a changed header is signed again, so that only itself is wrong."""

    tag: bytes = b"\xd8\x62"
    protected: dict[Any, Any] = field(default_factory=lambda: {labels.HDR_TYP: TYP})
    unprotected: dict[Any, Any] = field(default_factory=dict)
    payload: Any = PAYLOAD
    signers: list[Any] = field(default_factory=lambda: [Signed.by(CLASSICAL), Signed.by(POST_QUANTUM)])

    def encoded(self) -> bytes:
        body = cbor.encode(self.protected)
        made: list[Any] = []
        for each in self.signers:
            if not isinstance(each, Signed):
                made.append(each)
                continue
            own = cbor.encode(each.protected)
            signed = each.sign(body, own, PAYLOAD)
            made.append((own, each.unprotected, each.signature or each.signer.sign(signed)))
        return self.tag + cbor.encode((body, self.unprotected, self.payload, tuple(made)))


def read(encoded: bytes, root: roots.Root = PAIR.public_key) -> bytes:
    return roots.verified_payload(encoded, expected_typ=TYP, root=root)


def good() -> bytes:
    return roots.sign(PAYLOAD, typ=TYP, signer=PAIR)


def test_a_pair_reads_what_a_pair_signed() -> None:
    assert read(good()) == PAYLOAD
    assert read(Sketch().encoded()) == PAYLOAD
    structure = cbor.decode(good()[2:])
    assert isinstance(structure, tuple)
    assert good()[:2] == b"\xd8\x62"


def test_it_is_the_structure_of_the_rfc() -> None:
    """RFC 9052 section 4.4 with another encoder: ["Signature", body, signer, external_aad, payload]."""
    assert cose_sign.sig_structure(b"body", b"sign", b"payload") == cbor.encode(
        ("Signature", b"body", b"sign", b"", b"payload")
    )


def bent(index: int) -> Callable[[Sketch], None]:
    def change(sketch: Sketch) -> None:
        signed = Sketch().encoded()
        structure: Any = cbor.decode(signed[2:])
        signature = structure[3][index][2]
        sketch.signers[index].signature = signature[:-1] + bytes((signature[-1] ^ 1,))

    return change


def with_signers(*signers: Any) -> Callable[[Sketch], None]:
    return lambda sketch: sketch.signers.__setitem__(slice(None), [each() for each in signers])


def first() -> Signed:
    return Signed.by(CLASSICAL)


def second() -> Signed:
    return Signed.by(POST_QUANTUM)


def signer_header(index: int, label: Any, value: Any) -> Callable[[Sketch], None]:
    def change(sketch: Sketch) -> None:
        if value is ...:
            del sketch.signers[index].protected[label]
        else:
            sketch.signers[index].protected[label] = value

    return change


def stranger(index: int, *, with_kid_of_the_root: bool) -> Callable[[Sketch], None]:
    def change(sketch: Sketch) -> None:
        signer = (STRANGERS.classical, STRANGERS.post_quantum)[index]
        if with_kid_of_the_root:
            sketch.signers[index].signer = signer
        else:
            sketch.signers[index] = Signed.by(signer)

    return change


def as_sign1(index: int) -> Callable[[Sketch], None]:
    """The signer signed a COSE_Sign1 of the same payload: with the context of that structure."""

    def change(sketch: Sketch) -> None:
        sketch.signers[index].sign = lambda body, own, payload: cose_sign1.sig_structure(own, payload)

    return change


def without_body(index: int) -> Callable[[Sketch], None]:
    def change(sketch: Sketch) -> None:
        sketch.signers[index].sign = lambda body, own, payload: cose_sign.sig_structure(b"", own, payload)

    return change


def twice_the_first_as_the_second() -> Signed:
    return Signed(CLASSICAL, {ALG: int(POST_QUANTUM.public_key.alg), KID: keys.kid_of(POST_QUANTUM.public_key)})


def assign(**changes: Any) -> Callable[[Sketch], None]:
    def change(sketch: Sketch) -> None:
        for name, value in changes.items():
            setattr(sketch, name, value)

    return change


def make(*parts: Any) -> Callable[[Sketch], None]:
    """A signer's entry that is not [protected, unprotected, signature]."""
    return lambda sketch: sketch.signers.__setitem__(1, parts)


FORGERIES: list[tuple[str, type[ProtocolError], Callable[[Sketch], None]]] = [
    ("first-signature-bent", IssuerSignatureInvalid, bent(0)),
    ("second-signature-bent", IssuerSignatureInvalid, bent(1)),
    ("swapped", AlgError, with_signers(second, first)),
    ("first-missing", ShapeError, with_signers(second)),
    ("second-missing", ShapeError, with_signers(first)),
    ("no-signatures", ShapeError, with_signers()),
    ("a-third", ShapeError, with_signers(first, second, second)),
    ("the-first-once-more", ShapeError, with_signers(first, second, first)),
    ("the-first-twice", AlgError, with_signers(first, first)),
    ("the-second-twice", AlgError, with_signers(second, second)),
    ("the-first-as-the-second", SignatureForm, with_signers(first, twice_the_first_as_the_second)),
    ("first-alg-of-another", AlgError, signer_header(0, ALG, int(Alg.ESP256))),
    ("second-alg-ml-dsa-44", AlgError, signer_header(1, ALG, -48)),
    ("second-alg-of-the-first", AlgError, signer_header(1, ALG, int(Alg.ED25519))),
    ("first-alg-missing", AlgError, signer_header(0, ALG, ...)),
    ("second-alg-missing", AlgError, signer_header(1, ALG, ...)),
    ("alg-as-text", AlgError, signer_header(0, ALG, "Ed25519")),
    ("alg-unprotected", HeaderUnprotected, lambda s: s.signers[0].unprotected.update({ALG: -19})),
    ("alg-in-the-body-too", HeaderUnknown, lambda s: s.protected.update({ALG: -19})),
    ("first-kid-of-the-second", IssuerUnknown, signer_header(0, KID, keys.kid_of(POST_QUANTUM.public_key))),
    ("second-kid-of-the-first", IssuerUnknown, signer_header(1, KID, keys.kid_of(CLASSICAL.public_key))),
    ("first-kid-missing", HeaderUnknown, signer_header(0, KID, ...)),
    ("second-kid-missing", HeaderUnknown, signer_header(1, KID, ...)),
    ("crit-of-a-signer", HeaderUnknown, signer_header(1, labels.HDR_CRIT, (1,))),
    ("typ-of-a-signer", HeaderUnknown, signer_header(0, labels.HDR_TYP, TYP)),
    ("crit", HeaderUnknown, lambda s: s.protected.update({labels.HDR_CRIT: (16,)})),
    ("unprotected", HeaderUnprotected, lambda s: s.unprotected.update({KID: b"12345678"})),
    ("first-a-stranger", IssuerUnknown, stranger(0, with_kid_of_the_root=False)),
    ("second-a-stranger", IssuerUnknown, stranger(1, with_kid_of_the_root=False)),
    ("first-a-stranger-with-the-kid", IssuerSignatureInvalid, stranger(0, with_kid_of_the_root=True)),
    ("second-a-stranger-with-the-kid", IssuerSignatureInvalid, stranger(1, with_kid_of_the_root=True)),
    ("first-context-of-sign1", IssuerSignatureInvalid, as_sign1(0)),
    ("second-context-of-sign1", IssuerSignatureInvalid, as_sign1(1)),
    ("first-without-the-body-header", IssuerSignatureInvalid, without_body(0)),
    ("second-without-the-body-header", IssuerSignatureInvalid, without_body(1)),
    ("payload", IssuerSignatureInvalid, assign(payload=PAYLOAD + b"!")),
    ("payload-detached", ShapeError, assign(payload=None)),
    ("first-signature-too-long", SignatureForm, lambda s: setattr(s.signers[0], "signature", bytes(65))),
    ("second-signature-too-short", SignatureForm, lambda s: setattr(s.signers[1], "signature", bytes(3308))),
    ("typ-of-another-document", TypError, lambda s: s.protected.update({labels.HDR_TYP: labels.TYP_TRUST})),
    ("typ-missing", TypError, lambda s: s.protected.clear()),
    ("typ-as-number", TypError, lambda s: s.protected.update({labels.HDR_TYP: labels.TYP_CREDENTIAL})),
    ("tag-18", ShapeError, assign(tag=b"\xd2")),
    ("without-tag", ShapeError, assign(tag=b"")),
    ("tag-head-too-long", CborError, assign(tag=b"\xd9\x00\x62")),
    ("tag-twice", CborError, assign(tag=b"\xd8\x62\xd8\x62")),
    ("signer-not-a-triple", ShapeError, make(b"\xa0", {})),
    ("signer-header-not-a-map", ShapeError, make(b"\x80", {}, b"signature")),
    ("signer-header-no-cbor", CborError, make(b"", {}, b"signature")),
]


@pytest.mark.parametrize(("reason", "change"), [each[1:] for each in FORGERIES], ids=[each[0] for each in FORGERIES])
def test_one_forged_field(reason: type[ProtocolError], change: Callable[[Sketch], None]) -> None:
    sketch = Sketch()
    change(sketch)
    with pytest.raises(ProtocolError) as refused:
        read(sketch.encoded())
    assert type(refused.value) is reason


def test_bytes_around_it() -> None:
    for wrong in (good() + b"\0", good()[:-1], b"", b"\xd8\x62"):
        with pytest.raises(CborError):
            read(wrong)


def test_neither_form_stands_in_for_the_other() -> None:
    """A downgrade to one signature, and a pair where one key is pinned."""
    by_one = roots.sign(PAYLOAD, typ=TYP, signer=CLASSICAL)
    assert read(by_one, CLASSICAL.public_key) == PAYLOAD
    with pytest.raises(ShapeError):
        read(by_one)
    with pytest.raises(CborError):
        read(good(), CLASSICAL.public_key)
    by_the_second = cbor.encode(
        cose_sign1.sign1({KID: keys.kid_of(CLASSICAL.public_key), labels.HDR_TYP: TYP}, PAYLOAD, CLASSICAL)
    )
    with pytest.raises(ShapeError):
        read(by_the_second)


def test_the_post_quantum_key_alone_is_no_root() -> None:
    """Its algorithm is in no table of a COSE_Sign1."""
    key = POST_QUANTUM.public_key
    protected = cbor.encode({ALG: int(key.alg), KID: keys.kid_of(key), labels.HDR_TYP: TYP})
    signature = POST_QUANTUM.sign(cose_sign1.sig_structure(protected, PAYLOAD))
    encoded = cbor.encode(cbor.Tagged(labels.TAG_SIGN1, (protected, {}, PAYLOAD, signature)))
    with pytest.raises(AlgError):
        read(encoded, key)
    with pytest.raises(SignatureForm):
        roots.sign(PAYLOAD, typ=TYP, signer=POST_QUANTUM)


@pytest.mark.parametrize("alg", Alg)
def test_the_first_key_is_of_either_algorithm_in_use(alg: Alg) -> None:
    pair = SignerPair(WORLD.signer("the first of a pair", alg), POST_QUANTUM)
    assert read(roots.sign(PAYLOAD, typ=TYP, signer=pair), pair.public_key) == PAYLOAD
    with pytest.raises(AlgError if alg is not Alg.ED25519 else IssuerUnknown):
        read(roots.sign(PAYLOAD, typ=TYP, signer=pair))


def test_the_first_signature_has_one_form() -> None:
    pair = SignerPair(WORLD.signer("the first of a pair", Alg.ESP256), POST_QUANTUM)
    structure: Any = cbor.decode(roots.sign(PAYLOAD, typ=TYP, signer=pair)[2:])
    body, _, payload, ((header, _, signature), other) = structure
    high = signature[:32] + (keys.P256_ORDER - int.from_bytes(signature[32:])).to_bytes(32)
    with pytest.raises(SignatureForm):
        read(b"\xd8\x62" + cbor.encode((body, {}, payload, ((header, {}, high), other))), pair.public_key)


@pytest.mark.parametrize(
    ("classical", "post_quantum"),
    [(CLASSICAL, CLASSICAL), (POST_QUANTUM, POST_QUANTUM), (POST_QUANTUM, CLASSICAL)],
    ids=["classical-twice", "post-quantum-twice", "other-order"],
)
def test_a_pair_is_one_of_each(classical: Signer, post_quantum: Signer) -> None:
    with pytest.raises(KeyRefused):
        RootPair(classical.public_key, post_quantum.public_key)
    with pytest.raises(KeyRefused):
        SignerPair(classical, post_quantum)


def test_a_trust_list_of_a_pair_trusts_an_issuer_end_to_end() -> None:
    at = WORLD.clock.at
    stated = TrustList(WUYOU, 1, UnixTime(at - HOUR), UnixTime(at + 30 * DAY), trust_list.index(WORLD.anchors()))
    encoded = trust_list.sign(stated, PAIR)
    trusted = trust_list.verify(encoded, root=PAIR.public_key)
    assert trusted == stated
    assert WORLD.read(WORLD.code(), trust=trusted).items
    with pytest.raises(ShapeError):
        trust_list.verify(WORLD.trust_bytes(), root=PAIR.public_key)
    with pytest.raises(IssuerUnknown):
        trust_list.verify(encoded, root=STRANGERS.public_key)


def test_the_other_documents_of_a_pair() -> None:
    at = WORLD.clock.at
    stated = Catalogue(WUYOU, 1, UnixTime(at - HOUR), UnixTime(at + 30 * DAY), WORLD.kinds)
    assert catalogue.verify(catalogue.sign(stated, PAIR), root=PAIR.public_key) == stated
    policy = WORLD.policy()
    assert appraisal_policy.verify(appraisal_policy.sign(policy, PAIR), root=PAIR.public_key) == policy
    with pytest.raises(TypError):
        appraisal_policy.verify(catalogue.sign(stated, PAIR), root=PAIR.public_key)
