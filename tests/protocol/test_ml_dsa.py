"""ML-DSA-65: key and signature forms, and the file of a root that is a pair."""

from typing import Any

import pytest

from protocol import cbor, keys, ml_dsa, root_keys
from protocol.errors import AlgError, KeyRefused, SignatureForm
from protocol.keys import DEFAULT_ALGORITHMS, SignatureMismatch
from protocol.labels import Alg, FurtherAlg
from protocol.ml_dsa import MlDsa65Key, MlDsa65Signer
from protocol.roots import RootPair
from tests.utopia.randomness import Drbg

MESSAGE = b"what the root says"
SIGNER = MlDsa65Signer(Drbg("ml-dsa")(32))
OTHER = MlDsa65Signer(Drbg("ml-dsa, another")(32))
CLASSICAL = keys.signer_for(Alg.ED25519, Drbg("classical")(32))


def test_two_signatures_of_one_content_differ_and_are_good() -> None:
    one, two = SIGNER.sign(MESSAGE), SIGNER.sign(MESSAGE)
    assert one != two
    for signature in (one, two):
        assert len(signature) == ml_dsa.SIGNATURE_BYTES
        SIGNER.public_key.verify(signature, MESSAGE)
        with pytest.raises(SignatureMismatch):
            SIGNER.public_key.verify(signature, MESSAGE + b"!")
        with pytest.raises(SignatureMismatch):
            OTHER.public_key.verify(signature, MESSAGE)


def test_a_context_is_another_signature() -> None:
    """RFC 9964: the context string is empty."""
    signature = SIGNER._private.sign(MESSAGE, b"context")
    with pytest.raises(SignatureMismatch):
        SIGNER.public_key.verify(signature, MESSAGE)


@pytest.mark.parametrize("position", [0, 31, 32, 47, 48, 1000, 3247, 3248, 3302, 3303, 3308])
def test_one_bit(position: int) -> None:
    """In the challenge, in the response, in the hint."""
    bent = bytearray(SIGNER.sign(MESSAGE))
    bent[position] ^= 1
    with pytest.raises(SignatureMismatch):
        SIGNER.public_key.verify(bytes(bent), MESSAGE)


@pytest.mark.parametrize("length", [0, 64, 2420, 3308, 3310, 4627])
def test_another_length(length: int) -> None:
    with pytest.raises(SignatureForm):
        SIGNER.public_key.verify((SIGNER.sign(MESSAGE) * 2)[:length], MESSAGE)


def test_key_form() -> None:
    key = SIGNER.public_key
    good: dict[Any, Any] = dict(key.cose_key)
    assert good == {1: 7, 3: -49, -1: key.pub}
    assert keys.load_cose_key(good, algorithms=ml_dsa.SECOND_SIGNERS) == key
    with pytest.raises(KeyRefused):
        keys.load_cose_key(good)
    for label, wrongs in {
        1: (1, 2, True, "7", None),
        3: (-48, -50, -19, True, "-49", None),
        -1: (key.pub[:-1], key.pub + b"\0", b"", 6, None),
    }.items():
        for wrong in wrongs:
            with pytest.raises(KeyRefused):
                keys.load_cose_key({**good, label: wrong}, algorithms=ml_dsa.SECOND_SIGNERS)
        with pytest.raises(KeyRefused):
            keys.load_cose_key(
                {each: value for each, value in good.items() if each != label}, algorithms=ml_dsa.SECOND_SIGNERS
            )
    for further in ({2: bytes(8)}, {-2: bytes(32)}, {4: (2,)}):
        with pytest.raises(KeyRefused):
            keys.load_cose_key({**good, **further}, algorithms=ml_dsa.SECOND_SIGNERS)


def test_private_key_is_a_seed() -> None:
    signer = keys.signer_for(FurtherAlg.ML_DSA_65, Drbg("ml-dsa")(32), algorithms=ml_dsa.SECOND_SIGNERS)
    assert signer.public_key == SIGNER.public_key
    for length in (31, 33, 4032):
        with pytest.raises(KeyRefused):
            MlDsa65Signer(bytes(length))
    with pytest.raises(AlgError):
        keys.signer_for(FurtherAlg.ML_DSA_65, bytes(32))


# The file.


def test_root_of_one_and_of_two() -> None:
    pair = RootPair(CLASSICAL.public_key, SIGNER.public_key)
    for root in (CLASSICAL.public_key, pair):
        assert root_keys.load(cbor.decode(cbor.encode(root_keys.to_value(root)))) == root


@pytest.mark.parametrize(
    "value",
    [
        pytest.param((), id="none"),
        pytest.param((CLASSICAL.public_key.cose_key,), id="a-set-of-one"),
        pytest.param((CLASSICAL.public_key.cose_key, CLASSICAL.public_key.cose_key), id="classical-twice"),
        pytest.param((SIGNER.public_key.cose_key, SIGNER.public_key.cose_key), id="post-quantum-twice"),
        pytest.param((SIGNER.public_key.cose_key, CLASSICAL.public_key.cose_key), id="other-order"),
        pytest.param(
            (CLASSICAL.public_key.cose_key, SIGNER.public_key.cose_key, OTHER.public_key.cose_key), id="three"
        ),
        pytest.param(SIGNER.public_key.cose_key, id="post-quantum-alone"),
        pytest.param(b"key", id="bytes"),
    ],
)
def test_other_roots(value: cbor.Value) -> None:
    with pytest.raises(KeyRefused):
        root_keys.load(value)


# The table.


def test_a_table_is_a_value() -> None:
    further = DEFAULT_ALGORITHMS.including(ml_dsa.ML_DSA_65)
    assert further.by_alg.keys() == {*Alg, FurtherAlg.ML_DSA_65}
    assert DEFAULT_ALGORITHMS.by_alg.keys() == set(Alg)
    assert further == DEFAULT_ALGORITHMS.including(ml_dsa.ML_DSA_65)
    for wrong in ((), (keys.ED25519, keys.ED25519)):
        with pytest.raises(AlgError):
            keys.AlgorithmTable(wrong)
    assert isinstance(SIGNER.public_key, MlDsa65Key)
