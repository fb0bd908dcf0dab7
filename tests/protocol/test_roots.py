"""A root that is a pair of keys: both signatures in order and nothing besides, each field forged alone."""

from typing import Any

import cbor2
import pytest

from protocol import appraisal_policy, cbor, cose_sign, cose_sign1, keys, labels, roots, trust_list
from protocol.errors import (
    AlgError,
    CborError,
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
from tests.utopia.root_pair import FORGERIES, Change, Sketch
from tests.utopia.world import WUYOU, World

TYP = labels.TYP_MANIFEST
PAYLOAD = b"what both of them say"
WORLD = World()
CLASSICAL = WORLD.roots[WUYOU]
POST_QUANTUM = MlDsa65Signer(Drbg("root pair")(32))
PAIR = SignerPair(CLASSICAL, POST_QUANTUM)
STRANGERS = SignerPair(WORLD.signer("stranger", Alg.ED25519), MlDsa65Signer(Drbg("a stranger")(32)))


def sketch() -> Sketch:
    return Sketch(PAYLOAD, typ=TYP, pair=PAIR, strangers=STRANGERS)


def read(encoded: bytes, root: roots.Root = PAIR.public_key) -> bytes:
    return roots.verified_payload(encoded, expected_typ=TYP, root=root)


def good() -> bytes:
    return roots.sign(PAYLOAD, typ=TYP, signer=PAIR)


def test_a_pair_reads_what_a_pair_signed() -> None:
    assert read(good()) == PAYLOAD
    assert read(sketch().encoded()) == PAYLOAD
    structure = cbor.decode(good()[2:])
    assert isinstance(structure, tuple)
    assert good()[:2] == b"\xd8\x62"


def test_it_is_the_structure_of_the_rfc() -> None:
    """RFC 9052 section 4.4 with another encoder: ["Signature", body, signer, external_aad, payload]."""
    assert cose_sign.sig_structure(b"body", b"sign", b"payload") == cbor2.dumps(
        ["Signature", b"body", b"sign", b"", b"payload"]
    )


@pytest.mark.parametrize(("reason", "change"), [each[1:] for each in FORGERIES], ids=[each[0] for each in FORGERIES])
def test_one_forged_field(reason: type[ProtocolError], change: Change) -> None:
    forged = sketch()
    change(forged)
    with pytest.raises(ProtocolError) as refused:
        read(forged.encoded())
    assert type(refused.value) is reason


def test_every_bit_counts() -> None:
    """One bent bit anywhere is refused by a reason of ours; in the long signature and key a sample is looked at."""
    content = good()
    for place in (*range(150), *range(150, len(content), 13), len(content) - 1):
        bent = bytearray(content)
        bent[place] ^= 1 << place % 8
        with pytest.raises(ProtocolError):
            read(bytes(bent))


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
        cose_sign1.sign1({labels.HDR_KID: keys.kid_of(CLASSICAL.public_key), labels.HDR_TYP: TYP}, PAYLOAD, CLASSICAL)
    )
    with pytest.raises(ShapeError):
        read(by_the_second)


def test_the_post_quantum_key_alone_is_no_root() -> None:
    """Its algorithm is in no table of a COSE_Sign1."""
    key = POST_QUANTUM.public_key
    protected = cbor.encode({labels.HDR_ALG: int(key.alg), labels.HDR_KID: keys.kid_of(key), labels.HDR_TYP: TYP})
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
