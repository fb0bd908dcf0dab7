"""python-cwt as an oracle for the signature layer: it verifies the very bytes that we sign.

python-cwt 3.3 has no names for the fully-specified numbers of RFC 9864 (-19, -9). It verifies with the algorithm of
the key that it is given and does not compare the header's with it, so its verdict on our signatures is worth
something, and its verdict on our headers is not: those are what the forgeries are for.
"""

from typing import Any

import cwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSE, COSEKey

from protocol import cbor, keys
from protocol.keys import Ed25519Key, P256Key, VerificationKey
from protocol.labels import Alg
from tests.utopia.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def their_key(ours: VerificationKey) -> Any:
    match ours:
        case Ed25519Key(x=x):
            public: Any = ed25519.Ed25519PublicKey.from_public_bytes(x)
            algorithm = "EdDSA"
        case P256Key():
            point = (b"\x03" if ours.y_is_odd else b"\x02") + ours.x
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            algorithm = "ES256"
        case _:
            raise AssertionError(ours)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return COSEKey.from_pem(pem, alg=algorithm, kid=keys.kid_of(ours))


@pytest.mark.parametrize("alg", Alg)
def test_it_verifies_our_credentials(world: World, alg: Alg) -> None:
    issued = world.credential(issuer_alg=alg)
    parsed: Any = cbor.decode(issued.encoded)
    assert COSE.new().decode(issued.encoded, their_key(issued.issuer.public_key)) == parsed.value[2]
    with pytest.raises(cwt.VerifyError):
        COSE.new().decode(issued.encoded[:-1] + bytes((issued.encoded[-1] ^ 1,)), their_key(issued.issuer.public_key))


def test_it_verifies_our_status_lists_and_trust_lists(world: World) -> None:
    for encoded, signer in (
        (world.status_token_bytes({7: 1}), world.status_signers["990000"]),
        (world.trust_bytes(), world.roots["990000"]),
    ):
        parsed: Any = cbor.decode(encoded)
        assert COSE.new().decode(encoded, their_key(signer.public_key)) == parsed.value[2]
        with pytest.raises(cwt.VerifyError):
            COSE.new().decode(encoded[:-1] + bytes((encoded[-1] ^ 1,)), their_key(signer.public_key))


@pytest.mark.parametrize("alg", Alg)
def test_it_verifies_our_presentations(world: World, alg: Alg) -> None:
    """Without a kid it tries the one key that it has."""
    issued = world.credential(holder=world.holder(alg=alg))
    encoded = world.presentation(issued)
    parsed: Any = cbor.decode(encoded)
    assert COSE.new().decode(encoded, their_key(issued.holder.public_key)) == parsed.value[2]
    with pytest.raises(cwt.VerifyError):
        COSE.new().decode(encoded[:-1] + bytes((encoded[-1] ^ 1,)), their_key(issued.holder.public_key))
